"""Who may ask what of the page?

Only who knows the token, and of browsers only the page itself. The token stands in the path and not
in a cookie: a browser sends a host's cookies to all its ports, and so to whatever is debugged
there. A site whose name has come to mean loopback (DNS rebinding) is told by the Host header.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from corscope.fetch.origin import DEFAULT_PORTS

__all__ = ["TOKEN_HEADER", "Asked", "refusal", "response_headers"]

TOKEN_HEADER: Final = "X-Corscope-Token"  # noqa: S105  the header's name

_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_FROM_ITSELF: Final = frozenset({"same-origin", "none"})

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides whether it is answered.

    Attributes:
        method: the request's method.
        token: the token in its path.
        headers: its headers, to be asked for by any spelling of their names.
    """

    method: str
    token: str
    headers: Mapping[str, str]


def refusal(asked: Asked, token: str, port: int) -> str | None:
    """Why a request is refused, in a sentence; None where it is answered."""
    host = asked.headers.get("Host", "").lower()
    if host not in _own_hosts(port):
        return "This page answers on this machine's own names only."
    if not hmac.compare_digest(asked.token.encode(), token.encode()):
        return "The address lacks the token, or has another: it is in the event log, new each time."
    if not _is_from_the_page(asked, f"http://{host}"):
        return "No other site may ask for this."
    if asked.method not in {"GET", "HEAD"} and not _has_token_header(asked, token):
        return f"What changes anything needs the header {TOKEN_HEADER}."
    return None


def _own_hosts(port: int) -> set[str]:
    """What the Host of who means this machine may be; browsers leave the default port out."""
    hosts = {f"{name}:{port}" for name in _NAMES}
    return hosts.union(_NAMES) if port == DEFAULT_PORTS["http"] else hosts


def _is_from_the_page(asked: Asked, own: str) -> bool:
    """Whether the page itself asks, or a person does who opens it."""
    origin = asked.headers.get("Origin")
    site = asked.headers.get("Sec-Fetch-Site")
    if asked.method not in {"GET", "HEAD"}:
        return origin == own and site in {None, "same-origin"}
    if origin not in {None, own} or _is_embedded(asked):
        return False
    is_opened = asked.headers.get("Sec-Fetch-Mode") == "navigate"
    return site is None or site in _FROM_ITSELF or is_opened


def _is_embedded(asked: Asked) -> bool:
    return asked.headers.get("Sec-Fetch-Dest") in {"iframe", "frame", "embed", "object"}


def _has_token_header(asked: Asked, token: str) -> bool:
    return hmac.compare_digest(asked.headers.get(TOKEN_HEADER, "").encode(), token.encode())


def response_headers() -> dict[str, str]:
    """The headers of every answer: no other site may run in it, frame it, embed it or keep it."""
    return {
        "Content-Security-Policy": _POLICY,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
