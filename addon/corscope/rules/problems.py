"""How is a mistake in a rule file told to the person who made it?

As a compiler does it: one line with the place, the rule, the key, the value, what is wrong with
it, and what to write instead. Finding mistakes is left to `load`, `schema` and `lint`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import islice

__all__ = [
    "BadValueError",
    "Problem",
    "RulesError",
    "Severity",
    "kind_of",
    "shown",
    "shown_list",
    "written_path",
]

_LONGEST_VALUE = 60
_DEEPEST_VALUE = 3


class Severity(Enum):
    """Whether a rule set with this problem can be used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a rule file.

    Attributes:
        file: the source's path.
        line: counted from 1; None where the file as a whole is meant.
        column: counted from 1.
        rule: the rule's name, or `#3` for the third one where it has none; None outside of rules.
        path: the key's path within the rule, as TOML writes it.
        value: the value as TOML writes it, shortened and with control characters escaped.
        message: what is wrong, as the rest of a sentence about the value.
        hint: what to do about it; no error is without one.
        severity: errors keep the whole set from being used.
        id: a warning's name, of those in `lint.ids`.
    """

    file: str
    line: int | None
    column: int | None
    rule: str | None
    path: str
    value: str | None
    message: str
    hint: str
    severity: Severity = Severity.ERROR
    id: str = ""

    def __str__(self) -> str:
        """One line, as a compiler would write it."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        warning = "warning: " if self.severity is Severity.WARNING else ""
        rule = "" if self.rule is None else f"rule {shown(self.rule)}: "
        what = " = ".join(part for part in (self.path, self.value) if part)
        hint = f" Hint: {self.hint}" if self.hint else ""
        id_ = f" [{self.id}]" if self.id else ""
        line = f"{where}: {warning}{rule}{what and f'{what}: '}{self.message}.{hint}{id_}"
        return _without_controls(line)


class BadValueError(ValueError):
    """What is wrong with one value, before anybody knows where it stands."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep what is wrong, as the rest of a sentence about the value, and what to do."""
        self.hint = hint
        super().__init__(message)


class RulesError(ValueError):
    """The rule files can't be used; `problems` has every error and warning of all files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems; there is at least one error among them."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def shown(value: object, depth: int = _DEEPEST_VALUE) -> str:
    """A value as TOML writes it, shortened; what is nested deeply is only named."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _without_controls(json.dumps(_short(value), ensure_ascii=False))
        case list() | dict() if value and not depth:
            return "[…]" if isinstance(value, list) else "{…}"
        case list() | tuple():
            items = (shown(item, depth - 1) for item in value[:_LONGEST_VALUE])
            return f"[{_short(', '.join(items))}]"
        case dict():
            first = islice(value.items(), _LONGEST_VALUE)
            pairs = (f"{_key(key)} = {shown(item, depth - 1)}" for key, item in first)
            return f"{{ {_short(', '.join(pairs))} }}" if value else "{}"
        case int() if abs(value) >= 10**_LONGEST_VALUE:
            return "(a huge number)"  # too many digits are an error in Python
    return str(value)


def shown_list(texts: Iterable[str]) -> str:
    """An array of strings, for a hint: each is shortened, but none left out."""
    return f"[{', '.join(map(shown, texts))}]"


def kind_of(value: object) -> str:
    """What TOML calls this kind of value, with its article."""
    match value:
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a float"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "a table"
    return "a date or time"


def written_path(path: Iterable[str | int]) -> str:
    """A key's path as TOML writes it, with the index of an array's item in brackets."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            written += f"{written and '.'}{_key(part)}"
    return written


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "_").isidentifier()
    return name if bare else shown(name)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _without_controls(text: str) -> str:
    """Escape what a terminal would obey: control and formatting characters."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
