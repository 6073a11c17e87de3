"""What a finding warns of happens in the browser, and where it is mended it doesn't.

Each course has a twin that goes well, and of which there is nothing to remark.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES
from tests.browsers.case import ANY, SECURE_PAGE, allow, credentials
from tests.browsers.embedded import GIF
from tests.support.origin_server import Answer

from .test_copies import (
    ALL,
    NEIGHBOUR,
    OTHERS,
    OWN,
    STRANGER,
    VARIES,
    Course,
    played,
    renewal,
    url_of,
    whole,
)

pytestmark = pytest.mark.browser

LOGIN = ("Location", "https://login.test/start")
CHALLENGED = ("WWW-Authenticate", "Bearer")
PUT = ("Access-Control-Allow-Methods", "PUT")
CACHED = ("Age", "5")


def fresh(*lines: tuple[str, str]) -> Answer:
    """An answer that the browser takes again, unasked."""
    kept = (("Cache-Control", "max-age=600"), ("Content-Type", "image/gif"))
    return Answer(200, (*kept, credentials(), *lines), GIF)


PUTS = "page omit PUT"
FETCHED = "page include"
"""With credentials, as an image is asked for: else Firefox keeps their copies apart, as it does
where the server is of another site."""

COURSES: Mapping[str, Course] = {
    "near-image-asked-about": Course(
        [FETCHED, "image", FETCHED], [whole(OWN), whole(tag='"b"'), renewal()]
    ),
    "near-image-that-varies": Course(
        [FETCHED, "image", FETCHED],
        [whole(OWN, VARIES), whole(VARIES, tag='"b"'), whole(OWN, VARIES)],
    ),
    "without-vary": Course(["page", NEIGHBOUR], [fresh(OWN), fresh(OTHERS)]),
    "with-vary": Course(["page", NEIGHBOUR], [fresh(OWN, VARIES), fresh(OTHERS, VARIES)]),
    "bare-304": Course(["page", NEIGHBOUR], [whole(OWN), renewal()]),
    "304-of-its-own": Course(["page", NEIGHBOUR], [whole(OWN, VARIES), whole(OTHERS, VARIES)]),
    "moved": Course([FETCHED], [Answer(302, (LOGIN, OWN, credentials()))]),
    "401-instead": Course([FETCHED], [Answer(401, (OWN, credentials()))]),
    "to-all": Course(["page", FETCHED], [Answer(200, (ANY,))]),
    "asked-for-a-token": Course(["page"], [Answer(401, (OWN, CHALLENGED))]),
    "near-with-a-cookie": Course(
        [FETCHED] * 2,
        [
            Answer(200, (OWN, ALL, VARIES, ("Set-Cookie", "a=1; Path=/near-with-a-cookie"))),
            Answer(401, (OWN, ALL, CHALLENGED)),
        ],
    ),
    "cloudflare": Course(["page"], [Answer(403, (("cf-mitigated", "challenge"),))]),
    "aws": Course(["page"], [Answer(202, (("x-amzn-waf-action", "challenge"),))]),
    "akamai": Course(
        ["page"], [Answer(403, (("Server", "AkamaiGHost"), ("Content-Type", "text/html")))]
    ),
    "403-of-its-own": Course(["page"], [Answer(403, (OWN, ("Content-Type", "text/html")))]),
    "hotel": Course(["page"], [Answer(511)]),
    "503-of-its-own": Course(["page"], [Answer(503)]),
    "anothers-from-cache": Course(["page"], [Answer(200, (OTHERS, VARIES, CACHED))]),
    "fixed-from-cache": Course(
        ["page"] * 2, [Answer(200, (OTHERS,)), Answer(200, (OTHERS, CACHED))]
    ),
    "own-from-cache": Course(["page"], [Answer(200, (OWN, VARIES, CACHED))]),
    "anybody": Course(
        ["page", STRANGER],
        [Answer(200, (OWN, ALL, VARIES)), Answer(200, (allow(STRANGER), ALL, VARIES))],
    ),
    "anybody-of-the-site": Course(
        ["page", NEIGHBOUR],
        [Answer(200, (OWN, ALL, VARIES)), Answer(200, (OTHERS, ALL, VARIES))],
    ),
    "listed": Course(
        [NEIGHBOUR, "page", STRANGER],
        [
            Answer(200, (ALL, VARIES)),
            Answer(200, (OWN, ALL, VARIES)),
            Answer(200, (allow(STRANGER), ALL, VARIES)),
        ],
    ),
    "leave-alone": Course([PUTS], [Answer(204, (OWN, PUT)), Answer(200)]),
    "leave-with-credentials-alone": Course(
        [f"{FETCHED} PUT"], [Answer(204, (OWN, ALL, PUT)), Answer(200, (OWN,))]
    ),
    "leave-to-all": Course([PUTS], [Answer(204, (ANY, PUT)), Answer(200, (OWN, VARIES))]),
    "leave-and-answer": Course([PUTS], [Answer(204, (OWN, PUT)), Answer(200, (OWN,))]),
}

DISAGREE = "preflight-and-actual-disagree"

EXPECTED: Mapping[str, tuple[list[str], set[tuple[str, str | None]]]] = {
    "near-image-asked-about": (
        ["well", "well", "badly"],
        {
            ("non-cors-copy-may-be-cached", "likely"),
            ("not-modified-without-cors-headers", None),
            ("vary-origin-missing", "may"),
        },
    ),
    "near-image-that-varies": (["well"] * 3, set()),
    "without-vary": (["well", "badly"], {("vary-origin-missing", "may")}),
    "with-vary": (["well"] * 2, set()),
    "bare-304": (
        ["well", "badly"],
        {("not-modified-without-cors-headers", None), ("vary-origin-missing", "may")},
    ),
    "304-of-its-own": (["well"] * 2, set()),
    "moved": (["badly"], {("redirect-to-login", "https://login.test")}),
    "401-instead": (["well"], set()),
    "to-all": (["well", "badly"], set()),
    "asked-for-a-token": (["well"], {("credentials-not-sent", "omit")}),
    "near-with-a-cookie": (["well"] * 2, set()),
    "cloudflare": (["badly"], {("challenge-page", "cf-mitigated")}),
    "aws": (["badly"], {("challenge-page", "x-amzn-waf-action")}),
    "akamai": (["badly"], {("challenge-page", "AkamaiGHost")}),
    "403-of-its-own": (["well"], set()),
    "hotel": (["badly"], {("captive-portal", None)}),
    "503-of-its-own": (["badly"], set()),
    "anothers-from-cache": (["badly"], {("shared-cache-foreign-origin", NEIGHBOUR)}),
    "fixed-from-cache": (["badly"] * 2, set()),
    "own-from-cache": (["well"], set()),
    "anybody": (["well"] * 2, {("any-origin-with-credentials", SECURE_PAGE)}),
    "anybody-of-the-site": (["well"] * 2, set()),
    "listed": (["badly", "well", "well"], set()),
    "leave-alone": (["badly"], {(DISAGREE, "Access-Control-Allow-Origin")}),
    "leave-with-credentials-alone": (["badly"], {(DISAGREE, "Access-Control-Allow-Credentials")}),
    "leave-to-all": (["well"], {(DISAGREE, "Access-Control-Allow-Origin")}),
    "leave-and-answer": (["well"], set()),
}
"""How each course goes, and what is remarked in it; WebKit's requests don't show their mode."""


UNSHOWN: Mapping[str | None, str] = {"unknown": "omit"}
"""The credentials mode of a page that sends none, where requests do not show it."""


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_finding_says_is_so(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ended, _, entries = played(engine, request, tmp_path, COURSES)
    found = {
        name: (
            ended[url_of(name)],
            {
                (each["id"], UNSHOWN.get(each["detail"], each["detail"]))
                for entry in entries
                if entry["url"] == url_of(name)
                for each in entry["findings"]
            },
        )
        for name in COURSES
    }
    assert found == EXPECTED
