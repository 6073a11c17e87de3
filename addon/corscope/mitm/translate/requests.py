"""Who asked what? A request as the browser sent it, with the URL that the browser sees."""

from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from mitmproxy import http
from mitmproxy.net.http import url
from mitmproxy.proxy import mode_specs

from corscope.fetch.engines import Engine, engine_of
from corscope.fetch.headers import from_fields, get, values
from corscope.fetch.origin import DEFAULT_PORTS, parse_serialized_origin
from corscope.fetch.url import LONGEST_REMEMBERED
from corscope.journal.alike.memo import MOST_CHARACTERS, Memo, length_of
from corscope.messages import HeaderList, Request

__all__ = ["Asked", "Fields", "asked_of", "has_lower_names", "joined_url", "request_of"]


class Asked(NamedTuple):
    """A request as the browser sent it.

    Attributes:
        client: what tells one browser from another: its address and how it calls itself.
        request: the request.
    """

    client: str
    request: Request


_asked: Memo[object, Asked] = Memo(2_000, from_second_time=True)


def asked_of(flow: http.HTTPFlow) -> Asked:
    """Who asked what; the same value for what is the same on the wire."""
    data, client = flow.request.data, flow.client_conn
    key = (
        data.method,
        data.path,
        data.headers.fields,
        data.host,
        data.port,
        data.scheme,
        client.sockname,
        client.proxy_mode.full_spec,
        client.tls,
        client.sni,
        client.peername and client.peername[0],
        flow.is_replay,
    )
    return _asked.get(key) or _decoded(flow, key)


def request_of(flow: http.HTTPFlow) -> Request:
    """The request as the browser sent it."""
    return asked_of(flow).request


def _decoded(flow: http.HTTPFlow, key: object) -> Asked:
    data = flow.request.data
    fields = data.headers.fields
    headers, agent, length = _header_lists.get(fields) or _decoded_headers(fields)
    # `.method` of the request itself upper-cases it.
    request = Request(data.method.decode("latin-1"), _url(flow), headers)
    asked = Asked(f"{_address(flow)} {agent}", request)
    is_short = length + len(request.url) <= MOST_CHARACTERS
    return _asked.put(key, asked) if is_short else asked


def _address(flow: http.HTTPFlow) -> str:
    """Where it was asked from; what mitmproxy asks again has the browser's address, but isn't its.

    The browser sees no such answer, so that it neither goes on nor keeps anything after it.
    """
    peer = flow.client_conn.peername
    address = peer[0] if peer else ""
    return f"{address}(replay)" if flow.is_replay == "request" else address


Fields = tuple[tuple[bytes, bytes], ...]
"""A message's header lines as mitmproxy has them."""

_Headers = tuple[HeaderList, str, int]
"""A request's headers, the browser that they name, and about how many characters they have."""

_header_lists: Memo[Fields, _Headers] = Memo(500)
"""An app sends the same headers to one URL after the other: one value for all of them."""


def _decoded_headers(fields: Fields) -> _Headers:
    headers = from_fields(fields)
    if engine_of(headers) is Engine.WEBKIT:
        headers = tuple((name, _as_script_set(value)) for name, value in headers)
    agent, length = next(iter(values(headers, "User-Agent")), ""), length_of(headers)
    made = headers, agent, length
    return _header_lists.put(fields, made) if length <= MOST_CHARACTERS else made


def _as_script_set(value: str) -> str:
    """WebKit sends in UTF-8 what script may set in Latin-1, and has counted its length before."""
    if value.isascii():
        return value
    try:
        made = value.encode("latin-1").decode()
        made.encode("latin-1")
    except UnicodeError:
        return value
    return made


_ASKED_AS_PROXY: Final = (mode_specs.RegularMode, mode_specs.UpstreamMode)


def _url(flow: http.HTTPFlow) -> str:
    """The URL as the browser sees it, which depends on how its connection came to the proxy."""
    mode, request = flow.client_conn.proxy_mode, flow.request
    host, port = request.host, request.port
    if not isinstance(mode, _ASKED_AS_PROXY):
        if isinstance(mode, mode_specs.ReverseMode):
            return _reverse_url(flow)
        host, named = url.parse_authority(request.host_header or host, check=False)
        port = named or DEFAULT_PORTS.get(request.scheme, port)
    return joined_url(request.scheme, host, port, request.path)


def joined_url(scheme: str, host: str, port: int, path: str) -> str:
    """A URL of parts that mitmproxy has taken the brackets and the punycode from."""
    is_short = len(host) <= LONGEST_REMEMBERED
    return (_remembered if is_short else _before_path)(scheme, host, port) + path


def _before_path(scheme: str, host: str, port: int) -> str:
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode()
    name = f"[{host}]" if ":" in host else host
    return url.unparse(scheme, name, port, "")


_remembered = lru_cache(maxsize=500)(_before_path)


def _reverse_url(flow: http.HTTPFlow) -> str:
    """The URL where the browser takes the proxy for the server.

    Its Host says so where mitmproxy keeps that. Else there is the server's name in its place; then
    TLS tells the host, or an Origin that has the port at which the proxy listens: a page of its own
    most likely named that as its requests do.
    """
    client, request = flow.client_conn, flow.request
    host, port = client.sockname[:2]
    scheme = "https" if client.tls else "http"
    origin = parse_serialized_origin(get(from_fields(request.headers.fields), "Origin") or "")
    if kept := _kept_host(request):
        host, named = url.parse_authority(kept, check=False)
        port = named or DEFAULT_PORTS[scheme]
    elif client.sni:
        host = client.sni
    elif origin is not None and (origin.port or DEFAULT_PORTS.get(origin.scheme)) == port:
        host = origin.host.strip("[]")
    return joined_url(scheme, host, port, request.path)


def _kept_host(request: http.Request) -> str | None:
    """The browser's own Host, where the option keep_host_header is set and it tells anything."""
    server = url.hostport(request.scheme, request.host, request.port)
    return None if request.host_header == server else request.host_header


def has_lower_names(request: http.Request) -> bool:
    """Whether the browser speaks HTTP/2 or 3, which know lower-case names only."""
    return request.is_http2 or request.is_http3
