"""How do servers answer whose CORS headers are written by hand?

nginx, Apache, Caddy and HAProxy have no CORS library: each has a customary set of rules, which the
dialect exports and imitates. What the rules send is the same; how they compare an origin, which
requests they take for preflights, and what becomes of the backend's own headers differ.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from corscope.messages import HeaderList, Request
from corscope.servers.complaints import (
    echo_in_list_complaints,
    regex_complaints,
    value_complaints,
)
from corscope.servers.dialect import Complaint, Setting
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    VARY,
    echoed,
)
from corscope.servers.patterns.origins import matches_regex, parse_origin_pattern
from corscope.servers.patterns.regexes import PCRE, Engine
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = [
    "BACKEND",
    "KEEP_OWN",
    "Kind",
    "Line",
    "Taken",
    "actual_lines",
    "all_lines",
    "complaints",
    "exact_origins",
    "forwarding_warnings",
    "is_matched",
    "origin_regexes",
    "origins_of_regexes",
    "preflight_lines",
    "regex_of",
    "sent",
]

BACKEND: Final = "localhost:8080"
"""Where the application listens in an export that has to name it."""

KEEP_OWN: Final = Setting(
    "keep_own",
    "boolean",
    default=False,
    doc="the backend's own CORS headers aren't removed, so that some are sent twice.",
)


_ONLY_PREFLIGHT: Final = (ALLOW_METHODS, ALLOW_HEADERS, MAX_AGE)
Kind = Literal["preflight", "actual"]


class Taken(Enum):
    """What a line takes its value from, where it isn't fixed."""

    ORIGIN = ORIGIN
    """The origin, if it is allowed."""

    METHOD = REQUEST_METHOD
    HEADERS = REQUEST_HEADERS


@dataclass(frozen=True, slots=True)
class Line:
    """A header line that the rules add; it is left out where there is nothing to take."""

    name: str
    value: str | Taken

    @property
    def title(self) -> str:
        """The name as configurations are wont to write it."""
        return self.name.title()


def preflight_lines(policy: Policy) -> tuple[Line, ...]:
    """What is added to the answer to a preflight, `Vary` last."""
    return _given(
        (ALLOW_ORIGIN, _origin(policy)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_METHODS, _listed(policy.allow_methods, Taken.METHOD)),
        (ALLOW_HEADERS, _listed(policy.allow_headers, Taken.HEADERS)),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (VARY, ", ".join(_preflight_varies_by(policy)) or None),
    )


def actual_lines(policy: Policy) -> tuple[Line, ...]:
    """What is added to a response of the application, `Vary` last."""
    return _given(
        (ALLOW_ORIGIN, _origin(policy)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _listed(policy.expose_headers, None)),
        (VARY, "Origin" if _origin(policy) is Taken.ORIGIN else None),
    )


def all_lines(policy: Policy) -> Iterator[tuple[Line, Kind | None]]:
    """Both, each with what it is only for, in an order that keeps those of the two."""
    preflight, actual = preflight_lines(policy), actual_lines(policy)
    for name in (ALLOW_ORIGIN, ALLOW_CREDENTIALS, *_ONLY_PREFLIGHT, EXPOSE_HEADERS, VARY):
        for line in dict.fromkeys((*preflight, *actual)):
            if line.name == name:
                in_both = line in preflight and line in actual
                yield line, None if in_both else "preflight" if line in preflight else "actual"


def sent(
    lines: Iterable[Line],
    request: Request,
    *,
    is_allowed: Callable[[str], bool],
    also_empty: bool = False,
) -> HeaderList:
    """The lines as this request gets them; empty ones only where the server sends those too."""
    written = []
    for line in lines:
        value = line.value
        taken = echoed(request, value.value) if isinstance(value, Taken) else value
        if taken is None or not (taken or also_empty):
            continue
        if value is not Taken.ORIGIN or is_allowed(taken):
            written.append((line.name, taken))
    return tuple(written)


def is_matched(policy: Policy, origin: str) -> bool:
    """Whether the origin is one of the list, or a regex is found in it."""
    if policy.allow_origins == ECHO or origin in exact_origins(policy):
        return True
    return any(matches_regex(regex, origin, "search") for regex in origin_regexes(policy))


