"""May a redirect of a CORS request be followed?

Follows https://fetch.spec.whatwg.org/#http-redirect-fetch, steps 3 to 10, for a request whose
response tainting is "cors". The CORS check of the redirect itself has passed before; how many
redirects there were is not seen in one exchange.
"""

import re
from typing import Final
from urllib.parse import quote, urljoin

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import FAILURE, Failed, get, values
from corscope.fetch.ports import is_bad_port
from corscope.fetch.preflight import is_redirect_status
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.url import ASCII, C0_CONTROL_OR_SPACE, parse_url, percent_encode_non_ascii
from corscope.messages import Response

__all__ = ["location_url", "redirect_failure"]

# Schemes whose URLs lead to nothing on a network; Chromium refuses them without naming CORS.
_LOCAL_SCHEMES: Final = frozenset(
    {
        "about",
        "blob",
        "chrome",
        "chrome-distiller",
        "chrome-error",
        "chrome-extension",
        "chrome-native",
        "chrome-search",
        "chrome-untrusted",
        "data",
        "devtools",
        "file",
        "filesystem",
        "googlechrome",
        "isolated-app",
        "view-source",
    }
)
# Schemes that Firefox's network stack refuses, so that its CORS code has no name for them.
_REFUSED_BY_FIREFOX: Final = frozenset(
    {
        "blob",
        "cached-favicon",
        "chrome",
        "data",
        "file",
        "indexeddb",
        "jar",
        "javascript",
        "moz-cached-ohttp",
        "moz-extension",
        "moz-icon",
        "moz-newtab-wallpaper",
        "moz-page-thumb",
        "moz-remote-image",
        "moz-src",
        "page-icon",
        "resource",
        "view-source",
        "ws",
        "wss",
    }
)
_ABOUT_BLANK = re.compile(r"about:blank(?:[?#].*)?", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NO_UTF_8 = re.compile(r"[\udc80-\udcff]")
_BEFORE_HOST = re.compile(r"(?:(https?):)?/{2,}", re.IGNORECASE)


def location_url(
    response: Response, url: str, engine: Engine = Engine.UNKNOWN
) -> str | Failed | None:
    """The location URL: https://fetch.spec.whatwg.org/#concept-response-location-url

    Returns None for a response that redirects nowhere. `Location` is a single header, but engines
    take it also repeated, where all its lines agree.

    Args:
        response: the response.
        url: its URL, absolute and http(s).
        engine: whose departures from the standard apply.
    """
    if not is_redirect_status(response.status):
        return None
    locations = set(values(response.headers, "Location"))
    if not locations:
        return None
    if departs(engine, Departure.LOCATIONS_JOINED):
        locations = {get(response.headers, "Location") or ""}
    if locations == {""} and departs(engine, Departure.EMPTY_LOCATION_IGNORED):
        return None
    if locations == {""} and departs(engine, Departure.EMPTY_LOCATION_REFUSED):
        return FAILURE
    location = _encoded(locations.pop(), engine)
    joined = _joined(url, location.strip(C0_CONTROL_OR_SPACE).replace("\t", ""))
    return FAILURE if locations or parse_url(joined) is None else joined


def _encoded(location: str, engine: Engine) -> str:
    """In ASCII; WebKit first makes UTF-8 of what isn't, and then reads that as Latin-1."""
    if not location.isascii() and departs(engine, Departure.LOCATION_MISREAD):
        read = location.encode("latin-1", "replace").decode(errors="surrogateescape")
        valid = _NO_UTF_8.sub("\ufffd", read)
        return quote(valid.encode().decode("latin-1"), safe=ASCII)
    return percent_encode_non_ascii(location)


def _joined(url: str, location: str) -> str:
    """As urllib joins them, but slashes may lean back, and an empty query stays.

    A host begins after slashes in any number.
    """
    address, hashed, fragment = location.partition("#")
    path, asked, query = address.partition("?")
    return f"{_with_path(url, _leaning_forward(path), asked)}{asked}{query}{hashed}{fragment}"


def _leaning_forward(path: str) -> str:
    """The path of a URL of http, or one of another scheme as it is."""
    scheme = _SCHEME.match(path)
    is_http = scheme is None or scheme[1].lower() in {"http", "https"}
    return path.replace("\\", "/") if is_http else path


def _with_path(url: str, location: str, asked: str) -> str:
    """The URL that a Location without query leads to; with nothing else the query is replaced."""
    if not location:
        return url.partition("?")[0] if asked else url
    with_host = _BEFORE_HOST.match(location)
    if with_host:
        scheme = with_host[1] or url.partition(":")[0].lower()
        return f"{scheme}://{location[with_host.end() :]}"
    try:
        return urljoin(url, location)
    except ValueError:  # a bracket where urllib sees the host of an absolute URL
        return location


def redirect_failure(
    response: Response, url: str, engine: Engine = Engine.UNKNOWN
) -> Failure | None:
    """Why following the redirect is a network error; None where it isn't, or none is to follow."""
    location = location_url(response, url, engine)  # 3
    if location is None:  # 4
        return None
    target = parse_url(location)
    if target is None:  # 5; the word failure is no URL either
        return Failure(Reason.REDIRECT_INVALID, get(response.headers, "Location"))
    if target.scheme not in {"http", "https"}:  # 6
        is_local = target.scheme in _LOCAL_SCHEMES
        reason = Reason.REDIRECT_TO_LOCAL if is_local else Reason.REDIRECT_NOT_HTTP
        unnamed = target.scheme in _REFUSED_BY_FIREFOX or (
            target.scheme == "about" and not _ABOUT_BLANK.fullmatch(location)
        )
        return Failure(reason, f"{target.scheme}:", "CORSDidNotSucceed" if unnamed else None)
    if target.includes_credentials:  # 10, and with it 9
        return Failure(Reason.REDIRECT_WITH_CREDENTIALS, target.host)
    if is_bad_port(target.port):  # 22, main fetch of the target
        return Failure(Reason.REDIRECT_BAD_PORT, str(target.port))
    return None
