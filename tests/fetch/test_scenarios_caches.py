"""What the preflight cache makes of one request after another, in each engine.

The ideas are those of Firefox's table of cached preflights, of web-platform-tests'
`cors/preflight-cache.htm` and `fetch/api/cors/cors-preflight-cache.any.js`, of WebKit's tests of
cache invalidation, and of Chromium's unit tests of its preflight cache.
"""

from dataclasses import dataclass

import pytest

from corscope.fetch.cache import (
    PreflightCache,
    clear_after_failure,
    drop_insufficient,
    is_covered,
    is_stored,
    store,
)
from corscope.fetch.engines import Engine
from corscope.fetch.preflight import CorsRequest, preflight_failure
from corscope.fetch.verdict import judge
from corscope.messages import HeaderList, Response
from tests.fetch.strategies import INCLUDE, OMIT, ORIGIN, URL

CHROMIUM, FIREFOX, WEBKIT, STANDARD = Engine
HOUR = "3600"


@dataclass(frozen=True, slots=True)
class Step:
    """A request, so many seconds after the one before, and what a preflight of it would be told.

    Attributes:
        asks: its method, or the header names that a GET has.
        methods: what Access-Control-Allow-Methods lists.
        names: what Access-Control-Allow-Headers lists.
        max_age: Access-Control-Max-Age; None where it is left out.
        later: seconds since the last request.
        include: whether it has credentials.
        shared: whether the actual answer may be shared.
    """

    asks: str
    methods: str = ""
    names: str = ""
    max_age: str | None = None
    later: float = 0.0
    include: bool = False
    shared: bool = True

    @property
    def request(self) -> CorsRequest:
        if self.asks.isupper():
            return CorsRequest(ORIGIN, URL, self.asks, ())
        return CorsRequest(ORIGIN, URL, "GET", tuple(self.asks.split()))

    @property
    def answer(self) -> HeaderList:
        max_age = () if self.max_age is None else (("Access-Control-Max-Age", self.max_age),)
        return (
            ("Access-Control-Allow-Origin", ORIGIN),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", self.methods),
            ("Access-Control-Allow-Headers", self.names),
            *max_age,
        )


def played(engine: Engine, steps: list[Step]) -> str:
    """A letter for each: `a`sked first, `r`efused by that preflight, `c`overed by the cache."""
    cache, now, letters = PreflightCache(engine), 100.0, ""
    for step in steps:
        now += step.later
        letters += _play(cache, step, now)
    return letters


def _play(cache: PreflightCache, step: Step, now: float) -> str:
    request, mode = step.request, INCLUDE if step.include else OMIT
    letter = "c"
    if not is_covered(cache, "", request, mode, now=now):
        drop_insufficient(cache, "", request)
        failure = preflight_failure(request, Response(200, step.answer), mode, cache.engine)
        if is_stored(failure, cache.engine):
            store(cache, "", request, mode, step.answer, now=now)
        letter = "r" if failure else "a"
    actual = Response(200, step.answer if step.shared else ())
    if letter == "r" or judge("actual", request, actual, mode, cache.engine):
        clear_after_failure(cache, "", request)
    return letter


X, Y = Step("x"), Step("y")
X_KEPT, X_BRIEFLY = Step("x", names="x", max_age=HOUR), Step("x", names="x", max_age="2")
X_WITH_CREDENTIALS = Step("x", names="x", max_age=HOUR, include=True)
DELETE, DELETE_KEPT = Step("DELETE"), Step("DELETE", methods="DELETE", max_age=HOUR)
THREE = (
    Step("first", names="first", max_age="2"),
    Step("second", names="second", max_age=HOUR),
    Step("third", names="third", max_age="2"),
    Step("second", later=2.1),
)


def aged(max_age: str | None) -> list[Step]:
    """The same GET three times, its header kept for so long: the last when seconds have passed."""
    asked = Step("x", names="x", max_age=max_age)
    return [asked, Step("x", later=4.9), Step("x", later=0.2)]


