"""Does this answer send the browser to a login page?"""

import re
from typing import Final

from corscope.fetch.origin import origin_of_url
from corscope.fetch.redirect import location_url
from corscope.journal.wire import WireView
from corscope.messages import Response

__all__ = ["leads_to_login", "login_target"]

_LOGIN_HOSTS: Final = frozenset({"accounts", "adfs", "auth", "idp", "login", "signin", "sso"})
_LOGIN_SEGMENTS: Final = frozenset(
    {
        *("adfs", "authorize", "login", "saml", "saml2", "sign-in", "sign_in", "signin", "sso"),
        *("oauth", "oauth2", "oidc", "openid-connect"),
    }
)
_PATH: Final = re.compile(r"[^/?#]*//[^/?#]*([^?#]*)")


def login_target(wire: WireView, answer: Response) -> str | None:
    """Where the answer sends a request that is no login itself to another host's login page.

    Lasting redirects (301, 308) don't count: those say that something has moved.
    """
    if answer.status not in {302, 303, 307} or wire.mode != "cors":
        return None
    url = wire.cors.url
    location = (location_url(answer, url) or "").partition("#")[0]
    return location if leads_to_login(url, location) else None


def leads_to_login(url: str, location: str) -> bool:
    """Whether a redirect to this place leads from no login to another host's login page."""
    here, there = origin_of_url(url), origin_of_url(location)
    if here is None or there is None or here.host == there.host:
        return False
    if there.scheme not in {"http", "https"}:
        return False
    return _looks_like_login(location, there.host) and not _looks_like_login(url, here.host)


def _looks_like_login(url: str, host: str) -> bool:
    path = _PATH.match(url)
    segments = path[1].lower().split("/") if path else []
    in_path = any(segment.partition(".")[0] in _LOGIN_SEGMENTS for segment in segments)
    return in_path or host.partition(".")[0] in _LOGIN_HOSTS
