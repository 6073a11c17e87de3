"""Lines that show a request with its status: a preflight's is told, another's goes to its message.

Each form is one that questions on the web have.
"""

from __future__ import annotations

import time

import pytest

from corscope.explain.entry import entry_text, example_words
from corscope.explain.pasted.asides import ERROR_STATUS
from corscope.explain.pasted.paste import Found, found_in
from corscope.explain.pasted.shown import answer_to_options, shown_answers
from corscope.fetch.reasons import Reason

URL = "http://localhost:8080/api/items?a=b"
FORMS = (
    f"zone.js:2935 OPTIONS {URL} 405 (Method Not Allowed)",
    f"OPTIONS {URL} 405 ()",
    f"OPTIONS {URL} 405",
    f"app.js:7   OPTIONS {URL} net::ERR_FAILED 405 (Method Not Allowed)",
    f"XHROPTIONS{URL}\n[HTTP/1.1 405 Method Not Allowed 12ms]",
    f"XHR OPTIONS {URL} [HTTP/2 405  12ms]",
    f"Request URL:{URL}\nRequest Method:OPTIONS\nStatus Code:405 Method Not Allowed",
    f"Request URL\n{URL}\nRequest Method\nOPTIONS\nStatus Code\n405 Method Not Allowed",
    f"HTTP405: BAD METHOD - The HTTP verb used is not supported.\n(XHR)OPTIONS - {URL}",
)
LOGS = (
    '127.0.0.1 - - [01/Dec/2026 06:00:00] "OPTIONS /api/items HTTP/1.1" 405 -',
    'INFO:     127.0.0.1:57083 - "OPTIONS /api/items HTTP/1.1" 405 Method Not Allowed',
    "OPTIONS /api/items 405 2.336 ms - 12",
)
OF_PREFLIGHT = "Response to preflight request doesn't pass access control check: "
MISSING = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
NO_OK_STATUS = "It does not have HTTP ok status."
OF_CHROMIUM = f"Access to fetch at '{URL}' from origin 'https://app.test' has been blocked by CORS "
OF_AN_OLD_ONE = (
    "XMLHttpRequest cannot load {}. {}{} Origin 'https://app.test' is therefore not allowed access."
    " The response had HTTP status code 405."
)


def found(message: str) -> Found:
    result = found_in(message)
    assert result is not None
    return result


@pytest.mark.parametrize("line", FORMS)
def test_a_line_of_a_browser_tells_a_preflights_status(line: str) -> None:
    told = found(line)
    assert told.reasons == (Reason.PREFLIGHT_STATUS,)
    assert told.values == {"kind": "preflight", "status": "405", "url": URL}


@pytest.mark.parametrize("line", LOGS)
def test_so_does_one_of_a_log_which_knows_only_a_path(line: str) -> None:
    told = found(line)
    assert told.reasons == (Reason.PREFLIGHT_STATUS,)
    assert told.values == {"kind": "preflight", "status": "405"}


def test_a_redirect_is_told_as_one() -> None:
    assert found(f"OPTIONS {URL} 307 (Temporary Redirect)").reasons == (Reason.PREFLIGHT_REDIRECT,)


@pytest.mark.parametrize(
    "line",
    [f"OPTIONS {URL} 204 (No Content)", f"GET {URL} 200", f"OPTIONS {URL} 4055", "GET /items 405"],
)
def test_what_shows_no_refused_preflight_is_no_hint(line: str) -> None:
    assert found_in(line) is None


def test_another_requests_error_is_the_servers_own() -> None:
    line = "POST http://localhost:5000/api/login 500 (INTERNAL SERVER ERROR)"
    for pasted in (line, "Failed to load resource: the server responded with a status of 500 ()"):
        assert found(pasted) == Found(aside=ERROR_STATUS)


@pytest.mark.parametrize("line", [*FORMS, *LOGS])
def test_all_is_found_in_a_line(line: str) -> None:
    answered = answer_to_options(line)
    assert answered is not None
    assert (answered.method, answered.status) == ("OPTIONS", 405)


