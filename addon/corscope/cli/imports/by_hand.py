"""Which fields of a policy do CORS headers stand for that a configuration writes by hand?"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from corscope.cli.imports.options import any_regex
from corscope.cli.imports.regexes import python_regex
from corscope.cli.imports.tree import Source
from corscope.servers.by_hand import origins_of_regexes
from corscope.servers.origins import parse_origin_pattern
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    EXPOSE_HEADERS,
    MAX_AGE,
)
from corscope.servers.policy import ECHO, WILDCARD

__all__ = ["AllowedOrigins", "HeaderLine", "OriginLines", "without_patterns"]

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

    def fields(self, source: Source, echoes: Mapping[str, str], sign: str) -> dict[str, Any]:
        """What it says of a policy, if it isn't the origin.

        Args:
            source: the file.
            echoes: by header, the value that sends the request's own words back.
            sign: what begins a variable.
        """
        if self.name == ALLOW_CREDENTIALS:
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

    def respaced(self, source: Source, fields: Mapping[str, Any]) -> Iterator[str]:
        """A warning if a list in these fields, which it says, is sent with other spaces."""
        for names in fields.values():
            if isinstance(names, tuple) and ", ".join(names) != self.value:
                place = source.at(self.line)
                yield f"{place}: the rule puts one space behind each comma of {self.title}"


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
