"""When a rule file counts as changed, and what is read of it; the looks are the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from corscope.mitm.rules import files as module
from corscope.mitm.rules.files import COARSEST, RuleFiles, nothing_in, overwrite
from corscope.rules.load import MAX_BYTES, Source
from tests.support.limits import file_limit
from tests.support.work import steps


def names(files: RuleFiles) -> list[str]:
    return [Path(source.path).name for source in files.sources()]


def test_nothing_has_changed_at_first(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"x")
    files = RuleFiles([str(path)])
    assert [source.data for source in files.sources()] == [b"x"]
    assert [files.news() for _ in range(3)] == [None] * 3


def test_a_folder_means_its_files_by_name_and_no_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.toml", "a.toml", "._a.toml", ".#b.toml", ".toml", "a.toml~"):
        (tmp_path / name).write_bytes(b"")
    assert names(RuleFiles([str(tmp_path)])) == ["a.toml", "b.toml"]
    assert names(RuleFiles([str(tmp_path / "._a.toml")])) == ["._a.toml"], "unless it is named"


def test_a_hidden_file_is_no_change_of_its_folder(tmp_path: Path) -> None:
    files = RuleFiles([str(tmp_path)])
    files.sources()
    (tmp_path / ".#a.toml").symlink_to("nobody@nowhere")
    assert [files.news() for _ in range(3)] == [None] * 3
    assert files.restless == 0


def test_folders_without_files_are_named_with_those_in_them_that_have_some(tmp_path: Path) -> None:
    for name in ("b", "a", ".git", "none"):
        (tmp_path / name).mkdir()
    for name in ("b/1.toml", "b/2.toml", "a/1.toml", ".git/1.toml", "none/._1.toml"):
        (tmp_path / name).write_bytes(b"")
    none, full = str(tmp_path / "none"), str(tmp_path / "a")
    some = f"; there are some in {full}, {tmp_path / 'b'}"
    assert nothing_in([str(tmp_path)]) == f"there is no *.toml in {tmp_path}{some}"
    assert nothing_in([full, none]) == f"there is no *.toml in {none}"
    assert nothing_in([full, f"{full}/1.toml", str(tmp_path / "gone")]) == ""


def test_a_look_at_thousands_of_files_takes_little_of_the_processor(tmp_path: Path) -> None:
    """It is taken five times a second: by paths, it took a fifth of the processor."""
    for number in range(1_000):
        (tmp_path / f"{number}.toml").touch()
    files = RuleFiles([str(tmp_path)])
    files.sources()
    assert steps(files.news) < 15_000


def test_a_change_counts_once_it_is_at_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"x")
    files = RuleFiles([str(path)])
    files.sources()
    path.write_bytes(b"xy")
    assert files.news() is None
    path.write_bytes(b"xyz")
    assert files.news() is None
    assert files.news() == [Source(str(path), b"xyz")]
    assert files.news() is None


def test_what_changes_on_and_on_is_not_read(tmp_path: Path) -> None:
    """A moment of it may be half a file."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"")
    files = RuleFiles([str(path)])
    files.sources()
    for number in range(1, 20):
        path.write_bytes(b"x" * number)
        assert files.news() is None
        assert files.restless == number
    assert files.news() == [Source(str(path), b"x" * 19)]
    assert files.restless == 0


def test_a_change_of_one_of_them_is_waited_for_by_all(tmp_path: Path) -> None:
    """So that what is saved together counts together."""
    one, two = tmp_path / "1.toml", tmp_path / "2.toml"
    one.write_bytes(b"old")
    two.write_bytes(b"old")
    files = RuleFiles([str(tmp_path)])
    files.sources()
    one.write_bytes(b"newer")
    assert files.news() is None
    two.write_bytes(b"newer")
    assert files.news() is None
    assert [source.data for source in files.news() or ()] == [b"newer", b"newer"]


def test_what_changes_while_it_is_read_waits_for_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "1.toml", tmp_path / "2.toml"
    one.write_bytes(b"old")
    two.write_bytes(b"old")
    files = RuleFiles([str(tmp_path)])
    files.sources()
    two.write_bytes(b"newer")
    assert files.news() is None
    read = module._source

    def save_behind(file: Path) -> Source:
        source = read(file)
        one.write_bytes(b"newest")
        return source

    monkeypatch.setattr(module, "_source", save_behind)
    assert files.news() is None
    monkeypatch.undo()
    assert [source.data for source in files.news() or ()] == [b"newest", b"newer"]


def test_a_change_that_is_taken_back_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    files = RuleFiles([str(path)])
    files.sources()
    path.write_bytes(b"")
    assert files.news() is None
    path.unlink()
    assert [files.news() for _ in range(3)] == [None] * 3


def test_a_change_that_shows_in_no_stamp_is_found_all_the_same(tmp_path: Path) -> None:
    """As where a file system counts whole seconds, and a file is read just after it was saved."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"old")
    now = path.stat().st_mtime
    files = RuleFiles([str(path)], clock=lambda: now)
    files.sources()
    path.write_bytes(b"new")
    files._read = files._seen = files._signature()
    assert files.news() is None
    now += COARSEST
    assert files.news() == [Source(str(path), b"new")]
    assert files.news() is None


def test_a_folder_means_its_toml_files_by_name(tmp_path: Path) -> None:
    for name in ("b.toml", "a.toml", "c.txt", ".hidden.toml.swp"):
        (tmp_path / name).write_bytes(b"")
    last = tmp_path / "last"
    last.write_bytes(b"")
    assert names(RuleFiles([str(tmp_path), str(last)])) == ["a.toml", "b.toml", "last"]


def test_an_empty_folder_holds_no_rules(tmp_path: Path) -> None:
    assert names(RuleFiles([str(tmp_path)])) == []


def test_no_more_is_read_than_is_needed_to_refuse_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"x" * (MAX_BYTES + 100))
    (source,) = RuleFiles([str(path)]).sources()
    assert source.data is not None
    assert len(source.data) == MAX_BYTES + 1


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "folder.toml").mkdir()
    paths = [tmp_path / "missing.toml", tmp_path / "rules", tmp_path / ("x" * 300)]
    sources = RuleFiles(map(str, paths)).sources()
    assert [(source.data, source.error) for source in sources] == [
        (None, "No such file or directory"),
        (None, "Is a directory"),
        (None, "File name too long"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "rules.toml"
    os.mkfifo(pipe)
    assert RuleFiles([str(pipe)]).sources() == [Source(str(pipe), None, "Is a named pipe")]


def test_a_file_is_overwritten_in_its_place(tmp_path: Path) -> None:
    path, link = tmp_path / "a.toml", tmp_path / "link.toml"
    path.write_bytes(b"a longer text")
    link.symlink_to(path)
    path.chmod(0o640)
    before = path.stat()
    overwrite(link, b"shorter")
    after = path.stat()
    assert path.read_bytes() == b"shorter"
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_on_a_full_disk_a_file_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"a text that somebody has written")
    with file_limit(100), pytest.raises(OSError, match="File too large"):
        overwrite(path, b"x" * 101)
    assert path.read_bytes() == b"a text that somebody has written"
