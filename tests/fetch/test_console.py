"""What the consoles print; tests/browsers/test_console.py holds the same against the browsers."""

import re
import string
from typing import get_args

import pytest

from corscope.fetch.console import (
    CHROMIUM,
    CHROMIUM_UNNAMED,
    FIREFOX,
    FIREFOX_ELSE,
    FIREFOX_STATUS,
    PROXY_ERROR_STATUS,
    WEBKIT,
    Scene,
    console_messages,
    console_warnings,
)
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import CATALOGUE, Failure, Kind, Reason

ENGINES = (Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
PAGE = "https://app.test"
URL = "https://api.test/x"
SCENE = Scene(URL, PAGE, 200, None, PAGE, URL)

CHROMIUM_SAYS = f"Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
FIREFOX_SAYS = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
)
DID_NOT_SUCCEED = f"{FIREFOX_SAYS}{URL}. (Reason: CORS request did not succeed). " + (
    "Status code: (null)."
)
STATUS = "CORS preflight response did not succeed). Status code: 302."
MISMATCH = (
    f"CORS header \u2018Access-Control-Allow-Origin\u2019 does not match \u2018{PAGE}\u2019)."
)
WEBKIT_FAILED = f"Fetch API cannot load {URL} due to access control checks."
FAILED = "Failed to load resource: net::ERR_FAILED"


def printed(
    engine: Engine,
    reason: Reason,
    detail: str | None = None,
    kind: Kind = "actual",
    scene: Scene = SCENE,
    firefox: str | None = None,
) -> tuple[str, ...]:
    return console_messages(engine, kind, Failure(reason, detail, firefox), scene)


def test_every_name_has_a_sentence() -> None:
    assert set(CHROMIUM) == {entry.chromium for entry in CATALOGUE.values() if entry.chromium}
    assert set(FIREFOX) == {entry.firefox for entry in CATALOGUE.values() if entry.firefox}
    assert set(FIREFOX_STATUS) <= set(FIREFOX)
    assert {category for _, category in FIREFOX_ELSE} <= set(FIREFOX)


UNPRINTED = {Reason.CLIENT_GONE, Reason.NOT_RECORDED}


def test_every_reason_is_printed_somewhere_but_for_a_browser_that_left() -> None:
    """And for what nobody knows."""
    unnamed = {reason for reason, entry in CATALOGUE.items() if entry.chromium is None}
    assert set(CHROMIUM_UNNAMED) == unnamed - UNPRINTED
    assert set(WEBKIT) == set(Reason) - UNPRINTED - {Reason.PROXY_AUTHENTICATION}


@pytest.mark.parametrize("template", [*CHROMIUM.values(), *FIREFOX.values(), *WEBKIT.values()])
def test_the_sentences_ask_only_for_what_a_scene_has(template: str) -> None:
    asked = {name for _, name, *_ in string.Formatter().parse(template) if name is not None}
    assert asked <= {"detail", "origin", "page", "status", "target", "url"}


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", Reason)
def test_no_placeholder_is_left(reason: Reason, engine: Engine, kind: Kind) -> None:
    said = printed(engine, reason, "{detail}%s{0}", kind)
    assert all(re.search(r"\{(?!detail}%s|0})", each) is None for each in said)
    assert engine is Engine.FIREFOX or len(set(said)) == len(said)


def test_an_unknown_engine_and_a_browser_that_left_print_nothing() -> None:
    assert printed(Engine.UNKNOWN, Reason.ALLOW_ORIGIN_MISSING) == ()
    for engine in ENGINES:
        assert {printed(engine, reason) for reason in UNPRINTED} == {()}


# Chromium


def test_chromium_names_the_request_and_the_cause() -> None:
    assert printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_MISSING) == (
        CHROMIUM_SAYS
        + "No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        FAILED,
    )


