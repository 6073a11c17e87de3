"""Which fields of a policy do CORS headers stand for that a configuration writes by hand?"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from corscope.cli.imports.options import any_regex
from corscope.cli.imports.regexes import python_regex
from corscope.cli.imports.tree import Found, Source
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
)
from corscope.servers.patterns.origins import parse_origin_pattern
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.web_servers.by_hand import origins_of_regexes

__all__ = [
    "ANY_OPTIONS",
    "CORS_HEADERS",
    "LEAVES_NO_CREDENTIALS",
    "OF_ALL",
    "ONLY_PREFLIGHT",
    "STAY",
    "WITH_ALL",
    "AllowedOrigins",
    "HeaderLine",
    "OriginLines",
    "SentLine",
    "match_of",
    "shared_fields",
    "told_apart",
    "told_of_late",
    "told_of_lines",
    "told_of_status",
    "without_patterns",
]

ANY_OPTIONS: Final = "OPTIONS that is no preflight is answered too; the rule passes it on"
"""What is said where a server looks at the method alone."""

WITH_ALL: Final = "is sent with all answers; the rule sends it to preflights, where it counts"
"""What is said of a header that only preflights need."""

LEAVES_NO_CREDENTIALS: Final = "allows no credentials; the rule leaves it out"
"""What is said of a value of Access-Control-Allow-Credentials that isn't `true`."""

ONLY_PREFLIGHT: Final = (ALLOW_METHODS, ALLOW_HEADERS, MAX_AGE)
OF_ALL: Final = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
"""What counts on answers that are no preflight's."""

CORS_HEADERS: Final = (*OF_ALL, *ONLY_PREFLIGHT)
STAY: Final = "stay; the rule removes them"
"""What is said of a backend's own headers that aren't taken away."""
_NO_CONTENT: Final = 204
_OK: Final = range(200, 300)

_LISTS: Final = {
    ALLOW_METHODS: "allow_methods",
    ALLOW_HEADERS: "allow_headers",
    EXPOSE_HEADERS: "expose_headers",
}


@dataclass
class AllowedOrigins:
    """Which origins let a variable have a value, or a header be sent."""

    exact: list[str] = field(default_factory=list)
    regexes: list[str] = field(default_factory=list)
    is_any: bool = False

    def add(self, others: "AllowedOrigins") -> None:
        """Let others through as well."""
        self.exact = list(dict.fromkeys((*self.exact, *others.exact)))
        self.regexes = list(dict.fromkeys((*self.regexes, *others.regexes)))
        self.is_any |= others.is_any

    def fields(self) -> dict[str, Any]:
        """The two fields of a policy; a regex that an origin says as well becomes one."""
        if self.is_any:
            return {"allow_origins": ECHO}
        said, regexes = origins_of_regexes(python_regex(each) or each for each in self.regexes)
        origins = (*self.exact, *said)
        fields: dict[str, Any] = {"allow_origins": origins} if origins or not regexes else {}
        return {**fields, "allow_origin_regex": any_regex(regexes)} if regexes else fields


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A header that is added; its name is in lower case, and `always` says that errors get it."""

    line: int
    name: str
    value: str
    always: bool = True

    @property
    def title(self) -> str:
        """The name as configurations are wont to write it."""
        return self.name.title()

    def refuse(self, source: Source) -> NoReturn:
        """Say that the value shows only when the server runs.

        Raises:
            UnreadableError: always.
        """
        source.refuse(f"can't tell the value of {self.value}: write the value there", self.line)

    @property
    def is_list(self) -> bool:
        """Whether browsers read several lines of it as one list of names."""
        return self.name in _LISTS

    def joined(self, values: Iterable[str]) -> "HeaderLine":
        """It with all values of its name, where browsers read several lines as one list."""
        return replace(self, value=", ".join(values)) if self.is_list else self

    def fields(self, source: Source, echoes: Mapping[str, str], sign: str) -> dict[str, Any]:
        """What it says of a policy, if it isn't the origin.

        Args:
            source: the file.
            echoes: by header, the value that sends the request's own words back.
            sign: what begins a variable.
        """
        if self.name == ALLOW_CREDENTIALS:
            if sign in self.value:
                self.refuse(source)
            return {"allow_credentials": self.value == "true"}
        if self.name == MAX_AGE:
            is_number = re.fullmatch(r"-?[0-9]{1,18}", self.value)
            return {"max_age": int(self.value) if is_number else self.refuse(source)}
        if self.name not in _LISTS:
            return {}
        if self.value == echoes.get(self.name):
            return {_LISTS[self.name]: ECHO}
        if sign in self.value:
            self.refuse(source)
        names = tuple(name.strip() for name in self.value.split(",") if name.strip())
        return {_LISTS[self.name]: WILDCARD if names == (WILDCARD,) else names}

    @property
    def is_odd(self) -> bool:
        """Whether no policy says it: credentials are allowed by `true` alone, in small letters."""
        return self.name == ALLOW_CREDENTIALS and self.value != "true"

    def respaced(self, source: Source, said: object) -> Iterator[str]:
        """A warning if it is a list of these names that is sent with other spaces."""
        if self.name in _LISTS and isinstance(said, tuple) and ", ".join(said) != self.value:
            place = source.at(self.line)
            yield f"{place}: the rule puts one space behind each comma of {self.title}"


def told_of_status(source: Source, status: int, line: int | None) -> Iterator[str]:
    """A warning if preflights are answered by another status than a rule's.

    Raises:
        UnreadableError: it is one that lets none of them pass.
    """
    if status not in _OK:
        hint = 'write a rule with match.kind = "preflight" and fault.status'
        source.refuse(f"preflights fail, as they are answered by {status}: {hint}", line)
    if status != _NO_CONTENT:
        place = source.at(line) if line else source.name
        yield f"{place}: the rule answers preflights by 204, not {status}: both let them pass"


SentLine = tuple[HeaderLine, bool, AllowedOrigins | None]
"""A header line, whether it is for preflights alone, and for which origins if not for all."""


def told_of_lines(
    source: Source, lines: Iterable[SentLine], fields: Mapping[str, Any]
) -> Iterator[str]:
    """What is otherwise of headers that don't allow an origin, and say these fields."""
    for line, is_preflight, origins in lines:
        if line.name == ALLOW_ORIGIN:
            continue
        place = source.at(line.line)
        said = fields.get(_LISTS.get(line.name, "max_age"))
        if line.name in ONLY_PREFLIGHT and not is_preflight and said != ECHO:
            yield f"{place}: {line.title} {WITH_ALL}"
        if origins is not None and not origins.is_any:
            yield f"{place}: {line.title} is for some origins only; the rule sends it to all"
        yield from line.respaced(source, said)


