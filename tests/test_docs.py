"""The documents say what is there."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from corscope.cli.demo.cases import CASES
from corscope.fetch.headers import from_fields
from corscope.journal.exchange import Outcome, Sighting
from corscope.journal.failure import Failure
from corscope.journal.journal import Journal
from corscope.journal.lines.write import (
    exchange_line,
    failure_line,
    gap_line,
    outcome_line,
    rules_line,
    start_line,
)
from corscope.messages import Request, Response
from tests.cli.demo_driver import PICTURES

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("rules/*.md")])
NOW = datetime(2026, 1, 1, tzinfo=UTC)

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_BUTTON = re.compile(r"^▶ \*\*([^*]+)\*\*: ", re.MULTILINE)
_ROW = re.compile(r"^\| (`[^|]+`) \|", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("#"):
            file = document.parent / target.partition("#")[0]
            assert file.exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_heading_leads_to_one(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        if heading and "://" not in target:
            there = document.parent / file if file else document
            assert heading in anchors(there), f"{document.name} links to {target}"


def anchors(document: Path) -> set[str]:
    """What the headings of a document are called in links, as GitHub makes that."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = (heading.replace("`", "").lower() for heading in _HEADING.findall(text))
    return {re.sub(r"[^\w -]", "", heading).strip().replace(" ", "-") for heading in headings}


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached:
            continue
        reached.add(document)
        for target in _LINK.findall(document.read_text(encoding="utf-8")):
            if "://" not in target and target.partition("#")[0].endswith(".md"):
                waiting.append((document.parent / target.partition("#")[0]).resolve())
    assert set(DOCUMENTS) <= reached


def test_the_readme_names_make_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_guide_names_each_button_of_the_demo_and_no_other() -> None:
    text = (ROOT / "docs" / "cors.md").read_text(encoding="utf-8")
    named = _BUTTON.findall(text)
    assert sorted(named) == sorted(case.title for case in CASES)
    assert text.count("▶ **") == len(named)


def test_each_claim_of_the_guide_has_its_button() -> None:
    """Each part that claims something about a browser's doing has one to press."""
    text = (ROOT / "docs" / "cors.md").read_text(encoding="utf-8")
    for part in text.split("\n## ")[1:]:
        assert _BUTTON.search(part), part.partition("\n")[0]


def test_the_guide_shows_pictures_that_the_project_takes() -> None:
    text = (ROOT / "docs" / "cors.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(images/([^)]+)\)", text)
    assert shown
    assert set(shown) <= set(PICTURES)


def test_the_modules_and_folders_that_the_architecture_names_are_there() -> None:
    """By the end of their paths: `mitm/addon.py` is addon/corscope/mitm/addon.py."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    inside = [path for room in ("addon", "tests", "rules") for path in (ROOT / room).rglob("*")]
    there = [f"/{path.relative_to(ROOT).as_posix()}{'/' * path.is_dir()}" for path in inside]
    named = set(re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", text))
    assert len(named) > 60
    assert [name for name in sorted(named) if not any(e.endswith(f"/{name}") for e in there)] == []


def documented_keys(type_: str) -> set[str]:
    text = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    section = text.partition(f'## `"type": "{type_}"`')[2].partition("\n## ")[0]
    rows = _ROW.findall(section)
    assert rows, type_
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


def an_exchange_line() -> str:
    journal = Journal()
    headers = from_fields([(b"Origin", b"https://app.example")])
    journal.requested("1", "client", Request("GET", "https://api.example/", headers), NOW)
    exchange = journal.answered(Sighting("1", Response(200, ())), NOW)
    assert exchange is not None
    return exchange_line(exchange)


def test_the_journal_has_the_documented_keys_of_an_exchange() -> None:
    written = set(json.loads(an_exchange_line())) - {"v", "type", "time"}
    assert documented_keys("exchange") == written


def test_the_journal_has_the_documented_keys_of_an_outcome() -> None:
    line = json.loads(outcome_line(Outcome(NOW, "1", "followed")))
    assert documented_keys("outcome") == set(line) - {"v", "type", "time"}


@pytest.mark.parametrize(
    ("type_", "line"),
    [
        ("rules", rules_line(NOW, ["a.toml"], 1, [], applied=True)),
        ("start", start_line(NOW, "1.0", "12.0", {})),
        ("failure", failure_line(Failure(NOW, "Recorder.response", "KeyError", "1"))),
        ("gap", gap_line(NOW, 1, "No space left on device")),
    ],
)
def test_the_journal_has_the_documented_keys_of_other_lines(type_: str, line: str) -> None:
    text = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    section = text.partition(f'## `"type": "{type_}"`')[2].partition("\n## ")[0]
    for key in set(json.loads(line)) - {"v", "type", "time"}:
        assert f"`{key}`" in section


def test_every_command_inside_mitmproxy_is_documented() -> None:
    sources = (ROOT / "addon" / "corscope" / "mitm").rglob("*.py")
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    commands = re.findall(r'@command\.command\("([^"]+)"\)', text)
    assert "cors.explain" in commands
    documented = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [
        name for name in commands if not re.search(rf"`{re.escape(name)}[` ]", documented)
    ] == []
