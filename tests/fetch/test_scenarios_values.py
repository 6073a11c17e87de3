"""Header values as servers get them wrong: the check and the exposed list, from the wire on.

The ideas are those of web-platform-tests' `cors/origin.htm`, `cors/credentials-flag.htm` and
`cors/access-control-expose-headers-parsing.window.js`, and of Chromium's and Firefox's own tests.
"""

import pytest

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Engine
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.headers import from_fields
from corscope.fetch.reasons import Failure, Reason
from tests.fetch.strategies import INCLUDE, OMIT

ORIGIN, HOST = "https://app.example", "app.example"

LIST, INVALID, MISMATCH = (
    Reason.ALLOW_ORIGIN_LIST,
    Reason.ALLOW_ORIGIN_INVALID,
    Reason.ALLOW_ORIGIN_MISMATCH,
)


def checked(*lines: str, mode: CredentialsMode = OMIT, origin: str = ORIGIN) -> Failure | None:
    """The check's result where these lines of Access-Control-Allow-Origin are on the wire."""
    fields = [(b"access-control-allow-origin", line.encode("latin-1")) for line in lines]
    return cors_check(
        origin, mode, from_fields([*fields, (b"access-control-allow-credentials", b"true")])
    )


@pytest.mark.parametrize("around", ["{}", " {}", "{}  ", "\t{}", " \t{}   \t "])
def test_white_space_around_a_value_is_none_of_it(around: str) -> None:
    assert checked(around.format("*")) is None
    for mode in CredentialsMode:
        assert checked(around.format(ORIGIN), mode=mode) is None
        assert checked(around.format("null"), mode=mode, origin="null") is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        # the origin, written otherwise
        (f"{ORIGIN}/", MISMATCH),
        (f"{ORIGIN}?", MISMATCH),
        (f"{ORIGIN}#", MISMATCH),
        (f"{ORIGIN}:443", MISMATCH),
        (f"{ORIGIN}:", MISMATCH),
        (f"{ORIGIN}.", MISMATCH),
        (f"{ORIGIN}/path/page.html", MISMATCH),
        (f"{ORIGIN} /", LIST),
        (f"{ORIGIN}%23", INVALID),
        (f"{ORIGIN}\0", MISMATCH),
        (f"\0{ORIGIN}", MISMATCH),
        (f"{ORIGIN};", MISMATCH),
        (f'"{ORIGIN}"', INVALID),
        (f"'{ORIGIN}'", INVALID),
        (f"<{ORIGIN}>", INVALID),
        (f"[{ORIGIN}]", INVALID),
        (ORIGIN.upper(), MISMATCH),
        (f"HTTPS://{HOST}", MISMATCH),
        (f"https://{HOST.title()}", MISMATCH),
        (f"https://user@{HOST}", MISMATCH),
        (f"https:/{HOST}", MISMATCH),
        (f"https:{HOST}", MISMATCH),
        (f"https:\\\\{HOST}", MISMATCH),
        # parts of it
        (HOST, INVALID),
        (f"//{HOST}", INVALID),
        (f"://{HOST}", INVALID),
        (f"https:://{HOST}", INVALID),
        ("https://", INVALID),
        ("https", INVALID),
        ("example", INVALID),
        (".example", INVALID),
        # other origins
        (f"http://{HOST}", MISMATCH),
        (f"ftp://{HOST}", MISMATCH),
        (f"xxx{ORIGIN}", MISMATCH),
        (f"https://www.{HOST}", MISMATCH),
        ("https://example", MISMATCH),
        ("https://other.example", MISMATCH),
        ("null", MISMATCH),
        (f"{HOST}:443", MISMATCH),  # a scheme and an opaque path, hence a URL
        ("localhost:3000", MISMATCH),
        # patterns
        ("*.example", INVALID),
        (f"*{HOST}", INVALID),
        ("https://*.example", MISMATCH),
        ("https://.example", MISMATCH),
        ("https://*", MISMATCH),
        ("https://*:443", MISMATCH),
        ("https://app.*", MISMATCH),
        (f"*{ORIGIN}", INVALID),
        ("*://app.example", INVALID),
        ("/^https:/", INVALID),
        # what is meant as the wildcard, or as nothing
        ("**", INVALID),
        ("*\0", INVALID),
        ("\0*", INVALID),
        ("'*'", INVALID),
        ('"*"', INVALID),
        ("%2A", INVALID),
        ("all", INVALID),
        ("true", INVALID),
        ("undefined", INVALID),
        ("None", INVALID),
        ("Null", INVALID),
        ("-", INVALID),
        ("", INVALID),
        # lists
        ("* *", LIST),
        ("*, *", LIST),
        ("* null", LIST),
        ("null *", LIST),
        (f"* {ORIGIN}", LIST),
        (f"*, {ORIGIN}", LIST),
        (f"{ORIGIN}, *", LIST),
        (f"{ORIGIN},", LIST),
        (f",{ORIGIN}", LIST),
        (f"null {ORIGIN}", LIST),
        (f"{ORIGIN} {ORIGIN}", LIST),
        (f"{ORIGIN},https://other.example", LIST),
        (f'"", https://other.example, {ORIGIN}', LIST),
    ],
)
def test_anything_else_shares_nothing(value: str, reason: Reason) -> None:
    for mode in CredentialsMode:
        assert checked(value, mode=mode) == Failure(reason, value.strip("\t "))


