"""What rs/cors 1.11 answers otherwise than 1.7, which `real/` has run beside it.

1.11.1 was asked by hand, 12,000 times by lot.
"""

import pytest

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.libraries.rs_cors import RS_CORS
from corscope.servers.policy import Policy
from tests.servers.asking import URL, answer, options

APP = "https://app.test"
NEW = (("version", "1.11"),)
LISTED = Policy(
    allow_origins=(APP,),
    allow_methods=("GET", "put"),
    allow_headers=("X-B", "Content-Type", "X-A"),
    settings=NEW,
)
VARY = (
    "vary",
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
)
REFUSED = Answer(204, (VARY,))


def test_what_is_allowed_comes_back_as_it_was_asked_for() -> None:
    assert answer(RS_CORS, LISTED, options(APP, "put", "content-type,x-a")) == Answer(
        204,
        (
            ("access-control-allow-headers", "content-type,x-a"),
            ("access-control-allow-methods", "put"),
            ("access-control-allow-origin", APP),
            VARY,
        ),
    )


@pytest.mark.parametrize(
    ("names", "is_allowed"),
    [
        ("x-a, x-b", True),
        ("x-a,,x-b", True),
        ("x-a" + "," * 17, False),
        ("x-a,  x-b", False),
        ("x-b,x-a", False),
        ("x-a,x-a", False),
        ("X-A", False),
        ("origin", False),
        ("", True),
    ],
)
def test_names_come_as_a_browser_sends_them(names: str, *, is_allowed: bool) -> None:
    made = answer(RS_CORS, LISTED, options(APP, "GET", names))
    assert (made != REFUSED) == is_allowed


def test_methods_are_compared_as_they_are() -> None:
    assert answer(RS_CORS, LISTED, options(APP, "PUT")) == REFUSED
    got = RS_CORS.actual(LISTED, Request("PUT", URL, (("Origin", APP),)), Response(200, ()))
    assert got.headers == (("vary", "Origin"),)


@pytest.mark.parametrize(
    ("max_age", "lines"),
    [(0, ()), (-1, (("access-control-max-age", "0"),)), (5, (("access-control-max-age", "5"),))],
)
def test_a_negative_age_is_none(max_age: int, lines: HeaderList) -> None:
    policy = Policy(allow_origins="*", max_age=max_age, settings=NEW)
    made = answer(RS_CORS, policy, options(APP, "GET"))
    assert tuple(each for each in made.headers if each[0] == "access-control-max-age") == lines


def test_a_line_that_comes_twice_is_sent_twice() -> None:
    request = Request("GET", URL, (("Origin", APP), ("Origin", "https://evil.test")))
    got = RS_CORS.actual(LISTED, request, Response(200, ()))
    origins = [value for name, value in got.headers if name == "access-control-allow-origin"]
    assert origins == [APP, "https://evil.test"]
