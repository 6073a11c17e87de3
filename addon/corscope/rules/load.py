"""What rules do these files hold, and what is wrong with them?

From text to typed rules: every mistake of every file is found in one go, with its line. Reading
the files is left to the caller, as is judging mitmproxy's filter expressions; what only looks
suspicious is found in `lint`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from corscope.encoding import encoding_of
from corscope.rules._toml import endless_key, endless_number, loads
from corscope.rules.kinds.place import At, Remark
from corscope.rules.lint import lint_rule, unreachable
from corscope.rules.locate import KeyPath, Places, locate, too_deep
from corscope.rules.model import Place, Rule, Ruleset
from corscope.rules.problems import Problem, RulesError, Severity, kind_of, shown, written_path
from corscope.rules.schema import RULE
from corscope.servers.registry import nearest

__all__ = ["MAX_BYTES", "Source", "load"]

MAX_BYTES = 4 * 1024 * 1024
"""The largest file that is read: some 20,000 rules. Beyond it lie mistakes, such as a log file."""

_PLACE_IN_MESSAGE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_GZIP: Final = b"\x1f\x8b"
_CONTROL: Final = re.compile(rb"[\0-\x08\x0e-\x1f]")
"""Bytes that no text has, whatever its encoding."""
_NUL_HINT: Final = "save it as UTF-8; Windows PowerShell's > and >> write UTF-16"
_FLAT: Final = "write it flat: no key of a rule has more than three parts"
_SYNTAX_HINTS: Final = {
    "digits": "write a number of a few digits",
    "Invalid value (at end": "write the value that is missing, and close each bracket",
    "Invalid value": "write strings in quotes; what stands without is true, false or a number",
    "Unterminated string": "close it with the quotes that it begins with",
    'Expected "': "close it with the quotes that it begins with",
    "Illegal character": "close the string on its line; control characters are written \\u0000",
    "Unescaped '\\'": "write two backslashes, or put the string in single quotes",
    "Unclosed array": "write a comma between its items, and ] behind them",
    "Unclosed inline table": "write a comma between its keys, } behind them, and all on one line",
    "Expected '=' after a key": 'a line is written key = "value"',
    "at the end of a table": "a table begins with [rule.match], say",
    "at the end of an array": "a rule begins with [[rule]]",
    "newline or end of document": "write one key a line",
    "overwrite a value": "write each key once; the next rule begins with [[rule]]",
    "Cannot": "write each table once; the next rule begins with [[rule]]",
    "Duplicate": "write each key once",
    "Invalid statement": "begin the line with a key, with [rule.match], say, or with [[rule]]",
    "Invalid initial": "a key has letters, digits, - and _; put any other in quotes",
    "": "https://toml.io/en/v1.0.0 tells what may stand here",
}
"""A way out for each of the parser's messages, by what it says; the first one holds."""

_HINTS_AT: Final = (
    ("Invalid initial", re.compile(r"\}"), "leave out the comma before the }"),
    ("Invalid initial", re.compile(r"\s*+(?:#|$)"), "write { … } on one line, or below a [table]"),
    ("", re.compile(r"(?<=[\s=,\[+-]0)[0-9]"), "write it without the leading 0"),
    ("Invalid value", re.compile("True|False"), "write true or false, in small letters"),
    ("Invalid value", re.compile("null|None|nil"), "leave the key out: TOML has no such value"),
)
"""The same by what the parser says and what stands at the place; these go before the others."""