@pytest.mark.parametrize(
    ("steps", "standard", "chromium", "firefox", "webkit"),
    [
        pytest.param([X, X_KEPT, X, X], "racc", "racc", "racc", "racc", id="kept, once given"),
        pytest.param(
            [X_BRIEFLY, Step("x", later=1.9), Step("x", later=0.2)],
            *("acr", "acr", "acr", "acr"),
            id="till its time is over",
        ),
        pytest.param(
            [Step("x", names="x", max_age="5"), Step("x", later=4), Step("x", later=4)],
            *("acr", "acr", "acr", "acr"),
            id="which no use prolongs",
        ),
        pytest.param(
            [Step("y", names="y, x"), Y, Step("x y"), X, Step("z")],
            *("acccr", "acccr", "acccr", "acccr"),
            id="one answer is for all that it lists",
        ),
        pytest.param(
            [Step("DELETE", methods="DELETE, PUT"), DELETE, Step("PUT"), Step("PATCH")],
            *("accr", "accr", "accr", "accr"),
            id="methods as well",
        ),
        pytest.param(aged(None), "acr", "acr", "acr", "acr", id="no max-age is five seconds"),
        pytest.param(aged(HOUR), "acc", "acc", "acc", "acc", id="an hour is more"),
        pytest.param(aged("3600 3"), "acr", "acr", "arr", "acr", id="two numbers are none"),
        pytest.param(aged("asdf"), "acr", "acr", "arr", "acr", id="nor is a word"),
        pytest.param(aged("0"), "arr", "arr", "arr", "arr", id="zero is never kept"),
        pytest.param(aged("-1"), "acr", "arr", "arr", "arr", id="a negative number by nobody"),
        pytest.param(
            [Step("x", names="x", max_age="12000"), Step("x", later=7100), Step("x", later=200)],
            *("acc", "acr", "acc", "arr"),
            id="and hours not by all",
        ),
        pytest.param(
            [*THREE, Step("first")], "aaacr", "aaarr", "aaacr", "aaarr", id="the first goes"
        ),
        pytest.param(
            [*THREE, Step("third")], "aaacr", "aaarr", "aaacr", "aaarr", id="or the third"
        ),
        pytest.param(
            [X_KEPT, X, Y, X], "acrr", "acrr", "acrr", "acrr", id="a refused header ends it"
        ),
        pytest.param(
            [X_KEPT, X, Step("PUT"), X], "acrr", "acrr", "acrr", "acrr", id="or a refused method"
        ),
        pytest.param(
            [X_KEPT, Step("x y", names="y", max_age=HOUR), Y, X],
            *("arrr", "arrr", "arrr", "arcr"),
            id="but WebKit keeps what a refusal lists",
        ),
        pytest.param(
            [X_KEPT, Step("x", shared=False), X],
            *("acr", "acc", "acr", "acc"),
            id="an answer that isn't shared ends it",
        ),
        pytest.param(
            [DELETE_KEPT, DELETE, Step("GET", shared=False), DELETE],
            *("accc", "accc", "accr", "accc"),
            id="to Firefox even one that asked nobody",
        ),
        pytest.param(
            [DELETE_KEPT, DELETE, Step("PATCH"), Step("PATCH", methods="PATCH"), Step("PATCH")],
            *("acrac", "acrac", "acrac", "acrac"),
            id="after a refusal it is given anew",
        ),
        pytest.param([DELETE_KEPT, Step("delete")], "ar", "ar", "ar", "ar", id="method, not name"),
        pytest.param([X_KEPT, Step("X")], "ar", "ar", "ar", "ar", id="name, not method"),
        pytest.param(
            [X_WITH_CREDENTIALS, Step("x", include=True), X],
            *("acc", "acc", "acr", "acc"),
            id="with credentials it is for those without",
        ),
        pytest.param(
            [X_KEPT, Step("x", include=True), X],
            *("arr", "arr", "arr", "arr"),
            id="but not the other way",
        ),
        pytest.param(
            [
                X_WITH_CREDENTIALS,
                Step("y", names="y", max_age="2"),
                Y,
                Step("x", include=True),
                Step("x", include=True, later=2.1),
                X,
                Y,
                Step("y", include=True),
            ],
            *("aaccccrr", "aacrrrrr", "aacccrrr", "aacrrrrr"),
            id="both side by side",
        ),
        pytest.param(
            [
                Step("x", methods="*", names="*", max_age=HOUR),
                Y,
                Step("PUT"),
                Step("authorization"),
            ],
            *("accr", "accr", "arrr", "accc"),
            id="a star is for everything, or for this once",
        ),
    ],
)
def test_one_request_after_another(
    steps: list[Step], standard: str, chromium: str, firefox: str, webkit: str
) -> None:
    expected = {STANDARD: standard, CHROMIUM: chromium, FIREFOX: firefox, WEBKIT: webkit}
    assert {engine: played(engine, steps) for engine in Engine} == expected
