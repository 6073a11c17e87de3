"""https://url.spec.whatwg.org/#url-parsing and https://url.spec.whatwg.org/#host-parsing"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.url import Url, parse_host, parse_url, percent_encode_non_ascii
from tests.fetch.strategies import ALL_BYTES, any_value

A = Url("https", "a.example")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://a.example", A, id="a host"),
        pytest.param("HTTPS://A.Example", A, id="scheme and host in any case"),
        pytest.param("https://a.example/b?c#d", A, id="a path, a query, a fragment"),
        pytest.param("https://a.example?@b:c", A, id="the host ends at a question mark"),
        pytest.param("https://a.example#@b:c", A, id="or at a number sign"),
        pytest.param("https://a.example\\@b:c", A, id="or at a backslash"),
        pytest.param(" \x00https://a.example \x1f", A, id="controls and space around it go"),
        pytest.param("ht\ttps://a.\nexam\rple", A, id="tabs and newlines go from anywhere"),
        pytest.param("https:a.example", A, id="slashes may be missing"),
        pytest.param("https:\\/\\a.example", A, id="or be more, in either direction"),
        pytest.param("a.example", None, id="a URL without a scheme is relative"),
        pytest.param("//a.example", None, id="so is one with a host only"),
        pytest.param("", None, id="and nothing"),
        pytest.param("1a:b", None, id="a scheme begins with a letter"),
        pytest.param("a_b:c", None, id="and has no underscore"),
        pytest.param("a+b-c.d1:e", Url("a+b-c.d1"), id="but plus, hyphen, dot and digits"),
        pytest.param("https://", None, id="a special URL needs a host"),
        pytest.param("https:///?a", None, id="however many slashes it has"),
        pytest.param("https://a b", None, id="which must be valid"),
    ],
)
def test_parse_url(text: str, expected: Url | None) -> None:
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("localhost:3000", Url("localhost"), id="without slashes the path is opaque"),
        pytest.param("app://Host", Url("app", "Host"), id="an opaque host keeps its case"),
        pytest.param("app://h\\x", None, id="it isn't ended by a backslash, which it can't have"),
        pytest.param("app://hé", Url("app", "h%C3%A9"), id="it is percent-encoded"),
        pytest.param("app://1.2.3", Url("app", "1.2.3"), id="it is never an IPv4 address"),
        pytest.param("app://[::0]", Url("app", "[::]"), id="but may be an IPv6 address"),
        pytest.param("app://h:80", Url("app", "h", 80), id="no port is its default"),
        pytest.param("app:///x", Url("app", ""), id="it may be empty"),
        pytest.param("app://:80", None, id="but not before a port"),
        pytest.param("app://u@", None, id="and not after credentials"),
        pytest.param("app://a<b", None, id="and has no forbidden code point"),
        pytest.param("file:///etc/passwd", Url("file", ""), id="a file has no host"),
    ],
)
def test_parse_url_of_another_scheme(text: str, expected: Url | None) -> None:
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    ("text", "port"),
    [
        pytest.param("https://a:8443", 8443, id="a port"),
        pytest.param("https://a:443", None, id="the default port is none"),
        pytest.param("http://a:443", 443, id="another scheme's default is one"),
        pytest.param("http://a:80", None, id="http has 80"),
        pytest.param("ws://a:80", None, id="ws has 80"),
        pytest.param("wss://a:443", None, id="wss has 443"),
        pytest.param("ftp://a:21", None, id="ftp has 21"),
        pytest.param("https://a:", None, id="an empty port is none"),
        pytest.param("https://a:0", 0, id="zero is a port"),
        pytest.param("https://a:0008443", 8443, id="leading zeros don't count"),
        pytest.param("https://a:65535", 65535, id="the greatest port"),
        pytest.param("https://[::1]:81", 81, id="a port after an IPv6 address"),
    ],
)
def test_parse_url_finds_the_port(text: str, port: int | None) -> None:
    parsed = parse_url(text)
    assert parsed is not None
    assert parsed.port == port


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://a:65536", id="one port too many"),
        pytest.param("https://a:100000", id="six digits"),
        pytest.param("https://a:8o", id="a letter in the port"),
        pytest.param("https://a:-1", id="a negative port"),
        pytest.param("https://a:1:2", id="two ports"),
        pytest.param("https://a:\u0663", id="another script's digit"),
        pytest.param("https://:80", id="a port without a host"),
        pytest.param("https://[::1]80", id="a port without its colon"),
    ],
)
def test_parse_url_refuses_the_port(text: str) -> None:
    assert parse_url(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://u@a", True, id="a username"),
        pytest.param("https://u:p@a", True, id="a username and a password"),
        pytest.param("https://:p@a", True, id="a password"),
        pytest.param("https://@a", False, id="neither, before an at sign"),
        pytest.param("https://:@a", False, id="neither, with a colon"),
        pytest.param("https://::@a", True, id="a colon for a password"),
        pytest.param("https://u@v@a", True, id="an at sign in the username"),
        pytest.param("https://a/@b", False, id="an at sign in the path"),
    ],
)
def test_includes_credentials(text: str, *, expected: bool) -> None:
    """https://url.spec.whatwg.org/#include-credentials"""
    parsed = parse_url(text)
    assert parsed is not None
    assert (parsed.host, parsed.includes_credentials) == ("a", expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("EXAMPLE.com", "example.com", id="a domain is lower-cased"),
        pytest.param("example%2Ecom", "example.com", id="and percent-decoded"),
        pytest.param("a%zz", None, id="a percent sign that is left over is forbidden"),
        pytest.param("a%00b", None, id="as is what is decoded to a control"),
        pytest.param("%ff", None, id="or to no UTF-8"),
        pytest.param("faß\udcff", None, id="or is no text at all"),
        pytest.param("a..b", "a..b", id="labels may be empty"),
        pytest.param("example.com.", "example.com.", id="the last one too, and stays"),
        pytest.param(".", ".", id="and all of them"),
        pytest.param("a_b-.c", "a_b-.c", id="underscores and hyphens are anywhere"),
        pytest.param("*.example.com", "*.example.com", id="an asterisk is a domain's"),
        pytest.param("{origin}", "{origin}", id="and so are braces"),
        pytest.param("bücher.example", "xn--bcher-kva.example", id="other letters are Punycode"),
        pytest.param("BÜCHER.example", "xn--bcher-kva.example", id="in lower case"),
        pytest.param("b%C3%BCcher.example", "xn--bcher-kva.example", id="also percent-encoded"),
        pytest.param("a。b", "a.b", id="an ideographic full stop is a dot"),
        pytest.param("xn--bcher-kva.example", "xn--bcher-kva.example", id="Punycode stays"),
        pytest.param("ü" * 64, None, id="a label of other letters has a limit"),
        pytest.param("", None, id="nothing is no host"),
    ],
)
def test_parse_host_as_a_domain(text: str, expected: str | None) -> None:
    """https://url.spec.whatwg.org/#idna"""
    assert parse_host(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", id="four numbers"),
        pytest.param("127.0.0.1.", "127.0.0.1", id="without their final dot"),
        pytest.param("1.2.3", "1.2.0.3", id="the last of three fills two bytes"),
        pytest.param("1.65536", "1.1.0.0", id="of two, three"),
        pytest.param("4294967295", "255.255.255.255", id="a single number, four"),
        pytest.param("4294967296", None, id="but no more"),
        pytest.param("1.2.65536", None, id="the last of three has no third byte"),
        pytest.param("1.2.3.256", None, id="the last of four no second"),
        pytest.param("256.1.1.1", None, id="nor has the first"),
        pytest.param("0x7F.1", "127.0.0.1", id="a hexadecimal number"),
        pytest.param("1.0x", "1.0.0.0", id="an empty one is zero"),
        pytest.param("017.1", "15.0.0.1", id="an octal number"),
        pytest.param("08.1", None, id="eight is no octal digit"),
        pytest.param("0.0.0.0", "0.0.0.0", id="zero"),
        pytest.param("1.2.3.4.5", None, id="five numbers are too many"),
        pytest.param("1.2.3.4.0", None, id="also if the last is zero"),
        pytest.param("a.1", None, id="a name isn't a number"),
        pytest.param("1..1", None, id="nor is nothing"),
        pytest.param("9" * 5000, None, id="a number beyond all bounds"),
        pytest.param("1.a", "1.a", id="what doesn't end in a number is a domain"),
        pytest.param("1.0xg", "1.0xg", id="also if it nearly does"),
    ],
)
def test_parse_host_as_an_ipv4_address(text: str, expected: str | None) -> None:
    """https://url.spec.whatwg.org/#concept-ipv4-parser"""
    assert parse_host(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[::1]", "[::1]", id="it stays as it is"),
        pytest.param("[0:0:0:0:0:0:0:1]", "[::1]", id="or is compressed"),
        pytest.param("[1:0:0:0:0:0:0:0]", "[1::]", id="at its end"),
        pytest.param("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]", id="where most zeros are"),
        pytest.param("[1:0:0:2:3:0:0:4]", "[1::2:3:0:0:4]", id="and there first"),
        pytest.param("[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]", id="not at a single zero"),
        pytest.param("[10::10]", "[10::10]", id="a zero in a piece is its own"),
        pytest.param("[2001:DB8::00A]", "[2001:db8::a]", id="lower-case, no leading zeros"),
        pytest.param("[::ffff:1.2.3.4]", "[::ffff:102:304]", id="an IPv4 address is two pieces"),
        pytest.param("[::ffff:102:304]", "[::ffff:102:304]", id="and they stay so"),
        pytest.param("[::01.2.3.4]", None, id="it has no leading zeros"),
        pytest.param("[1::2::3]", None, id="two gaps are one too many"),
        pytest.param("[1:2:3]", None, id="three pieces are too few"),
        pytest.param("[1:2:3:4:5:6:7:8:9]", None, id="nine are too many"),
        pytest.param("[::12345]", None, id="a piece has four digits"),
        pytest.param("[::1%25eth0]", None, id="there are no zones"),
        pytest.param("[::1%eth0]", None, id="not even bare ones"),
        pytest.param("[::1", None, id="it has to be closed"),
        pytest.param("[]", None, id="and not empty"),
    ],
)
def test_parse_host_as_an_ipv6_address(text: str, expected: str | None) -> None:
    """https://url.spec.whatwg.org/#concept-ipv6-parser and its serializer"""
    assert parse_host(text) == expected


