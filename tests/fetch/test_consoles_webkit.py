"""What WebKit's console prints; tests/browsers/test_console.py holds it against the browser."""

import pytest

from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Kind, Reason
from tests.fetch.consoles import PAGE, SCENE, URL, WEBKIT_FAILED, printed


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
