"""https://w3c.github.io/webappsec-mixed-content/#should-block-fetch"""

import pytest

from corscope.fetch.engines import Engine
from corscope.fetch.mixed_content import (
    UPGRADED,
    Load,
    is_blocked,
    is_mixed_content,
    mixed_content_failure,
    mixed_content_named_first,
    upgraded_url,
)
from corscope.fetch.origin import TupleOrigin, origin_of_url
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import Response

PAGE = TupleOrigin("https", "page.example")
LOAD = Load(PAGE)
API = "https://api.example/x"
PLAIN = "http://other.example/y"
MIXED = Failure(Reason.MIXED_CONTENT, "http://other.example")


@pytest.mark.parametrize(
    ("page", "target", "expected", "in_webkit"),
    [
        pytest.param("https://a.example", "http://b.example", True, True, id="plain http"),
        pytest.param("https://a.example", "http://10.0.0.1", True, True, id="a local network"),
        pytest.param("https://a.example", "https://b.example", False, False, id="https"),
        pytest.param("https://a.example", "http://localhost:3000", False, True, id="localhost"),
        pytest.param("https://a.example", "http://127.0.0.1", False, True, id="a loopback address"),
        pytest.param("http://a.example", "http://b.example", False, False, id="a plain http page"),
        pytest.param("http://localhost", "http://b.example", False, False, id="a local page"),
        pytest.param("data:,", "http://b.example", False, False, id="a page that doesn't show"),
        pytest.param("https://a.example", "data:,", False, False, id="no place on the network"),
    ],
)
def test_is_mixed_content(page: str, target: str, expected: bool, in_webkit: bool) -> None:
    origins = origin_of_url(page), origin_of_url(target)
    assert is_mixed_content(*origins, Engine.UNKNOWN) is expected
    assert is_mixed_content(*origins, Engine.WEBKIT) is in_webkit


@pytest.mark.parametrize(
    "host",
    [
        *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "169.254.1.1", "172.16.0.1"),
        *("172.31.255.1", "192.168.7.7", "192.168.7.7:8080", "[::]", "[2001:db8::1]", "[fc00::1]"),
        *("[fd00::1]", "[fe80::1]", "[fec0::1]", "[::ffff:a00:1]", "[::ffff:7f00:1]", "local"),
        *("printer.local", "a.b.local", "printer.local."),
    ],
)
def test_chromium_lets_a_local_network_be_asked(host: str) -> None:
    origins = origin_of_url("https://a.example"), origin_of_url(f"http://{host}/")
    assert not is_mixed_content(*origins, Engine.CHROMIUM)
    assert is_mixed_content(*origins, Engine.FIREFOX)


@pytest.mark.parametrize(
    "host",
    [
        *("172.15.0.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "198.18.0.1", "192.0.2.1"),
        *("8.8.8.8", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[ff02::1]", "[::ffff:808:808]"),
        *("[64:ff9b::a00:1]", "nas", "x.localdomain", "x.home.arpa", "x.internal", "b.example"),
    ],
)
def test_but_no_other_host(host: str) -> None:
    origins = origin_of_url("https://a.example"), origin_of_url(f"http://{host}/")
    assert is_mixed_content(*origins, Engine.CHROMIUM)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(Response(302, (("Location", PLAIN),)), MIXED, id="a redirect to http"),
        pytest.param(Response(302, (("Location", "/z"),)), None, id="a redirect to https"),
        pytest.param(Response(302, (("Location", "//["),)), None, id="a redirect to no URL"),
        pytest.param(Response(200, (("Location", PLAIN),)), None, id="no redirect"),
    ],
)
def test_a_redirect_may_lead_to_mixed_content(response: Response, expected: Failure | None) -> None:
    request = CorsRequest(str(PAGE), API, "GET", ())
    assert mixed_content_failure("actual", LOAD, request, response) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(CorsRequest("null", API, "PUT", ()), None, id="for the method"),
        pytest.param(CorsRequest("null", API, "GET", ("x-a",)), None, id="for a header"),
        pytest.param(CorsRequest("null", API, "POST", ()), MIXED, id="for nothing"),
    ],
)
def test_webkit_sends_a_redirected_requests_preflight_first(
    request_: CorsRequest, expected: Failure | None
) -> None:
    response = Response(307, (("Location", PLAIN),))
    assert mixed_content_failure("actual", LOAD, request_, response, Engine.WEBKIT) == expected
    assert mixed_content_failure("actual", LOAD, request_, response) == MIXED


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(PLAIN, MIXED, id="and then stops"),
        pytest.param(API, None, id="and goes on to https"),
    ],
)
def test_a_preflight_for_mixed_content_opens_no_way(url: str, expected: Failure | None) -> None:
    request = CorsRequest("null", url, "PUT", ())
    passed = Response(204, (("Access-Control-Allow-Origin", "*"),))
    assert mixed_content_failure("preflight", LOAD, request, passed, Engine.WEBKIT) == expected


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        pytest.param(302, PLAIN, MIXED, id="to http"),
        pytest.param(302, "http://u:p@other.example/y", MIXED, id="to http with userinfo"),
        pytest.param(200, PLAIN, None, id="no redirect"),
        pytest.param(302, "https://other.example/y", None, id="to https"),
        pytest.param(302, "http://localhost/", None, id="to localhost"),
        pytest.param(302, "http://[x", None, id="to no URL"),
        pytest.param(302, "data:,x", None, id="to what is no place"),
        pytest.param(302, "ws://other.example/y", None, id="to another scheme"),
    ],
)
def test_firefox_looks_first_whether_a_redirect_leads_to_mixed_content(
    status: int, location: str, expected: Failure | None
) -> None:
    request = CorsRequest("https://page.example", API, "GET", ())
    response = Response(status, (("Location", location),))
    assert mixed_content_named_first(LOAD, request, response, Engine.FIREFOX) == expected
    for engine in (Engine.CHROMIUM, Engine.WEBKIT, Engine.UNKNOWN):
        assert mixed_content_named_first(LOAD, request, response, engine) is None


