"""What Chromium's console prints; tests/browsers/test_console.py holds it against the browser."""

import pytest

from corscope.fetch.consoles.scene import Scene
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Reason
from tests.fetch.consoles import CHROMIUM_SAYS, FAILED, PAGE, SCENE, URL, printed


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


def test_chromium_has_one_sentence_for_a_login_that_gets_no_token() -> None:
    scene = SCENE._replace(destination="webidentity")
    for reason in (Reason.ALLOW_ORIGIN_MISSING, Reason.WILDCARD_WITH_CREDENTIALS):
        assert printed(Engine.CHROMIUM, reason, scene=scene) == (
            "The fetch of the id assertion endpoint resulted in a network error: ERR_FAILED",
            "Server did not send the correct CORS headers.",
        )


@pytest.mark.parametrize(
    ("reason", "begins", "error"),
    [
        (Reason.ALLOW_ORIGIN_MISSING, "Access to speculationrule at '", "net::ERR_FAILED"),
        (Reason.REDIRECT_INVALID, "Failed to load resource: ", "net::ERR_INVALID_REDIRECT"),
        (
            Reason.MIXED_CONTENT,
            f"Mixed Content: The page at '{PAGE}/' was loaded over HTTPS, but requested an "
            "insecure speculation rules ",
            "net::ERR_ABORTED",
        ),
    ],
)
def test_chromium_says_last_which_speculation_rules_were_not_loaded(
    reason: Reason, begins: str, error: str
) -> None:
    scene = SCENE._replace(destination="speculationrules")
    said = printed(Engine.CHROMIUM, reason, scene=scene)
    assert said[0].startswith(begins)
    assert said[-1] == (
        f"Load failed or canceled ({error}) for rule set requested from "
        f'"{scene.first_url}" found in Speculation-Rules header.'
    )
    assert printed(Engine.CHROMIUM, Reason.CLIENT_GONE, scene=scene) == ()


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
