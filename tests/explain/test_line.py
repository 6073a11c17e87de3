"""The one line that tells an exchange."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.explain.escape import escaped
from corscope.explain.line import comment, exchange_text
from corscope.fetch.reasons import INTERIM, TOO_LONG
from corscope.journal.exchange import Exchange, Missing, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response
from tests.journal.requests import (
    ALLOWED,
    API,
    CHROMIUM,
    PAGE,
    REFUSED,
    actual,
    at,
    preflight,
)

BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def exchange_of(request: Request, seen: Sighting) -> Exchange:
    journal = Journal()
    journal.requested(seen.id, "browser", request, at(0))
    exchange = journal.answered(seen, at(0))
    assert exchange is not None
    return exchange


def told(request: Request, response: Response, touch: Touch | None = None) -> str:
    return exchange_text(exchange_of(request, Sighting("x", response, touch=touch)))


# Escaping


@pytest.mark.parametrize("char", [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))])
def test_no_control_character_reaches_the_terminal(char: str) -> None:
    shown = escaped(f"a{char}b")
    assert shown.isprintable()
    assert char not in shown


@pytest.mark.parametrize("char", [*BIDI, "\u2028", "\u2029", "\ufeff", "\xad", "\ud800"])
def test_nor_what_turns_text_around_or_hides_it(char: str) -> None:
    assert escaped(f"a{char}b") == f"a{char.encode('unicode_escape').decode()}b"


def test_what_is_printable_stays_as_it_is() -> None:
    assert escaped("https://bücher.test/?q=日本 ~") == "https://bücher.test/?q=日本 ~"


def test_long_values_are_cut() -> None:
    assert escaped("a" * 65_536) == "a" * 200 + "..."
    assert escaped("a" * 200) == "a" * 200


@given(st.text())
def test_escaped_text_is_one_printable_line(text: str) -> None:
    shown = escaped(text)
    assert not any(unicodedata.category(char)[0] == "C" for char in shown)
    assert len(shown.splitlines()) <= 1


# The line


def test_an_allowed_exchange() -> None:
    assert told(actual(), ALLOWED) == f"CORS allowed: GET {API} from {PAGE}"


def test_a_blocked_exchange_says_why_and_what_to_change() -> None:
    assert told(actual("POST"), REFUSED) == (
        f"CORS blocked: POST {API} from {PAGE}: allow-origin-missing: the answer (status 200) has "
        f'no Access-Control-Allow-Origin. Fix: send "Access-Control-Allow-Origin: {PAGE}" and '
        '"Vary: Origin", on error answers too. If credentials are included, send '
        '"Access-Control-Allow-Credentials: true" too.'
    )


def test_a_preflight_says_what_it_announces() -> None:
    line = told(preflight("PUT", "x-a,x-b"), REFUSED)
    assert line.startswith(f"CORS blocked, preflight: PUT {API} from {PAGE} with x-a, x-b: ")


@pytest.mark.parametrize(
    ("status", "headers", "has_it"),
    [
        (401, (), True),
        (302, (), True),
        (403, (("Access-Control-Allow-Origin", "https://b.test"),), True),
        (200, (), False),
        (401, ALLOWED.headers, False),  # its status is what is named, and mended
    ],
)
def test_a_preflights_status_is_mended_too(status: int, headers: HeaderList, has_it: bool) -> None:
    line = told(preflight("PUT"), Response(status, headers))
    assert line.count("a preflight's status has to be 200 to 299") == has_it
    assert line.count("200 to 299") == (status != 200)
    of_actual = told(actual(), Response(status, headers))
    assert "200 to 299" not in of_actual


@pytest.mark.parametrize(
    ("request_", "answer", "lines"),
    [
        pytest.param(
            preflight("PUT", "x-a,x-b"),
            (),
            '"Access-Control-Allow-Methods: PUT" and "Access-Control-Allow-Headers: x-a, x-b"',
            id="method and headers",
        ),
        pytest.param(
            preflight("PUT", "x-a"),
            (("Access-Control-Allow-Headers", "x-a"),),
            '"Access-Control-Allow-Methods: PUT"',
            id="the method alone",
        ),
        pytest.param(preflight("GET"), (), None, id="a method that needs no leave"),
        pytest.param(actual("PUT"), (), None, id="no preflight"),
    ],
)
def test_what_a_preflights_answer_lacks_besides_is_mended_too(
    request_: Request, answer: HeaderList, lines: str | None
) -> None:
    line = told(request_, Response(200, answer))
    besides, _, _ = line.partition(" And send ")[2].partition(" If credentials are included, ")
    assert besides == (f"{lines}, which the browser looks for next." if lines else "")


COOKIE = (("Cookie", "a=1"),)
OMITTED = (
    ("User-Agent", CHROMIUM),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Site", "cross-site"),
)


@pytest.mark.parametrize(
    ("headers", "answer", "has_it"),
    [
        pytest.param(COOKIE, (), True, id="neither"),
        pytest.param(COOKIE, (("Access-Control-Allow-Origin", "*"),), True, id="a wildcard"),
        pytest.param(COOKIE, (("Access-Control-Allow-Credentials", "true"),), False, id="one"),
        pytest.param(OMITTED, (), False, id="without credentials"),
    ],
)
def test_credentials_are_mended_too(headers: HeaderList, answer: HeaderList, has_it: bool) -> None:
    request = actual()
    line = told(
        Request(request.method, request.url, request.headers + headers), Response(200, answer)
    )
    assert line.count('"Access-Control-Allow-Credentials: true"') == has_it


@pytest.mark.parametrize(
    ("request_", "fix"),
    [
        (preflight("patch"), "let the page write PATCH: "),
        (
            preflight("getall"),
            'add it to the preflight\'s answer: "Access-Control-Allow-Methods: getall"',
        ),
        (preflight("GET", "access-control-allow-origin"), "let the page not send it: "),
        (
            preflight("GET", "x-a"),
            'add it to the preflight\'s answer: "Access-Control-Allow-Headers: x-a"',
        ),
    ],
)
def test_what_the_page_cannot_have_meant_is_for_the_page_to_mend(
    request_: Request, fix: str
) -> None:
    assert f". Fix: {fix}" in told(request_, ALLOWED)


def test_a_conditional_verdict_says_on_what_it_hangs() -> None:
    line = told(actual(), Response(200, (("Access-Control-Allow-Origin", "*"),)))
    assert line.startswith(f"CORS conditional: GET {API} from {PAGE}: allowed without credentials;")
    assert "with them blocked, wildcard-with-credentials: " in line


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        ("navigate", ": mode navigate, which needs no leave"),
        (
            "no-cors",
            ": mode no-cors, which needs no leave; the answer is opaque: script can't read it",
        ),
    ],
)
def test_another_mode_is_named(mode: str, ending: str) -> None:
    request = Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", mode)))
    assert told(request, REFUSED).endswith(ending)


def test_headers_that_script_commonly_wants_and_cannot_read_are_named() -> None:
    extra = (("ETag", "a"), ("X-Request-Id", "b"), ("X-Odd", "c"), ("Retry-After", "1"))
    exposing = (("Access-Control-Expose-Headers", "etag"),)
    line = told(actual(), Response(200, (*ALLOWED.headers, *extra, *exposing)))
    assert line.endswith(
        "; script can't read retry-after, x-request-id unless "
        '"Access-Control-Expose-Headers: etag, retry-after, x-request-id" is sent'
    )


@pytest.mark.parametrize(("status", "is_told"), [(201, True), (302, False), (304, True)])
def test_of_a_redirect_no_header_is_missed(status: int, is_told: bool) -> None:
    """Script gets the answer that it leads to, whatever the redirect exposes."""
    headers = (*ALLOWED.headers, ("Location", "https://api.test/orders/7"))
    said = told(actual(), Response(status, headers))
    assert ("script can't read location unless" in said) == is_told


def test_where_the_server_means_to_expose_all_an_apps_own_are_named_too() -> None:
    """With credentials a wildcard is the name of a header."""
    extra = (("X-Total", "9"), ("X-\x1b[2J", "odd"), ("Server", "s"), ("ETag", "a"))
    exposing = (("Access-Control-Expose-Headers", "*"),)
    answer = Response(200, (*ALLOWED.headers, *extra, *exposing))
    assert told(actual(headers=(("Cookie", "a=1"),)), answer).endswith(
        "; script can't read etag, x-total unless "
        '"Access-Control-Expose-Headers: etag, x-total" is sent (* doesn\'t count with credentials)'
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ((("Access-Control-Allow-Credentials", "TRUE"),), 'Allow-Credentials is "TRUE"'),
        ((), "Allow-Credentials is missing"),
    ],
)
def test_credentials_that_are_not_true(line: HeaderList, expected: str) -> None:
    response = Response(200, (("Access-Control-Allow-Origin", PAGE), *line))
    assert expected in told(actual(headers=(("Cookie", "a=1"),)), response)


# The rule


@pytest.mark.parametrize(
    ("touch", "ending"),
    [
        pytest.param(
            Touch("r", "apply", server_response=REFUSED),
            ' [rule "r"; the server\'s own answer: blocked, allow-origin-missing]',
            id="what the server had sent",
        ),
        pytest.param(
            Touch("r", "apply", server_response=ALLOWED),
            ' [rule "r"; the server\'s own answer: allowed]',
            id="what the server had rightly sent",
        ),
        pytest.param(Touch("r", "apply", answered=True), ' [rule "r"]', id="no server asked"),
        pytest.param(
            Touch("r", "shadow", shadow=REFUSED),
            ' [rule "r" in shadow mode: would be blocked, allow-origin-missing]',
            id="a shadow",
        ),
        pytest.param(Touch("r", "shadow"), ' [rule "r" in shadow mode]', id="no shadow known"),
        pytest.param(Touch('"\x1b]0;\n', "apply"), ' [rule ""\\x1b]0;\\n"]', id="a hostile name"),
    ],
)
def test_the_rule_is_named(touch: Touch, ending: str) -> None:
    assert told(actual(), ALLOWED, touch).endswith(ending)


# Hostile values


EVIL = "\x1b[2J\x1b]52;c;x\x07\r\nCORS allowed: \x9b31m\x85\xad{origin}{0}%s"


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        pytest.param(Request(EVIL, API, (("Origin", PAGE),)), REFUSED, id="method"),
        pytest.param(Request("GET", f"{API}/{EVIL}", (("Origin", PAGE),)), REFUSED, id="URL"),
        pytest.param(Request("GET", API, (("Origin", EVIL),)), REFUSED, id="origin"),
        pytest.param(
            Request("GET", API, (("Origin", PAGE), ("Sec-Fetch-Mode", EVIL))), REFUSED, id="mode"
        ),
        pytest.param(preflight(EVIL), ALLOWED, id="announced method"),
        pytest.param(preflight("PUT", EVIL), ALLOWED, id="announced headers"),
        *(
            pytest.param(actual(), Response(200, ((name, EVIL),)), id=name)
            for name in ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
        ),
        pytest.param(
            preflight(), Response(302, (*ALLOWED.headers, ("Location", EVIL))), id="Location"
        ),
        pytest.param(
            preflight(),
            Response(200, (*ALLOWED.headers, ("Access-Control-Allow-Methods", EVIL))),
            id="Allow-Methods",
        ),
        pytest.param(
            preflight(),
            Response(200, (*ALLOWED.headers, ("Access-Control-Allow-Headers", EVIL))),
            id="Allow-Headers",
        ),
        pytest.param(
            actual(), Response(200, (*ALLOWED.headers, (EVIL, EVIL))), id="a header's name"
        ),
    ],
)
def test_no_value_from_the_wire_steers_the_terminal(request_: Request, response: Response) -> None:
    line = told(request_, response)
    assert line.isprintable()


def test_nor_does_an_error_message() -> None:
    seen = Sighting("x", None, Missing.NO_ANSWER, EVIL)
    assert exchange_text(exchange_of(actual(), seen)).isprintable()


def test_a_huge_value_does_not_fill_the_screen() -> None:
    huge = "x" * 65_536
    response = Response(200, (("Access-Control-Allow-Origin", huge),))
    assert len(told(Request("GET", f"{API}/{huge}", (("Origin", huge),)), response)) < 2_000


# The comment


@pytest.mark.parametrize(
    ("response", "expected"),
    [(ALLOWED, "CORS allowed"), (REFUSED, "CORS blocked: allow-origin-missing")],
)
def test_the_comment_has_verdict_and_reason(response: Response, expected: str) -> None:
    assert comment(exchange_of(actual(), Sighting("x", response))) == expected


@pytest.mark.parametrize(
    ("missing", "cause", "fix"),
    [
        (Missing.NO_ANSWER, "refused", "start the server, or mend its address."),
        (Missing.NO_ANSWER, None, "start the server, or mend its address."),
        (Missing.NO_ANSWER, "tls", "let mitmproxy trust the server's certificate"),
        (Missing.NO_ANSWER, "timeout", "see whether the server runs, and what keeps it"),
        (Missing.NO_ANSWER, "scheme", "let the page ask by wss:, or the browser go there without"),
        (Missing.NO_ANSWER, "closed", "see in the server's log why it hung up."),
        (Missing.DROPPED, None, "see why the connection was dropped."),
        (Missing.UNREADABLE, TOO_LONG, "send fewer headers, or shorter ones."),
        (Missing.UNREADABLE, INTERIM, "let the server send no interim answer"),
        (Missing.UNREADABLE, "X-{A}", "send X-{A} on one line, without control characters"),
    ],
)
def test_the_fix_is_that_of_the_cause(missing: Missing, cause: str | None, fix: str) -> None:
    seen = Sighting("1", None, missing, "it failed", cause=cause)
    assert f" Fix: {fix}" in exchange_text(exchange_of(actual(), seen))


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("net::ERR_FAILED", "look for the cause in the browser's console, or record it with"),
        ("the HAR holds no response", "look for the cause in the browser's console, or record"),
        ("net::ERR_CERT_AUTHORITY_INVALID", "the error says that the browser doesn't trust"),
        ("net::ERR_BLOCKED_BY_CLIENT", "the error says that an extension of the browser"),
        ("net::ERR_UNSAFE_PORT", "the error says that no browser asks that port"),
        (
            "Preflight response is not successful. Status code: 404",
            "the error is what a browser says of preflight-status: `corscope why` has the fix.",
        ),
        ("{origin}", "look for the cause"),
    ],
)
def test_what_an_error_in_a_recording_says_is_told(error: str, fix: str) -> None:
    seen = Sighting("1", None, Missing.NOT_RECORDED, error)
    assert f"({error}); unless" in exchange_text(exchange_of(actual(), seen))
    assert f" Fix: {fix}" in exchange_text(exchange_of(actual(), seen))
