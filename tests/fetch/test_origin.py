"""https://html.spec.whatwg.org/multipage/browsers.html#origin"""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.origin import (
    TupleOrigin,
    has_redirect_tainted_origin,
    is_ip_address,
    is_potentially_trustworthy,
    origin_of_url,
    parse_serialized_origin,
)
from corscope.fetch.url import parse_url
from tests.fetch.strategies import ALL_BYTES

APP = TupleOrigin("https", "app.example")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://app.example", id="a scheme and a domain"),
        pytest.param("http://localhost:3000", id="a port"),
        pytest.param("http://localhost:443", id="another scheme's default port"),
        pytest.param("https://localhost:0", id="port zero"),
        pytest.param("https://app.example:65535", id="the greatest port"),
        pytest.param("https://192.168.0.1:8443", id="an IPv4 address"),
        pytest.param("http://[::1]:8080", id="an IPv6 address"),
        pytest.param("http://[2001:db8::8a2e:370:7334]", id="a longer one"),
        pytest.param("http://[::ffff:102:304]", id="one mapped from IPv4"),
        pytest.param("https://xn--bcher-kva.example", id="Punycode"),
        pytest.param("https://app.example.", id="a trailing dot"),
        pytest.param("https://my_app-.example", id="underscores and outer hyphens, which are sent"),
        pytest.param("moz-extension://0f7a-41", id="an extension"),
        pytest.param("capacitor://localhost", id="an app's own scheme"),
    ],
)
def test_a_serialized_origin_is_read_and_written_back(text: str) -> None:
    """https://fetch.spec.whatwg.org/#origin-header"""
    assert str(parse_serialized_origin(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("null", id="an opaque origin"),
        pytest.param("None", id="a word"),
        pytest.param("", id="nothing"),
        pytest.param("*", id="the wildcard"),
        pytest.param("app.example", id="no scheme"),
        pytest.param("https:app.example", id="no slashes"),
        pytest.param("https://", id="no host"),
        pytest.param("https://app.example/", id="a trailing slash"),
        pytest.param("https://app.example/x", id="a path"),
        pytest.param("https://u@app.example", id="a username"),
        pytest.param("HTTPS://app.example", id="a scheme in capitals"),
        pytest.param("https://App.example", id="a host in capitals"),
        pytest.param("https://app.example:443", id="the default port"),
        pytest.param("http://app.example:80", id="the default port of http"),
        pytest.param("https://app.example:", id="an empty port"),
        pytest.param("https://app.example:080", id="a port with leading zeros"),
        pytest.param("https://app.example:65536", id="a port too great"),
        pytest.param("https://*.app.example", id="a pattern"),
        pytest.param("https://app..example", id="an empty label"),
        pytest.param("https://bücher.example", id="letters that should be Punycode"),
        pytest.param("https://1.2.3", id="an IPv4 address in three parts"),
        pytest.param("https://0x7f.0.0.1", id="one in hexadecimal"),
        pytest.param("https://127.0.0.1.", id="one with a trailing dot"),
        pytest.param("https://256.1.1.1", id="no IPv4 address, though it ends in a number"),
        pytest.param("http://[0:0:0:0:0:0:0:1]", id="an IPv6 address that isn't compressed"),
        pytest.param("http://[::1", id="one that isn't closed"),
        pytest.param("http://[:::1]", id="one that is none"),
        pytest.param("http://[::ffff:1.2.3.4]", id="one in dots"),
        pytest.param("https://app.example ", id="a trailing space"),
        pytest.param("https://app.example\n", id="a trailing newline"),
        pytest.param("https://a.example https://b.example", id="two of them"),
        pytest.param("https://a.example,https://b.example", id="two with a comma"),
    ],
)
def test_anything_else_is_no_serialized_origin(text: str) -> None:
    assert parse_serialized_origin(text) is None


def test_of_all_bytes_few_are_in_a_serialized_domain() -> None:
    found = {b for b in ALL_BYTES if parse_serialized_origin(f"https://a{b}b.example")}
    assert found == set(string.ascii_lowercase + string.digits + "-_.")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://app.example/x?y", APP, id="without path and query"),
        pytest.param("HTTPS://APP.EXAMPLE/", APP, id="in lower case"),
        pytest.param("https://app.example:443/", APP, id="without the default port"),
        pytest.param("https://u:p@app.example/", APP, id="without credentials"),
        pytest.param("http://a:443/", TupleOrigin("http", "a", 443), id="with another port"),
        pytest.param("https://a./", TupleOrigin("https", "a."), id="with the trailing dot"),
        pytest.param("http://1.2.3/", TupleOrigin("http", "1.2.0.3"), id="IPv4 in four parts"),
        pytest.param("http://[0::1]/", TupleOrigin("http", "[::1]"), id="IPv6 compressed"),
        pytest.param(
            "http://[::ffff:1.2.3.4]/", TupleOrigin("http", "[::ffff:102:304]"), id="IPv6 undotted"
        ),
        pytest.param(
            "https://bücher.example/", TupleOrigin("https", "xn--bcher-kva.example"), id="Punycode"
        ),
        pytest.param("wss://a/", TupleOrigin("wss", "a"), id="of a WebSocket too"),
        pytest.param("data:text/plain,x", None, id="a data URL's is opaque"),
        pytest.param("file:///x", None, id="so is a file's"),
        pytest.param("app://x", None, id="so is that of an unknown scheme"),
        pytest.param("/x", None, id="a relative URL has none"),
        pytest.param("https://a:b/", None, id="nor has a wrong one"),
    ],
)
def test_origin_of_url(url: str, expected: TupleOrigin | None) -> None:
    """https://url.spec.whatwg.org/#concept-url-origin"""
    assert origin_of_url(url) == expected


