"""May a redirect of a CORS request be followed?

Follows https://fetch.spec.whatwg.org/#http-redirect-fetch, steps 2 to 8, for a request whose
response tainting is "cors". The CORS check of the redirect itself has passed before.
"""

from urllib.parse import urljoin, urlsplit

from corscope.fetch.headers import values
from corscope.fetch.preflight import is_redirect_status
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import Response

__all__ = ["location_url", "redirect_failure"]


def location_url(response: Response, url: str) -> str | None:
    """The location URL: https://fetch.spec.whatwg.org/#concept-response-location-url

    Returns None for a response that redirects nowhere: no redirect status, no Location, several
    different ones, or one that is no URL.
    """
    locations = set(values(response.headers, "Location"))
    if not is_redirect_status(response.status) or len(locations) != 1:
        return None
    try:
        return urljoin(url, locations.pop())
    except ValueError:
        return None


def redirect_failure(response: Response, url: str) -> Failure | None:
    """Why following the redirect is a network error; None where it isn't, or none is to follow."""
    location = location_url(response, url)
    if location is None:  # 2
        return None
    try:
        target = urlsplit(location)
    except ValueError:
        return None
    if target.scheme not in {"http", "https"}:  # 4
        return Failure(Reason.REDIRECT_NOT_HTTP, f"{target.scheme}:")
    if target.username or target.password:  # 8, and with it 7
        return Failure(Reason.REDIRECT_WITH_CREDENTIALS, target.hostname)
    return None
