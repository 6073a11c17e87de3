"""Can a recorded exchange be played on one machine? Else a sentence says why not."""

import re
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.repro.story import ReproError, Story
from corscope.fetch.check import CredentialsMode
from corscope.fetch.headers import is_token
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import INTERIM, Reason
from corscope.fetch.verdict import judge
from corscope.journal.exchange import Exchange, Judgement
from corscope.messages import Response

__all__ = ["USER", "location_of", "refuse"]

# What can't be played

_NEEDS_MORE: Final = {
    Reason.MIXED_CONTENT: "mixed content takes an https page, and so a certificate that the "
    "browser trusts",
    Reason.CLIENT_GONE: "the browser went away before the answer: no server did anything wrong",
}
_CAUSES: Final = {
    "dns": "the host's name doesn't resolve",
    "timeout": "the server didn't answer in time",
    "unreachable": "there is no way to the server",
    "tls": "the server speaks no TLS, or shows a certificate that isn't trusted",
    "invalid": "the answer can't be read",
    "scheme": "mitmproxy passes no such request on",
}
_MODES: Final = frozenset({"cors", "no-cors"})
_BEFORE_ANY_ANSWER: Final = frozenset({Reason.NO_RESPONSE, Reason.CONNECTION_DROPPED})
_BESIDE_CORS: Final = _BEFORE_ANY_ANSWER | {
    Reason.TOO_MANY_REDIRECTS,
    Reason.CROSS_ORIGIN_RESOURCE_POLICY,
    Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
    Reason.DOCUMENT_ISOLATION_POLICY,
    Reason.PROXY_AUTHENTICATION,
}


def refuse(told: Story, exchange: Exchange) -> None:
    """Refuse what can't be played; the sentences go on "this can't be reproduced: "."""
    judgement = told.judgement(exchange)
    if exchange.mode not in _MODES:
        raise ReproError(f"a request of mode {escaped(exchange.mode)} needs no leave")
    if judgement.reason in _NEEDS_MORE:
        raise ReproError(_NEEDS_MORE[judgement.reason])
    if judgement.reason is Reason.NO_RESPONSE and judgement.detail not in {"refused", "closed"}:
        cause = _CAUSES.get(judgement.detail or "", "the record doesn't tell why")
        raise ReproError(f"no answer came: {cause}, so there is nothing to serve")
    if judgement.reason is Reason.CONNECTION_DROPPED and judgement.detail not in {None, INTERIM}:
        raise ReproError("the browser can't read the answer, and the record doesn't hold it")
    if exchange.status is None and judgement.reason not in _BEFORE_ANY_ANSWER:
        raise ReproError("no answer of a server is in the record")
    if exchange.status == 407 and judgement.reason is not Reason.PROXY_AUTHENTICATION:
        raise ReproError("browsers take status 407 from a proxy only")
    if not _is_told_by_itself(exchange, judgement, told.mode):
        raise ReproError(
            "its verdict rests on more than this answer, such as a copy in the browser's cache"
        )
    for name, value in exchange.headers:
        if not is_token(name) or re.search(r"[\r\n\0]", value) or not _is_latin_1(value):
            raise ReproError("one of its header lines can't be sent as it was recorded")


def _is_latin_1(value: str) -> bool:
    return all(ord(character) < 256 for character in value)


def _is_told_by_itself(exchange: Exchange, judgement: Judgement, mode: CredentialsMode) -> bool:
    """Whether what is recorded of the answer leads to the recorded verdict."""
    if exchange.mode != "cors" or exchange.status is None or judgement.reason in _BESIDE_CORS:
        return True
    location = location_of(exchange, judgement)
    headers = exchange.headers + ((("Location", location),) if location is not None else ())
    request = CorsRequest(exchange.origin, exchange.url, exchange.method, exchange.request_headers)
    response = Response(exchange.status, headers)
    failure = judge(exchange.kind, request, response, mode, exchange.engine)
    return (failure and failure.reason) == judgement.reason


USER: Final = "user:password@"


def location_of(exchange: Exchange, judgement: Judgement) -> str | None:
    """The Location as it was, with a made-up user in the place of the one that isn't recorded."""
    location = exchange.scene.location
    if location is None or judgement.reason is not Reason.REDIRECT_WITH_CREDENTIALS:
        return location
    return location.replace("://", f"://{USER}", 1)
