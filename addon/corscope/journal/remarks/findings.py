"""Which remarks are there, and what do they look at?

A remark rests on one exchange's headers and on those of earlier ones, which `memory` keeps; one
that is only probable says so in its detail. `remarks` makes them.

Remarks are about the server: of an answer that a rule has made up or changed, only what the server
itself had sent counts.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from corscope.fetch.headers import get
from corscope.journal.exchange import Judgement, Sighting
from corscope.journal.links.chains import Link
from corscope.journal.wire import Credentials, WireView
from corscope.messages import HeaderList, Response

__all__ = [
    "LIKELY",
    "MAY",
    "Case",
    "FindingId",
    "allow_origin",
    "is_cors_actual",
    "server_answer",
]


class FindingId(StrEnum):
    """Every remark's id, the most telling first."""

    CHALLENGE_PAGE = "challenge-page"
    CAPTIVE_PORTAL = "captive-portal"
    PROXY_LOGIN = "proxy-login"
    GATEWAY_ERROR = "gateway-error"
    WEBSOCKET_REFUSED = "websocket-refused"
    REDIRECT_TO_LOGIN = "redirect-to-login"
    ORIGIN_NULL_AFTER_REDIRECT = "origin-null-after-redirect"
    REDIRECT_DROPS_AUTHORIZATION = "redirect-drops-authorization"
    CREDENTIALS_NOT_SENT = "credentials-not-sent"
    NON_CORS_COPY_MAY_BE_CACHED = "non-cors-copy-may-be-cached"
    NOT_MODIFIED_WITHOUT_CORS_HEADERS = "not-modified-without-cors-headers"
    SHARED_CACHE_FOREIGN_ORIGIN = "shared-cache-foreign-origin"
    PREFLIGHT_AND_ACTUAL_DISAGREE = "preflight-and-actual-disagree"
    ANY_ORIGIN_WITH_CREDENTIALS = "any-origin-with-credentials"
    VARY_ORIGIN_MISSING = "vary-origin-missing"
    MIXED_CONTENT = "mixed-content"


MAY: Final = "may"
"""The detail of a remark on what can happen, but wasn't seen to."""
LIKELY: Final = "likely"
"""The detail of a remark that names the likely cause of what was seen."""


class Case(NamedTuple):
    """All that findings look at in one exchange.

    Attributes:
        seen: what the proxy saw of the answer.
        wire: what the request shows.
        client: what tells one browser from another.
        credentials: the credentials mode, as far as it shows.
        opened_by: the headers of the answer to the preflight that announced the request.
        link: the request's place in a chain of redirects.
        judgement: what the browser does with the answer.
        now: when the answer came.
    """

    seen: Sighting
    wire: WireView
    client: str
    credentials: Credentials
    opened_by: HeaderList | None
    link: Link
    judgement: Judgement
    now: datetime


def server_answer(seen: Sighting) -> Response | None:
    """What the server itself sent; None where that isn't known."""
    if seen.touch is None or seen.touch.mode == "shadow":
        return seen.response
    return seen.touch.server_response


def is_cors_actual(wire: WireView) -> bool:
    """Whether it is an actual request of mode "cors"."""
    return wire.kind == "actual" and wire.mode == "cors"


def allow_origin(headers: HeaderList) -> str | None:
    """The combined value of `Access-Control-Allow-Origin`."""
    return get(headers, "Access-Control-Allow-Origin")
