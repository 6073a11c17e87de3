"""Which requests will a browser send? The standard's fetch, followed over a case's own answers.

A proxy sees only what came; whether something else was to come is seen here, where script's side
is known too. What goes out and what the answers mean is decided by the code under test; here is
only the loop from one hop to the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import get, normalize, unfold
from corscope.fetch.hop import (
    Hop,
    actual_request,
    begin,
    listener_forces_preflight,
    needs_preflight,
    preflight_request,
    redirect_mode,
    redirected,
)
from corscope.fetch.mixed_content import Load, is_mixed_content
from corscope.fetch.origin import origin_of_url
from corscope.fetch.preflight import is_redirect_status
from corscope.fetch.safelist import is_forbidden_request_header, normalize_method
from corscope.fetch.verdict import judge
from corscope.messages import HeaderList, Response
from tests.browsers.case import Case
from tests.support.origin_server import Answer

__all__ = ["MISDIRECTED", "Course", "Sent", "own_headers", "predicted"]

MAX_REDIRECTS = 20

MISDIRECTED = 421
"""Upon this status all three ask once more: https://www.rfc-editor.org/rfc/rfc9110#name-421"""

TRIMMED = " \t\x0b\x0c"
"""What mitmproxy takes off around a header's value."""

CHARSET = re.compile(r"(;\s*charset=)[^;]+", re.IGNORECASE)

Sent = tuple[Literal["preflight", "actual"], str, str, str, tuple[str, ...]]
"""A request's kind, Origin, URL, the method of the fetch, and the names that a preflight announces
or, of the headers that script set, those that an actual request carries."""


@dataclass(frozen=True, slots=True)
class Course:
    """The requests of a fetch that CORS has a say in, in order, and how it ends.

    ``refused`` says that the browser refuses it for something that no proxy can see.
    """

    sent: tuple[Sent, ...]
    refused: bool = False


def predicted(case: Case, engine: Engine) -> Course:
    """Follow a fetch of mode "cors": https://fetch.spec.whatwg.org/#concept-main-fetch"""
    hop: Hop | None = _first(case, engine)
    sent: list[Sent] = []
    refused = False
    for count in range(MAX_REDIRECTS + 1):
        if hop is None:
            break
        mixed = is_mixed_content(origin_of_url(case.page), origin_of_url(hop.url), engine)
        if mixed and not (count and departs(engine, Departure.PREFLIGHT_BEFORE_MIXED_CONTENT)):
            break
        if not _passes_preflight(hop, case, engine, sent) or refused or mixed:
            break
        answer = _answer(hop, case, engine, sent)
        if answer is None or (refused := _is_refused_by_script(answer, case, engine)):
            break
        if case.init.get("redirect") == "manual":
            break
        refused = hop.is_cors and _judged(
            hop, answer, redirect_mode(hop, _mode(case), engine), engine, case
        )
        hop = redirected(hop, answer, engine)
        refused = hop is not None and (refused or hop.is_refused)
    return Course(tuple(sent), refused)


def _first(case: Case, engine: Engine) -> Hop:
    return begin(
        "null" if case.sandboxed else case.page,
        case.start,
        normalize_method(str(case.init.get("method", "GET"))),
        _headers(case, engine),
        forced=case.listens
        and listener_forces_preflight(uploads="body" in case.init, engine=engine),
    )


def own_headers(case: Case) -> HeaderList:
    """The headers that script may set, of those that it sets, without space around their values."""
    given = dict(case.init.get("headers") or {}).items()  # type: ignore[call-overload]
    headers = [(name, normalize(value)) for name, value in given]
    return tuple((n, v) for n, v in headers if not is_forbidden_request_header(n, v))


def _headers(case: Case, engine: Engine) -> HeaderList:
    """What the request has for headers: script's own and, with a body, a Content-Type."""
    headers = own_headers(case)
    if "body" not in case.init:
        return headers
    if not any(name.lower() == "content-type" for name, _ in headers):
        content_type = _type_of_body(case)
        return (*headers, ("Content-Type", content_type)) if content_type else headers
    if case.xhr and engine is not Engine.FIREFOX and isinstance(case.init["body"], str):
        return tuple((n, CHARSET.sub(r"\1UTF-8", v)) for n, v in headers)
    return headers


