"""https://fetch.spec.whatwg.org/#concept-filtered-response-cors"""

import pytest
from hypothesis import given

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.exposed import cors_exposed_header_name_list, cors_filtered_headers
from corscope.fetch.headers import names
from corscope.messages import HeaderList
from tests.fetch.strategies import INCLUDE, OMIT, header_lists, modes

PRESENT: HeaderList = (("Content-Type", "x"), ("ETag", "1"), ("Server", "y"), ("Set-Cookie", "z"))
ALL = "content-type etag server"


@pytest.mark.parametrize(
    ("lines", "without", "with_credentials"),
    [
        pytest.param([], "content-type", "content-type", id="by itself only what is safelisted"),
        pytest.param(["etag"], "content-type etag", "content-type etag", id="and what is named"),
        pytest.param(["ETAG"], "content-type etag", "content-type etag", id="in any case"),
        pytest.param(["etag", "server"], ALL, ALL, id="on several lines"),
        pytest.param(["*"], ALL, "content-type", id="all by the wildcard, without credentials"),
        pytest.param(["*, etag"], ALL, "content-type etag", id="also beside a name"),
        pytest.param(["set-cookie"], "content-type", "content-type", id="but never a cookie"),
        pytest.param(["etag server"], "content-type", "content-type", id="none by a wrong list"),
        pytest.param(["*", "@"], "content-type", "content-type", id="nor by one wrong line"),
        pytest.param(["x-absent"], "content-type", "content-type", id="nor what isn't there"),
    ],
)
def test_cors_filtered_headers(lines: list[str], without: str, with_credentials: str) -> None:
    headers = (*PRESENT, *(("Access-Control-Expose-Headers", line) for line in lines))
    for mode, expected in ((OMIT, without), (INCLUDE, with_credentials)):
        shown, _ = cors_filtered_headers(headers, mode)
        assert set(shown) - {"access-control-expose-headers"} == set(expected.split())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["*, etag server"], ALL, id="a wildcard before what is malformed counts"),
        pytest.param(["etag,,*", "@"], ALL, id="also on another line"),
        pytest.param(["@, *"], "content-type", id="but not after it"),
        pytest.param(["etag, @"], "content-type", id="nor any name"),
    ],
)
def test_in_firefox_a_wildcard_outlives_what_is_malformed(lines: list[str], expected: str) -> None:
    headers = (*PRESENT, *(("Access-Control-Expose-Headers", line) for line in lines))
    shown, _ = cors_filtered_headers(headers, OMIT, Engine.FIREFOX)
    assert set(shown) - {"access-control-expose-headers"} == set(expected.split())
    assert cors_filtered_headers(headers, INCLUDE, Engine.FIREFOX)[0] == ("content-type",)
    assert cors_filtered_headers(headers, OMIT)[0] == ("content-type",)


@pytest.mark.parametrize("engine", Engine)
def test_all_engines_expose_what_a_good_list_names_and_no_letter_of_a_bad_one(
    engine: Engine,
) -> None:
    headers = (("X-A", "1"), ("X-B", "2"), *((letter, "3") for letter in "failure"))
    good, bad = (
        cors_filtered_headers((*headers, ("Access-Control-Expose-Headers", line)), OMIT, engine)[0]
        for line in ("x-a", "x-a @")
    )
    assert (good, bad) == (("x-a",), ())


def test_the_wildcard_exposes_the_cors_headers_too() -> None:
    headers = (("Access-Control-Expose-Headers", "*"),)
    assert cors_filtered_headers(headers, OMIT) == (("access-control-expose-headers",), ())
    assert cors_filtered_headers(headers, INCLUDE) == ((), ("access-control-expose-headers",))


def test_with_credentials_the_wildcard_is_the_name_of_a_header() -> None:
    headers = (("*", "1"), ("X-A", "2"), ("Access-Control-Expose-Headers", "*"))
    assert cors_exposed_header_name_list(headers, INCLUDE) == {"*"}
    assert cors_filtered_headers(headers, INCLUDE)[0] == ("*",)


@given(header_lists, modes)
def test_exposed_and_hidden_are_what_is_present(headers: HeaderList, mode: CredentialsMode) -> None:
    shown, hidden = cors_filtered_headers(headers, mode)
    assert sorted(shown + hidden) == sorted({name.lower() for name in names(headers)})
    assert (list(shown), list(hidden)) == (sorted(shown), sorted(hidden))


@given(header_lists)
def test_credentials_never_expose_more(headers: HeaderList) -> None:
    shown, _ = cors_filtered_headers(headers, INCLUDE)
    assert set(shown) <= set(cors_filtered_headers(headers, OMIT)[0])
