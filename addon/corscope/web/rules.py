"""The view of the rules: which are in force and what they did, and what a file would change.

Its editor's text is checked as it is written, with the other files as they are, and tried on the
exchanges at hand before it is saved.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tornado.web import HTTPError

from corscope.explain.escape import escaped
from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.explain.whatif.compare import WhatIf, what_if
from corscope.journal.store import Entry
from corscope.rules.load import MAX_BYTES, Source, load
from corscope.rules.model import Mode, Rule
from corscope.rules.problems import Problem, RulesError, Severity
from corscope.rules.reload import State
from corscope.web.desk import Desk, stamp
from corscope.web.handlers import Handler
from corscope.web.render import template_html

if TYPE_CHECKING:
    from corscope.web.server import Page

__all__ = ["HANDLERS", "Checked", "check", "fragment", "rules_html", "what_if_html"]

_CHANGED: Final = (
    "The file has changed since it was opened here. Undo all shows it as it is; copy first what "
    "you have written."
)
_MOST_LISTED: Final = 200
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule as the list has it.

    Attributes:
        rule: the rule.
        state: whether it acts, in words.
        hits: how many of the exchanges at hand it was applied to, or matched in shadow mode.
        switched: whether it is switched by hand to other than what its file says.
    """

    rule: Rule
    state: str
    hits: int
    switched: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with the files, one of them as edited; what they would change, if they load."""

    problems: tuple[Problem, ...]
    found: WhatIf | None


def fragment(page: "Page") -> str:
    """The view's frame."""
    return template_html("rules.html", files=page.behind.state().files)


def rules_html(state: State, entries: Iterable[Entry]) -> str:
    """The files, the rules in their order, and what is wrong with what was read last."""
    hits = Counter(entry.exchange.rule for entry in entries)
    by_file: dict[str, list[Shown]] = {file: [] for file in state.files}
    for rule in state.ruleset.rules:
        shown = Shown(rule, _state(rule), hits[rule.name], rule.name in state.switched)
        by_file.setdefault(rule.place.file, []).append(shown)
    return template_html("rules_list.html", files=list(by_file.items()), state=state)


def _state(rule: Rule) -> str:
    if not rule.enabled:
        return "off"
    return "shadow" if rule.mode is Mode.SHADOW else "on"


def what_if_html(found: WhatIf) -> str:
    """What rules would change of what is at hand."""
    return template_html(
        "whatif.html",
        found=found,
        changes=found.changes[:_MOST_LISTED],
        untold=found.untold[:_MOST_LISTED],
    )


def check(
    sources: Sequence[Source], edited: Source, entries: Iterable[Entry], desk: Desk
) -> Checked:
    """Read the files, with one of them as it is edited, and try them on these exchanges."""
    others = [edited if source.path == edited.path else source for source in sources]
    try:
        ruleset = load(others, desk.check_filter)
    except RulesError as error:
        return Checked(error.problems, None)
    return Checked(ruleset.warnings, what_if(entries, ruleset, fresh=desk.fresh()))


# What the page asks


class List(Handler):
    """The rules in force."""

    def get(self, _token: str) -> None:
        """Answer with the list's HTML."""
        self.html(rules_html(self.page.behind.state(), self.page.behind.store))


class Toggle(Handler):
    """Switches a rule for this run."""

    def post(self, _token: str) -> None:
        """Switch it, and answer whether it is on."""
        name = _text(self.request.body, "name")
        try:
            self.json({"on": self.page.behind.desk.toggle(name)})
        except ValueError as error:
            raise HTTPError(404, reason=_reason(error)) from error