def _type_of_body(case: Case) -> str:
    """What the body itself says it is; nothing where it doesn't.

    https://fetch.spec.whatwg.org/#concept-bodyinit-extract
    """
    match case.init["body"]:
        case {"kind": "blob", "type": str(of_blob)}:
            return of_blob
        case {"kind": "buffer"}:
            return ""
        case {"kind": "form"}:
            return "multipart/form-data; boundary=made-by-the-browser"
        case {"kind": "params"}:
            return "application/x-www-form-urlencoded;charset=UTF-8"
    return "text/plain;charset=UTF-8"


def _passes_preflight(hop: Hop, case: Case, engine: Engine, sent: list[Sent]) -> bool:
    """Send the preflight that the hop may need; tell whether its own request may follow."""
    if not hop.is_cors or not needs_preflight(hop, engine):
        return True
    asked = preflight_request(hop, engine)
    sent.append(("preflight", asked.origin, asked.url, asked.method, asked.unsafe_names))
    answer = _response(case, "OPTIONS", hop.url)
    if answer is not None and answer.status == MISDIRECTED:
        sent.append(sent[-1])
    if answer is None:
        return False
    return not judge("preflight", asked, answer, _mode(case), engine, _load(case))


def _answer(hop: Hop, case: Case, engine: Engine, sent: list[Sent]) -> Response | None:
    """Send the hop's own request; give the answer if it passes."""
    if hop.is_cors:
        own = {name.lower() for name, _ in own_headers(case)}
        carried = own.intersection(name.lower() for name, _ in hop.headers)
        origin = hop.serialized_origin
        sent.append(("actual", origin, hop.url, hop.method, tuple(sorted(carried))))
    answer = _response(case, hop.method, hop.url)
    if hop.is_cors and answer is not None and answer.status == MISDIRECTED:
        sent.append(sent[-1])
    if answer is None or not hop.is_cors:
        return answer
    if "redirect" in case.init:  # then nobody looks at where it leads
        refused = cors_check(hop.serialized_origin, _mode(case), answer.headers, engine) is not None
    else:
        refused = _judged(hop, answer, _mode(case), engine, case)
    return None if refused else answer


def _judged(hop: Hop, answer: Response, mode: CredentialsMode, engine: Engine, case: Case) -> bool:
    """Whether the answer to the hop's own request is refused."""
    request = actual_request(hop, engine)
    return judge("actual", request, answer, mode, engine, _load(case)) is not None


def _load(case: Case) -> Load:
    """What the page loads, as far as it shows."""
    return Load(None if case.sandboxed else origin_of_url(case.page), "empty", case.start)


def _is_refused_by_script(answer: Response, case: Case, engine: Engine) -> bool:
    """Whether it is a redirect, and script had asked for an error there."""
    if case.init.get("redirect") != "error" or not is_redirect_status(answer.status):
        return False
    needs_location = departs(engine, Departure.REDIRECT_ERROR_NEEDS_LOCATION)
    return bool(get(answer.headers, "Location")) or not needs_location


def _mode(case: Case) -> CredentialsMode:
    """An XMLHttpRequest can't leave credentials out within its own origin."""
    mode = CredentialsMode(str(case.init.get("credentials", "same-origin")))
    return CredentialsMode.SAME_ORIGIN if case.xhr and mode is CredentialsMode.OMIT else mode


def _response(case: Case, method: str, url: str) -> Response | None:
    routes = case.routes()
    answer = routes.get((method, url)) or routes.get(("*", url))
    if not isinstance(answer, Answer):
        return None
    is_http_2 = url.startswith("https:")
    lines = tuple(
        (name.lower() if is_http_2 else name, unfold(value).strip(TRIMMED))
        for name, value in answer.headers
    )
    return Response(answer.status, lines)
