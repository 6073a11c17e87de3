"""What Firefox's console prints; tests/browsers/test_console.py holds it against the browser."""

import pytest

from corscope.fetch.consoles.printed import console_messages, console_warnings
from corscope.fetch.consoles.scene import PROXY_ERROR_STATUS
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Failure, Reason
from tests.fetch.consoles import (
    DID_NOT_SUCCEED,
    FIREFOX_SAYS,
    MISMATCH,
    PAGE,
    SCENE,
    STATUS,
    URL,
    printed,
)


def test_firefox_cuts_long_messages_off() -> None:
    [said] = printed(Engine.FIREFOX, Reason.ALLOW_ORIGIN_MISMATCH, "x" * 2_000)
    assert len(said) == 1_000


@pytest.mark.parametrize("status", [200, None])
def test_firefox_tells_some_status_codes(status: int | None) -> None:
    scene = SCENE._replace(status=status)
    assert printed(Engine.FIREFOX, Reason.ALLOW_ORIGIN_MISSING, scene=scene) == (
        f"{FIREFOX_SAYS}{URL}. (Reason: CORS header \u2018Access-Control-Allow-Origin\u2019 "
        f"missing). Status code: {status or PROXY_ERROR_STATUS}.",
    )


def test_firefox_quotes_one_url() -> None:
    assert printed(Engine.FIREFOX, Reason.WILDCARD_WITH_CREDENTIALS, "*") == (
        f"{FIREFOX_SAYS}\u2018{URL}\u2019. (Reason: Credential is not supported if the CORS header "
        "\u2018Access-Control-Allow-Origin\u2019 is \u2018*\u2019).",
    )


@pytest.mark.parametrize(
    ("value", "expected"), [("\xc3\xa4", "ä"), ("\xe4", "\ufffd"), ("\u20ac", "?")]
)
def test_firefox_reads_values_as_utf_8(value: str, expected: str) -> None:
    [said] = printed(Engine.FIREFOX, Reason.ALLOW_ORIGIN_MISMATCH, value)
    assert said.endswith(f"does not match \u2018{expected}\u2019).")


@pytest.mark.parametrize(("value", "token"), [("GET, A B ,C D", "A B"), (",", "")])
def test_firefox_names_the_first_token_that_is_none(value: str, token: str) -> None:
    [said, _] = printed(Engine.FIREFOX, Reason.ALLOW_METHODS_INVALID, value, "preflight")
    assert f"(Reason: invalid token \u2018{token}\u2019 in CORS header" in said


def test_firefox_goes_on_about_preflights_and_redirects() -> None:
    scene = SCENE._replace(status=302, location="https://b.test/")
    redirected = printed(
        Engine.FIREFOX, Reason.PREFLIGHT_REDIRECT, "https://b.test/", "preflight", scene
    )
    assert redirected == (
        f"{FIREFOX_SAYS}{URL}. (Reason: CORS request external redirect not allowed).",
        f"{FIREFOX_SAYS}{URL}. (Reason: CORS preflight response did not succeed). "
        "Status code: 302.",
        DID_NOT_SUCCEED,
    )
    [_, then] = printed(Engine.FIREFOX, Reason.ALLOW_ORIGIN_MISSING, scene=scene)
    assert then == DID_NOT_SUCCEED


@pytest.mark.parametrize(
    ("origin", "allowed", "location", "then"),
    [
        pytest.param(PAGE, PAGE, "https://b.test/", MISMATCH, id="elsewhere"),
        pytest.param(PAGE, PAGE, f"{URL}/", STATUS, id="within its origin"),
        pytest.param(PAGE, "*", "https://b.test/", STATUS, id="for all"),
        pytest.param("null", "null", "https://b.test/", STATUS, id="from an opaque origin"),
    ],
)
def test_firefox_looks_again_at_a_preflight_that_was_redirected(
    origin: str, allowed: str, location: str, then: str
) -> None:
    """By then a redirect to another origin has made the Origin `null`."""
    scene = SCENE._replace(origin=origin, status=302, location=location)
    failure = Failure(Reason.PREFLIGHT_REDIRECT, location)
    answer = (("Access-Control-Allow-Origin", allowed),)
    _, second, _ = console_messages(Engine.FIREFOX, "preflight", failure, scene, answer)
    assert second == f"{FIREFOX_SAYS}{URL}. (Reason: {then}"


def test_firefox_names_a_target_that_is_not_http() -> None:
    scene = SCENE._replace(status=302, location="x-app:open")
    assert printed(Engine.FIREFOX, Reason.REDIRECT_NOT_HTTP, "x-app:", scene=scene) == (
        f"{FIREFOX_SAYS}x-app:open. (Reason: CORS request not http).",
        DID_NOT_SUCCEED,
    )


def test_firefox_says_twice_that_a_redirected_preflight_failed() -> None:
    """But where it is the redirect that isn't allowed, as above."""
    scene = SCENE._replace(status=302, location="https://b.test/")
    cause, *then = printed(Engine.FIREFOX, Reason.ALLOW_ORIGIN_MISSING, None, "preflight", scene)
    assert "missing" in cause
    assert then == [DID_NOT_SUCCEED, DID_NOT_SUCCEED]
    data = SCENE._replace(status=302, location="data:,x")
    named = "CORSDidNotSucceed"
    local = printed(
        Engine.FIREFOX, Reason.REDIRECT_TO_LOCAL, "data:", "preflight", data, firefox=named
    )
    assert local == (DID_NOT_SUCCEED, DID_NOT_SUCCEED)


def test_firefox_names_mixed_content_first_but_for_a_workers() -> None:
    scene = SCENE._replace(status=302, location="http://b.test/" + "x" * 1_000)
    blocked = f"Blocked loading mixed active content \u201c{scene.location}\u201d"
    assert printed(Engine.FIREFOX, Reason.MIXED_CONTENT, scene=scene) == (blocked, DID_NOT_SUCCEED)
    preflight = printed(Engine.FIREFOX, Reason.MIXED_CONTENT, None, "preflight", scene)
    assert preflight == (blocked, DID_NOT_SUCCEED, DID_NOT_SUCCEED)
    scene = scene._replace(destination="worker")
    assert printed(Engine.FIREFOX, Reason.MIXED_CONTENT, scene=scene) == (DID_NOT_SUCCEED,)


def test_firefox_says_once_that_a_redirect_failed() -> None:
    scene = SCENE._replace(status=302, location="ws://b.test/")
    said = printed(
        Engine.FIREFOX, Reason.REDIRECT_NOT_HTTP, scene=scene, firefox="CORSDidNotSucceed"
    )
    assert said == (DID_NOT_SUCCEED,)


@pytest.mark.parametrize(
    ("names", "lines", "warns"),
    [
        (["authorization"], ["*"], True),
        (["x-a", "authorization"], ["x-a, *", "b"], True),
        (["authorization"], ["*", "AuthoriZation"], False),
        (["authorization"], ["*, a b"], False),
        (["authorization"], [], False),
        (["x-a"], ["*"], False),
    ],
)
def test_firefox_warns_of_what_a_star_will_not_cover(
    names: list[str], lines: list[str], warns: bool
) -> None:
    answer = tuple(("access-control-allow-headers", line) for line in lines)
    said = console_warnings(Engine.FIREFOX, names, answer, SCENE)
    assert bool(said) == warns
    assert all(f" at {URL} soon. (Reason: When the `Access-Control-" in each for each in said)
    assert console_warnings(Engine.CHROMIUM, names, answer, SCENE) == ()