@given(
    st.sampled_from(["http://", "https://", "HTTP://", "http:/", "ws://", "http://u:p@"]),
    st.text("aZ09.-_:[]@%?#\\/\t é", max_size=12),
    st.text(max_size=5),
)
def test_origin_of_url_is_that_of_the_parsed_url(start: str, authority: str, path: str) -> None:
    for url in (f"{start}{authority}/{path}", f"{start}{authority}{path}"):
        parsed = parse_url(url)
        host = None if parsed is None else parsed.host
        found = origin_of_url(url)
        if parsed is None or not host:
            assert found is None
        else:
            assert found == TupleOrigin(parsed.scheme, host, parsed.port)


@given(
    st.sampled_from(["http", "https", "ws", "ftp"]),
    st.ip_addresses().map(lambda ip: f"[{ip}]" if ip.version == 6 else str(ip))
    | st.from_regex(r"[a-z0-9-]{1,9}\.(?:example|test)\.?", fullmatch=True),
    st.none() | st.integers(0, 65535),
)
def test_the_origin_of_any_url_is_written_as_browsers_do(
    scheme: str, host: str, port: int | None
) -> None:
    origin = origin_of_url(f"{scheme}://{host}{'' if port is None else f':{port}'}/path")
    assert origin is not None
    assert parse_serialized_origin(str(origin)) == origin
    assert origin_of_url(str(origin)) == origin


A, B, C = "https://a.example/1", "https://b.example/2", "https://c.example/3"


@pytest.mark.parametrize(
    ("origin", "url_list", "expected"),
    [
        pytest.param(A, [B], False, id="without a redirect, never"),
        pytest.param(A, [B, B], False, id="a redirect within an origin doesn't"),
        pytest.param(A, [A, B], False, id="a redirect from the own origin doesn't"),
        pytest.param(A, [B, C], True, id="one from one foreign origin to another does"),
        pytest.param(A, [B, A], True, id="also if it leads home"),
        pytest.param(A, [A, B, C], True, id="also later"),
        pytest.param(A, [B, C, C], True, id="and it stays so"),
        pytest.param(None, [B, B], False, id="an opaque origin is kept within an origin"),
        pytest.param(None, [B, C], True, id="and lost between two"),
        pytest.param(None, ["data:,", "data:,"], True, id="no two opaque origins are the same"),
    ],
)
def test_redirects_taint_the_origin(
    origin: str | None, url_list: list[str], *, expected: bool
) -> None:
    """https://fetch.spec.whatwg.org/#concept-request-tainted-origin"""
    own = origin_of_url(origin) if origin else None
    assert has_redirect_tainted_origin(own, url_list) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://app.example", True, id="https"),
        pytest.param("http://app.example", False, id="but not http"),
        pytest.param("wss://app.example", True, id="wss"),
        pytest.param("ws://app.example", False, id="but not ws"),
        pytest.param("http://localhost:3000", True, id="localhost"),
        pytest.param("http://localhost.", True, id="with a trailing dot"),
        pytest.param("http://app.localhost", True, id="a name below it"),
        pytest.param("http://app.localhost.", True, id="with a trailing dot as well"),
        pytest.param("http://notlocalhost", False, id="but not one that ends like it"),
        pytest.param("http://localhost.example", False, id="or begins so"),
        pytest.param("http://127.0.0.1", True, id="the loopback address"),
        pytest.param("http://127.255.255.254", True, id="any of them"),
        pytest.param("http://128.0.0.1", False, id="but not the next"),
        pytest.param("http://126.255.255.255", False, id="or the one before"),
        pytest.param("http://127.0.0.1.example", False, id="or a name that begins so"),
        pytest.param("http://192.168.0.1", False, id="or a private address"),
        pytest.param("http://[::1]", True, id="the IPv6 loopback address"),
        pytest.param("http://[::2]", False, id="but not the next"),
        pytest.param("http://[::ffff:127.0.0.1]", False, id="or one mapped from IPv4"),
        pytest.param("data:,", False, id="or an opaque origin"),
    ],
)
def test_is_potentially_trustworthy(url: str, *, expected: bool) -> None:
    """https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy"""
    assert is_potentially_trustworthy(origin_of_url(url)) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("[::1]", True), ("localhost", False), ("1.2.3.4.test", False)],
)
def test_is_ip_address(host: str, *, expected: bool) -> None:
    assert is_ip_address(host) is expected