def test_of_all_ascii_bytes_some_are_forbidden_in_hosts() -> None:
    """https://url.spec.whatwg.org/#forbidden-host-code-point, #forbidden-domain-code-point"""
    ascii_bytes = ALL_BYTES[:0x80]
    in_hosts = set("\x00\t\n\r #/:<>?@[\\]^|")
    in_domains = in_hosts | set(ascii_bytes[:0x20]) | set("%\x7f")
    assert {b for b in ascii_bytes if parse_host(f"a{b}b", is_opaque=True) is None} == in_hosts
    assert {b for b in ascii_bytes if parse_host(f"a{b}b") is None} == in_domains


def test_half_a_surrogate_pair_is_a_replacement_character_in_an_opaque_host() -> None:
    """https://infra.spec.whatwg.org/#javascript-string-convert, as `new URL("app://\\ud800")`."""
    assert parse_url("app://a\ud800b") == Url("app", "a%EF%BF%BDb")


def test_a_header_value_is_percent_encoded_byte_by_byte() -> None:
    value = "https://bücher.example/%20 é".encode().decode("latin-1")
    encoded = "https://b%C3%BCcher.example/%20 %C3%A9"
    assert percent_encode_non_ascii(value) == encoded
    assert parse_url(encoded) == Url("https", "xn--bcher-kva.example")
    assert parse_url(percent_encode_non_ascii("https://b\xfccher.example")) is None


@given(any_value)
def test_percent_encoding_leaves_ascii_alone(value: str) -> None:
    encoded = percent_encode_non_ascii(value)
    assert encoded.isascii()
    assert (encoded == value) == value.isascii()


@given(st.text() | st.text(alphabet="a1.:/\\[]@%xé\udc80", max_size=20).map("http://{}".format))
def test_the_parser_never_raises_and_serialized_hosts_are_stable(text: str) -> None:
    parsed = parse_url(text)
    if parsed and parsed.host:
        assert parse_url(f"{parsed.scheme}://{parsed.host}") == Url(parsed.scheme, parsed.host)
