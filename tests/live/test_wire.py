"""Bytes that no browser or server should send, and bytes that must come through as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .proxy import Proxy, exchanges
from .wire import PAGE, Client, RawServer, Reply, ask, preflight, reply

RULES = """
[[rule]]
name = "edit one"
match.host = "one.test"
headers.set = { X-Edited = "yes" }

[[rule]]
name = "placeholders"
match.host = "filled.test"
[rule.headers.set]
Access-Control-Allow-Origin = "{origin}"
X-Asked = "{method} {headers} {host}"

[[rule]]
name = "echo"
match.host = "echo.test"
policy = { allow_origins = "request", allow_methods = "request", allow_headers = "request" }

[[rule]]
name = "would edit"
mode = "shadow"
match.host = "shadow.test"
headers.set = { Access-Control-Allow-Origin = "{origin}" }

[[rule]]
name = "would break"
mode = "shadow"
match.host = "shadow-fault.test"
fault = { status = 503, delay = 5.0 }

[[rule]]
name = "would abort"
mode = "shadow"
match.host = "shadow-abort.test"
fault.abort = true

[[rule]]
name = "would abort on 404"
mode = "shadow"
match = { host = "shadow-abort-404.test", status = 404 }
fault.abort = true

[[rule]]
name = "open"
match.host = ["open.test", "fresh.test"]
policy.allow_origins = ["http://page.test"]

[[rule]]
name = "cached"
match.host = "cached.test"
policy = { allow_origins = ["http://page.test"], max_age = 60 }

[[rule]]
name = "redirect"
match.host = "redirect.test"
fault.redirect = "https://login.test/?next=a"

[[rule]]
name = "status"
match.host = "status.test"
fault.status = 401
"""

ODD_LINES: tuple[str | bytes, ...] = (
    "sErVeR: Odd/1",
    b"X-Bytes: \x80\xff\xe9 caf\xc3\xa9",
    "Set-Cookie: a=1",
    "X-Empty:",
    "VARY: Accept",
    "Set-Cookie: b=2; Secure",
    "vary: Cookie",
    "X-Long: " + "x" * 65_536,
    "Access-Control-Allow-Origin: http://page.test",
    'ETag: W/"odd"',
    "access-control-allow-origin: http://page.test",
)


@pytest.fixture(scope="module")
def without(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A mitmdump without corscope, to compare with."""
    folder: Path = tmp_path_factory.mktemp("without")
    with Proxy(folder, server.mode, script=None, scripts=[]) as running:
        yield running


def values(told: Reply, name: str) -> list[bytes]:
    return [line.partition(b":")[2].strip() for line in told.lines(name)]


# What is not touched


@pytest.mark.parametrize(
    "host", ["api.test", "shadow.test", "shadow-fault.test", "shadow-abort.test"]
)
def test_what_no_rule_touches_comes_through_to_the_byte(
    proxy: Proxy, without: Proxy, server: RawServer, host: str
) -> None:
    """Odd case, odd bytes, repeats and their order; shadow mode changes nothing either."""
    url = f"http://{host}/odd"
    server.answers[url] = reply(*ODD_LINES, status="299 Odd  Phrase", body=b"\x00\xff body")
    asked = ask(url, b"x-OdD: \xff", "Cookie: a", "If-None-Match: x", "X-Twice: 1", "x-twice: 2")
    expected, sent_without = without.ask(asked), server.heads[-1]
    assert proxy.ask(asked) == expected
    assert server.heads[-1] == sent_without
    assert b"299 Odd  Phrase" in expected.head
    assert proxy.exchange(url)["rule_mode"] == ("shadow" if "shadow" in host else None)


def test_a_rule_edits_its_header_and_no_other(
    proxy: Proxy, without: Proxy, server: RawServer
) -> None:
    url = "http://one.test/odd"
    server.answers[url] = reply(*ODD_LINES, "Cache-Control: no-store", status="299 Odd")
    expected, told = without.ask(ask(url)), proxy.ask(ask(url))
    assert told.head.split(b"\r\n")[:-1] == [
        line if not line.startswith(b"Cache-Control") else b"Cache-Control: no-store"
        for line in expected.head.split(b"\r\n")
    ]
    assert told.head.split(b"\r\n")[-1] == b"X-Edited: yes"
    assert told.body == expected.body


