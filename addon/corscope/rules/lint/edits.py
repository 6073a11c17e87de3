"""Which header edits contradict themselves, each other, or the standard?"""

import difflib
import re
from collections.abc import Iterator
from typing import Final

from corscope.fetch.headers import FAILURE, byte_lowercase, extract_header_list_values
from corscope.rules.kinds.place import Remark
from corscope.rules.lint.ids import remark
from corscope.rules.lint.lists import OF_REQUESTS
from corscope.rules.lint.origins import lint_sent_origin
from corscope.rules.locate import KeyPath
from corscope.rules.model import HeaderEdits, Rule
from corscope.rules.problems import shown, written_path
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    VARY,
)
from corscope.servers.policy import WILDCARD

__all__ = ["lint_edits"]

_LISTS: Final = (ALLOW_METHODS, ALLOW_HEADERS, EXPOSE_HEADERS)
_OF_RESPONSES: Final = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, *_LISTS, MAX_AGE)
_BETWEEN_NAMES: Final = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SECONDS: Final = re.compile(r"-?[0-9]+")
_WITH_UNIT: Final = re.compile(r"(?P<count>[0-9]{1,6}) ?(?P<unit>[smhd])[a-z]*", re.IGNORECASE)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_LIKENESS: Final = 0.8
"""From which on, of 1, a name is taken for one of them: Allow-Private-Network is below it."""

_ECHOED: Final = "{origin}"


def lint_edits(rule: Rule) -> Iterator[Remark]:
    """Everything about a rule's `headers`."""
    if rule.headers is not None:
        yield from _names(rule.headers)
        yield from _twice(rule.headers, rule)
        yield from _values(rule.headers)
        yield from _with_credentials(rule.headers, rule)
        yield from _vary(rule.headers, rule)
        yield from _removed(rule.headers)
        yield from _set_again(rule.headers)
        yield from _unfilled(rule.headers, rule)


def _edits(edits: HeaderEdits) -> Iterator[tuple[KeyPath, str, str]]:
    """Each line that is written, with its key, its name in lower case, and its value."""
    for table in ("set", "add"):
        for name, template in getattr(edits, table):
            yield ("headers", table, name), name.lower(), template.text.strip()


def _names(edits: HeaderEdits) -> Iterator[Remark]:
    named: list[tuple[KeyPath, str]] = [
        (("headers", "remove", index), name) for index, name in enumerate(edits.remove)
    ]
    named += [(("headers", "set", name), name) for name, _ in edits.set]
    named += [(("headers", "add", name), name) for name, _ in edits.add]
    for path, name in named:
        if WILDCARD in name:
            message = "is no pattern: the * is a part of the name"
            yield remark("header-wildcard", path, name, message, "write the names out")
        elif name.lower() in OF_REQUESTS:
            message = "is a request header: a rule edits responses, where browsers don't look at it"
            yield remark("expose-of-requests", path, name, message, "drop it")
        elif (meant := _misspelt(name)) is not None:
            message = "is no header of CORS, which browsers pass over"
            yield remark("header-misspelt", path, name, message, f"did you mean {meant}?")


def _misspelt(name: str) -> str | None:
    """The header of CORS that a name looks like and isn't."""
    written = byte_lowercase(name)
    if written in _OF_RESPONSES:
        return None
    near = difflib.get_close_matches(
        written.replace("_", "-"), _OF_RESPONSES, n=1, cutoff=_LIKENESS
    )
    return near[0].title() if near else None


def _twice(edits: HeaderEdits, rule: Rule) -> Iterator[Remark]:
    """A second Access-Control-Allow-Origin; what the server itself sends can't be known."""
    added = [path for path, name, _ in _edits(edits) if path[1] == "add" and name == ALLOW_ORIGIN]
    is_set = any(name.lower() == ALLOW_ORIGIN for name, _ in edits.set)
    if added and (is_set or rule.policy is not None or len(added) > 1):
        message = "comes twice, which browsers refuse, whatever the values"
        yield remark("allow-origin-twice", added[0], None, message, "set it, once")


