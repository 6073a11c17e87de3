"""What corscope sees of mitmproxy's flows, and what it makes of them."""

from __future__ import annotations

import pytest
from mitmproxy import flow as mitmproxy_flow
from mitmproxy import http
from mitmproxy.connection import ConnectionState

from corscope.fetch.headers import get
from corscope.journal.exchange import Missing
from corscope.messages import HeaderList, Response
from corscope.mitm.translate.answers import Unreadable, delivered_response, missing_of, response_of
from corscope.mitm.translate.requests import asked_of, request_of
from corscope.mitm.translate.times import answered_at, asked_at
from corscope.mitm.translate.written import made_response, write_response
from corscope.servers.answer import Answer
from tests.journal.requests import CHROMIUM, FIREFOX, WEBKIT

from .flows import flow

HOST = ("Host", "named.test")


@pytest.mark.parametrize(
    ("agent", "sent", "expected"),
    [
        pytest.param(WEBKIT, "a\xc3\xa9", "a\xe9", id="WebKit, in UTF-8"),
        pytest.param(WEBKIT, "a\xe9", "a\xe9", id="WebKit, not so"),
        pytest.param(WEBKIT, "\xe2\x82\xac", "\xe2\x82\xac", id="WebKit, what script can't set"),
        pytest.param(CHROMIUM, "a\xc3\xa9", "a\xc3\xa9", id="Chromium"),
    ],
)
def test_a_value_is_what_script_has_set(agent: str, sent: str, expected: str) -> None:
    asked = request_of(flow(headers=(("User-Agent", agent), ("Accept", sent))))
    assert asked.headers[-1] == ("Accept", expected)


@pytest.mark.parametrize(
    ("mode", "url", "headers", "expected"),
    [
        pytest.param("regular", "http://api.test/a?b", (HOST,), "http://api.test/a?b", id="plain"),
        pytest.param("regular", "https://api.test:8443/", (), "https://api.test:8443/", id="port"),
        pytest.param("regular", "https://xn--bcher-kva.test/", (), None, id="punycode"),
        pytest.param("regular", "http://[2001:db8::1]:81/", (), None, id="an IPv6 address"),
        pytest.param("regular", "http://[::1]/", (), None, id="an IPv6 address without a port"),
        pytest.param(
            "upstream:http://proxy.test:3128", "http://api.test/", (HOST,), None, id="upstream"
        ),
        pytest.param(
            "transparent", "http://10.0.0.1/a", (HOST,), "http://named.test/a", id="transparent"
        ),
        pytest.param(
            "transparent",
            "https://10.0.0.1:8443/a",
            (("Host", "named.test:8443"),),
            "https://named.test:8443/a",
            id="transparent, with a port",
        ),
        pytest.param("transparent", "http://10.0.0.1/", (), None, id="transparent, without Host"),
        pytest.param(
            "transparent",
            "http://10.0.0.1/",
            (("Host", "[::1]:80"),),
            "http://[::1]/",
            id="transparent, to an IPv6 address",
        ),
        pytest.param("socks5", "http://10.0.0.1/a", (HOST,), "http://named.test/a", id="socks"),
    ],
)
def test_the_url_is_as_the_browser_sees_it(
    mode: str, url: str, headers: HeaderList, expected: str | None
) -> None:
    assert request_of(flow(url, headers, mode=mode)).url == (expected or url)