ALL = (Engine.UNKNOWN, Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
BLOCKED, AS_IT_STANDS = "blocked", "as it stands"


def onward(location: str, engine: Engine, load: Load) -> str:
    """Tell what comes of a redirect there."""
    asked = upgraded_url(load, API, location, engine)
    if is_blocked(load, API, location, engine):
        assert asked is None
        return BLOCKED
    return asked or AS_IT_STANDS


@pytest.mark.parametrize("destination", sorted(UPGRADED))
@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://b.test/x?y#z", ("https://b.test/x?y#z",) * 4),
        ("HTTP://b.test", ("https://b.test",) * 4),
        ("http://b.test:80/", ("https://b.test/",) * 4),
        ("http://b.test:8080?x", ("https://b.test:8080?x",) * 4),
        ("https://b.test/", (AS_IT_STANDS,) * 4),
        ("ws://b.test/", (BLOCKED, AS_IT_STANDS, BLOCKED, BLOCKED)),
        ("http://8.8.8.8/", (BLOCKED, "https://8.8.8.8/", "https://8.8.8.8/", BLOCKED)),
        ("http://10.0.0.1/", (BLOCKED, "https://10.0.0.1/", "https://10.0.0.1/", BLOCKED)),
        ("http://nas.local/", ("https://nas.local/",) * 4),
        ("http://[2001:4860::1]/", (BLOCKED, *("https://[2001:4860::1]/",) * 3)),
        (
            "http://[::1]:81/",
            (AS_IT_STANDS, "https://[::1]:81/", AS_IT_STANDS, "https://[::1]:81/"),
        ),
        ("http://127.0.0.1/", (AS_IT_STANDS, "https://127.0.0.1/", AS_IT_STANDS, BLOCKED)),
        ("http://a.localhost/", (AS_IT_STANDS, "https://a.localhost/", AS_IT_STANDS, BLOCKED)),
    ],
)
def test_images_audio_and_video_are_rather_asked_by_https_than_not_at_all(
    location: str, expected: tuple[str, ...], destination: str
) -> None:
    load = Load(PAGE, destination)
    assert tuple(onward(location, engine, load) for engine in ALL) == expected


@pytest.mark.parametrize(
    "first_url",
    [
        *("http://localhost/", "https://api.localhost/", "https://127.0.0.1:81/", "https://[::1]/"),
        *("https://8.8.8.8/", "https://192.168.1.1/", "http://nas.local/"),
    ],
)
def test_chromium_upgrades_nothing_that_began_at_an_address_or_a_local_name(first_url: str) -> None:
    load = Load(PAGE, "image", first_url)
    told = {
        location: onward(location, Engine.CHROMIUM, load)
        for location in (PLAIN, "http://10.0.0.1/", "http://localhost/", "http://8.8.8.8/")
    }
    assert told.popitem() == ("http://8.8.8.8/", BLOCKED)
    assert set(told.values()) == {AS_IT_STANDS}
    assert onward(PLAIN, Engine.FIREFOX, load).startswith("https:")


@pytest.mark.parametrize("destination", ["script", "font", "empty", "event-stream", "track", None])
def test_nothing_else_is_upgraded(destination: str | None) -> None:
    load = Load(PAGE, destination)
    lenient = {Engine.FIREFOX} if destination == "track" else set()
    for engine in ALL:
        expected = AS_IT_STANDS if engine in lenient else BLOCKED
        assert onward(PLAIN, engine, load) == expected


@pytest.mark.parametrize("page", [None, TupleOrigin("http", "localhost")])
def test_nothing_is_upgraded_for_a_page_that_is_not_of_https(page: TupleOrigin | None) -> None:
    for engine in ALL:
        assert onward(PLAIN, engine, Load(page, "image")) == AS_IT_STANDS


@pytest.mark.parametrize("engine", ALL)
def test_an_image_is_no_reason_to_refuse_a_redirect(engine: Engine) -> None:
    request = CorsRequest(str(PAGE), API, "GET", ())
    response = Response(302, (("Location", PLAIN),))
    load = Load(PAGE, "image")
    assert mixed_content_failure("actual", load, request, response, engine) is None
    assert mixed_content_named_first(load, request, response, engine) is None


@pytest.mark.parametrize("page", [PAGE, TupleOrigin("http", "page.example"), None])
@pytest.mark.parametrize("destination", ["empty", "script", "image", "track", None])
@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (PLAIN, (PLAIN.replace("http:", "https:"),) * 4),
        ("http://b.test:80/", ("https://b.test/",) * 4),
        ("http://10.0.0.1/", ("https://10.0.0.1/",) * 4),
        ("https://b.test/", (AS_IT_STANDS,) * 4),
    ],
)
def test_all_is_asked_by_https_for_a_page_that_says_so(
    location: str, expected: tuple[str, ...], destination: str | None, page: TupleOrigin | None
) -> None:
    load = Load(page, destination, upgrades=True)
    assert tuple(onward(location, engine, load) for engine in ALL) == expected


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a.localhost", "[::1]"])
def test_chromium_and_webkit_upgrade_this_machine_too(host: str) -> None:
    load = Load(PAGE, "empty", upgrades=True)
    upgraded = f"https://{host}/"
    expected = (AS_IT_STANDS, upgraded, AS_IT_STANDS, upgraded)
    assert tuple(onward(f"http://{host}/", engine, load) for engine in ALL) == expected
