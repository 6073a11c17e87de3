"""What a finding warns of happens in the browser, and where it is mended it doesn't.

Each course has a twin that goes well, and of which there is nothing to remark.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES
from tests.browsers.case import credentials
from tests.browsers.embedded import GIF
from tests.support.origin_server import Answer

from .test_copies import NEIGHBOUR, OTHERS, OWN, VARIES, Course, played, renewal, url_of, whole

pytestmark = pytest.mark.browser

LOGIN = ("Location", "https://login.test/start")


def fresh(*lines: tuple[str, str]) -> Answer:
    """An answer that the browser takes again, unasked."""
    kept = (("Cache-Control", "max-age=600"), ("Content-Type", "image/gif"))
    return Answer(200, (*kept, credentials(), *lines), GIF)


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
    "to-all": Course(["page", FETCHED], [Answer(200, (("Access-Control-Allow-Origin", "*"),))]),
}

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
}
"""How each course goes, and what is remarked in it."""


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_finding_says_is_so(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ended, _, entries = played(engine, request, tmp_path, COURSES)
    found = {
        name: (
            ended[url_of(name)],
            {
                (each["id"], each["detail"])
                for entry in entries
                if entry["url"] == url_of(name)
                for each in entry["findings"]
            },
        )
        for name in COURSES
    }
    assert found == EXPECTED
