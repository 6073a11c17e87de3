"""Which requests will a browser send? The standard's fetch, followed over a case's own answers.

A proxy sees only what came; whether something else was to come is seen here, where script's side
is known too. What the answers mean is judged by the code under test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.mixed_content import is_mixed_content
from corscope.fetch.origin import origin_of_url
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Reason
from corscope.fetch.redirect import location_url, redirect_failure
from corscope.fetch.safelist import (
    cors_unsafe_request_header_names,
    is_cors_safelisted_method,
    is_forbidden_request_header,
    is_request_body_header_name,
    normalize_method,
)
from corscope.fetch.verdict import judge
from corscope.messages import HeaderList, Response
from tests.browsers.case import Case
from tests.support.origin_server import Answer, Scripted

__all__ = ["Sent", "predicted"]

MAX_REDIRECTS = 20

TRIMMED = " \t\x0b\x0c"
"""What mitmproxy takes off around a header's value."""

_GREATEST = {Engine.CHROMIUM: 2**63 - 2, Engine.FIREFOX: 2**64 - 1, Engine.WEBKIT: 2**64 - 1}
"""The greatest number that each takes in a Range."""

CLIENT_HINTS = frozenset(
    {"device-memory", "dpr", "width", "viewport-width", "downlink", "rtt", "save-data", "ect"}
)

Sent = tuple[Literal["preflight", "actual"], str, str, str]
"""A request's kind, the Origin it carries, its URL, and the method of the fetch."""


@dataclass(frozen=True, slots=True)
class _Fetch:
    """A request as it stands before one of its hops."""

    origin: str
    url: str
    method: str
    headers: HeaderList
    cors: bool = False
    tainted: bool = False

    @property
    def serialized_origin(self) -> str:
        """https://fetch.spec.whatwg.org/#serializing-a-request-origin"""
        return "null" if self.tainted else self.origin

    @property
    def request(self) -> CorsRequest:
        unsafe = tuple(cors_unsafe_request_header_names(self.headers))
        return CorsRequest(self.serialized_origin, self.url, self.method, unsafe)


def predicted(case: Case, engine: str) -> list[Sent]:
    """The requests of a fetch of mode "cors" that CORS has a say in, in order.

    https://fetch.spec.whatwg.org/#concept-main-fetch
    """
    method = str(case.init.get("method", "GET"))
    origin = "null" if case.sandboxed else case.page
    headers = tuple(_as_read(*pair, Engine(engine)) for pair in _headers(case))
    fetch = _Fetch(origin, case.start, normalize_method(method), headers)
    return list(_main_fetch(fetch, case, Engine(engine)))


def _as_read(name: str, value: str, engine: Engine) -> tuple[str, str]:
    """A header that the engine takes for safe or unsafe against the standard, as one that is so.

    Chromium takes client hints for safe; no engine takes a Range for safe whose numbers it can't
    hold.
    """
    if engine is Engine.CHROMIUM and _is_client_hint(name, value):
        return ("Accept", "*/*")
    limit = _GREATEST[engine]
    if name.lower() == "range" and any(int(n) > limit for n in re.findall(r"\d+", value)):
        return (name, "too great")
    return name, value


def _headers(case: Case) -> HeaderList:
    own = dict(case.init.get("headers") or {})  # type: ignore[call-overload]
    kept = tuple((n, v) for n, v in own.items() if not is_forbidden_request_header(n, v))
    if "body" in case.init and not any(name.lower() == "content-type" for name, _ in kept):
        return (*kept, ("Content-Type", "text/plain;charset=UTF-8"))
    return kept