def test_chromium_says_which_failures_are_a_preflights() -> None:
    [said, _] = printed(Engine.CHROMIUM, Reason.PREFLIGHT_STATUS, "404", "preflight")
    assert said == (
        CHROMIUM_SAYS + "Response to preflight request doesn't pass access control check: It does "
        "not have HTTP ok status."
    )
    [said, _] = printed(Engine.CHROMIUM, Reason.METHOD_NOT_ALLOWED, "PUT", "preflight")
    assert said == (
        f"{CHROMIUM_SAYS}Method PUT is not allowed by Access-Control-Allow-Methods in preflight "
        "response."
    )


def test_chromium_advises_scripts_only() -> None:
    advice = "Have the server send the header with a valid value."
    assert printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_MISMATCH, "x")[0].endswith(advice)
    scene = SCENE._replace(destination="style")
    [said, _] = printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_MISMATCH, "x", scene=scene)
    assert said.startswith(f"Access to CSS stylesheet at '{URL}' from")
    assert said.endswith("has a value 'x' that is not equal to the supplied origin.")


def test_chromium_escapes_all_but_printable_ascii() -> None:
    [said, _] = printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_INVALID, "é\t'\\")
    assert "the invalid value '\\u00E9\\u0009'\\'." in said


def test_chromium_names_where_a_redirected_fetch_began_and_whose_it_is() -> None:
    scene = Scene(URL, "null", 200, None, PAGE, "https://first.test/")
    [said, _] = printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_MISSING, scene=scene)
    assert said.startswith(
        f"Access to fetch at '{URL}' (redirected from 'https://first.test/') from origin '{PAGE}' "
    )


@pytest.mark.parametrize(("policy", "what"), [("same-origin", "Origin"), ("same-site", "Site")])
def test_chromium_says_whom_a_resource_policy_keeps_out(policy: str, what: str) -> None:
    [said] = printed(Engine.CHROMIUM, Reason.CROSS_ORIGIN_RESOURCE_POLICY, policy)
    assert said == f"Failed to load resource: net::ERR_BLOCKED_BY_RESPONSE.NotSame{what}"


def test_webkit_does_not_tell_where_a_redirect_too_many_leads() -> None:
    scene = SCENE._replace(location="https://b.test/", status=302)
    said = printed(Engine.WEBKIT, Reason.TOO_MANY_REDIRECTS, scene=scene)
    assert said[0] == "Load cannot follow more than 20 redirections"


def test_webkit_does_not_take_an_empty_location_for_a_redirect() -> None:
    scene = SCENE._replace(location="", status=302)
    assert printed(Engine.WEBKIT, Reason.REDIRECT_INVALID, "", scene=scene) == ()
    assert printed(Engine.WEBKIT, Reason.ALLOW_ORIGIN_MISSING, scene=scene) == (
        f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 302",
        WEBKIT_FAILED,
    )


def test_chromium_takes_a_redirect_before_it_minds_the_scheme() -> None:
    scene = SCENE._replace(location="ftp://files.test/", status=302)
    [said, _] = printed(Engine.CHROMIUM, Reason.REDIRECT_NOT_HTTP, "ftp:", scene=scene)
    assert said.startswith(f"Access to fetch at 'ftp://files.test/' (redirected from '{URL}') from")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason.REDIRECT_INVALID, "Failed to load resource: net::ERR_INVALID_REDIRECT"),
        (
            Reason.MIXED_CONTENT,
            f"Mixed Content: The page at '{PAGE}/' was loaded over HTTPS, but requested an "
            "insecure resource 'http://b.test/'. This request has been blocked; the content must "
            "be served over HTTPS.",
        ),
    ],
)
def test_chromium_has_other_sentences_where_cors_is_not_to_blame(
    reason: Reason, expected: str
) -> None:
    scene = SCENE._replace(location="http://b.test/")
    assert printed(Engine.CHROMIUM, reason, scene=scene) == (expected,)