@pytest.mark.parametrize(
    ("host", "verdict"), [("shadow.test", "conditional"), ("shadow-fault.test", "blocked")]
)
def test_a_shadow_is_told(proxy: Proxy, server: RawServer, host: str, verdict: str) -> None:
    url = f"http://{host}/told"
    server.answers[url] = reply()
    proxy.ask(ask(url))
    entry = proxy.exchange(url)
    assert entry["reason"] == "allow-origin-missing"
    assert entry["answered_by"] == "server"
    shadow = entry["shadow"]["verdicts"]
    assert shadow["omit"]["verdict"] == ("blocked" if verdict == "blocked" else "allowed")
    assert shadow["include"]["verdict"] == "blocked"


@pytest.mark.parametrize("host", ["shadow-abort.test", "shadow-abort-404.test"])
def test_a_shadow_of_a_dropped_connection_is_none_of_the_servers_answer(
    proxy: Proxy, server: RawServer, host: str
) -> None:
    url = f"http://{host}/dropped"
    server.answers[url] = reply("Access-Control-Allow-Origin: *", status="404 Not Found")
    assert b"404" in proxy.ask(ask(url)).head
    entry = proxy.exchange(url)
    assert entry["verdicts"]["omit"]["verdict"] == "allowed"
    assert entry["shadow"]["headers"] == []
    assert {told["reason"] for told in entry["shadow"]["verdicts"].values()} == {
        "connection-dropped"
    }


# Odd requests


def test_a_request_without_a_host_leaves_the_proxy_alive(proxy: Proxy, server: RawServer) -> None:
    url = "http://api.test/no-host"
    server.answers[url] = reply("Access-Control-Allow-Origin: *")
    told = proxy.ask(f"GET {url} HTTP/1.1\r\nOrigin: {PAGE}\r\n\r\n".encode())
    assert told.status == 200
    assert proxy.exchange(url)["verdicts"]["omit"]["verdict"] == "allowed"
    assert proxy.ask(f"GET /relative HTTP/1.1\r\nOrigin: {PAGE}\r\n\r\n".encode()).status == 400
    assert proxy.ask(f"GET {url} HTTP/1.0\r\nOrigin: {PAGE}\r\n\r\n".encode()).status == 200


def test_two_origins_are_judged_as_the_browser_would_combine_them(
    proxy: Proxy, server: RawServer
) -> None:
    url = "http://api.test/two-origins"
    server.answers[url] = reply(f"Access-Control-Allow-Origin: {PAGE}")
    proxy.ask(ask(url, "origin: http://second.test"))
    entry = proxy.exchange(url)
    assert entry["origin"] == f"{PAGE}, http://second.test"
    assert entry["reason"] == "allow-origin-mismatch"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("non-ascii", b"Access-Control-Allow-Origin: http://\xe9\xff.test"),
        ("bare-cr", b"Access-Control-Allow-Origin: http://page.test\rSet-Cookie: a=b"),
        ("escape", b"Access-Control-Allow-Origin: \x1b[2J\x1b]0;owned\x07"),
        ("large", b"Access-Control-Allow-Origin: " + b"x" * 65_536),
    ],
)
def test_odd_bytes_are_judged_and_told_without_harm(
    proxy: Proxy, server: RawServer, name: str, line: bytes
) -> None:
    url = f"http://api.test/{name}"
    server.answers[url] = reply(line)
    told = proxy.ask(ask(url))
    value = line.partition(b": ")[2].decode("latin-1")
    entry = proxy.exchange(url)
    assert entry["headers"] == [["Access-Control-Allow-Origin", value]]
    assert line in told.head.split(b"\r\n")
    assert entry["verdict"] == "blocked"
    log = proxy.told(rf"CORS blocked: GET {url} .*\n")
    assert log.strip().isprintable()
    assert len(log) < 1000