@pytest.mark.parametrize(
    ("listens_at", "tls", "origin", "expected"),
    [
        (("127.0.0.1", 8080), False, "http://page.test", "http://127.0.0.1:8080/a"),
        (("127.0.0.1", 8080), False, "http://localhost:8080", "http://localhost:8080/a"),
        (("127.0.0.1", 80), False, "http://my.test", "http://my.test/a"),
        (("127.0.0.1", 443), True, "https://my.test", "https://my.test/a"),
        (("127.0.0.1", 8443), True, "https://page.test", "https://127.0.0.1:8443/a"),
        (("::1", 8080), False, "http://page.test", "http://[::1]:8080/a"),
        (("::1", 8080), False, "http://[::1]:8080", "http://[::1]:8080/a"),
        (("127.0.0.1", 8080), False, "null", "http://127.0.0.1:8080/a"),
    ],
)
def test_behind_a_reverse_proxy_the_browser_names_the_proxy(
    listens_at: tuple[str, int], tls: bool, origin: str, expected: str
) -> None:
    made = flow(
        "http://backend.test:3000/a",
        (("Host", "backend.test:3000"), ("Origin", origin)),
        mode="reverse:http://backend.test:3000",
        listens_at=listens_at,
        tls=tls,
    )
    assert request_of(made).url == expected


@pytest.mark.parametrize(
    ("host", "sni", "expected"),
    [
        pytest.param("my.test:9443", None, "https://my.test:9443/a", id="a Host that is kept"),
        pytest.param("my.test", "other.test", "https://my.test/a", id="without a port"),
        pytest.param("[::1]:8443", None, "https://[::1]:8443/a", id="an address"),
        pytest.param("backend.test:3000", "my.test", "https://my.test:8443/a", id="TLS alone"),
        pytest.param("backend.test:3000", None, "https://page.test:8443/a", id="neither"),
        pytest.param(None, None, "https://page.test:8443/a", id="nor any Host"),
    ],
)
def test_behind_a_reverse_proxy_its_host_or_tls_tells_what_the_browser_named(
    host: str | None, sni: str | None, expected: str
) -> None:
    headers = (("Origin", "https://page.test:8443"), *((("Host", host),) if host else ()))
    mode = "reverse:http://backend.test:3000"
    address = ("127.0.0.1", 8443)
    made = flow("http://backend.test:3000/a", headers, mode=mode, listens_at=address, tls=True)
    made.client_conn.sni = sni
    assert request_of(made).url == expected


def test_header_bytes_keep_their_order_repeats_and_case() -> None:
    headers = (("X-A", "\xff"), ("vary", "a"), ("X-a", ""), ("Vary", "b"))
    assert request_of(flow(headers=headers)).headers == headers
    response = http.Response(b"HTTP/1.1", 299, b"", http.Headers(), b"", None, 0, 0)
    response.headers = flow(headers=headers).request.headers
    assert response_of(response) == Response(299, headers)


@pytest.mark.parametrize(("version", "name"), [("HTTP/1.1", "Vary"), ("HTTP/2.0", "vary")])
def test_http_2_delivers_names_in_lower_case(version: str, name: str) -> None:
    made = flow(response=http.Response.make(200, headers=[(b"Vary", b"A")]))
    assert made.response is not None
    made.request.http_version = version
    assert (name, "A") in delivered(made).headers


def test_http_2_delivers_nothing_of_a_connection() -> None:
    """The random cases of `browsers` ask through a running mitmdump."""
    of_http_1 = ("Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade")
    fields = [(name.encode(), b"x") for name in (*of_http_1, "Vary")]
    made = flow(response=http.Response.make(200, b"", fields))
    assert made.response is not None
    assert len(delivered(made).headers) == len(fields)
    made.request.http_version = "HTTP/2.0"
    assert [name for name, _ in delivered(made).headers] == ["vary"]


def delivered(made: http.HTTPFlow) -> Response:
    assert made.response is not None
    found = delivered_response(made, made.response)
    assert isinstance(found, Response)
    return found


REFUSED = Unreadable("the browser doesn't take the header X-A", "X-A")


