"""How does Apache answer with the `Header` lines that are customary for CORS?

Follows https://httpd.apache.org/docs/2.4/mod/mod_headers.html, mod_setenvif and mod_rewrite, which
tells preflights. An origin that isn't allowed only gets no Access-Control-Allow-Origin.
"""

import re
from collections.abc import Iterable
from typing import Final

from corscope.fetch.headers import contains, delete, get, set_header, split_value
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import replaced_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    REQUEST_METHOD,
    VARY,
    without_cors_headers,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.policy import ECHO, Policy
from corscope.servers.web_servers.by_hand import (
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

__all__ = ["APACHE"]

_OWN: Final = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
_PREFLIGHT: Final = (
    "RewriteEngine On",
    "RewriteCond %{REQUEST_METHOD} =OPTIONS",
    "RewriteCond %{HTTP:Access-Control-Request-Method} .",
    "RewriteRule ^ - [E=PREFLIGHT:1,R=204,L]",
)
_VALUES: Final = {
    Taken.ORIGIN: ("expr=%{HTTP:Origin}", " env=CORS_ALLOWED"),
    Taken.METHOD: ("expr=%{HTTP:Access-Control-Request-Method}", " env=PREFLIGHT"),
    Taken.HEADERS: (
        "expr=%{HTTP:Access-Control-Request-Headers}",
        """ "expr=-n reqenv('PREFLIGHT') && -n req('Access-Control-Request-Headers')\"""",
    ),
}

_CONDITIONS: Final[dict[Kind | None, str]] = {
    None: "",
    "preflight": " env=PREFLIGHT",
    "actual": " env=!PREFLIGHT",
}


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS" or not get(request.headers, REQUEST_METHOD):
        return None
    varies = ((VARY, "Access-Control-Request-Method"),)  # what a RewriteCond looks at is named
    return Answer(204, _finished(_sent(policy, preflight_lines(policy), request) + varies))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers = response.headers
    if not KEEP_OWN.of(policy):
        for name in _OWN:
            headers = delete(headers, name)
    return Response(
        response.status, _finished(_sent(policy, actual_lines(policy), request) + headers)
    )


def _forwarded(policy: Policy, request: Request, response: Response) -> Response:
    """As where no RewriteRule keeps a preflight from the backend."""
    keeps = KEEP_OWN.of(policy)
    own = response.headers if keeps else without_cors_headers(response.headers)
    lines = _sent(policy, preflight_lines(policy), request)
    return Response(response.status, _finished(lines + own))


def _sent(policy: Policy, lines: Iterable[Line], request: Request) -> HeaderList:
    return sent(lines, request, is_allowed=lambda origin: is_matched(policy, origin))


def _finished(headers: HeaderList) -> HeaderList:
    """Apache makes one line of all that `Vary` names, and says nothing twice."""
    if not contains(headers, VARY):
        return headers
    names: dict[str, str] = {}
    for name in split_value(get(headers, VARY) or ""):
        names.setdefault(name.lower(), name)
    return set_header(headers, VARY, ",".join(names.values()))


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (*complaints(policy), *replaced_complaints(policy, "${", "a variable"))


def _export(policy: Policy) -> Export:
    hidden = () if KEEP_OWN.of(policy) else _OWN
    lines = [
        *_allowed(policy),
        *_PREFLIGHT,
        *(f"Header onsuccess unset {name.title()}" for name in hidden),
        *(_header(line, _CONDITIONS[kind]) for line, kind in all_lines(policy)),
    ]
    return Export("apache.conf", "\n".join(lines) + "\n", forwarding_warnings(policy))


def _allowed(policy: Policy) -> list[str]:
    """The lines that note whether the origin is allowed; one that isn't sent counts as empty."""
    if policy.allow_origins == ECHO:
        return ["SetEnvIf Origin . CORS_ALLOWED"]
    if Taken.ORIGIN not in {line.value for line in actual_lines(policy)}:
        return []
    regexes = [*map(regex_of, exact_origins(policy)), *origin_regexes(policy)]
    lines = [f"SetEnvIf Origin {_quoted(regex)} CORS_ALLOWED" for regex in regexes]
    if any(matches_regex(regex, "", "search") for regex in regexes):
        lines.append("SetEnvIf Origin ^$ !CORS_ALLOWED")
    return lines


def _header(line: Line, condition: str) -> str:
    if isinstance(line.value, Taken):
        value, condition = _VALUES[line.value]
    else:
        value = line.value.replace("%", "%%")
    return f"Header always set {line.title} {_quoted(value)}{condition}"


def _quoted(text: str) -> str:
    """A quoted string; a backslash stays one unless it stands before another or a quote."""
    escaped = re.sub(r"""\\(?=["\\]|\Z)|\"""", r"\\\g<0>", text)
    return f'"{escaped}"'


APACHE = Dialect(
    name="apache",
    title="Apache httpd (mod_headers)",
    version="Apache 2.4.71",
    source="https://httpd.apache.org/docs/2.4/mod/mod_headers.html",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    export=_export,
    forwarded=_forwarded,
    settings=(KEEP_OWN,),
    surprises=(
        "`Header set` without `always` leaves out the answers that Apache makes itself: errors, "
        "and preflights answered by a RewriteRule.",
        "`Header always set` doesn't replace what the backend sends too: it comes twice unless it "
        "is unset `onsuccess`.",
        "A header that a RewriteCond looks at is named in `Vary`.",
        "`SetEnvIf` takes regexes, found anywhere in the origin unless anchored.",
    ),
)
