"""When a rule file counts as changed, and what is read of it; the looks are the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from corscope.mitm.rule_files import PATIENCE, RuleFiles
from corscope.rules.load import MAX_BYTES, Source


def names(files: RuleFiles) -> list[str]:
    return [Path(source.path).name for source in files.sources()]


def test_nothing_has_changed_at_first(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"x")
    files = RuleFiles([str(path)])
    assert [source.data for source in files.sources()] == [b"x"]
    assert [files.changed() for _ in range(3)] == [False] * 3


def test_a_change_counts_once_it_has_settled(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"x")
    files = RuleFiles([str(path)])
    files.sources()
    path.write_bytes(b"xy")
    assert not files.changed()
    path.write_bytes(b"xyz")
    assert not files.changed()
    assert files.changed()
    files.sources()
    assert not files.changed()


def test_what_changes_on_and_on_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"")
    files = RuleFiles([str(path)])
    files.sources()
    looks = []
    for number in range(PATIENCE + 1):
        path.write_bytes(b"x" * (number + 1))
        looks.append(files.changed())
    assert looks == [False] * PATIENCE + [True]


def test_a_change_that_is_taken_back_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    files = RuleFiles([str(path)])
    files.sources()
    path.write_bytes(b"")
    assert not files.changed()
    path.unlink()
    assert not files.changed()
    assert not files.changed()


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
