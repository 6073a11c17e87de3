"""What do two servers answer otherwise, each with its policy?

Both are asked the same requests, made from the policy itself: an origin that it lists and one that
it doesn't, its methods and headers and others. Nothing is read off the dialects' code.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from corscope.fetch.headers import values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.dialect import Dialect
from corscope.servers.forwarded import answered_by, passed_on
from corscope.servers.parts import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    VARY,
    is_cors_response_header_name,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = [
    "Answered",
    "Asked",
    "Difference",
    "Probe",
    "answered",
    "differences",
    "instance",
    "meaning",
    "mistakes",
    "probes",
]

Asked = tuple[Dialect, Policy]
"""A server, and a policy that it has."""

EVIL: Final = "https://not-allowed.example"
"""An origin that no policy lists."""

_APP: Final = "https://app.example.com"
_URL: Final = "https://api.example.com/"
_LISTS: Final = frozenset({ALLOW_METHODS, ALLOW_HEADERS, EXPOSE_HEADERS})
_APPLICATION: Final = Response(200, (("content-type", "text/plain"),))
_APPLICATIONS: Final = {
    "that fails with 404": Response(404, _APPLICATION.headers),
    "that fails with 500": Response(500, _APPLICATION.headers),
    "of an application that allows an origin itself": Response(
        200, ((ALLOW_ORIGIN, "https://own.example"),)
    ),
    "of an application with a Vary": Response(200, ((VARY, "Accept-Encoding"),)),
}
"""What an application may answer beside the usual."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request, what is asked with it, and what the application says where it is asked."""

    title: str
    request: Request
    application: Response = _APPLICATION


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: by the server itself, or by the application behind it.

    `headers` are those of CORS and Vary, names in lower case, in order.
    """

    status: int
    headers: HeaderList
    passed_on: bool

    @property
    def meaning(self) -> object:
        """The same for answers that differ in spelling alone: order, spaces, the names' case."""
        return meaning(self.status, self.headers)

    @property
    def outcome(self) -> str:
        """The status, or that the application answers."""
        return "left to the application" if self.passed_on else f"status {self.status}"

    def __str__(self) -> str:
        return "; ".join([self.outcome, *(f"{name}: {value}" for name, value in self.headers)])


@dataclass(frozen=True, slots=True)
class Difference:
    """A request that the two answer otherwise."""

    probe: Probe
    first: Answered
    second: Answered

    def told(self) -> str:
        """What the second does otherwise, each point with the first's way in brackets."""
        points = []
        if (self.first.status, self.first.passed_on) != (self.second.status, self.second.passed_on):
            points.append(f"{self.second.outcome} ({self.first.outcome})")
        names = dict.fromkeys(name for name, _ in (*self.second.headers, *self.first.headers))
        for name in names:
            ours, theirs = values(self.first.headers, name), values(self.second.headers, name)
            if _meaning(name, ours) != _meaning(name, theirs):
                points.append(f"{name}: {_lines(theirs)} ({_lines(ours)})")
        return "; ".join(points) or "the same, spelt otherwise"


def meaning(status: int, headers: HeaderList) -> object:
    """What is the same for answers that differ in spelling alone; for comparing only.

    Args:
        status: the answer's status, of which the first digit counts.
        headers: its headers, of which those of CORS and Vary count.
    """
    counted = _of_interest(headers)
    return status // 100, frozenset((n, _meaning(n, values(counted, n))) for n, _ in counted)


def _lines(lines: Sequence[str]) -> str:
    return " and ".join(lines) if lines else "none"


def _meaning(name: str, lines: Sequence[str]) -> object:
    """A list's members; a Vary's count for nothing else."""
    if name == VARY:
        return frozenset(part.strip().lower() for line in lines for part in line.split(","))
    if name not in _LISTS:
        return tuple(lines)
    parts = frozenset(part.strip() for line in lines for part in line.split(","))
    return parts if name == ALLOW_METHODS else frozenset(part.lower() for part in parts)