@pytest.mark.parametrize(
    ("destination", "what"),
    [
        *(("script", "script"), ("style", "stylesheet"), ("font", "font"), ("json", "json")),
        ("text", "text"),
        *(("image", "image"), ("audio", "audio file"), ("video", "video")),
        *(("track", "Text Track"), ("event-stream", "EventSource endpoint"), ("empty", "resource")),
    ],
)
def test_chromium_says_what_was_mixed_content(destination: str, what: str) -> None:
    scene = SCENE._replace(location="http://b.test/", destination=destination)
    [said] = printed(Engine.CHROMIUM, Reason.MIXED_CONTENT, scene=scene)
    assert f" requested an insecure {what} 'http://b.test/'. " in said


def test_chromium_names_what_was_asked_for() -> None:
    scene = SCENE._replace(destination="prefetch")
    [said, _] = printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_MISSING, scene=scene)
    assert said.startswith(f"Access to link prefetch resource at '{URL}' from")
    scene = SCENE._replace(destination="paintworklet")
    [said, then] = printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_MISSING, scene=scene)
    assert said.startswith(f"Access to script at '{URL}' from")
    assert then == f"Failed to load worklet module script: {URL} (CORS or access check error)"


@pytest.mark.parametrize(
    ("destination", "insecure", "then"),
    [
        ("worker", "Worker script", []),
        ("sharedworker", "Shared Worker script", ["Failed to fetch a worker script."]),
        ("serviceworker", None, ["An unknown error occurred when fetching the script."]),
    ],
)
def test_chromium_has_other_words_for_what_module_workers_import(
    destination: str, insecure: str | None, then: list[str]
) -> None:
    scene = SCENE._replace(destination=destination)
    cause, *rest = printed(Engine.CHROMIUM, Reason.ALLOW_ORIGIN_MISMATCH, "x", scene=scene)
    assert cause.startswith(f"Access to script at '{URL}' from origin '{PAGE}' has been blocked ")
    assert rest == then
    assert list(printed(Engine.CHROMIUM, Reason.REDIRECT_INVALID, scene=scene)) == then
    assert printed(Engine.CHROMIUM, Reason.CLIENT_GONE, scene=scene) == ()
    if insecure is not None:
        cause, *rest = printed(Engine.CHROMIUM, Reason.MIXED_CONTENT, scene=scene)
        assert f" requested an insecure {insecure} '{URL}'. " in cause
        assert rest == then


def test_chromium_does_not_show_sources() -> None:
    scene = SCENE._replace(location="view-source:https://b.test/")
    said = printed(Engine.CHROMIUM, Reason.REDIRECT_TO_LOCAL, "view-source:", scene=scene)
    assert said == ("Not allowed to load local resource: view-source:https://b.test/",)


# Firefox


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


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://api.test/", "net::ERR_INVALID_HTTP_RESPONSE"),
        ("https://api.test/", "net::ERR_HTTP2_PROTOCOL_ERROR"),
    ],
)
def test_chromium_names_what_it_can_not_read_by_the_protocol(url: str, expected: str) -> None:
    scene = SCENE._replace(url=url)
    said = printed(Engine.CHROMIUM, Reason.CONNECTION_DROPPED, "X-A", scene=scene)
    assert said == (f"Failed to load resource: {expected}",)


@pytest.mark.parametrize("engine", [Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT])
@pytest.mark.parametrize("url", ["http://api.test/", "https://api.test/"])
def test_who_waits_behind_an_interim_answer_says_nothing(engine: Engine, url: str) -> None:
    scene = SCENE._replace(url=url)
    said = printed(engine, Reason.CONNECTION_DROPPED, "interim", kind="preflight", scene=scene)
    assert bool(said) == (engine is Engine.FIREFOX and url.startswith("https:"))


# WebKit


