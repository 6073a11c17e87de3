"""How does nginx answer with the `add_header` lines that are customary for CORS?

Follows https://nginx.org/en/docs/http/ngx_http_headers_module.html and ngx_http_map_module.html.
Every OPTIONS is answered as a preflight; nothing is refused, an origin that isn't allowed only
gets no Access-Control-Allow-Origin.
"""

import re
from collections.abc import Iterable
from typing import Final

from corscope.fetch.headers import delete
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    without_cors_headers,
)
from corscope.servers.policy import ECHO, Policy
from corscope.servers.repeated import reading_first
from corscope.servers.web_servers.by_hand import (
    KEEP_OWN,
    Line,
    Taken,
    actual_lines,
    complaints,
    exact_origins,
    forwarding_warnings,
    is_matched,
    origin_regexes,
    preflight_lines,
    regex_of,
    sent,
)

__all__ = ["NGINX"]

_ALWAYS: Final = Setting(
    "always",
    "boolean",
    default=False,
    doc="the headers are also added to errors; without it, only to some statuses below 400.",
)
_WITHOUT_ALWAYS: Final = frozenset({200, 201, 204, 206, 301, 302, 303, 304, 307, 308})
_OWN: Final = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
_LONGEST_IN_MAP: Final = 46
"""How long a string of a map may be: longer ones don't fit into a bucket of 64 bytes, the customary
map_hash_bucket_size, and nginx doesn't start."""

_MAP_WORDS: Final = frozenset({"default", "hostnames", "include", "volatile"})
_VARIABLES: Final = {
    Taken.METHOD: "$http_access_control_request_method",
    Taken.HEADERS: "$http_access_control_request_headers",
}


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    return Answer(204, _sent(policy, _preflight_lines(policy), request))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers = response.headers
    if not KEEP_OWN.of(policy):
        for name in _OWN:
            headers = delete(headers, name)
    lines = _sent(policy, actual_lines(policy), request)
    return _with(lines, policy, Response(response.status, headers))


def _forwarded(policy: Policy, request: Request, response: Response) -> Response:
    """As where no `return` keeps a preflight from the backend."""
    keeps = KEEP_OWN.of(policy)
    headers = response.headers if keeps else without_cors_headers(response.headers)
    lines = _sent(policy, _preflight_lines(policy), request)
    return _with(lines, policy, Response(response.status, headers))


def _preflight_lines(policy: Policy) -> tuple[Line, ...]:
    """A block without any add_header of its own inherits those around it."""
    return preflight_lines(policy) or actual_lines(policy)


def _with(lines: HeaderList, policy: Policy, response: Response) -> Response:
    is_added = _ALWAYS.of(policy) or response.status in _WITHOUT_ALWAYS
    return Response(response.status, response.headers + lines) if is_added else response


def _sent(policy: Policy, lines: Iterable[Line], request: Request) -> HeaderList:
    return sent(lines, request, is_allowed=lambda origin: _is_allowed(policy, origin))


def _is_allowed(policy: Policy, origin: str) -> bool:
    """A map compares its strings without regard to case, and its regexes with."""
    ignoring_case = {listed.lower() for listed in exact_origins(policy)}
    return origin.lower() in ignoring_case or is_matched(policy, origin)


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (*complaints(policy), *_named_groups(policy), *_dollars(policy))


def _named_groups(policy: Policy) -> Iterable[Complaint]:
    if "(?P<" in (policy.allow_origin_regex or ""):
        message = "names a group, of which nginx makes a variable"
        yield Complaint("allow_origin_regex", message, "write (?:…)")


def _dollars(policy: Policy) -> Iterable[Complaint]:
    for field in ("allow_origins", "allow_methods", "allow_headers", "expose_headers"):
        value = getattr(policy, field) or ""
        is_map = field == "allow_origins" and isinstance(value, tuple)
        if not is_map and any("$" in each for each in value):
            message = "holds a $, which begins a variable and can't be escaped"
            yield Complaint(field, message, "write it without")


def _export(policy: Policy) -> Export:
    always = " always" if _ALWAYS.of(policy) else ""
    hidden = () if KEEP_OWN.of(policy) else _OWN
    lines = [
        *_map(policy),
        "# In the location, beside its proxy_pass:",
        *(f"proxy_hide_header {name.title()};" for name in hidden),
        "if ($request_method = OPTIONS) {",
        *(f"    {_add_header(policy, line)};" for line in preflight_lines(policy)),
        "    return 204;",
        "}",
        *(f"{_add_header(policy, line)}{always};" for line in actual_lines(policy)),
    ]
    return Export("nginx.conf", "\n".join(lines) + "\n", forwarding_warnings(policy))


def _map(policy: Policy) -> list[str]:
    differing = {origin.lower(): origin for origin in exact_origins(policy)}
    keys = [_map_string(origin) for origin in differing.values()]
    keys += [f"~{regex}" for regex in origin_regexes(policy)]
    if Taken.ORIGIN not in {line.value for line in actual_lines(policy)} or not keys:
        return []
    return [
        "# In http { … }; a second policy needs a variable of its own:",
        "map $http_origin $cors_origin {",
        '    default "";',
        *(f"    {_quoted(key)} $http_origin;" for key in keys),
        "}",
        "",
    ]


def _map_string(origin: str) -> str:
    """A string that a map doesn't take for a regex or a word of its own; a long one as a regex."""
    if len(origin.encode()) > _LONGEST_IN_MAP:
        return f"~*{regex_of(origin)}"
    return f"\\{origin}" if origin in _MAP_WORDS or origin.startswith(("~", "\\")) else origin


def _add_header(policy: Policy, line: Line) -> str:
    origin = "$http_origin" if policy.allow_origins == ECHO else "$cors_origin"
    variables = {**_VARIABLES, Taken.ORIGIN: origin}
    value = variables[line.value] if isinstance(line.value, Taken) else _quoted(line.value)
    return f"add_header {line.title} {value}"


def _quoted(text: str) -> str:
    """A quoted string; a backslash stays one unless what follows gives it a meaning."""
    if re.fullmatch(r"[\w*.:/-]+", text, re.ASCII):
        return text
    escaped = re.sub(r"""\\(?=["'\\trn]|\Z)|\"""", r"\\\g<0>", text)
    return f'"{escaped}"'


NGINX = Dialect(
    name="nginx",
    title="nginx (add_header)",
    version="nginx 1.22.1",
    source="https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    export=_export,
    forwarded=reading_first(_forwarded),
    settings=(_ALWAYS, KEEP_OWN),
    handed_off=((_ALWAYS.name, True),),
    surprises=(
        "Every OPTIONS is answered as a preflight, also one without Origin.",
        "Without `always` no error has CORS headers, so that the browser hides what went wrong.",
        "A location or an `if` with an `add_header` of its own inherits none from outside.",
        "`add_header` never replaces: what the backend sends too comes twice unless it is hidden.",
        "A `map` compares strings without regard to case: https://APP.example.com is allowed too.",
    ),
)
