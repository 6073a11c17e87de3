"""What is a rule, once it has been read and checked?

Every value here is known to be good: `load` is what makes them, and it refuses the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

from corscope.rules.glob import HostName, UrlGlob
from corscope.rules.index import HostIndex, build_host_index
from corscope.rules.problems import Problem
from corscope.rules.template import Template
from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy

__all__ = [
    "REDIRECT_STATUSES",
    "Fault",
    "HeaderEdits",
    "Kind",
    "Match",
    "Mode",
    "Place",
    "Rule",
    "Ruleset",
]

Kind = Literal["preflight", "actual"]

REDIRECT_STATUSES: Final = (301, 302, 303, 307, 308)
"""Redirect statuses: https://fetch.spec.whatwg.org/#redirect-status"""


class Mode(Enum):
    """Whether a rule acts."""

    APPLY = "apply"
    SHADOW = "shadow"
    """It is judged and logged what the rule would do, and nothing is changed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule begins."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a rule is about: every field that isn't empty must hold, by any one of its values."""

    url: tuple[UrlGlob, ...] = ()
    host: tuple[HostName, ...] = ()
    origin: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    kind: tuple[Kind, ...] = ()
    status: tuple[range, ...] = ()
    filter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderEdits:
    """Response headers edited by hand, in this order."""

    remove: tuple[str, ...] = ()
    set: tuple[tuple[str, Template], ...] = ()
    add: tuple[tuple[str, Template], ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """How an answer is broken; `delay` is in seconds."""

    status: int | None = None
    redirect: str | None = None
    delay: float = 0.0
    abort: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rule]]`; `dialect` is the policy's, and there is one exactly if there is a policy."""

    name: str
    match: Match
    place: Place
    description: str = ""
    enabled: bool = True
    mode: Mode = Mode.APPLY
    policy: Policy | None = None
    dialect: Dialect | None = None
    headers: HeaderEdits | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules in the order in which they are tried; made by `Ruleset.of`."""

    rules: tuple[Rule, ...] = ()
    files: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    index: HostIndex = field(default_factory=HostIndex, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        rules: Iterable[Rule],
        files: Iterable[str] = (),
        warnings: Iterable[Problem] = (),
    ) -> "Ruleset":
        """Index the rules for matching."""
        ordered = tuple(rules)
        index = build_host_index(_host_globs(rule.match) for rule in ordered)
        return cls(ordered, tuple(files), tuple(warnings), index)


def _host_globs(match: Match) -> list[str]:
    if match.host:
        return [host.name for host in match.host]
    return [_host_name(url.host) for url in match.url] or ["*"]


def _host_name(authority: str) -> str:
    """The host glob without its port; an asterisk may stand for a part of both."""
    name, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        return authority if not authority.endswith("*") else "*"
    return name
