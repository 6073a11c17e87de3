"""What does an entry of a HAR tell? An exchange, as the proxy would have seen it.

Each program that writes HARs has ways of its own. How the entries are got out of the file is in
`har_text`, and what to tell the user of the file, in `flows`.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import uuid4

from mitmproxy import http

from corscope.fetch.headers import HTTP_TAB_OR_SPACE, byte_lowercase, contains, get, unfold
from corscope.fetch.origin import origin_of_url
from corscope.fetch.url import parse_host, scalar_values
from corscope.journal.exchange import Missing, Sighting
from corscope.messages import HeaderList, Request, Response
from corscope.mitm.record.causes import cause_of
from corscope.mitm.saved.capture import Capture
from corscope.mitm.saved.har_text import UnreadableError
from corscope.mitm.translate.answers import missing_said
from corscope.mitm.translate.requests import joined_url

__all__ = ["MITMPROXY", "MethodSpelling", "captured"]

_FIREFOX: Final = "Firefox"
MITMPROXY: Final = "mitmproxy"
"""The creator that it names in its HARs."""

_MOST_SPELLED: Final = 10_000


class Style(NamedTuple):
    """How a program writes headers into a HAR.

    Attributes:
        decode: makes of a text what was on the wire, decoded as Latin-1.
        joins_lines: whether a line feed is between lines of one name; else it is within a line.
    """

    decode: Callable[[str], str]
    joins_lines: bool = True


def captured(entry: object, creator: str = "") -> Capture | None:
    """Translate one entry; None for what no proxy sees, or has seen no end of.

    The former are data: URLs and WebSockets, say.

    Args:
        entry: the entry.
        creator: the name of the program that wrote it.

    Raises:
        UnreadableError: what it lacks.
    """
    if isinstance(entry, UnreadableError):
        raise entry
    entry = _object(entry, "the entry")
    asked = _object(entry.get("request"), "request")
    url = asked.get("url")
    if not isinstance(url, str):
        raise UnreadableError("it has no request.url")
    if not url.lower().startswith(("http://", "https://")):
        return None
    style = _STYLES.get(creator, _USUAL)
    if isinstance(asked.get("headers"), dict):
        raise UnreadableError("its request's headers are an object, where a HAR has a list")
    headers = _headers(asked.get("headers"), style)
    url = _with_brackets(url, headers)
    seen = _sighting(entry, style, creator)
    if creator == MITMPROXY and _waited_for(entry.get("response")):
        return None
    if seen.response is not None and contains(headers, "Origin"):
        _check_headers(entry["response"])
    is_sent = not _was_kept_back(entry, asked)
    if seen.response is None and (origin := _missing_origin(entry, url, headers)):
        headers, is_sent = (*headers, ("Origin", origin)), False
    started = _time(entry.get("startedDateTime"))
    answered = _later(started, entry.get("time"))
    return Capture(
        f"{_NOBODY} {get(headers, 'User-Agent') or ''}",
        Request(style.decode(str(asked.get("method") or "GET")), _as_seen(url), headers),
        started,
        seen,
        answered,
        _waits_until(creator, started, answered),
        is_sent,
    )


def _waited_for(answer: object) -> bool:
    """Whether mitmproxy was waiting for this answer as it wrote it down."""
    return (
        isinstance(answer, dict) and answer.get("status") == 0 and answer.get("_error", "") is None
    )


def _check_headers(answer: dict[str, Any]) -> None:
    """Have the answer's headers there, which nothing can be said without."""
    if not isinstance(answer.get("headers"), list):
        raise UnreadableError("its response has no headers, so that nothing can be said of it")


_QUEUED: Final = 10_000
"""So many milliseconds may a request of Firefox's be queued before its preflight begins."""

_APART: Final = 100
"""By so many milliseconds may the clocks of Chromium's processes differ, of which one tells of
requests and the other of preflights: one of these was seen to begin 2 ms after its request's end.
"""


def _waits_until(creator: str, started: datetime, answered: datetime) -> datetime | None:
    """Until when the preflight of a request may have begun that has begun before it.

    Browsers list a request first. The time that it takes has its preflight's in it, but in Firefox.
    """
    if creator == MITMPROXY:
        return None
    until = _later(answered, _APART)
    return max(until, _later(started, _QUEUED)) if creator == _FIREFOX else until