def test_a_message_beside_the_line_counts_and_has_its_status() -> None:
    for message in (f"{OF_CHROMIUM}policy: {OF_PREFLIGHT}{NO_OK_STATUS}", NO_OK_STATUS):
        told = found(f"{message}\nOPTIONS {URL} 401 (Unauthorized)")
        assert told.reasons == (Reason.PREFLIGHT_STATUS,)
    told = found(f"OPTIONS {URL} 401\n{OF_CHROMIUM}policy: {OF_PREFLIGHT}{MISSING}")
    assert told.reasons == (Reason.ALLOW_ORIGIN_MISSING,)
    assert (told.values["status"], told.values["kind"]) == ("401", "preflight")


def test_an_answers_status_stands_behind_what_chromium_says_of_it() -> None:
    message = f"{OF_CHROMIUM}policy: {MISSING}\napp.js:3 GET {URL} net::ERR_FAILED 500 (Error)"
    told = found(message)
    assert told.values["status"] == "500"
    assert "kind" not in told.values
    assert "(status 500)" in entry_text(told.reasons[0], told.values)


@pytest.mark.parametrize(
    "line", ["GET http://localhost:8080/favicon.ico 404", f"OPTIONS {URL} 401", f"POST {URL} x 500"]
)
def test_another_requests_status_is_not_taken_for_the_messages(line: str) -> None:
    assert "status" not in found(f"{line}\n{OF_CHROMIUM}policy: {MISSING}").values


# What is said of a preflight whose answer fails the CORS check

STATUS_TOO = "And answer OPTIONS with 204, before authentication and routing"


@pytest.mark.parametrize(
    "message",
    [
        f"{OF_CHROMIUM}policy: {OF_PREFLIGHT}{MISSING}",
        OF_AN_OLD_ONE.format(URL, OF_PREFLIGHT, MISSING),
        f"{OF_CHROMIUM}policy: {OF_PREFLIGHT}The 'Access-Control-Allow-Origin' header has a value "
        "'https://b.test' that is not equal to the supplied origin.",
    ],
)
def test_a_preflight_needs_an_ok_status_besides(message: str) -> None:
    """Else who sends the header gets the status as the next message."""
    told = found(message)
    assert told.values["kind"] == "preflight"
    text = entry_text(told.reasons[0], told.values)
    assert STATUS_TOO in text
    assert f"blocked by CORS policy: {OF_PREFLIGHT}" in text


def test_so_does_no_other_request_and_none_that_has_it() -> None:
    for message in (
        f"{OF_CHROMIUM}policy: {MISSING}",
        OF_AN_OLD_ONE.format(URL, "", MISSING),
        f"{OF_CHROMIUM}policy: {OF_PREFLIGHT}{MISSING}\nOPTIONS {URL} 200 (OK)",
    ):
        told = found(message)
        assert STATUS_TOO not in entry_text(told.reasons[0], told.values)


def test_a_preflights_prefix_counts_for_what_it_stands_before() -> None:
    told = found(f"{OF_CHROMIUM}policy: {MISSING}\n{OF_CHROMIUM}policy: {OF_PREFLIGHT}{MISSING}")
    assert "kind" not in told.values


def test_webkit_tells_such_a_status_first() -> None:
    told = found(OF_AN_OLD_ONE.format(URL, OF_PREFLIGHT, MISSING))
    text = entry_text(Reason.ALLOW_ORIGIN_MISSING, told.values)
    assert text.endswith("WebKit:\n    Preflight response is not successful. Status code: 405")


@pytest.mark.parametrize("reason", [Reason.NO_RESPONSE, Reason.PREFLIGHT_STATUS])
def test_what_no_header_mends_has_its_own_fix_alone(reason: Reason) -> None:
    assert STATUS_TOO not in example_words(reason, {"kind": "preflight"}).fix


def test_an_empty_value_is_shown_as_such_and_not_an_example() -> None:
    told = found("The 'Access-Control-Allow-Origin' header contains the invalid value ''.")
    text = entry_text(Reason.ALLOW_ORIGIN_INVALID, told.values)
    assert 'Access-Control-Allow-Origin is "", which is no origin' in text
    assert "contains the invalid value ''." in text


@pytest.mark.parametrize(
    "part",
    ["OPTIONS ", "OPTIONS\t", f"OPTIONS {URL} ", "OPTIONS / ", "HTTP405: ", "Request URL: x "],
)
def test_it_takes_time_linear_in_the_length(part: str) -> None:
    began = time.perf_counter()
    for text in (part * (200_000 // len(part)), part + " " * 200_000, part + "a" * 200_000):
        assert not list(shown_answers(text))
    assert time.perf_counter() - began < 5