def test_a_huge_request_header(proxy: Proxy, server: RawServer) -> None:
    """As long as mitmproxy takes it, it is judged; longer, mitmproxy refuses the request."""
    url = "http://api.test/huge"
    server.answers[url] = reply("Access-Control-Allow-Origin: *")
    proxy.ask(ask(url, "X-Huge: " + "x" * 65_536, "User-Agent: " + "Gecko/" * 1000))
    assert proxy.exchange(url)["request_headers"] == ["x-huge"]


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("http://xn--bcher-kva.test/", "http://xn--bcher-kva.test/"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("http://API.test:80/a", "http://API.test/a"),
        ("http://api.test/a%20b/../c?q=%C3%A9", "http://api.test/a%20b/../c?q=*"),
    ],
)
def test_the_url_is_that_of_the_browser(proxy: Proxy, target: str, url: str) -> None:
    proxy.ask(ask(target))
    assert proxy.exchange(url)["kind"] == "actual"


def test_same_origin_requests_are_no_exchanges(proxy: Proxy) -> None:
    for target in (
        "http://xn--bcher-kva.test/own",
        "http://[::1]:8080/own",
        "http://a.test:80/own",
    ):
        origin = target.removesuffix("/own").removesuffix(":80")
        assert proxy.ask(ask(target, origin=origin)).status == 501
    assert not [entry for entry in exchanges(proxy.journal()) if entry["url"].endswith("/own")]


# What rules make of hostile requests


@pytest.mark.parametrize(
    "origin",
    [
        b"http://a.test\rSet-Cookie: evil=1",
        b"http://a.test\nSet-Cookie: evil=1",
        b"http://a.test\x00Set-Cookie: evil=1",
        b"http://a.test\r\n Set-Cookie: evil=1",
        b"\xe5\x98\x8a\xe5\x98\x8dSet-Cookie: evil=1",
        b"http://a.test%0d%0aSet-Cookie: evil=1",
        b"{method}{headers}{{",
        b"x" * 60_000,
    ],
)
@pytest.mark.parametrize("host", ["filled.test", "echo.test"])
@pytest.mark.parametrize("kind", ["actual", "preflight"])
def test_no_origin_splits_a_response(
    proxy: Proxy, server: RawServer, host: str, kind: str, origin: bytes
) -> None:
    """What is filled in stays one value of one line, or is left out."""
    url = f"http://{host}/split"
    server.answers[url] = reply()
    asked = ask(url, b"Origin: " + origin, origin=None)
    if kind == "preflight":
        asked = (
            asked.replace(b"GET", b"OPTIONS", 1)[:-2]
            + b"Access-Control-Request-Method: PUT\r\n\r\n"
        )
    with Client(proxy.port) as client:
        told = client.send(asked).reply()
        assert not told.lines("Set-Cookie")
        head = told.head.replace(b"\r\n", b"")
        assert b"\r" not in head
        assert b"\n" not in head
        assert len(told.lines("Access-Control-Allow-Origin")) <= 1
        if told.status < 400:
            following = client.send(ask("http://other.test/")).reply()
            assert following.status == 501


def test_placeholders_are_filled_in(proxy: Proxy, server: RawServer) -> None:
    url = "http://filled.test/fill"
    server.answers[url] = reply()
    told = proxy.ask(preflight(url, "PATCH", "Access-Control-Request-Headers: x-a,x-b"))
    assert values(told, "Access-Control-Allow-Origin") == [PAGE.encode()]
    assert values(told, "X-Asked") == [b"PATCH x-a,x-b filled.test"]


def test_without_what_a_placeholder_stands_for_the_header_goes(
    proxy: Proxy, server: RawServer
) -> None:
    url = "http://filled.test/none"
    server.answers[url] = reply("Access-Control-Allow-Origin: *", "X-Asked: old")
    told = proxy.ask(ask(url, origin=None))
    assert values(told, "Access-Control-Allow-Origin") == []
    assert values(told, "X-Asked") == []