def told_of_late(source: Source, lines: Iterable[HeaderLine], answering: str) -> Iterator[str]:
    """What preflights don't get, since the server has answered them before: by what, is said."""
    for line in lines:
        if line.name in ONLY_PREFLIGHT:
            yield (
                f"{source.at(line.line)}: {line.title} isn't sent with what {answering} answers: "
                "preflights go without it"
            )


def shared_fields(policy: Policy) -> tuple[object, ...]:
    """What preflights and all else have in common in a dialect."""
    return (policy.allow_origins, policy.allow_origin_regex, bool(policy.allow_credentials))


def told_apart(actual: Found, preflight: Found, told: Iterable[str]) -> Iterator[Found]:
    """One policy of what the two have, or both, where no one dialect's would do.

    What is told is of preflights.
    """
    told = tuple(told)
    is_shared = actual.added == preflight.added
    if is_shared and shared_fields(actual.policy) == shared_fields(preflight.policy):
        policy = replace(preflight.policy, expose_headers=actual.policy.expose_headers)
        warnings = dict.fromkeys((*told, *actual.warnings, *preflight.warnings))
        yield replace(actual, policy=policy, match={}, warnings=tuple(warnings))
        return
    yield replace(actual, match={"kind": "actual"})
    yield replace(preflight, match={"kind": "preflight"}, warnings=(*told, *preflight.warnings))


def match_of(lines: Iterable[SentLine]) -> Mapping[str, object]:
    """What a rule is for: for preflights, if no others are allowed."""
    allowing = [is_preflight for line, is_preflight, _ in lines if line.name == ALLOW_ORIGIN]
    return {"kind": "preflight"} if allowing and all(allowing) else {}


@dataclass
class OriginLines:
    """What several lines that send Access-Control-Allow-Origin let through together."""

    allowed: AllowedOrigins = field(default_factory=AllowedOrigins)
    fixed: str | None = None
    is_sent: bool = False
    added: dict[int, AllowedOrigins] = field(default_factory=dict)

    def add(self, value: str | None, only_for: AllowedOrigins | None) -> None:
        """Add a line.

        Args:
            value: a value that is written there; None for the request's own origin.
            only_for: whom the line is for, if not for all.
        """
        self.is_sent = True
        is_limited = only_for is not None and not only_for.is_any
        if value is not None and not is_limited:
            self.fixed = value
        elif only_for is None or only_for.is_any:
            self.allowed.is_any = True
        elif id(only_for) not in self.added:
            self.added[id(only_for)] = only_for
            self.allowed.add(only_for)

    def fields(self) -> dict[str, Any]:
        """The two fields of a policy."""
        if self._has_list:
            return self.allowed.fields()
        return {"allow_origins": () if self.fixed is None else self.fixed} if self.is_sent else {}

    @property
    def _has_list(self) -> bool:
        return bool(self.allowed.is_any or self.allowed.exact or self.allowed.regexes)

    def warnings(self, place: str) -> list[str]:
        """What of it no rule says; patterns are left out, so this comes before `fields`."""
        self.allowed.exact, patterns = without_patterns(self.allowed.exact)
        told = [
            f"{place}: {each} is left out: it is no pattern here, and never matches"
            for each in patterns
        ]
        if self._has_list and self.fixed is not None:
            told.append(f"{place}: the origin {self.fixed} that others get is left out")
        return told


def without_patterns(origins: Iterable[str]) -> tuple[list[str], list[str]]:
    """The origins that are compared as they stand, and those that a rule takes for patterns."""
    plain: list[str] = []
    patterns: list[str] = []
    for each in origins:
        parsed = parse_origin_pattern(each)
        is_pattern = parsed is not None and (parsed.subdomains or parsed.any_port)
        (patterns if is_pattern else plain).append(each)
    return plain, patterns