def _main_fetch(fetch: _Fetch, case: Case, engine: Engine) -> Iterator[Sent]:
    """Follow the fetch through its redirects.

    Firefox and WebKit preflight every hop after one that was preflighted; Firefox also where only
    headers had asked for that which have gone since. Of what a redirect makes mixed content WebKit
    still sends the preflight.
    """
    routes, mode = case.routes(), CredentialsMode(case.mode)
    follows = case.init.get("redirect", "follow") == "follow"
    began_here = _origin(fetch.url) == fetch.origin
    again = engine is Engine.FIREFOX and bool(case.listens or fetch.request.unsafe_names)
    page = origin_of_url(case.page)
    for hop in range(MAX_REDIRECTS + 1):
        is_mixed = is_mixed_content(page, origin_of_url(fetch.url), engine)
        if is_mixed and (hop == 0 or engine is not Engine.WEBKIT):
            return
        was_cors = fetch.cors
        fetch = replace(fetch, cors=was_cors or _origin(fetch.url) != fetch.origin)
        if fetch.cors and (again or _needs_preflight(fetch, case, engine)):
            again = engine in {Engine.FIREFOX, Engine.WEBKIT}
            asked = _asked(fetch, engine)
            yield "preflight", asked.origin, asked.url, asked.method
            answer = _response(routes.get(("OPTIONS", fetch.url)) or routes.get(("*", fetch.url)))
            if answer is None or judge("preflight", asked, answer, mode, engine):
                return
        if is_mixed:
            return
        if engine is Engine.WEBKIT and began_here and was_cors:
            return  # a fetch that begins in its own origin follows no redirect once it has left it
        if fetch.cors:
            yield "actual", fetch.request.origin, fetch.url, fetch.method
        answer = _response(routes.get((fetch.method, fetch.url)) or routes.get(("*", fetch.url)))
        if answer is None or (fetch.cors and judge("actual", fetch.request, answer, mode, engine)):
            return
        location = location_url(answer, fetch.url)
        if location is None or not follows or _is_refused(fetch, answer, location, engine):
            return
        fetch = _redirected(fetch, answer.status, location, engine)


def _needs_preflight(fetch: _Fetch, case: Case, engine: Engine) -> bool:
    """Whether the use-CORS-preflight flag, the method or a header asks for one.

    Chromium overlooks an upload listener where nothing is uploaded.
    """
    if case.listens and ("body" in case.init or engine is not Engine.CHROMIUM):
        return True
    return bool(fetch.request.unsafe_names) or not is_cors_safelisted_method(fetch.method)


def _is_client_hint(name: str, value: str) -> bool:
    if name.lower() in {"save-data", "ect"}:
        return value.lower() in {"on", "slow-2g", "2g", "3g", "4g"}
    return name.lower() in CLIENT_HINTS


def _asked(fetch: _Fetch, engine: Engine) -> CorsRequest:
    """What the preflight asks leave for; Firefox asks for the page, also after a taint."""
    if engine is not Engine.FIREFOX:
        return fetch.request
    return replace(fetch.request, origin=fetch.origin)


def _response(scripted: Scripted | None) -> Response | None:
    if not isinstance(scripted, Answer):
        return None
    lines = tuple((name, value.strip(TRIMMED)) for name, value in scripted.headers)
    return Response(scripted.status, lines)


def _is_refused(fetch: _Fetch, answer: Response, location: str, engine: Engine) -> bool:
    """Whether a redirect that no CORS check has seen leads nowhere.

    Userinfo may stand in it as long as the fetch stays in its own origin; but WebKit lets the
    proxy see it, and mitmproxy then asks no server.
    """
    failure = redirect_failure(answer, fetch.url)
    if failure is None or fetch.cors:
        return failure is not None
    stays = _origin(location) == fetch.origin and engine is not Engine.WEBKIT
    return failure.reason is not Reason.REDIRECT_WITH_CREDENTIALS or not stays


def _redirected(fetch: _Fetch, status: int, location: str, engine: Engine) -> _Fetch:
    """https://fetch.spec.whatwg.org/#http-redirect-fetch, from step 12 on.

    WebKit makes a GET of a DELETE at every redirect to another origin; and it asks leave for
    all headers that script had set, also for those that it then leaves out. Chromium takes
    client hints off, whoever had set them.
    """
    before, after = _origin(fetch.url), _origin(location)
    method, headers = fetch.method, fetch.headers
    leaves = before != after
    if (
        (status in {301, 302} and method == "POST")
        or (status == 303 and method not in {"GET", "HEAD"})
        or (engine is Engine.WEBKIT and leaves and method == "DELETE")
    ):
        method = "GET"
        headers = tuple((n, v) for n, v in headers if not is_request_body_header_name(n))
    if leaves:
        headers = tuple((n, v) for n, v in headers if n.lower() != "authorization")
    tainted = fetch.tainted or (leaves and before != fetch.origin)
    if engine is Engine.WEBKIT and fetch.cors:
        headers = fetch.headers
    if engine is Engine.CHROMIUM and leaves:
        headers = tuple((n, v) for n, v in headers if n.lower() not in CLIENT_HINTS)
    url = location.replace(urlsplit(location).netloc, after.partition("://")[2], 1)
    return replace(fetch, url=url, method=method, headers=headers, tainted=tainted)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
