"""How does HAProxy answer with the `http-after-response` rules that suit CORS?

Follows https://docs.haproxy.org/2.6/configuration.html#4.2-http-after-response. Those rules also
see the answers that HAProxy makes itself: preflights and errors. An origin that isn't allowed only
gets no Access-Control-Allow-Origin.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from corscope.fetch.headers import contains, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.parts import ORIGIN, REQUEST_METHOD, VARY, without_cors_headers
from corscope.servers.patterns.regexes import PCRE_WITHOUT_NUMBERS
from corscope.servers.policy import ECHO, Policy
from corscope.servers.repeated import last_lines
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
    sent,
)

__all__ = ["HAPROXY"]

_VARIABLES: Final = {
    Taken.ORIGIN: "txn.cors_origin",
    Taken.METHOD: "txn.cors_method",
    Taken.HEADERS: "txn.cors_headers",
}
_MOST_IN_LINE: Final = 50
"""How many patterns stand in a line, of which HAProxy reads no more than 64 words."""

_KEEP_OWN: Final = replace(
    KEEP_OWN, doc="the backend's own CORS headers stay where none are set in their place."
)
_WITHOUT_OWN: Final = ("http-after-response del-header access-control- -m beg",)
_IS_PREFLIGHT: Final = "METH_OPTIONS { req.hdr(Access-Control-Request-Method) -m found }"
_CONDITIONS: Final[dict[Kind | None, str]] = {
    None: "",
    "preflight": " if { var(txn.preflight) -m bool }",
    "actual": " unless { var(txn.preflight) -m bool }",
}


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS" or not contains(request.headers, REQUEST_METHOD):
        return None
    return Answer(204, _sent(policy, preflight_lines(policy), request))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    return _with(_sent(policy, actual_lines(policy), request), policy, response)


def _forwarded(policy: Policy, request: Request, response: Response) -> Response:
    """As where no `return` keeps a preflight from the backend."""
    return _with(_sent(policy, preflight_lines(policy), request), policy, response)


def _with(lines: HeaderList, policy: Policy, response: Response) -> Response:
    """`set-header` takes the place of the backend's own, `add-header` stands beside."""
    headers = response.headers
    if not _KEEP_OWN.of(policy):
        headers = without_cors_headers(headers)
    set_here = {name for name, _ in lines if name != VARY}
    kept = tuple(line for line in headers if line[0].lower() not in set_here)
    return Response(response.status, kept + lines)


def _sent(policy: Policy, lines: Iterable[Line], request: Request) -> HeaderList:
    """One line of several is enough to be allowed, and the last is sent back."""
    origins = values(request.headers, ORIGIN)
    return sent(
        lines,
        last_lines(request),
        is_allowed=lambda _: any(is_matched(policy, origin) for origin in origins),
        also_empty=True,
    )


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return complaints(policy, PCRE_WITHOUT_NUMBERS)


def _export(policy: Policy) -> Export:
    lines = tuple(all_lines(policy))
    text = [
        *_allowed(policy),
        *_asked({line.value for line, _ in lines}),
        f"http-request set-var(txn.preflight) bool(true) if {_IS_PREFLIGHT}",
        "http-request return status 204 if { var(txn.preflight) -m bool }",
        *(() if _KEEP_OWN.of(policy) else _WITHOUT_OWN),
        *(_rule(line, _CONDITIONS[kind]) for line, kind in lines),
    ]
    return Export("haproxy.cfg", "\n".join(text) + "\n", forwarding_warnings(policy))


def _allowed(policy: Policy) -> list[str]:
    """The rules that keep the origin if it is allowed: a response doesn't know its request."""
    if Taken.ORIGIN not in {line.value for line in actual_lines(policy)}:
        return []
    keep = "http-request set-var(txn.cors_origin) req.fhdr(Origin)"
    if policy.allow_origins == ECHO:
        return [keep]
    comparisons = {"str": exact_origins(policy), "reg": origin_regexes(policy)}
    return [
        f"{keep} if {{ req.fhdr(Origin) -m {how} {_patterns(texts[at : at + _MOST_IN_LINE])} }}"
        for how, texts in comparisons.items()
        for at in range(0, len(texts), _MOST_IN_LINE)
    ]


def _patterns(texts: Sequence[str]) -> str:
    """The patterns of a comparison, kept from being taken for its options."""
    quoted = " ".join(map(_quoted, texts))
    return f"-- {quoted}" if any(text.startswith("-") for text in texts) else quoted


def _asked(values: set[str | Taken]) -> list[str]:
    """The rules that keep what a preflight asks for, where that is sent back."""
    return [
        f"http-request set-var({_VARIABLES[taken]}) req.fhdr({taken.value.title()})"
        f" if {_IS_PREFLIGHT}"
        for taken in (Taken.METHOD, Taken.HEADERS)
        if taken in values
    ]


def _rule(line: Line, condition: str) -> str:
    action = "add-header" if line.name == VARY else "set-header"
    if isinstance(line.value, Taken):
        variable = f"var({_VARIABLES[line.value]})"
        value, condition = f"%[{variable}]", f" if {{ {variable} -m found }}"
    else:
        value = _quoted(line.value.replace("%", "%%"))
    return f"http-after-response {action} {line.title} {value}{condition}"


def _quoted(text: str) -> str:
    """In single quotes, where nothing has a meaning but their end."""
    if re.fullmatch(r"[\w*.:/-]+", text, re.ASCII):
        return text
    return "'" + text.replace("'", r"'\''") + "'"


HAPROXY = Dialect(
    name="haproxy",
    title="HAProxy (http-after-response)",
    version="HAProxy 2.6.12",
    source="https://docs.haproxy.org/2.6/configuration.html#4.2-http-after-response",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    export=_export,
    forwarded=_forwarded,
    settings=(_KEEP_OWN,),
    surprises=(
        "`http-response` rules don't see the answers that HAProxy makes itself, preflights and "
        "errors; `http-after-response` rules do.",
        "A response rule can't read the request: what it needs has to be kept in a variable.",
        "`req.hdr` splits its value at commas; `req.fhdr` doesn't.",
    ),
)
