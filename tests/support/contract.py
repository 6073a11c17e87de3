"""Does a journal keep to what others rely on? Each key has its type, and its value where it should.

Held against whatever the live tests' proxies have written: exchanges of every kind, and hostile
ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from corscope.fetch.reasons import Reason

__all__ = ["departures"]

Value = Any
Check = Callable[[Value], bool]

_JUDGEMENT: Final = ("verdict", "reason", "detail", "chromium", "firefox")


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_count(value: Value) -> bool:
    return type(value) is int and value >= 0


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _one_of(*choices: object) -> Check:
    return lambda value: value in choices and not isinstance(value, bool)


def _each(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _object(**checks: Check) -> Check:
    """An object with just these keys."""
    return lambda value: (
        isinstance(value, dict)
        and value.keys() == checks.keys()
        and all(check(value[key]) for key, check in checks.items())
    )


def _is_line(value: Value) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_text, value))


_is_lines: Final = _each(_is_line)
_text_or_null: Final = _or_null(_is_text)


def _is_judgement(value: Value, verdicts: tuple[str, ...] = ("allowed", "blocked")) -> bool:
    if not isinstance(value, dict) or value.get("verdict") not in verdicts:
        return False
    is_allowed = value["verdict"] == "allowed"
    has_reason = value["reason"] is None if is_allowed else value["reason"] in tuple(Reason)
    named = all(_text_or_null(value[key]) for key in ("detail", "chromium", "firefox"))
    return has_reason and named and not (is_allowed and any(value[k] for k in _JUDGEMENT[1:]))


def _is_verdicts(value: Value) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"omit", "include"}
        and all(each.keys() == set(_JUDGEMENT) and _is_judgement(each) for each in value.values())
    )


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_UPPER: Final = re.compile("[A-Z]")
_URL: Final = re.compile(r"(?:https?|wss?)://[^/?#@]+/[^#]*")


def _is_time(value: Value) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


_EXCHANGE: Final[Mapping[str, Check]] = {
    "id": lambda value: _is_text(value) and value != "",
    "kind": _one_of("preflight", "actual"),
    "origin": _is_text,
    "url": lambda value: _is_text(value) and _URL.fullmatch(value) is not None,
    "method": _is_text,
    "request_headers": _each(lambda name: _is_text(name) and not _UPPER.search(name)),
    "mode": _is_text,
    "mode_from": _one_of("sec-fetch-mode", "inferred"),
    "credentials": _one_of("include", "omit", "unknown"),
    "engine": _one_of("chromium", "firefox", "webkit", "unknown"),
    "status": _or_null(lambda value: type(value) is int),
    "error": _text_or_null,
    "headers": _is_lines,
    "server_headers": _or_null(_is_lines),
    "rule": _text_or_null,
    "rule_mode": _one_of("apply", "shadow", None),
    "answered_by": _one_of("server", "rule"),
    "verdict": _one_of("allowed", "blocked", "conditional"),
    "reason": _text_or_null,
    "detail": _text_or_null,
    "chromium": _text_or_null,
    "firefox": _text_or_null,
    "verdicts": _is_verdicts,
    "server_verdict": _or_null(_is_verdicts),
    "shadow": _or_null(_object(headers=_is_lines, verdicts=_is_verdicts)),
    "preflight": _text_or_null,
    "exposed": _or_null(_each(_is_text)),
    "hidden": _or_null(_each(_is_text)),
    "findings": _each(_object(id=_is_text, detail=_text_or_null)),
}

_OTHERS: Final[Mapping[str, Mapping[str, Check]]] = {
    "outcome": {
        "id": _is_text,
        "credentials": _one_of("include", "omit", "unknown"),
        "outcome": _one_of("followed", "not-followed"),
        "actual": _text_or_null,
        "after_ms": _is_count,
    },
    "rules": {
        "files": _each(_is_text),
        "count": _is_count,
        "errors": _each(
            _object(
                file=_is_text,
                line=_or_null(_is_count),
                column=_or_null(_is_count),
                message=_is_text,
            )
        ),
        "applied": lambda value: isinstance(value, bool),
    },
    "start": {
        "version": _is_text,
        "mitmproxy": _is_text,
        "options": lambda value: isinstance(value, dict) and all(k[:5] == "cors_" for k in value),
    },
    "failure": {
        "id": _text_or_null,
        "url": _text_or_null,
        "where": _is_text,
        "error": _is_text,
    },
    "gap": {"lines": _is_count, "why": _is_text},
}


def _seen(entry: Mapping[str, Value]) -> bool:
    """Whether the verdict is the one for the credentials mode that was seen."""
    verdicts = entry["verdicts"]
    if entry["credentials"] != "unknown":
        expected = verdicts[entry["credentials"]]
    elif verdicts["omit"]["verdict"] == verdicts["include"]["verdict"]:
        expected = verdicts["omit"]
    else:
        return entry["verdict"] == "conditional" and _is_judgement(entry, ("conditional",))
    return bool({key: entry[key] for key in _JUDGEMENT} == expected)


_TOGETHER: Final[Mapping[str, Mapping[str, Check]]] = {
    "exchange": {
        "the verdict is for what was seen": _seen,
        "without a status there is an error": lambda e: e["status"] is not None or bool(e["error"]),
        "a rule has a mode": lambda e: (e["rule"] is None) == (e["rule_mode"] is None),
        "a rule's answer has a rule": lambda e: e["answered_by"] == "server" or bool(e["rule"]),
        "what a rule didn't touch has one verdict": lambda e: (
            e["rule_mode"] == "apply"
            or (e["server_verdict"] is None and e["server_headers"] is None)
        ),
        "a shadow is of a rule in that mode": lambda e: (
            e["shadow"] is None or e["rule_mode"] == "shadow"
        ),
        "a preflight follows none": lambda e: e["kind"] == "actual" or e["preflight"] is None,
        "script reads what isn't blocked, and nothing else": lambda e: (
            (e["exposed"] is not None)
            == (e["hidden"] is not None)
            == (e["kind"] == "actual" and e["verdict"] != "blocked")
        ),
    },
    "outcome": {
        "what is followed is so by something": lambda e: (
            (e["actual"] is None) == (e["outcome"] == "not-followed")
        ),
    },
}


def departures(entries: Iterable[Mapping[str, Value]]) -> list[str]:
    """What in these lines isn't as it should be, each with its line."""
    found = []
    for number, entry in enumerate(entries, 1):
        wrong = [f"{key}: {entry.get(key, 'missing')!r}" for key in _wrong(entry)]
        found += [f"line {number}: {each}: {entry}"[:1_000] for each in wrong]
    return found


def _wrong(entry: Mapping[str, Value]) -> list[str]:
    common: dict[str, Check] = {"v": _one_of(1), "time": _is_time}
    type_ = entry.get("type")
    checks = common | dict(_EXCHANGE if type_ == "exchange" else _OTHERS.get(str(type_), {}))
    if type_ != "exchange" and type_ not in _OTHERS:
        return ["type"]
    wrong = [key for key, check in checks.items() if key not in entry or not check(entry[key])]
    together = _TOGETHER.get(str(type_), {})
    return wrong or [what for what, check in together.items() if not check(entry)]
