"""https://fetch.spec.whatwg.org/#http-redirect-fetch"""

import pytest
from hypothesis import given

from corscope.fetch.engines import Engine
from corscope.fetch.headers import FAILURE
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.redirect import location_url, redirect_failure
from corscope.messages import Response
from tests.fetch.strategies import any_value

BASE = "https://api.example:8443/a/b?c"


def redirect(*locations: str, status: int = 302) -> Response:
    return Response(status, tuple(("Location", location) for location in locations))


def test_of_all_statuses_five_redirect() -> None:
    """https://fetch.spec.whatwg.org/#redirect-status"""
    redirects = {s for s in range(100, 600) if location_url(redirect("/", status=s), BASE)}
    assert redirects == {301, 302, 303, 307, 308}


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        pytest.param("https://b.example/x", "https://b.example/x", id="an absolute URL"),
        pytest.param("//b.example/x", "https://b.example/x", id="one without its scheme"),
        pytest.param("/x", "https://api.example:8443/x", id="a path from the root"),
        pytest.param("x", "https://api.example:8443/a/x", id="a path from the folder"),
        pytest.param("?x", "https://api.example:8443/a/b?x", id="a query"),
        pytest.param("?", "https://api.example:8443/a/b?", id="an empty query"),
        pytest.param("/x?#y", "https://api.example:8443/x?#y", id="that of another path too"),
        pytest.param("//b.example?", "https://b.example?", id="or of another host"),
        pytest.param("#y", f"{BASE}#y", id="a fragment leaves the query"),
        pytest.param("", BASE, id="nothing leads to the same URL"),
        pytest.param("\\x\\y?\\#\\", "https://api.example:8443/x/y?\\#\\", id="a path's too"),
        pytest.param("foo:\\x", "foo:\\x", id="but those of another scheme's"),
        pytest.param("\\\\b.example", "https://b.example", id="backslashes are slashes"),
        pytest.param("HTTP:\\/b.example", "HTTP://b.example", id="also after a scheme"),
        pytest.param("https:///b.example", "https://b.example", id="more slashes are two"),
        pytest.param("\x01ht\ttps://b.example", "https://b.example", id="controls and tabs go"),
        pytest.param("https:x", "https://api.example:8443/a/x", id="its scheme alone is relative"),
        pytest.param("mailto:a@b", "mailto:a@b", id="another scheme is another URL"),
        pytest.param("/\xc3\xa9", "https://api.example:8443/%C3%A9", id="bytes are encoded"),
        pytest.param("https:///", FAILURE, id="a host is needed"),
        pytest.param("//b.example:x", FAILURE, id="with a valid port"),
        pytest.param("http://[::1", FAILURE, id="and closed brackets"),
        pytest.param("foo://[", FAILURE, id="whatever the scheme"),
    ],
)
def test_location_url(location: str, expected: str) -> None:
    """https://fetch.spec.whatwg.org/#concept-response-location-url"""
    assert location_url(redirect(location), BASE) == expected


def test_a_host_after_slashes_takes_the_scheme_of_a_url_that_no_library_reads() -> None:
    """A broken URL comes from whoever talks to the proxy without being a browser."""
    assert location_url(redirect("//other.test/a"), "http://[::/x") == "http://other.test/a"


def test_webkit_takes_bytes_for_letters() -> None:
    """First it makes UTF-8 of what isn't, byte by byte."""
    taken = location_url(redirect("/\xe2\x98/"), BASE, Engine.WEBKIT)
    assert taken == f"https://api.example:8443/{'%C3%AF%C2%BF%C2%BD' * 2}/"
    taken = location_url(redirect("/\xc3\xa9\xfc"), BASE, Engine.WEBKIT)
    assert taken == "https://api.example:8443/%C3%83%C2%A9%C3%AF%C2%BF%C2%BD"
    assert location_url(redirect("//\xc3\xa9.example"), BASE, Engine.WEBKIT) is not FAILURE


def test_without_location_there_is_no_redirect() -> None:
    assert location_url(redirect(), BASE) is None
    assert redirect_failure(redirect(), BASE) is None


def test_repeated_locations_must_agree() -> None:
    assert location_url(redirect("/x", "/x"), BASE) == "https://api.example:8443/x"
    assert location_url(redirect("/x", "/y"), BASE) == FAILURE


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        (Engine.UNKNOWN, BASE),
        (Engine.CHROMIUM, None),
        (Engine.FIREFOX, BASE),
        (Engine.WEBKIT, FAILURE),
    ],
)
def test_an_empty_location_leads_to_the_same_url_or_nowhere(
    engine: Engine, expected: str | None
) -> None:
    assert location_url(redirect(""), BASE, engine) == expected


def test_webkit_joins_repeated_locations_into_one_url() -> None:
    joined = "https://api.example:8443/x, /y"
    assert location_url(redirect("/x", "/y"), BASE, Engine.WEBKIT) == joined
    assert redirect_failure(redirect("/x", "/y"), BASE, Engine.WEBKIT) is None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        pytest.param("https://b.example/", None, id="another origin is allowed"),
        pytest.param("http://b.example/", None, id="by http as well"),
        pytest.param("//b.example:x/", (Reason.REDIRECT_INVALID, "//b.example:x/"), id="not wrong"),
        pytest.param("data:,x", (Reason.REDIRECT_TO_LOCAL, "data:"), id="not to data"),
        pytest.param("ws://b.example", (Reason.REDIRECT_NOT_HTTP, "ws:"), id="not to a WebSocket"),
        pytest.param(
            "https://u:p@b.example/",
            (Reason.REDIRECT_WITH_CREDENTIALS, "b.example"),
            id="not with credentials",
        ),
        pytest.param(
            "//u@api.example:8443/",
            (Reason.REDIRECT_WITH_CREDENTIALS, "api.example"),
            id="not even within the origin",
        ),
        pytest.param("https://@b.example/", None, id="empty credentials are none"),
        pytest.param("http://b.example:25/", (Reason.REDIRECT_BAD_PORT, "25"), id="no mail port"),
        pytest.param("http://b.example:2525/", None, id="but another"),
        pytest.param("http://b.example:80/", None, id="or the default"),
    ],
)
def test_redirect_failure(location: str, expected: tuple[Reason, str] | None) -> None:
    """https://fetch.spec.whatwg.org/#http-redirect-fetch, steps 3 to 10"""
    failure = redirect_failure(redirect(location), BASE)
    assert (failure and (failure.reason, failure.detail)) == expected


def test_locations_that_disagree_fail() -> None:
    failure = redirect_failure(redirect("/x", "/y"), BASE)
    assert failure == Failure(Reason.REDIRECT_INVALID, "/x, /y")


@given(any_value)
def test_any_location_is_a_failure_or_a_url(location: str) -> None:
    found = location_url(redirect(location), BASE)
    assert found is not None
    failed = redirect_failure(redirect(location), BASE)
    assert (found == FAILURE) == (failed is not None and failed.reason is Reason.REDIRECT_INVALID)
