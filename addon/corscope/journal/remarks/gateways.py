"""Has a gateway made this error itself, with what is behind it not asked, or silent?

Each one's own answers are told from those that it passes on by what they have in common; where that
was measured, `tests/servers/real/test_gateways.py` does so anew.
"""

from collections.abc import Callable, Mapping
from typing import Final

from corscope.fetch.headers import byte_lowercase, contains, get
from corscope.journal.exchange import Finding
from corscope.journal.remarks.findings import Case, FindingId, allow_origin
from corscope.journal.remarks.memory import Memory
from corscope.messages import HeaderList, Response

__all__ = ["gateway_error"]

_OF_GATEWAYS: Final = frozenset({413, 429, 502, 503, 504})
"""Too much, too often, or nothing from behind; what else there is, applications answer too."""

_OF_CLOUDFLARE: Final = frozenset({*range(520, 528), 530})
"""https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/"""


def gateway_error(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """An error without CORS headers that a gateway has made itself; the detail is its name."""
    if answer.status < 400 or case.wire.mode != "cors" or allow_origin(answer.headers) is not None:
        return None
    name = _maker(answer)
    return Finding(FindingId.GATEWAY_ERROR, name) if name else None


def _maker(answer: Response) -> str | None:
    """The gateway whose own answer this is; None where it may as well be the application's."""
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    if contains(answer.headers, "x-amzn-ErrorType"):
        return "Amazon API Gateway"
    if answer.status in _OF_CLOUDFLARE:
        return "Cloudflare" if get(answer.headers, "Server") == "cloudflare" else None
    if answer.status not in _OF_GATEWAYS:
        return None
    made = (name for name, is_own in _GATEWAYS.items() if is_own(answer.headers))
    return next(made, None)


def _says(server: str, content_type: str) -> Callable[[HeaderList], bool]:
    """Whether such a server's name goes with just this type: applications add a charset."""
    return lambda headers: (
        _server(headers).startswith(server) and get(headers, "Content-Type") == content_type
    )


def _server(headers: HeaderList) -> str:
    return byte_lowercase(get(headers, "Server") or "")


def _is_haproxys(headers: HeaderList) -> bool:
    """It has no Server, and passes the application's on."""
    is_page = get(headers, "Content-Type") == "text/html"
    return is_page and not _server(headers) and get(headers, "Cache-Control") == "no-cache"


def _is_caddys(headers: HeaderList) -> bool:
    """It has no body, hence no type, and puts its name before the application's."""
    return _server(headers) == "caddy" and not contains(headers, "Content-Type")


_GATEWAYS: Final[Mapping[str, Callable[[HeaderList], bool]]] = {
    "nginx": _says("nginx", "text/html"),
    "OpenResty": _says("openresty", "text/html"),
    "Apache": _says("apache", "text/html; charset=iso-8859-1"),
    "HAProxy": _is_haproxys,
    "Caddy": _is_caddys,
    "Envoy": _says("envoy", "text/plain"),
    "Istio": _says("istio-envoy", "text/plain"),
    "Elastic Load Balancing": _says("awselb/", "text/html"),
}
