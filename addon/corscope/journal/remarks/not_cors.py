"""Has it failed for something else than the server's CORS policy?

Bot checks, logins, networks that ask for one, credentials that didn't come, and the neighbouring
protocols: WebSockets, mixed content.
"""

from corscope.fetch.engines import Engine
from corscope.fetch.headers import byte_lowercase, contains, get
from corscope.fetch.mixed_content import is_mixed_content
from corscope.fetch.origin import origin_of_url
from corscope.journal.exchange import Finding
from corscope.journal.remarks.findings import Case, FindingId, is_cors_actual
from corscope.journal.remarks.login import login_target
from corscope.journal.remarks.memory import Memory
from corscope.messages import HeaderList, Response

__all__ = [
    "captive_portal",
    "challenge_page",
    "credentials_not_sent",
    "mixed_content",
    "proxy_login",
    "redirect_to_login",
    "websocket_refused",
]


def challenge_page(_case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """A bot check stands before the server, and says so.

    https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
    and https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-actions.html;
    Akamai's edge names itself only in the answers that it makes up.
    """
    headers = answer.headers
    if get(headers, "cf-mitigated") == "challenge":
        return Finding(FindingId.CHALLENGE_PAGE, "cf-mitigated")
    if get(headers, "x-amzn-waf-action") in {"challenge", "captcha"}:
        return Finding(FindingId.CHALLENGE_PAGE, "x-amzn-waf-action")
    is_edge = get(headers, "Server") == "AkamaiGHost" and _is_html(headers)
    if is_edge and answer.status in {403, 503}:
        return Finding(FindingId.CHALLENGE_PAGE, "AkamaiGHost")
    return None


def captive_portal(_case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The network itself wants a login: https://www.rfc-editor.org/rfc/rfc6585#section-6"""
    return Finding(FindingId.CAPTIVE_PORTAL) if answer.status == 511 else None


def proxy_login(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """A proxy wants to know who is there; out of a tunnel, it can't be one that the browser knows.

    https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8
    """
    is_a_proxys = answer.status == 407 and not case.wire.cors.url.startswith("https:")
    asks = is_a_proxys and contains(answer.headers, "Proxy-Authenticate")
    return Finding(FindingId.PROXY_LOGIN) if asks else None


def websocket_refused(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """A handshake without the one status that opens a WebSocket; the detail is its status.

    https://websockets.spec.whatwg.org/#concept-websocket-establish
    """
    if case.wire.mode != "websocket" or answer.status == 101:
        return None
    return Finding(FindingId.WEBSOCKET_REFUSED, str(answer.status))


def redirect_to_login(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """The redirect itself, and the page that it leads to."""
    target = login_target(case.wire, answer)
    url = case.wire.cors.url
    if target is None and case.client in memory.logins.get(url, ()) and _is_html(answer.headers):
        target = url
    return Finding(FindingId.REDIRECT_TO_LOGIN, str(origin_of_url(target))) if target else None


def credentials_not_sent(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The server asks who is there, and the request didn't say; the detail is the mode."""
    if answer.status not in {401, 403} or not is_cors_actual(case.wire):
        return None
    if not case.wire.present.isdisjoint({"cookie", "authorization"}):
        return None
    asks = contains(answer.headers, "WWW-Authenticate")
    # A session that begins at the refusal: none came. With a 403, a bot check may set a cookie.
    begins = answer.status == 401 and contains(answer.headers, "Set-Cookie")
    return Finding(FindingId.CREDENTIALS_NOT_SENT, case.credentials) if asks or begins else None


def mixed_content(case: Case) -> Finding | None:
    """A secure page asks an insecure host: https://w3c.github.io/webappsec-mixed-content/

    The proxy sees only what a browser lets through, so this one made an exception.
    """
    of = origin_of_url(case.wire.cors.url)
    is_mixed = is_mixed_content(case.wire.page, of, Engine.UNKNOWN)
    return Finding(FindingId.MIXED_CONTENT) if is_mixed else None


def _is_html(headers: HeaderList) -> bool:
    essence = (get(headers, "Content-Type") or "").partition(";")[0]
    return byte_lowercase(essence.strip()) == "text/html"