@pytest.mark.parametrize("lines", [("", "*"), ("*", ""), ("*", "*"), ("", ORIGIN), (ORIGIN, "*")])
@pytest.mark.parametrize("mode", CredentialsMode)
def test_two_lines_share_nothing(lines: tuple[str, str], mode: CredentialsMode) -> None:
    failure = checked(*lines, mode=mode)
    assert failure is not None
    assert failure.reason is Reason.ALLOW_ORIGIN_REPEATED


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize(
    ("value", "counts"),
    [
        ("true", True),
        (" true\t", True),
        ("TRUE", False),
        ("True", False),
        ('"true"', False),
        ("'true'", False),
        ("true;", False),
        ("true,", False),
        ("true, true", False),
        ("true\0", False),
        ("tru", False),
        ("truee", False),
        ("?1", False),
        ("1", False),
        ("0", False),
        ("yes", False),
        ("*", False),
        ("false", False),
        ("", False),
    ],
)
def test_allow_credentials_is_true_to_the_byte(value: str, engine: Engine, *, counts: bool) -> None:
    headers = from_fields(
        [
            (b"Access-Control-Allow-Origin", ORIGIN.encode()),
            (b"Access-Control-Allow-Credentials", value.encode()),
        ]
    )
    assert (cors_check(ORIGIN, INCLUDE, headers, engine) is None) == counts
    assert cors_check(ORIGIN, OMIT, headers, engine) is None


@pytest.mark.parametrize(
    ("lines", "exposed"),
    [
        (["bb-8"], True),
        (["BB-8"], True),
        (["bb-8, c-3po"], True),
        (["c-3po,bb-8"], True),
        ([" , ,,bb-8,c-3po,  "], True),
        ([",bb-8"], True),
        (["bb-8,"], True),
        (["bb-8\t,\tc-3po"], True),
        (["bb-8", "c-3po"], True),
        (["c-3po", "bb-8"], True),
        (["", "bb-8"], True),
        (["bb-8, x%y, $_z"], True),
        (["c-3po"], False),
        (["bb"], False),
        (["bb-8x"], False),
        ([""], False),
        ([" , ,"], False),
        (["bb-8 c-3po"], False),
        (["c-3po bb-8"], False),
        (["bb-8, c-3po r2"], False),
        (["bb-8, c-3p(o"], False),
        (["bb-8,,@#$#%%&^&^*()()11!"], False),
        (["@#$#%%&^&^*()()11!,bb-8"], False),
        (["bb-8", "no no"], False),
        (["bb-8;c-3po"], False),
        (["bb-8=1"], False),
        (['"bb-8"'], False),
        (["'bb-8'"], False),
        (["bb-8\0"], False),
        (["bb-8\v"], False),
        (["bb-8\x0c"], False),
        (["bb-\xa08"], False),
        (["bb-8\xa0"], False),
        (["bb-8/*"], False),
        (["bb-*"], False),
    ],
)
def test_which_lists_expose_a_header(lines: list[str], *, exposed: bool) -> None:
    fields = [(b"Access-Control-Expose-Headers", line.encode("latin-1")) for line in lines]
    headers = from_fields([(b"BB-8", b"hey"), (b"Content-Language", b"mkay"), *fields])
    for mode in CredentialsMode:
        shown, _ = cors_filtered_headers(headers, mode)
        assert ("bb-8" in shown) == exposed
        assert "content-language" in shown


@pytest.mark.parametrize(
    ("expose", "without", "with_credentials"),
    [
        ("*", {"*", "test", "content-type"}, {"*", "content-type"}),
        ("*, set-cookie", {"*", "test", "content-type"}, {"*", "content-type"}),
        ("test, set-cookie, set-cookie2", {"test", "content-type"}, {"test", "content-type"}),
        ("", {"content-type"}, {"content-type"}),
    ],
)
def test_the_wildcard_exposes_all_but_cookies_or_the_header_of_its_name(
    expose: str, without: set[str], with_credentials: set[str]
) -> None:
    headers = (
        ("Content-Type", "text/plain"),
        ("Test", "X"),
        ("Set-Cookie", "X"),
        ("Set-Cookie2", "X"),
        ("*", "whoa"),
        ("Access-Control-Expose-Headers", expose),
    )
    for mode in CredentialsMode:
        shown = set(cors_filtered_headers(headers, mode)[0]) - {"access-control-expose-headers"}
        assert shown == (with_credentials if mode is INCLUDE else without)
