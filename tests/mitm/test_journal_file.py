"""Where the journal's lines go. That it can't be written is tested on a running mitmdump."""

from pathlib import Path

import pytest

from corscope.mitm.journal_file import JournalFile


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
    JournalFile("").write("line")
    assert list(tmp_path.iterdir()) == []
