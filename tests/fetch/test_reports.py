"""What is asked of a server that Chromium delivers reports to."""

from __future__ import annotations

import pytest

from corscope.fetch.engines import Engine
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Reason
from corscope.fetch.reports import is_report, report_failure
from corscope.messages import HeaderList, Request, Response

PAGE, URL = "https://page.test", "https://reports.test/x"
ASKED = CorsRequest(PAGE, URL, "POST", ("content-type",))
LANGUAGES: HeaderList = (("Accept-Encoding", "gzip"), ("Accept-Language", "en"))
PREFLIGHT: HeaderList = (
    ("Origin", PAGE),
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "content-type"),
    *LANGUAGES,
)
REPORTED: HeaderList = (
    ("Origin", PAGE),
    ("Content-Type", "application/reports+json"),
    *LANGUAGES,
)


def without(headers: HeaderList, name: str) -> HeaderList:
    return tuple(pair for pair in headers if pair[0] != name)


@pytest.mark.parametrize(
    ("request_", "engine", "expected"),
    [
        (Request("OPTIONS", URL, PREFLIGHT), Engine.CHROMIUM, True),
        (Request("POST", URL, REPORTED), Engine.CHROMIUM, True),
        (Request("OPTIONS", URL, PREFLIGHT), Engine.FIREFOX, False),
        (Request("POST", "http://reports.test/x", REPORTED), Engine.CHROMIUM, False),
        (Request("POST", URL, (*REPORTED, ("Accept", "*/*"))), Engine.CHROMIUM, False),
        (Request("POST", URL, (*REPORTED, ("Sec-Fetch-Mode", "cors"))), Engine.CHROMIUM, False),
        (Request("POST", URL, (*REPORTED, ("Referer", PAGE))), Engine.CHROMIUM, False),
        (Request("POST", URL, without(REPORTED, "Accept-Language")), Engine.CHROMIUM, False),
        (Request("PUT", URL, REPORTED), Engine.CHROMIUM, False),
        (Request("POST", URL, without(REPORTED, "Content-Type")), Engine.CHROMIUM, False),
        (
            Request("OPTIONS", URL, without(PREFLIGHT, "Access-Control-Request-Headers")),
            Engine.CHROMIUM,
            False,
        ),
    ],
)
def test_a_report_is_known_by_what_it_lacks(
    request_: Request, engine: Engine, expected: bool
) -> None:
    assert is_report(request_, engine) is expected


def answer(*lines: tuple[str, str], status: int = 204) -> Response:
    return Response(status, lines)


def origin(value: str) -> tuple[str, str]:
    return ("Access-Control-Allow-Origin", value)


def headers(value: str) -> tuple[str, str]:
    return ("Access-Control-Allow-Headers", value)


FITS = headers("content-type")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answer(origin(PAGE), FITS), None),
        (answer(origin("*"), headers("*")), None),
        (answer(origin(PAGE.upper()), headers("Content-Type")), None),
        (answer(origin(f"https://b.test , {PAGE}"), headers("x, \tcontent-type")), None),
        (answer(origin("https://b.test"), origin(PAGE), headers("a b"), FITS), None),
        (answer(origin(PAGE), FITS, ("Access-Control-Allow-Methods", "a b")), None),
        (answer(), Reason.ALLOW_ORIGIN_MISSING),
        (answer(origin(f"{PAGE}/"), FITS), Reason.ALLOW_ORIGIN_MISMATCH),
        (answer(origin("https://b.test, null"), FITS), Reason.ALLOW_ORIGIN_LIST),
        (answer(origin("")), Reason.ALLOW_ORIGIN_INVALID),
        (answer(origin(PAGE)), Reason.HEADER_NOT_ALLOWED),
        (answer(origin(PAGE), headers("content type")), Reason.HEADER_NOT_ALLOWED),
        (answer(origin(PAGE), FITS, status=401), Reason.PREFLIGHT_STATUS),
        (answer(origin(PAGE), FITS, status=302), Reason.PREFLIGHT_STATUS),
        (answer(("Location", "/y"), status=302), None),
        (answer(("Location", "http://reports.test/x"), status=307), Reason.PREFLIGHT_REDIRECT),
        (answer(("Location", "https://[x"), status=307), Reason.PREFLIGHT_REDIRECT),
    ],
)
def test_what_lets_a_report_be_sent(response: Response, reason: Reason | None) -> None:
    refused = report_failure("preflight", ASKED, response)
    assert (refused and refused.reason) == reason


def test_of_the_answer_to_a_report_nothing_is_asked() -> None:
    assert report_failure("actual", ASKED, answer(status=500)) is None