def mistakes(given: Iterable[bool], wanted: Iterable[bool]) -> tuple[int, int]:
    """How often more is given than is wanted, and how often less."""
    pairs = list(zip(given, wanted, strict=True))
    return pairs.count((True, False)), pairs.count((False, True))


def differences(first: Asked, second: Asked, *, spelling: bool = False) -> Iterator[Difference]:
    """The requests that two servers answer otherwise.

    Args:
        first: a dialect, and a policy that it can have.
        second: another one; the requests are made from the first's policy.
        spelling: whether answers that mean the same to a browser count as different too.
    """
    told: set[str] = set()
    for probe in probes(first[1]):
        ours = answered(*first, probe.request, probe.application)
        theirs = answered(*second, probe.request, probe.application)
        if ours.meaning != theirs.meaning or (spelling and ours != theirs):
            found = Difference(probe, ours, theirs)
            # What another response of the application doesn't change is told already.
            if probe.application is _APPLICATION or found.told() not in told:
                yield found
            told.add(found.told())


def answered(
    dialect: Dialect, policy: Policy, request: Request, application: Response = _APPLICATION
) -> Answered:
    """What a server answers, before an application that says the same to everything."""
    made = answered_by(dialect, policy, request)
    if made is not None:
        return Answered(made.status, _of_interest(made.headers), passed_on=False)
    response = passed_on(dialect, policy, request, application)
    return Answered(response.status, _of_interest(response.headers), passed_on=True)


def _of_interest(headers: HeaderList) -> HeaderList:
    return tuple(
        (name.lower(), value)
        for name, value in headers
        if is_cors_response_header_name(name) or name.lower() == VARY
    )


def probes(policy: Policy) -> Iterator[Probe]:
    """Requests that show what a policy does."""
    origin = _listed(policy.allow_origins, _APP)
    method = _listed(policy.allow_methods, "PUT")
    name = _listed(policy.allow_headers, "content-type")
    yield Probe("a preflight", _preflight(origin, method, name))
    yield Probe("a preflight without headers", _preflight(origin, method, None))
    yield Probe("a preflight from another origin", _preflight(EVIL, method, name))
    yield Probe("a preflight for another method", _preflight(origin, "QUERY", name))
    yield Probe("a preflight for another header", _preflight(origin, method, "x-other"))
    yield Probe("an OPTIONS that is no preflight", _request("OPTIONS", origin))
    yield Probe("a GET", _request("GET", origin))
    yield Probe("a GET from another origin", _request("GET", EVIL))
    yield Probe("a GET without Origin", _request("GET", None))
    for title, application in _APPLICATIONS.items():
        yield Probe(f"a GET {title}", _request("GET", origin), application)
    for pattern in _patterns(policy):
        yield Probe(f"a GET from one of {pattern}", _request("GET", instance(pattern)))
    for each in dict.fromkeys(("PUT", method)):
        if each != "GET":
            yield Probe(f"a {each}", _request(each, origin))


def _listed(words: str | tuple[str, ...] | None, otherwise: str) -> str:
    """The first word that stands for itself alone."""
    if isinstance(words, str):
        return otherwise if words in {WILDCARD, ECHO, ""} else words
    return next((word for word in words or () if "*" not in word), otherwise)


def _patterns(policy: Policy) -> list[str]:
    origins = policy.allow_origins
    return [each for each in origins if "*" in each[1:]] if isinstance(origins, tuple) else []


def instance(pattern: str) -> str:
    """An origin that a pattern is meant to allow."""
    return pattern.replace(":*", ":8123").replace("*", "one")


def _request(method: str, origin: str | None) -> Request:
    return Request(method, _URL, () if origin is None else (("Origin", origin),))


def _preflight(origin: str, method: str, names: str | None) -> Request:
    lines = (("Origin", origin), ("Access-Control-Request-Method", method))
    asked = () if names is None else (("Access-Control-Request-Headers", names),)
    return Request("OPTIONS", _URL, (*lines, *asked))