def _was_kept_back(entry: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Whether it was never sent, as after a refused preflight; so Firefox writes it down."""
    return entry.get("timings") == {} and asked.get("headersSize") == 0


_OF_SCRIPT: Final = frozenset({"fetch", "xhr", "eventsource"})
_BY_EXTENSION: Final = "net::ERR_BLOCKED_BY_CLIENT"


def _missing_origin(entry: dict[str, Any], url: str, headers: HeaderList) -> str | None:
    """The Origin of a request that failed before Chromium knew what it would send.

    It then gives what script asked for, whose page the Referer tells. None where it has one, or
    needs none.
    """
    page, there = origin_of_url(get(headers, "Referer") or ""), origin_of_url(url)
    if page is None or page == there or contains(headers, "Origin"):
        return None
    is_scripts = str(entry.get("_resourceType")) in _OF_SCRIPT  # which may be anything
    return str(page) if is_scripts and _error_of(entry) != _BY_EXTENSION else None


_NOBODY: Final = "127.0.0.1"
"""A HAR doesn't tell whose browser it was."""


_READING: Final = uuid4().hex[:12]
_numbers: Final = count(1)


def _new_id() -> str:
    """An id that no other exchange has: a HAR's entries have none."""
    return f"{_READING}-{next(_numbers)}"


def _sighting(entry: dict[str, Any], style: Style, creator: str) -> Sighting:
    """The response, or the error where there was none: browsers then write status 0."""
    answer = entry.get("response")
    answer = answer if isinstance(answer, dict) else {}
    status = _status(answer.get("status"))
    if status is not None:
        headers = _headers(answer.get("headers"), style)
        if creator == MITMPROXY and _is_asked_over_http_2(entry):
            headers = tuple((byte_lowercase(name), value) for name, value in headers)
        return Sighting(_new_id(), Response(status, headers))
    error = _error_of(entry) or "the HAR holds no response"
    if creator == MITMPROXY:  # which has made up an answer of its own
        cause = cause_of(error)
        return Sighting(_new_id(), None, missing=missing_said(error), error=error, cause=cause)
    missing = next((each for each, said in _SAID.items() if said.search(error)), None)
    missing = missing or Missing.NOT_RECORDED
    return Sighting(_new_id(), None, missing=missing, error=error)


def _status(value: object) -> int | None:
    """The status, also where a program has written it as a text, or with decimals."""
    found = _STATUS.fullmatch(str(value))
    return int(found[1]) if found else None


_STATUS: Final = re.compile(r"([1-9][0-9]{2})(?:\.0)?")


def _is_asked_over_http_2(entry: dict[str, Any]) -> bool:
    """Whether the browser gets names in lower case, however the server has sent them.

    mitmproxy's HARs have the server's answer; what browsers write is what they got.
    """
    asked = entry.get("request")
    version = asked.get("httpVersion") if isinstance(asked, dict) else None
    return str(version).startswith(("HTTP/2", "HTTP/3"))


class MethodSpelling:
    """How script spelled methods, which mitmproxy's HARs have in capitals.

    To CORS `patch` is another method than `PATCH`. The preflight tells, which all that script may
    spell so needs.
    """

    def __init__(self) -> None:
        self._spelled: OrderedDict[tuple[str, str], str] = OrderedDict()

    def of(self, found: Capture) -> Capture:
        """The capture, its method as the latest preflight to its URL has it."""
        request = found.request
        asked = get(request.headers, "Access-Control-Request-Method")
        if request.method == "OPTIONS" and asked is not None:
            self._spelled[request.url, asked.upper()] = asked
            self._spelled.move_to_end((request.url, asked.upper()))
            if len(self._spelled) > _MOST_SPELLED:
                self._spelled.popitem(last=False)
            return found
        spelled = self._spelled.get((request.url, request.method), request.method)
        return replace(found, request=request._replace(method=spelled))


_SAID: Final = {
    Missing.CLIENT_GONE: re.compile("ERR_ABORTED|BINDING_ABORTED"),
    Missing.DROPPED: re.compile("ERR_EMPTY_RESPONSE"),
}
"""How browsers say it."""


def _error_of(entry: dict[str, Any]) -> str | None:
    """What it says of its failure, where it says so."""
    answer = entry.get("response")
    answer = answer if isinstance(answer, dict) else {}
    said = answer.get("_error") or answer.get("_failureText") or entry.get("_error")
    return str(said) if said else None


def _headers(listed: object, style: Style) -> HeaderList:
    """Read a list of {"name", "value"} or [name, value]; what HTTP/2 calls pseudo-headers is left.

    Where a browser joined repeated lines with a line feed, they are taken apart again.
    """
    if not isinstance(listed, list):
        return ()
    # Nearly all are plain, and reading them so takes a fifth of the time.
    with suppress(KeyError, TypeError, AttributeError):
        found = [(item["name"], item["value"].strip(HTTP_TAB_OR_SPACE)) for item in listed]
        text = "\0".join(["", *[part for pair in found for part in pair]])
        is_odd = "\n" in text or "\r" in text or "\0:" in text
        if text.isascii() and not is_odd:
            return tuple(found)
    return tuple(line for item in listed for line in _lines(*_pair(item), style))


def _lines(name: object, value: object, style: Style) -> Iterator[tuple[str, str]]:
    if not isinstance(name, str) or name.startswith(":"):
        return
    text = style.decode(str("" if value is None else value))
    lines = text.split("\n") if style.joins_lines else [unfold(text)]
    for line in lines:
        yield style.decode(name), line.strip("\r\n").strip(HTTP_TAB_OR_SPACE)


def _pair(item: object) -> tuple[object, object]:
    """Name and value; no name where there are not both."""
    if isinstance(item, dict):
        return (item["name"], item["value"]) if "name" in item and "value" in item else (None, None)
    return (item[0], item[1]) if isinstance(item, list) and len(item) == 2 else (None, None)


def _isomorphic(text: str) -> str:
    """What was on the wire, decoded as all is; bytes that are no UTF-8 come out as they went in."""
    if text.isascii():
        return text
    return _encoded(text).decode("latin-1")


def _encoded(text: str) -> bytes:
    """The text's bytes; those of the file that are no UTF-8 as they stand there.

    Half a surrogate pair, which JSON can write as an escape, is in UTF-8 U+FFFD.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return scalar_values(text).encode()


def _as_bytes(text: str) -> str:
    """The same where each character was a byte on the wire."""
    return text if all(char <= "\xff" for char in text) else _isomorphic(text)


_USUAL: Final = Style(_isomorphic)
_STYLES: Final = {
    "WebInspector": Style(_as_bytes),
    _FIREFOX: Style(_as_bytes),
    MITMPROXY: Style(_isomorphic, joins_lines=False),
}
"""Those of Chromium's tools and others."""

# A URL that mitmproxy's own way of taking it apart and joining it again leaves as it is, which most
# are. Looking is a tenth of the work of that.
_LABEL: Final = r"(?!xn--)[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?"
_AS_IT_IS: Final = re.compile(
    rf"https?://(?:{_LABEL}\.){{0,3}}{_LABEL}(?::[1-9][0-9]{{3}})?"
    r"""/(?!/)[!"$-:<->@-~]*+(?:\?[!"$-~]+)?"""
)


_BARE: Final = re.compile(r"(https?://)[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?=/)")


def _with_brackets(url: str, headers: HeaderList) -> str:
    """Name an IPv6 address as the request did: mitmproxy's HARs have it without its brackets."""
    found, host = _BARE.match(url), get(headers, "Host") or ""
    return f"{found[1]}{host}{url[found.end() :]}" if found and host.startswith("[") else url


def _as_seen(url: str) -> str:
    """A URL as the journal has it of an exchange that passed through mitmproxy."""
    if _AS_IT_IS.fullmatch(url):
        return url
    try:
        request = http.Request.make("GET", _in_ascii(url))
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    return joined_url(request.scheme, request.host, request.port, request.path)


_NAMES_HOST: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?([^/?#:]*)[^/?#]*")
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")


def _in_ascii(url: str) -> str:
    """A URL as it goes over the wire, where a program writes down how a person reads it."""
    found = _NAMES_HOST.match(url)
    if found and not found[1].isascii() and (host := parse_host(found[1])):
        return _in_ascii(f"{url[: found.start(1)]}{host}{url[found.end(1) :]}")
    end = found.end() if found else len(url)
    behind = _BEYOND_ASCII.sub(lambda some: quote(_encoded(some[0])), url[end:])
    return url[:end] + behind


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableError(f"{what} is not an object")
    return value


_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def _time(text: object) -> datetime:
    """Read startedDateTime; 1970 where it is missing or unreadable, which spoils no verdict."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return _EPOCH


def _later(started: datetime, milliseconds: object) -> datetime:
    """When the answer came; at once where that isn't told, or can't be."""
    if not isinstance(milliseconds, int | float):
        return started
    try:
        return max(started, started + timedelta(milliseconds=milliseconds))
    except (ValueError, OverflowError):
        return started