def exact_origins(policy: Policy) -> tuple[str, ...]:
    """The listed origins that are compared as they stand."""
    listed = policy.allow_origins if isinstance(policy.allow_origins, tuple) else ()
    return tuple(origin for origin in listed if _pattern_regex(origin) is None)


def origin_regexes(policy: Policy) -> tuple[str, ...]:
    """The listed patterns as regexes, and the policy's own."""
    listed = policy.allow_origins if isinstance(policy.allow_origins, tuple) else ()
    regexes = [regex for each in listed if (regex := _pattern_regex(each))]
    own = policy.allow_origin_regex
    return tuple(regexes) if own is None else (*regexes, own)


def _pattern_regex(pattern: str) -> str | None:
    """A pattern as an anchored regex; None if it is an origin like any other."""
    parsed = parse_origin_pattern(pattern)
    if parsed is None or not (parsed.subdomains or parsed.any_port):
        return None
    scheme, _, rest = pattern.partition("://")
    host = rest.removesuffix(":*").removeprefix("*.")
    labels = r"([a-z0-9_-]+\.)+" if parsed.subdomains else ""
    port = "(:[0-9]+)?" if parsed.any_port else ""
    return f"^{_escaped(scheme)}://{labels}{_escaped(host)}{port}$"


def regex_of(origin: str) -> str:
    """A regex that only this origin matches."""
    return f"^{_escaped(origin)}$"


def _escaped(text: str) -> str:
    """As `re.escape`, but readable: all these servers' regexes agree on what has to be escaped."""
    return re.sub(r"[.+*?()\[\]{}|^$\\]", r"\\\g<0>", text)


def _origin(policy: Policy) -> str | Taken | None:
    origins = policy.allow_origins
    if isinstance(origins, str) and origins != ECHO:
        return origins or None
    if origins and WILDCARD in origins:
        return WILDCARD
    return Taken.ORIGIN if origins or policy.allow_origin_regex is not None else None


def _listed(names: str | tuple[str, ...] | None, taken: Taken | None) -> str | Taken | None:
    if names == ECHO:
        return taken
    return (", ".join(names) if isinstance(names, tuple) else names) or None


def _preflight_varies_by(policy: Policy) -> list[str]:
    names = {
        "Origin": _origin(policy) is Taken.ORIGIN,
        "Access-Control-Request-Method": policy.allow_methods == ECHO,
        "Access-Control-Request-Headers": policy.allow_headers == ECHO,
    }
    return [name for name, varies in names.items() if varies]


def _given(*lines: tuple[str, str | Taken | None]) -> tuple[Line, ...]:
    return tuple(Line(name, value) for name, value in lines if value is not None)


def complaints(policy: Policy, engine: Engine = PCRE) -> tuple[Complaint, ...]:
    """What no such rules can be written for, where that engine reads the regexes."""
    if policy.allow_origin_regex == "":
        hint = f'to send back any origin write allow_origins = "{ECHO}"'
        return (Complaint("allow_origin_regex", "is empty, and so found in every origin", hint),)
    return (
        *regex_complaints(policy, engine),
        *echo_in_list_complaints(policy),
        *value_complaints(policy, echo=("allow_methods", "allow_headers")),
    )


def forwarding_warnings(policy: Policy) -> tuple[str, ...]:
    """These rules answer preflights themselves, and would have to be written anew otherwise."""
    if not policy.forward_preflight:
        return ()
    return ("preflights are answered here, not forwarded to the backend",)


def origins_of_regexes(regexes: Iterable[str]) -> tuple[list[str], list[str]]:
    """The origins and patterns that such regexes were written for, and those that none was."""
    origins: list[str] = []
    left: list[str] = []
    for regex in regexes:
        origin = _origin_of(regex)
        (origins if origin else left).append(origin or regex)
    return origins, left


def _origin_of(regex: str) -> str | None:
    text = regex.removeprefix("^").removesuffix("$")
    text = text.replace(r"([a-z0-9_-]+\.)+", "*.").replace("(:[0-9]+)?", ":*")
    origin = re.sub(r"\\(.)", r"\1", text)
    if parse_origin_pattern(origin) is None:
        return None
    return origin if regex in {_pattern_regex(origin), regex_of(origin)} else None
