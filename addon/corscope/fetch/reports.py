"""Does a server let Chromium deliver a report to it, as Reporting-Endpoints asks for?

By https://www.w3.org/TR/reporting-1/#try-delivery that is a request of mode "cors" as any other.
But Chromium sends reports past all that looks at a page's requests, and looks at the preflight's
answer by itself; of the answer to the report it asks no leave. Measured in Chromium 156.
"""

from typing import Final

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Engine
from corscope.fetch.headers import HTTP_TAB_OR_SPACE, byte_lowercase, contains, get
from corscope.fetch.origin import origin_of_url
from corscope.fetch.preflight import (
    CorsRequest,
    is_cors_preflight_request,
    is_ok_status,
    is_redirect_status,
)
from corscope.fetch.reasons import Failure, Kind, Reason
from corscope.fetch.redirect import location_url
from corscope.messages import HeaderList, Request, Response

__all__ = ["REPORT", "is_report", "report_failure"]

REPORT: Final = "report"
"""The destination of a report, which Chromium doesn't tell."""

_TYPE: Final = "application/reports+json"
_HEADER: Final = "content-type"
_NEVER: Final = ("Sec-Fetch-Mode", "Accept", "Referer")
_ALWAYS: Final = ("Accept-Encoding", "Accept-Language")


def is_report(request: Request, engine: Engine) -> bool:
    """Whether Chromium delivers a report, or asks leave for that, as its request's headers tell.

    A page's own requests to https have a Sec-Fetch-Mode and an Accept.
    """
    headers = request.headers
    if engine is not Engine.CHROMIUM or not request.url.startswith("https:"):
        return False
    if any(contains(headers, name) for name in _NEVER):
        return False
    if not all(contains(headers, name) for name in _ALWAYS):
        return False
    if not is_cors_preflight_request(request):
        return request.method == "POST" and get(headers, _HEADER) == _TYPE
    asked = get(headers, "Access-Control-Request-Method"), _announced(headers)
    return asked == ("POST", _HEADER)


def _announced(headers: HeaderList) -> str:
    return byte_lowercase(get(headers, "Access-Control-Request-Headers") or "")


def report_failure(kind: Kind, request: CorsRequest, response: Response) -> Failure | None:
    """Whether Chromium gives a report up for what a server has answered.

    Where one element of a list allows it, that does, in any case of its letters. A redirect to
    https is followed, also of the preflight.
    """
    if kind == "actual":
        return None
    if is_redirect_status(response.status) and contains(response.headers, "Location"):
        origin = origin_of_url(location_url(response, request.url, Engine.CHROMIUM) or "")
        if origin is not None and origin.scheme == "https":
            return None
        return Failure(Reason.PREFLIGHT_REDIRECT, get(response.headers, "Location"))
    if not is_ok_status(response.status):
        return Failure(Reason.PREFLIGHT_STATUS, str(response.status))
    if not _has_any(response.headers, "Access-Control-Allow-Origin", request.origin):
        return cors_check(request.origin, CredentialsMode.OMIT, response.headers)
    if not _has_any(response.headers, "Access-Control-Allow-Headers", _HEADER):
        return Failure(Reason.HEADER_NOT_ALLOWED, _HEADER)
    return None


def _has_any(headers: HeaderList, name: str, wanted: str) -> bool:
    listed = byte_lowercase(get(headers, name) or "").split(",")
    elements = {element.strip(HTTP_TAB_OR_SPACE) for element in listed}
    return not elements.isdisjoint({"*", byte_lowercase(wanted)})