@pytest.mark.parametrize(
    ("agent", "version", "expected"),
    [
        (CHROMIUM, "HTTP/1.1", "a, b"),
        (FIREFOX, "HTTP/1.1", "a, b"),
        (WEBKIT, "HTTP/2.0", "a, b"),
        (FIREFOX, "HTTP/2.0", REFUSED),
        (CHROMIUM, "HTTP/2.0", REFUSED),
    ],
)
def test_a_value_over_several_lines_is_delivered_or_refused(
    agent: str, version: str, expected: object
) -> None:
    """The same answer for all, so that what one browser makes of it isn't taken for another's."""
    answer = http.Response.make(200, b"", [(b"X-A", b"a,\r\n b")])
    made = flow(headers=(("User-Agent", agent),), response=answer)
    made.request.http_version = version
    found = delivered_response(made, answer)
    assert (get(found.headers, "X-A") if isinstance(found, Response) else found) == expected


@pytest.mark.parametrize(("status", "detail"), [(100, "interim"), (103, "interim"), (101, None)])
def test_an_interim_answer_is_none(status: int, detail: str | None) -> None:
    answer = http.Response.make(status)
    found = delivered_response(flow(response=answer), answer)
    assert (found.detail if isinstance(found, Unreadable) else None) == detail


@pytest.mark.parametrize(
    ("agent", "version", "asks", "expected"),
    [
        (CHROMIUM, "HTTP/1.1", "", (None,)),
        (WEBKIT, "HTTP/1.1", "", (None,)),
        (FIREFOX, "HTTP/1.1", "", None),
        ("curl/8", "HTTP/1.1", "", None),
        (CHROMIUM, "HTTP/1.1", "h2c", (None,)),
        (CHROMIUM, "HTTP/1.1", "WebSocket", None),
        (FIREFOX, "HTTP/2.0", "", ("interim",)),
        (CHROMIUM, "HTTP/2.0", "", ("interim",)),
    ],
)
def test_another_protocol_is_taken_by_who_has_asked_for_it(
    agent: str, version: str, asks: str, expected: tuple[str | None] | None
) -> None:
    """The same answer for all, so that what one browser makes of it isn't taken for another's."""
    answer = http.Response.make(101)
    upgrade = (("Upgrade", asks),) if asks else ()
    made = flow(headers=(("User-Agent", agent), *upgrade), response=answer)
    made.request.http_version = version
    found = delivered_response(made, answer)
    assert ((found.detail,) if isinstance(found, Unreadable) else None) == expected


def test_chromium_is_delivered_what_follows_a_carriage_return_as_a_line() -> None:
    answer = http.Response.make(200, b"", [(b"X-A", b"a\rX-B: b")])
    made = flow(headers=(("User-Agent", CHROMIUM),), response=answer)
    assert get(delivered(made).headers, "X-B") == "b"


@pytest.mark.parametrize("method", [b"GET", b"patch", b"\xff"])
def test_a_methods_case_is_kept(method: bytes) -> None:
    assert request_of(flow(method=method)).method == method.decode("latin-1")


def test_browsers_are_told_apart_by_address_and_name() -> None:
    named = [flow(headers=(("User-Agent", name),)) for name in ("a", "b")]
    elsewhere = flow()
    elsewhere.client_conn.peername = ("127.0.0.2", 50_000)
    clients = {asked_of(each).client for each in (*named, flow(), elsewhere)}
    assert len(clients) == 4


def test_what_mitmproxy_asks_again_is_no_browsers() -> None:
    """Nor is it once it's saved: a browser hasn't seen that answer."""
    live, again = flow(), flow()
    again.is_replay = "request"
    assert asked_of(again).client != asked_of(live).client
    assert asked_of(again).request == asked_of(live).request


@pytest.mark.parametrize(
    ("message", "state", "live", "missing"),
    [
        ("Connection killed.", ConnectionState.OPEN, True, Missing.DROPPED),
        ("Client disconnected.", ConnectionState.OPEN, True, Missing.CLIENT_GONE),
        ("stream reset by client (CANCEL)", ConnectionState.OPEN, True, Missing.CLIENT_GONE),
        ("whatever", ConnectionState.CAN_WRITE, True, Missing.CLIENT_GONE),
        ("[Errno 111] refused", ConnectionState.OPEN, True, Missing.NO_ANSWER),
        ("[Errno 111] refused", ConnectionState.CLOSED, False, Missing.NO_ANSWER),
    ],
)
def test_why_there_is_no_answer(
    message: str, state: ConnectionState, live: bool, missing: Missing
) -> None:
    failed = flow(live=live)
    failed.client_conn.state = state
    failed.error = mitmproxy_flow.Error(message)
    assert missing_of(failed) is missing