@dataclass(frozen=True, slots=True)
class Source:
    """A rule file; `error` says why its data could not be read."""

    path: str
    data: bytes | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Document:
    """A file that is TOML."""

    file: str
    tables: Mapping[str, Any]
    places: Places


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is found out while all files are read."""

    check_filter: Callable[[str], None]
    rules: list[Rule]
    problems: list[Problem]
    first_places: dict[str, Place]


def _take_any(_expression: str) -> None: ...


def load(sources: Sequence[Source], check_filter: Callable[[str], None] = _take_any) -> Ruleset:
    """Read rule files, in the order in which their rules are to be tried.

    Args:
        sources: the files.
        check_filter: raises ValueError for a bad mitmproxy filter expression.

    Raises:
        RulesError: anything is wrong in any of the files; it has every error and warning.
    """
    reading = _Reading(check_filter, [], [], {})
    documents: dict[str, _Document] = {}
    for source in sources:
        document = _parse(source, reading.problems)
        if document is not None:
            documents[document.file] = document
            _read_rules(document, reading)
    reading.problems.extend(_taken(reading.rules))
    problems = sorted(reading.problems, key=_by_place([source.path for source in sources]))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise RulesError(problems)
    return Ruleset.of(reading.rules, [source.path for source in sources], problems)


def _by_place(files: Sequence[str]) -> Callable[[Problem], tuple[int, int, int]]:
    order = {file: number for number, file in enumerate(files)}
    return lambda problem: (order[problem.file], problem.line or 0, problem.column or 0)


def _parse(source: Source, problems: list[Problem]) -> _Document | None:
    """The file as TOML; None if it is none, which is then among the problems."""
    text = _decoded(source, problems)
    if text is None:
        return None
    try:
        if endless_key(text) is not None:
            raise RecursionError
        return _Document(source.path, loads(text), locate(text))
    except RecursionError:
        at = endless_key(text)
        place = _place_of(text, too_deep(text) if at is None else at)
        problems.append(_file_problem(source.path, "is nested too deeply", _FLAT, *place))
    except ValueError as error:
        problems.append(_syntax_problem(source.path, text, str(error)))
    return None


def _no_utf_8_hint(data: bytes) -> str:
    if data.startswith(_GZIP):
        return "unpack it, it is packed with gzip"
    if encoding_of(data) != "utf-8-sig":
        return "save it as UTF-8, it is UTF-16 now"
    if _CONTROL.search(data) is None:
        return "save it as UTF-8, it may be Windows-1252 or Latin-1 now"
    return "is it a TOML file?"


def _decoded(source: Source, problems: list[Problem]) -> str | None:
    if source.data is None:
        reason = source.error or "unknown reason"
        hint = "check the path, and who may read it"
        problems.append(_file_problem(source.path, f"can't be read: {reason}", hint))
        return None
    if len(source.data) > MAX_BYTES:
        message = f"is larger than the {MAX_BYTES:,} bytes that are read"
        problems.append(_file_problem(source.path, message, "split it, or name another file"))
        return None
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The error's own bytes, which it counts: those behind a byte order mark.
        before = error.object[: error.start].decode()
        hint = _no_utf_8_hint(source.data)
        message = f"is not UTF-8: byte 0x{error.object[error.start]:02x}"
        problems.append(_file_problem(source.path, message, hint, *_place_behind(before)))
        return None
    before, nul, _ = text.partition("\0")
    if nul:
        place = _place_behind(before)
        problems.append(_file_problem(source.path, "is no TOML: NUL", _NUL_HINT, *place))
        return None
    return text


def _place_behind(text: str) -> tuple[int, int]:
    """The line and the column of what comes next."""
    *lines, last = text.split("\n")
    return len(lines) + 1, len(last) + 1


def _place_of(text: str, offset: int | None) -> tuple[int | None, int | None]:
    return (None, None) if offset is None else _place_behind(text[:offset])


def _file_problem(
    file: str, message: str, hint: str, line: int | None = None, column: int | None = None
) -> Problem:
    return Problem(file, line, column, None, "", None, message, hint)


def _syntax_problem(file: str, text: str, message: str) -> Problem:
    hint = next(hint for words, hint in _SYNTAX_HINTS.items() if words in message)
    found = _PLACE_IN_MESSAGE.search(message)
    if found is None:  # Python's own limit for numbers, and whatever else has no place
        place = _place_of(text, endless_number(text))
        return _file_problem(file, f"is no TOML: {message.partition(';')[0]}", hint, *place)
    what = message[: found.start()]
    if found[1]:
        line, column = int(found[1]), int(found[2])
        hint = _hint_at(text, line, column, what) or hint
        return _file_problem(file, f"is no TOML: {what}", hint, line, column)
    *before, last = text.rstrip().split("\n")
    message = f"is no TOML: {what} at the end of the file"
    return _file_problem(file, message, hint, len(before) + 1, len(last))


def _hint_at(text: str, line: int, column: int, what: str) -> str | None:
    """What to do about that which stands at the place; None if the message alone has to tell."""
    written = text.replace("\r\n", "\n").split("\n")[line - 1]
    odd = written[column - 1 : column]
    if odd and not (odd.isascii() or odd.isalpha()):
        name = unicodedata.name(odd, "of another alphabet")
        return f"write plain spaces and quotes: here stands U+{ord(odd):04X}, {name}"
    hints = (
        h for words, stands, h in _HINTS_AT if words in what and stands.match(written, column - 1)
    )
    return next(hints, None)


def _read_rules(document: _Document, reading: _Reading) -> None:
    reading.problems.extend(_problems_of_top_level(document))
    tables = document.tables.get("rule", [])
    if not isinstance(tables, list):
        return
    for number, table in enumerate(tables):
        _read_rule(document, number, table, reading)


def _problems_of_top_level(document: _Document) -> Iterator[Problem]:
    for key, value in document.tables.items():
        path: KeyPath = (key,)
        if key != "rule":
            inner = {each.name for each in RULE.fields}
            what = f"[rule.{key}]," if isinstance(value, dict) else "it"
            belongs = f"write {what} below a [[rule]]" if key in inner else ""
            meant = "did you mean [[rule]]?" if nearest(key, ["rule"]) else ""
            hint = belongs or meant or "a rule file has [[rule]] alone, and all else below it"
            remark = Remark(path, shown(value), "is no key that is known here", hint)
            yield _problem(document, path, None, remark)
        elif not isinstance(value, list):
            message = f"must be an array of tables, not {kind_of(value)}"
            yield _problem(
                document, path, None, Remark(path, shown(value), message, "write [[rule]]")
            )


def _read_rule(document: _Document, number: int, table: object, reading: _Reading) -> None:
    path: KeyPath = ("rule", number)
    remarks: list[Remark] = []
    at = At(path, remarks, reading.check_filter)
    values = RULE.read(table, at)
    name = table.get("name") if isinstance(table, dict) else None
    called = name if isinstance(name, str) and name else f"#{number + 1}"
    place = Place(document.file, document.places.find(path)[0])
    if isinstance(table, dict):
        _check_status(table, at)
    if called == name:
        _check_unique(name, place, at, reading)
    reading.problems.extend(_problem(document, path, called, remark) for remark in remarks)
    if values is None or remarks:
        return
    rule = Rule(place=place, **values)
    reading.rules.append(rule)
    reading.problems.extend(
        _problem(document, path, called, _below(path, remark), Severity.WARNING)
        for remark in lint_rule(rule)
    )


def _check_status(table: Mapping[str, object], at: At) -> None:
    """A status is only known when a server has answered; see `match` for who is asked when."""
    match = table.get("match")
    if not isinstance(match, dict) or "status" not in match:
        return
    if not {"headers", "fault"} & table.keys():
        hint = "a policy acts before a server has a status; add [rule.headers] or [rule.fault]"
        status = at.into("match").into("status")
        status.complain("is only for rules with headers or fault", hint, value=match["status"])


def _check_unique(name: str, place: Place, at: At, reading: _Reading) -> None:
    first = reading.first_places.setdefault(name, place)
    if first is not place:
        message = f"is the name of another rule, in {first.file}:{first.line}"
        at.into("name").complain(message, "give each rule a name of its own", value=name)


def _taken(rules: Sequence[Rule]) -> Iterator[Problem]:
    for rule, earlier in unreachable(rules):
        where = f"{earlier.place.file}:{earlier.place.line}"
        message = f"never matches: rule {shown(earlier.name)} ({where}) takes all it could"
        hint = "put the narrower rule first"
        place = rule.place
        yield Problem(
            *(place.file, place.line, 1, rule.name, "", None, message, hint),
            severity=Severity.WARNING,
            id="rule-unreachable",
        )


def _below(path: KeyPath, remark: Remark) -> Remark:
    return replace(remark, path=(*path, *remark.path))


def _problem(
    document: _Document,
    rule_path: KeyPath,
    rule: str | None,
    remark: Remark,
    severity: Severity = Severity.ERROR,
) -> Problem:
    line, column = document.places.find(remark.path)
    inner = remark.path if rule is None else remark.path[len(rule_path) :]
    return Problem(
        file=document.file,
        line=line,
        column=column,
        rule=rule,
        path=written_path(inner),
        value=remark.value,
        message=remark.message,
        hint=remark.hint,
        severity=severity,
        id=remark.id,
    )
