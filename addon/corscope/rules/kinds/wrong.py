"""What is said of a value that is of another kind, or out of range? With what was meant by it."""

import re
from typing import Final

from corscope.rules.kinds.place import At
from corscope.rules.problems import kind_of, shown

__all__ = ["MILLI", "as_pairs", "complain_of_kind", "complain_of_range", "of_milliseconds"]

MILLI: Final = 1000


def of_milliseconds(value: float) -> str:
    """The hint for whoever counts in milliseconds where seconds are meant."""
    return f"write {value / MILLI:g} if milliseconds are meant"


def complain_of_range(low: int, high: int, value: float, at: At, hint: str = "") -> None:
    """Note that a number isn't from `low` to `high`, both included; a hint tells what is meant."""
    nearest_one = high if value > high else low
    hint = hint or f"the nearest is {nearest_one}"
    at.complain(f"must be from {low} to {high}", hint, value=value)


def complain_of_kind(wanted: str, value: object, at: At, hint: str = "") -> None:
    """Note that a value is of another kind, and how what it may mean is written as that.

    Args:
        wanted: the kind, with its article: a key of `_WRITTEN_AS`, or with a hint any other.
        value: what stands there instead.
        at: where it stands.
        hint: the way out, where the kind alone doesn't tell it.
    """
    at.complain(
        f"must be {wanted}, not {kind_of(value)}",
        hint or _conversion(wanted, value) or _WRITTEN_AS[wanted],
        value=value,
    )


_WRITTEN_AS: Final = {
    "a string": "write one string, in quotes",
    "a boolean": "write true or false",
    "an integer": "write digits alone",
    "a number": "write digits alone, or 0.5 say",
    "a string or an array": 'write ["…", "…"]',
}
_MEANT_BY: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
}
_NUMBER: Final = re.compile(r"(-?[0-9]{1,9}+(?:\.[0-9]{1,9}+)?+)[0-9.]*+ ?(?:s|sec|seconds?)?")
_LONGEST_WHOLE: Final = 1e9


def _conversion(wanted: str, value: object) -> str:
    """How the value is written as the kind that is wanted, where that is plain."""
    match wanted, value:
        case "a boolean", str() if value.strip().lower() in _MEANT_BY:
            return f"write {shown(_MEANT_BY[value.strip().lower()])} without quotes"
        case "a boolean", 0 | 1:
            return f"write {shown(bool(value))}"
        case (("an integer" | "a number"), str()) if found := _NUMBER.fullmatch(value.strip()):
            whole = wanted == "an integer"
            return f"write {found[1].partition('.')[0] if whole else found[1]} without quotes"
        case "an integer", float() if abs(value) < _LONGEST_WHOLE:
            return f"write {shown(int(value))}"
        case "a string or an array", bool():
            return ""
        case (("a string" | "a string or an array"), bool() | int() | float()):
            return f'write "{shown(value)}" in quotes'
        case _, list() if len(value) == 1 and not isinstance(value[0], list | dict):
            return f"write {shown(value[0])} without brackets"
    return ""


def as_pairs(value: object) -> str:
    """How header lines are written as a table, where there are such."""
    lines = value if isinstance(value, list) else [value]
    pairs = dict(line.split(":", 1) for line in lines if isinstance(line, str) and ":" in line)
    meant = {name.strip(): text.strip() for name, text in pairs.items()}
    return f"write {shown(meant)}" if meant else 'write { "Vary" = "Origin" }, say'
