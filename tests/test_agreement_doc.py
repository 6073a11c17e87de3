"""docs/agreement.md tells of the code that is here, and of browsers that agreed with it."""

import re

from tests.browsers.agreement import ENGINES
from tests.browsers.agreement_doc import DOCUMENT, GROUPS, departures, group_of
from tests.browsers.case import Case
from tests.browsers.cases import CASES
from tests.browsers.generator import generate

TEXT = DOCUMENT.read_text(encoding="utf-8")

_ENGINE = re.compile(r"^\| (\w+) \| [\d.]+ \| ([\d,]+) \| [\d,]+ \| ([\d,]+) \|$", re.MULTILINE)
_GROUP = re.compile(r"^\| ([\w ]+) \| ([\d,]+) \| ([\d,]+) \| 0 \|$", re.MULTILINE)


def test_its_table_of_departures_is_that_of_the_code() -> None:
    assert TEXT.endswith(f"\n\n{departures()}\n")


def test_every_engine_agreed_in_thousands_of_cases() -> None:
    rows = _ENGINE.findall(TEXT)
    assert [engine for engine, _, _ in rows] == list(ENGINES)
    for _, cases, disagreements in rows:
        assert int(cases.replace(",", "")) >= 2_000
        assert disagreements == "0"


def test_every_group_has_cases_without_disagreements() -> None:
    assert [group for group, _, _ in _GROUP.findall(TEXT)] == list(GROUPS)


def test_every_group_has_cases_of_both_kinds() -> None:
    random: list[Case] = generate(7, 2000)
    assert {group_of(case) for case in CASES} == {group_of(case) for case in random} == set(GROUPS)