def _values(edits: HeaderEdits) -> Iterator[Remark]:
    for path, name, value in _edits(edits):
        if name == ALLOW_ORIGIN and _ECHOED in value and value != _ECHOED:
            message = "has something around the origin, so that no Origin ever equals it"
            yield remark("origin-invalid", path, value, message, "write {origin} alone")
        elif "{" in value:
            continue
        elif name == ALLOW_ORIGIN:
            yield from lint_sent_origin(value, path)
        elif name == ALLOW_CREDENTIALS and value != "true":
            message = "counts as not allowed: only true does, in lower case"
            hint = "write true" if value.lower() in {"true", "1", "yes"} else "remove the header"
            yield remark("credentials-not-true", path, value, message, hint)
        elif name in _LISTS and extract_header_list_values(name, ((name, value),)) is FAILURE:
            names = ", ".join(filter(None, _BETWEEN_NAMES.split(value)))
            message = "is no list: names stand in it with commas between them"
            yield remark("header-no-list", path, value, message, f"write {shown(names)}")
        elif name == MAX_AGE and not _SECONDS.fullmatch(value):
            message = "is no number of seconds"
            yield remark("max-age-no-number", path, value, message, _in_seconds(value))


def _in_seconds(value: str) -> str:
    """How a time with its unit is written."""
    found = _WITH_UNIT.fullmatch(value)
    if found is None:
        return f"write {shown('600')}, say"
    return f"write {shown(str(int(found['count']) * _UNITS[found['unit'].lower()]))}"


def _with_credentials(edits: HeaderEdits, rule: Rule) -> Iterator[Remark]:
    lines = list(_edits(edits))
    by_policy = rule.policy is not None and bool(rule.policy.allow_credentials)
    by_hand = any(name == ALLOW_CREDENTIALS and value == "true" for _, name, value in lines)
    removed = ALLOW_CREDENTIALS in {name.lower() for name in edits.remove}
    if not by_hand and (removed or not by_policy):
        return
    for path, name, value in lines:
        if name.startswith("access-control-") and value == WILDCARD:
            message = "is no wildcard for a request with credentials"
            hint = "write {origin}" if name == ALLOW_ORIGIN else "list the names"
            yield remark("wildcard-with-credentials", path, value, message, hint)


def _vary(edits: HeaderEdits, rule: Rule) -> Iterator[Remark]:
    """Where the answer depends on the origin, a cache may hand it to another."""
    lines = list(_edits(edits))
    echoes = any(name == ALLOW_ORIGIN and "{origin}" in value for _, name, value in lines)
    single = rule.policy is not None and isinstance(rule.policy.allow_origins, tuple)
    varied = [value.lower() for _, name, value in lines if name == VARY]
    if not (echoes or single) or any("origin" in value or "*" in value for value in varied):
        return
    for index, removed in enumerate(edits.remove):
        if removed.lower() == VARY:
            path: KeyPath = ("headers", "remove", index)
            message = "tells caches that the answer depends on Origin"
            yield remark("vary-removed", path, removed, message, 'add { "Vary" = "Origin" }')
    for path, name, value in lines:
        if name == VARY and path[1] == "set":
            message = "leaves out Origin, on which the answer depends"
            yield remark("vary-removed", path, value, message, "name Origin too")


def _removed(edits: HeaderEdits) -> Iterator[Remark]:
    written = {name.lower() for name, _ in edits.set}
    for index, name in enumerate(edits.remove):
        if name.lower() in written:
            message = "is set too, which replaces what was there"
            yield remark("removed-and-set", ("headers", "remove", index), name, message, "drop it")


def _set_again(edits: HeaderEdits) -> Iterator[Remark]:
    """TOML takes names in other cases for other keys."""
    last = {name.lower(): name for name, _ in edits.set}
    for name, template in edits.set:
        if last[name.lower()] != name:
            message = (
                f"is replaced by {written_path([last[name.lower()]])}, which is the same header"
            )
            path: KeyPath = ("headers", "set", name)
            yield remark("header-set-again", path, template.text, message, "drop one of the two")


def _unfilled(edits: HeaderEdits, rule: Rule) -> Iterator[Remark]:
    """What only preflights ask leave for, in a rule for others."""
    if rule.match.kind != ("actual",):
        return
    for table in ("set", "add"):
        for name, template in getattr(edits, table):
            if "headers" in template.pieces[1::2]:
                message = "is left out: only preflights have what {headers} stands for"
                hint = 'write the names, or leave match.kind = "actual" out'
                path: KeyPath = ("headers", table, name)
                yield remark("field-without-use", path, template.text, message, hint)