def test_times_of_saved_flows_are_their_own() -> None:
    saved = flow(response=http.Response.make(200))
    assert saved.response is not None
    saved.request.timestamp_start, saved.response.timestamp_start = 100.0, 101.5
    assert (asked_at(saved).timestamp(), answered_at(saved).timestamp()) == (100, 101.5)
    saved.response.timestamp_start = 99.0
    assert answered_at(saved).timestamp() == 100
    saved.response, saved.error = None, mitmproxy_flow.Error("x", 103.0)
    assert answered_at(saved).timestamp() == 103
    saved.error = None
    assert answered_at(saved).timestamp() == 100


@pytest.mark.parametrize(
    ("status", "length"), [(200, ["4"]), (204, []), (304, []), (205, ["4"]), (503, ["4"])]
)
def test_a_rules_answer_has_a_length_where_it_may(status: int, length: list[str]) -> None:
    made = made_response(Answer(status, (("X", "y"),), b"body"), flow().request)
    assert made.headers.get_all("content-length") == length


def test_a_rules_answer_may_set_its_own_length() -> None:
    made = made_response(Answer(204, (("Content-Length", "0"),)), flow().request)
    assert made.headers.get_all("content-length") == ["0"]


def test_an_unheard_of_status_has_no_phrase() -> None:
    assert made_response(Answer(299), flow().request).reason == ""
    assert made_response(Answer(404), flow().request).reason == "Not Found"


def test_over_http_2_names_are_lower_case() -> None:
    made = flow(response=http.Response.make(200))
    made.request.http_version = "HTTP/2.0"
    write_response(made, Response(200, (("X-Odd", "Value"),)))
    assert made.response is not None
    assert made.response.headers.fields == ((b"x-odd", b"Value"),)


def test_what_another_addon_does_to_one_answer_happens_to_no_other_that_is_alike() -> None:
    """They are made of the same parts."""
    heads = [http.Response.make(200, b"", {"A": "b"}) for _ in range(2)]
    for head in heads:
        write_response(flow(response=head), Response(200, (("X", "y"),)))
    answer = Answer(200, (("X", "y"),), b"body")
    for one, other in (heads, [made_response(answer, flow().request) for _ in range(2)]):
        before = other.get_state()
        one.headers["X"] = "z"
        one.headers.add("Y", "z")
        one.status_code, one.reason, one.content = 500, "Broken", b"another"
        one.stream = True
        assert other.get_state() == before
        assert not other.stream
        assert other.headers["X"] == "y"


def test_a_status_without_a_body_takes_what_is_said_of_one_away() -> None:
    made = flow(response=http.Response.make(200, b"x", {"Content-Length": "1", "A": "b"}))
    assert made.response is not None
    lines = (("CONTENT-LENGTH", "1"), ("Transfer-Encoding", "chunked"), ("A", "b"))
    write_response(made, Response(304, lines))
    assert made.response.headers.fields == ((b"A", b"b"),)
    assert made.response.reason == "Not Modified"
    assert callable(made.response.stream)
    assert made.response.stream(b"x") == b""


def test_a_head_that_cannot_be_sent_leaves_the_old_one_whole() -> None:
    made = flow(response=http.Response.make(200, b"x", {"A": "b"}))
    before = made.response and made.response.get_state()
    with pytest.raises(UnicodeEncodeError):
        write_response(made, Response(404, (("X", "\u20ac"),)))
    assert made.response is not None
    assert made.response.get_state() == before