@pytest.mark.parametrize(
    ("reason", "detail", "kind", "expected"),
    [
        (
            Reason.ALLOW_ORIGIN_MISMATCH,
            "x",
            "actual",
            f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 200",
        ),
        (
            Reason.ALLOW_ORIGIN_LIST,
            "a, b",
            "actual",
            "Access-Control-Allow-Origin cannot contain more than one origin.",
        ),
        (
            Reason.ALLOW_ORIGIN_LIST,
            "a b",
            "actual",
            f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 200",
        ),
        (
            Reason.HEADER_NOT_ALLOWED,
            "x-a-b",
            "preflight",
            "Request header field X-A-B is not allowed by Access-Control-Allow-Headers.",
        ),
        (
            Reason.HEADER_NOT_ALLOWED,
            "last-event-id",
            "preflight",
            "Request header field Last-Event-ID is not allowed by Access-Control-Allow-Headers.",
        ),
        (
            Reason.NO_RESPONSE,
            None,
            "preflight",
            "Preflight response is not successful. Status code: 502",
        ),
    ],
)
def test_webkit_names_the_cause_and_then_the_request(
    reason: Reason, detail: str | None, kind: Kind, expected: str
) -> None:
    scene = SCENE._replace(status=None) if reason is Reason.NO_RESPONSE else SCENE
    assert printed(Engine.WEBKIT, reason, detail, kind, scene) == (expected, WEBKIT_FAILED)


def test_webkit_says_of_a_redirect_where_it_leads() -> None:
    scene = SCENE._replace(status=302, location="https://b.test/")
    assert printed(Engine.WEBKIT, Reason.ALLOW_ORIGIN_MISSING, scene=scene) == (
        "Cross-origin redirection to https://b.test/ denied by Cross-Origin Resource Sharing "
        f"policy: Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 302",
        WEBKIT_FAILED,
    )


def test_webkit_has_no_ftp_and_names_where_the_fetch_began() -> None:
    scene = SCENE._replace(location="FTP://b.test/", first_url="https://first.test/")
    assert printed(Engine.WEBKIT, Reason.ALLOW_ORIGIN_MISSING, scene=scene) == (
        "FTP URLs are disabled",
        "Fetch API cannot load https://first.test/ due to access control checks.",
    )


def test_webkit_names_a_bad_port_and_nothing_else() -> None:
    scene = SCENE._replace(location="https://b.test:25/")
    assert printed(Engine.WEBKIT, Reason.REDIRECT_BAD_PORT, "25", scene=scene) == (
        "Not allowed to use restricted network port 25: https://b.test:25/",
    )


def test_webkit_passes_over_a_connection_that_was_dropped_but_for_a_preflights() -> None:
    assert printed(Engine.WEBKIT, Reason.CONNECTION_DROPPED) == ()
    assert printed(Engine.WEBKIT, Reason.CONNECTION_DROPPED, kind="preflight") == (
        "Connection terminated unexpectedly",
        WEBKIT_FAILED,
    )


def test_webkit_says_of_a_resource_policy_whose_it_is() -> None:
    scene = SCENE._replace(status=302, location="https://b.test/")
    [said, _] = printed(Engine.WEBKIT, Reason.CROSS_ORIGIN_RESOURCE_POLICY, scene=scene)
    assert said.startswith("Cross-origin redirection to https://b.test/ denied by ")
    assert f": Cancelled load to {URL} because it violates" in said


@pytest.mark.parametrize(
    ("location", "destination", "first", "count"),
    [
        ("http://localhost/", "audio", "The page at ", 2),
        ("http://localhost/", "image", "The page at ", 3),
        ("http://localhost/", "script", "[blocked] The page at ", 1),
        ("http://8.8.8.8/", "image", "[blocked] The page at ", 2),
    ],
)
def test_webkit_says_what_it_has_not_upgraded(
    location: str, destination: str, first: str, count: int
) -> None:
    scene = SCENE._replace(status=302, location=location, destination=destination)
    said = printed(Engine.WEBKIT, Reason.MIXED_CONTENT, scene=scene)
    assert said[0].startswith(f"{first}{PAGE}/ requested insecure content from {location}. ")
    assert len(said) == count