class File(Handler):
    """One of the rule files."""

    async def get(self, _token: str, number: str) -> None:
        """Answer with its text, and what tells whether it is still the same."""
        source = _source(await asyncio.to_thread(self.page.behind.desk.sources), number)
        if source.data is None:
            raise HTTPError(404, reason=f"It can't be read: {_reason(source.error or 'unknown')}")
        try:
            text = source.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise HTTPError(422, reason="It isn't UTF-8, so it can't be edited here.") from error
        text = text.replace("\r\n", "\n")  # as a browser's text has it
        self.json({"path": source.path, "text": text, "stamp": stamp(source.data)})

    async def put(self, _token: str, number: str) -> None:
        """Write it, if it is still as the page knows it and what is written loads."""
        desk = self.page.behind.desk
        text, known = _text(self.request.body, "text"), _text(self.request.body, "stamp")
        sources = await asyncio.to_thread(desk.sources)
        source = _source(sources, number)
        if source.data is None or stamp(source.data) != known:
            raise HTTPError(409, reason=_CHANGED)
        data = text.replace("\n", _newline_of(source.data)).encode()
        checked = await asyncio.to_thread(check, sources, replace(source, data=data), (), desk)
        if checked.found is None:
            raise HTTPError(422, reason="It has mistakes, so it isn't saved.")
        try:
            desk.write(source.path, data)
        except OSError as error:
            raise HTTPError(500, reason=f"It can't be written: {_reason(error)}") from error
        self.json({"stamp": stamp(data)})


class Check(Handler):
    """What is wrong with a file as it is edited, and what it would change."""

    async def post(self, _token: str, number: str) -> None:
        """Answer with the mistakes and the HTML of what would change."""
        desk, entries = self.page.behind.desk, tuple(self.page.behind.store)
        data = _text(self.request.body, "text").encode()
        sources = await asyncio.to_thread(desk.sources)
        edited = replace(_source(sources, number), data=data[: MAX_BYTES + 1], error=None)
        checked = await asyncio.to_thread(check, sources, edited, entries, desk)
        html = None if checked.found is None else what_if_html(checked.found)
        problems = [_as_json(problem, edited.path) for problem in checked.problems]
        self.json({"problems": problems, "whatIf": html})


class From(Handler):
    """The smallest rule that lets an exchange pass."""

    async def get(self, _token: str, id_: str) -> None:
        """Answer with its text."""
        entry = self.page.behind.store.get(id_)
        if entry is None:
            raise HTTPError(404, reason="This exchange is no longer kept.")
        try:
            text = await asyncio.to_thread(rule_from, entry.exchange, entry.outcome)
        except NoRuleError as error:
            raise HTTPError(422, reason=_reason(error)) from error
        self.json({"text": text})


def _newline_of(data: bytes) -> str:
    """How most lines of a file end; a browser's text doesn't tell."""
    return "\r\n" if 2 * data.count(b"\r\n") > data.count(b"\n") else "\n"


def _source(sources: Sequence[Source], number: str) -> Source:
    place = int(number)
    if place >= len(sources):
        raise HTTPError(404, reason="There is no such rule file in force.")
    return sources[place]


def _text(body: bytes, key: str) -> str:
    """A text of the JSON object that was sent."""
    try:
        value = json.loads(body)[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise HTTPError(400, reason=f"What was sent has no text {key}.")
    return value.encode("utf-8", "replace").decode()


def _reason(error: object) -> str:
    """A sentence that may stand in a status line."""
    text = escaped(str(error), _LONGEST)
    return text.encode("ascii", "backslashreplace").decode()


def _as_json(problem: Problem, edited: str) -> dict[str, Any]:
    is_here = problem.file == edited
    parts = (problem.rule and f'rule "{problem.rule}"', problem.path)
    return {
        "line": problem.line if is_here else None,
        "column": problem.column if is_here else None,
        "file": None if is_here else escaped(problem.file, _LONGEST),
        "error": problem.severity is Severity.ERROR,
        "where": ", ".join(escaped(part, _LONGEST) for part in parts if part),
        "value": problem.value and escaped(problem.value, _LONGEST),
        "message": escaped(problem.message, _LONGEST),
        "hint": escaped(problem.hint, _LONGEST),
        "id": problem.id,
    }


HANDLERS: Final[tuple[tuple[str, type[Handler]], ...]] = (
    ("rules/list", List),
    ("rules/toggle", Toggle),
    ("rules/file/([0-9]{1,4})", File),
    ("rules/check/([0-9]{1,4})", Check),
    ("rules/from/([^/]+)", From),
)
