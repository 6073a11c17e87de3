"""Where the journal's lines go, whatever becomes of the file; `stress` asks a running mitmdump."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from corscope.mitm.record.journal_file import CALM, MOST_RECENT, JournalFile
from tests.support.limits import file_limit

LINE = "x" * 999


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def gaps(path: Path) -> list[tuple[int, str]]:
    """The lines that say what is missing."""
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")
    ]
    return [(line["lines"], line["why"]) for line in lines]


def own(path: Path) -> list[str]:
    """The lines that a test has written."""
    return [line for line in path.read_text().split("\n") if line and not line.startswith("{")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "new\n", id="a new file holds the line"),
        pytest.param("old\n", "old\nnew\n", id="an old one is continued"),
        pytest.param("old\ncut o", "old\ncut o\nnew\n", id="a line that was cut off stays alone"),
    ],
)
def test_lines_are_appended(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(before)
    journal = JournalFile(str(path))
    journal.write("new")
    assert path.read_text() == after
    journal.close()


def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    journal = JournalFile("")
    journal.write("line")
    journal.look()
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_full_disk_cuts_off_is_taken_away(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(str(path), clock)
    with file_limit(2500):
        for _ in range(5):
            journal.write(LINE)
        assert path.read_text() == f"{LINE}\n" * 2
        journal.look()
        journal.write(LINE)
    assert path.read_text() == f"{LINE}\n" * 2
    journal.look()
    journal.write("back")
    assert own(path) == [LINE, LINE, "back"]
    assert gaps(path) == [(4, "File too large")]
    assert [record.message for record in caplog.records] == [
        f"CORS journal {path} can't be written (File too large); traffic goes on without it, and "
        "it is tried again. "
        "Set cors_journal to a file in a folder that exists, is writable and has room."
    ]
    clock.now = CALM + 1
    journal.look()
    assert caplog.records[-1].message == f"CORS journal {path} is written again; missing: 4 lines"
    journal.close()


def test_a_cut_line_stays_alone_though_the_one_behind_it_is_taken_back(tmp_path: Path) -> None:
    """With that line goes the line feed that was to end the one before."""
    path = tmp_path / "journal.jsonl"
    path.write_text("cut o")
    journal = JournalFile(str(path))
    with file_limit(100):
        journal.write(LINE)
    assert path.read_text() == "cut o"
    journal.look()
    journal.write("back")
    assert own(path) == ["cut o", "back"]
    assert gaps(path) == [(1, "File too large")]
    journal.close()


def test_it_is_tried_again_only_at_the_next_look(tmp_path: Path) -> None:
    """A full disk costs each exchange nothing."""
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(str(path))
    with file_limit(10):
        journal.write(LINE)
    journal.write("lost as well")
    assert path.read_text() == ""
    journal.close()


def test_trouble_that_comes_and_goes_is_told_once(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(str(path), clock)
    for number in range(10):
        clock.now += CALM / 2
        with file_limit(10):
            journal.write(LINE)
        journal.look()
        journal.write(f"{number}")
    assert len(caplog.records) == 1
    assert own(path) == [str(number) for number in range(10)]
    assert gaps(path) == [(1, "File too large")] * 10
    journal.close()
    assert caplog.records[-1].message == f"CORS journal {path} is closed; missing: 10 lines"


def test_what_another_has_written_behind_a_cut_line_stays(tmp_path: Path) -> None:
    """Then it is closed off instead."""
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(str(path))
    assert journal._file is not None
    os.write(journal._file._descriptor, b"cut o")
    with path.open("a") as other:
        other.write("another's\n")
    assert not journal._file._took_back(5)
    assert path.read_text() == "cut oanother's\n"
    journal.close()


def test_a_file_that_is_moved_is_followed_at_the_next_look(tmp_path: Path) -> None:
    path, moved = tmp_path / "journal.jsonl", tmp_path / "moved"
    journal = JournalFile(str(path))
    journal.write("one")
    path.rename(moved)
    journal.write("two")
    journal.look()
    journal.write("three")
    assert (moved.read_text(), path.read_text()) == ("one\ntwo\n", "three\n")
    journal.close()


@pytest.mark.parametrize("notice", ["look", "close"])
def test_a_file_that_is_deleted_takes_no_line_with_it(tmp_path: Path, notice: str) -> None:
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(str(path))
    journal.write("one")
    journal.look()
    path.unlink()
    journal.write("two")
    journal.write("three")
    getattr(journal, notice)()
    assert path.read_text() == "two\nthree\n"
    journal.close()


def test_no_more_is_kept_than_some_lines_however_long_nobody_looks(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(str(path))
    path.unlink()
    for number in range(MOST_RECENT * 2 - 1):
        journal.write(str(number))
    assert len(own(path)) == MOST_RECENT * 2 - 1
    assert len(journal._recent) < MOST_RECENT
    journal.close()


def test_what_was_deleted_and_cannot_be_made_anew_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "journal.jsonl"
    path.parent.mkdir()
    journal = JournalFile(str(path))
    path.unlink()
    path.parent.rmdir()
    journal.write("one")
    journal.look()
    path.parent.mkdir()
    journal.look()
    journal.write("two")
    assert own(path) == ["two"]
    assert gaps(path) == [(1, "No such file or directory")]
    journal.close()


def test_what_a_deletion_takes_along_is_told_with_the_gap_before_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(str(path))
    with file_limit(10):
        journal.write(LINE)
    journal.look()
    path.unlink()
    journal.write("two")
    journal.look()
    assert own(path) == ["two"]
    assert gaps(path) == [(1, "File too large")]
    journal.close()


def test_what_is_missing_stays_counted_however_often_a_new_file_cannot_be_made(
    tmp_path: Path,
) -> None:
    path = tmp_path / "folder" / "journal.jsonl"
    path.parent.mkdir()
    journal = JournalFile(str(path))
    path.unlink()
    path.parent.rmdir()
    for line in ("one", "two"):
        journal.write(line)
        journal.look()
    journal.write("three")
    path.parent.mkdir()
    journal.look()
    assert own(path) == ["three"]
    assert gaps(path) == [(2, "No such file or directory")]
    journal.close()


def test_where_no_new_file_can_be_made_the_moved_one_goes_on(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    folder, moved = tmp_path / "folder", tmp_path / "moved"
    folder.mkdir()
    path = folder / "journal.jsonl"
    journal = JournalFile(str(path), clock)
    folder.rename(moved)
    journal.look()
    journal.write("one")
    assert (moved / "journal.jsonl").read_text() == "one\n"
    assert "can't be written (No such file or directory)" in caplog.text
    folder.mkdir()
    clock.now = CALM + 1
    journal.look()
    journal.write("two")
    assert path.read_text() == "two\n"
    assert "is written again; missing: 0 lines" in caplog.text
    journal.close()


def test_a_folder_that_comes_later_is_found(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "journal.jsonl"
    journal = JournalFile(str(path))
    journal.write("lost")
    path.parent.mkdir()
    journal.look()
    journal.write("one")
    assert own(path) == ["one"]
    assert gaps(path) == [(1, "No such file or directory")]
    journal.close()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="the system has no such sockets")
def test_a_socket_is_no_pipe_that_nobody_reads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("journal.jsonl")
        there.listen()
        JournalFile("journal.jsonl").close()
    assert "can't be written (No such device or address)" in caplog.text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipe = tmp_path / "journal.jsonl"
    os.mkfifo(pipe)
    journal = JournalFile(str(pipe))
    journal.write("nobody hears this")
    assert "can't be written (Nobody reads this pipe)" in caplog.text
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    journal.look()
    journal.write("one")
    assert os.read(reader, 4096).endswith(b'"lines":1,"why":"Nobody reads this pipe"}\none\n')
    while not journal._rests:  # until the pipe is full
        journal.write(LINE * 5)
    assert os.read(reader, 1_000_000).endswith(b"x")
    journal.look()
    journal.write("two")
    assert os.read(reader, 4096).startswith(b'\n{"v":1,"type":"gap"')
    os.close(reader)
    journal.write("gone")
    journal.close()