# What rules do


def test_a_rule_answers_a_preflight_and_asks_nobody(proxy: Proxy, server: RawServer) -> None:
    url = "http://open.test/preflight"
    told = proxy.ask(preflight(url, "GET"))
    assert told.status == 204
    assert not told.lines("Content-Length")
    assert values(told, "Access-Control-Allow-Origin") == [PAGE.encode()]
    assert values(told, "Access-Control-Max-Age") == [b"0"]
    assert not any(url.encode() in head for head in server.heads)
    entry = proxy.exchange(url)
    assert (entry["rule"], entry["answered_by"], entry["server_headers"]) == ("open", "rule", None)


def test_one_connection_serves_answers_of_rules_and_of_servers_by_turns(
    proxy: Proxy, server: RawServer
) -> None:
    server.answers["http://open.test/turns"] = reply(body=b"from the server")
    with Client(proxy.port) as client:
        for _ in range(3):
            assert client.send(preflight("http://open.test/turns", "GET")).reply().status == 204
            assert client.send(ask("http://open.test/turns")).reply().body == b"from the server"
            assert client.send(ask("http://status.test/")).reply().status == 401


def test_a_status_fault_answers_without_cors_headers(proxy: Proxy, server: RawServer) -> None:
    told = proxy.ask(ask("http://status.test/fault", method="POST", body=b"a=b"))
    assert (told.status, told.head.split(b"\r\n")[0]) == (401, b"HTTP/1.1 401 Unauthorized")
    assert not told.lines("Access-Control-Allow-Origin")
    assert told.lines("Content-Length") == [b"content-length: 0"]
    assert not any(b"status.test" in head for head in server.heads)


def test_a_head_request_gets_a_head(proxy: Proxy) -> None:
    with Client(proxy.port) as client:
        assert client.send(ask("http://status.test/", method="HEAD")).reply().status == 401
        assert client.send(ask("http://status.test/")).reply().status == 401


def test_a_redirect_fault(proxy: Proxy) -> None:
    chromium = "User-Agent: AppleWebKit/537.36 Chrome/156.0.0.0"  # which names the redirect first
    told = proxy.ask(preflight("http://redirect.test/", "PUT", chromium))
    assert told.status == 302
    assert values(told, "Location") == [b"https://login.test/?next=a"]
    entry = proxy.exchange("http://redirect.test/")
    assert entry["reason"] == "preflight-redirect"
    assert entry["detail"] == "https://login.test/?next=*"


def test_what_a_rule_touches_stays_out_of_the_caches(proxy: Proxy, server: RawServer) -> None:
    url = "http://fresh.test/"
    server.answers[url] = reply("Cache-Control: max-age=3600", 'ETag: "a"')
    told = proxy.ask(ask(url, 'if-none-match: "a"', "If-Modified-Since: x", "If-Match: y"))
    assert values(told, "Cache-Control") == [b"no-store"]
    sent = server.heads[-1].lower()
    assert b"if-none-match" not in sent
    assert b"if-modified-since" not in sent
    assert b"if-match: y" in sent


def test_a_rule_with_a_max_age_of_its_own_is_cached(proxy: Proxy, server: RawServer) -> None:
    url = "http://cached.test/"
    server.answers[url] = reply("Cache-Control: max-age=3600")
    assert values(proxy.ask(preflight(url, "GET")), "Access-Control-Max-Age") == [b"60"]
    assert values(proxy.ask(ask(url)), "Cache-Control") == [b"max-age=3600"]


def test_caches_may_be_left_alone(proxy: Proxy, server: RawServer) -> None:
    url = "http://fresh.test/off"
    server.answers[url] = reply("Cache-Control: max-age=3600")
    proxy.control(options={"cors_fresh": False})
    told = proxy.ask(ask(url, 'If-None-Match: "a"'))
    proxy.control(options={"cors_fresh": True})
    assert values(told, "Cache-Control") == [b"max-age=3600"]
    assert b'If-None-Match: "a"' in server.heads[-1]
