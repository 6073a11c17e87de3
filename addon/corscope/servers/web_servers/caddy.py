"""How does Caddy answer with the `header` lines that are customary for CORS?

Follows https://caddyserver.com/docs/caddyfile/directives/header. The lines are set before the
backend is asked, so that errors have them too. An origin that isn't allowed only gets no
Access-Control-Allow-Origin.
"""

import re
from collections.abc import Iterable
from typing import Final

from corscope.fetch.headers import contains, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import replaced_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.languages.go import sorted_by_name
from corscope.servers.parts import ORIGIN, REQUEST_METHOD, without_cors_headers
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, Policy
from corscope.servers.repeated import joined_by_comma
from corscope.servers.web_servers.by_hand import (
    BACKEND,
    KEEP_OWN,
    Kind,
    Line,
    Taken,
    actual_lines,
    all_lines,
    complaints,
    exact_origins,
    forwarding_warnings,
    is_matched,
    origin_regexes,
    preflight_lines,
    regex_of,
    sent,
)

__all__ = ["CADDY"]

_PREFLIGHT: Final = (
    "@preflight {",
    "\tmethod OPTIONS",
    "\theader Access-Control-Request-Method *",
    "}",
)
_ASKED: Final = "@asked header Access-Control-Request-Headers *"
_VALUES: Final = {
    Taken.ORIGIN: ("@allowed ", "{header.Origin}"),
    Taken.METHOD: ("", "{header.Access-Control-Request-Method}"),
    Taken.HEADERS: ("@asked ", "{header.Access-Control-Request-Headers}"),
}


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS" or not contains(request.headers, REQUEST_METHOD):
        return None
    return Answer(204, sorted_by_name(_sent(policy, preflight_lines(policy), request)))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    return _with(_sent(policy, actual_lines(policy), request), policy, response)


def _forwarded(policy: Policy, request: Request, response: Response) -> Response:
    """As where no `respond` keeps a preflight from the backend."""
    return _with(_sent(policy, preflight_lines(policy), request), policy, response)


def _with(lines: HeaderList, policy: Policy, response: Response) -> Response:
    keeps = KEEP_OWN.of(policy)
    headers = response.headers if keeps else without_cors_headers(response.headers)
    return Response(response.status, sorted_by_name(lines + headers))


def _sent(policy: Policy, lines: Iterable[Line], request: Request) -> HeaderList:
    """One line of several is enough to be allowed, and all are sent back in one."""
    origins = values(request.headers, ORIGIN)
    return sent(
        lines,
        joined_by_comma(request),
        is_allowed=lambda _: any(is_matched(policy, origin) for origin in origins),
        also_empty=True,
    )


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (*complaints(policy, RE2), *_unwritable(policy))


def _unwritable(policy: Policy) -> Iterable[Complaint]:
    """What no quotes help against; names of methods and headers hold none of it."""
    if "`" in (policy.allow_origin_regex or ""):
        yield Complaint("allow_origin_regex", "holds a `, which can't be quoted", r"write \x60")
    yield from replaced_complaints(policy, "{$", "a variable")
    if any(char in origin for origin in policy.allow_origins or () for char in "`{"):
        message = "holds a ` or {, which can't be quoted"
        yield Complaint("allow_origins", message, "write it without: no origin has any")


def _export(policy: Policy) -> Export:
    lines = tuple(all_lines(policy))
    asks = any(line.value is Taken.HEADERS for line, _ in lines)
    text = [
        *_PREFLIGHT,
        *([_ASKED] if asks else []),
        *_allowed(policy),
        *_headers(lines, None, ""),
        "handle @preflight {",
        *_headers(lines, "preflight", "\t"),
        "\trespond 204",
        "}",
        "handle {",
        *_headers(lines, "actual", "\t"),
        *(_REVERSE_PROXY_KEEPING_OWN if KEEP_OWN.of(policy) else _REVERSE_PROXY),
        "}",
    ]
    return Export("Caddyfile", "\n".join(text) + "\n", forwarding_warnings(policy))


_REVERSE_PROXY_KEEPING_OWN: Final = (f"\treverse_proxy {BACKEND}",)
_REVERSE_PROXY: Final = (
    f"\treverse_proxy {BACKEND} {{",
    "\t\theader_down -Access-Control-*",
    "\t}",
)


def _allowed(policy: Policy) -> list[str]:
    """The matcher of allowed origins: several lines of one header are alternatives."""
    if Taken.ORIGIN not in {line.value for line in actual_lines(policy)}:
        return []
    if policy.allow_origins == ECHO:
        return ["@allowed header Origin *"]
    exact, regexes = exact_origins(policy), origin_regexes(policy)
    if regexes or any("*" in origin for origin in exact):
        either = "|".join((*map(regex_of, exact), *map(_with_its_flags, regexes)))
        return [f"@allowed header_regexp Origin {_quoted(either)}"]
    return ["@allowed {", *(f"\theader Origin {_quoted(origin)}" for origin in exact), "}"]


def _with_its_flags(regex: str) -> str:
    """The regex with flags that stand before it made those of a group: Python knows no others."""
    return re.sub(r"^\(\?([ims]+)\)(.*)$", r"(?\1:\2)", regex, flags=re.DOTALL)


def _headers(
    lines: Iterable[tuple[Line, Kind | None]], wanted: Kind | None, indent: str
) -> list[str]:
    return [f"{indent}{_header(line)}" for line, kind in lines if kind == wanted]


def _header(line: Line) -> str:
    if isinstance(line.value, Taken):
        matcher, value = _VALUES[line.value]
        return f"header {matcher}{line.title} {value}"
    return f"header {line.title} {_quoted(line.value)}"


def _quoted(text: str) -> str:
    """A token: between backquotes all stands for itself, between quotes all but two."""
    if re.fullmatch(r"[\w*.:/-]+", text, re.ASCII):
        return text
    return f"`{text}`" if '"' in text or "\\" in text else f'"{text}"'


CADDY = Dialect(
    name="caddy",
    title="Caddy (header)",
    version="Caddy 2.6.2",
    source="https://caddyserver.com/docs/caddyfile/directives/header",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    export=_export,
    forwarded=_forwarded,
    settings=(KEEP_OWN,),
    surprises=(
        "`header` doesn't replace what `reverse_proxy` brings: it comes twice unless `header_down` "
        "removes it.",
        "A deferred `header` replaces it too, but is left out of Caddy's own errors.",
        "Directives run in an order of their own, and those with a matcher first: of two that set "
        "the same header, the one without wins.",
    ),
)
