"""https://fetch.spec.whatwg.org/#concept-cors-check"""

import pytest
from hypothesis import given

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Engine
from corscope.fetch.headers import get
from corscope.fetch.reasons import Reason, firefox_name
from corscope.messages import HeaderList
from tests.fetch.strategies import INCLUDE, OMIT, ORIGIN, SAME_ORIGIN, header_lists, modes

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"


def reason_of(
    headers: list[tuple[str, str]],
    mode: CredentialsMode,
    origin: str = ORIGIN,
    engine: Engine = Engine.UNKNOWN,
) -> Reason | None:
    failure = cors_check(origin, mode, tuple(headers), engine)
    return failure.reason if failure else None


@pytest.mark.parametrize("mode", [OMIT, SAME_ORIGIN])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], Reason.ALLOW_ORIGIN_MISSING, id="without the header nothing is shared"),
        pytest.param(["*"], None, id="a wildcard suffices"),
        pytest.param([ORIGIN], None, id="so does the origin"),
        pytest.param([ORIGIN.upper()], Reason.ALLOW_ORIGIN_MISMATCH, id="but not in capitals"),
        pytest.param([ORIGIN + "/"], Reason.ALLOW_ORIGIN_MISMATCH, id="nor with a slash"),
        pytest.param([ORIGIN + ":443"], Reason.ALLOW_ORIGIN_MISMATCH, id="nor with its port"),
        pytest.param([ORIGIN, ORIGIN], Reason.ALLOW_ORIGIN_REPEATED, id="nor twice"),
        pytest.param([ORIGIN, ""], Reason.ALLOW_ORIGIN_REPEATED, id="nor beside an empty line"),
        pytest.param([f"{ORIGIN}, *"], Reason.ALLOW_ORIGIN_LIST, id="nor in a list"),
        pytest.param(["*", "*"], Reason.ALLOW_ORIGIN_REPEATED, id="nor does a second wildcard"),
        pytest.param(["null"], Reason.ALLOW_ORIGIN_MISMATCH, id="null is another origin"),
        pytest.param([""], Reason.ALLOW_ORIGIN_INVALID, id="an empty value is present"),
    ],
)
def test_without_credentials(
    values: list[str], mode: CredentialsMode, expected: Reason | None
) -> None:
    """Steps 1 to 5."""
    headers = [(ALLOW_ORIGIN.lower(), value) for value in values]
    assert reason_of(headers, mode) == expected
    assert reason_of([*headers, (ALLOW_CREDENTIALS, "false")], mode) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("null", None, id="the word null is an opaque origin's"),
        pytest.param("*", None, id="a wildcard covers it as well"),
        pytest.param("NULL", Reason.ALLOW_ORIGIN_INVALID, id="the word is in lower case"),
        pytest.param(ORIGIN, Reason.ALLOW_ORIGIN_MISMATCH, id="an origin doesn't"),
    ],
)
def test_an_opaque_origin(value: str, expected: Reason | None) -> None:
    assert reason_of([(ALLOW_ORIGIN, value)], OMIT, "null") == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["true"], None, id="true suffices"),
        pytest.param([], Reason.ALLOW_CREDENTIALS_NOT_TRUE, id="but it must be there"),
        pytest.param(["True"], Reason.ALLOW_CREDENTIALS_NOT_TRUE, id="in lower case"),
        pytest.param(["1"], Reason.ALLOW_CREDENTIALS_NOT_TRUE, id="as a word"),
        pytest.param(["false"], Reason.ALLOW_CREDENTIALS_NOT_TRUE, id="not another one"),
        pytest.param([""], Reason.ALLOW_CREDENTIALS_NOT_TRUE, id="not empty"),
        pytest.param(["true", "true"], Reason.ALLOW_CREDENTIALS_NOT_TRUE, id="once"),
        pytest.param(["true, true"], Reason.ALLOW_CREDENTIALS_NOT_TRUE, id="not in a list"),
    ],
)
def test_with_credentials(values: list[str], expected: Reason | None) -> None:
    """Steps 6 to 8."""
    headers = [(ALLOW_ORIGIN, ORIGIN), *((ALLOW_CREDENTIALS, value) for value in values)]
    assert reason_of(headers, INCLUDE) == expected


def test_a_wildcard_never_suffices_with_credentials() -> None:
    headers = [(ALLOW_ORIGIN, "*"), (ALLOW_CREDENTIALS, "true")]
    assert reason_of(headers, INCLUDE) is Reason.WILDCARD_WITH_CREDENTIALS


def test_the_value_at_fault_is_kept() -> None:
    failure = cors_check(ORIGIN, INCLUDE, ((ALLOW_ORIGIN, ORIGIN), (ALLOW_CREDENTIALS, "yes")))
    assert failure is not None
    assert failure.detail == "yes"


@pytest.mark.parametrize(
    ("lines", "firefox"),
    [
        pytest.param(["true", ""], True, id="an empty line is dropped"),
        pytest.param(["", "true"], True, id="wherever it stands"),
        pytest.param(["true", "true"], False, id="but not a second true"),
        pytest.param([""], False, id="and nothing isn't true"),
        pytest.param([], False, id="nor is an absent header"),
    ],
)
def test_firefox_drops_an_empty_credentials_line(lines: list[str], *, firefox: bool) -> None:
    headers = [(ALLOW_ORIGIN, ORIGIN), *((ALLOW_CREDENTIALS, line) for line in lines)]
    for engine in Engine:
        allowed = reason_of(headers, INCLUDE, engine=engine) is None
        assert allowed == (firefox and engine is Engine.FIREFOX)


@given(modes, header_lists)
def test_the_diagnosis_never_changes_the_verdict(
    mode: CredentialsMode, headers: HeaderList
) -> None:
    """The check once more, without reasons."""
    allow_origin, include = get(headers, ALLOW_ORIGIN), mode is INCLUDE
    shared = allow_origin == ORIGIN or (allow_origin == "*" and not include)
    success = shared and (not include or get(headers, ALLOW_CREDENTIALS) == "true")
    assert (cors_check(ORIGIN, mode, headers) is None) == success


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize(
    ("lines", "in_firefox", "elsewhere"),
    [
        pytest.param((), "allow-origin-missing", "allow-origin-missing", id="no line is none"),
        pytest.param(
            (("access-control-allow-origin", ""),),
            "allow-origin-invalid",
            "allow-origin-invalid",
            id="an empty one is a line",
        ),
        pytest.param(
            (("access-control-allow-origin", "https://a.example"),) * 2,
            "allow-origin-repeated",
            "allow-origin-repeated",
            id="in lower case they are combined",
        ),
        pytest.param(
            (
                ("access-control-allow-origin", "https://a.example"),
                ("access-control-allow-origin", ""),
            ),
            None,
            "allow-origin-repeated",
            id="and an empty one is dropped",
        ),
        pytest.param(
            (
                ("Access-Control-Allow-Origin", "https://a.example"),
                ("Access-Control-Allow-Origin", ""),
            ),
            "allow-origin-repeated",
            "allow-origin-repeated",
            id="but not as the standard spells it",
        ),
    ],
)
def test_repeated_origins_in_firefox(
    engine: Engine, lines: HeaderList, in_firefox: str | None, elsewhere: str
) -> None:
    failure = cors_check("https://a.example", CredentialsMode.OMIT, lines, engine)
    expected = in_firefox if engine is Engine.FIREFOX else elsewhere
    assert (failure.reason if failure else None) == expected


def test_firefox_names_repeated_origins_only_as_the_standard_spells_them() -> None:
    def named(name: str) -> str | None:
        failure = cors_check("https://a.example", CredentialsMode.OMIT, ((name, "*"), (name, "*")))
        assert failure is not None
        return failure.firefox or firefox_name(failure.reason)

    assert named("Access-Control-Allow-Origin") == "CORSMultipleAllowOriginNotAllowed"
    assert named("access-control-allow-origin") == "CORSAllowOriginNotMatchingOrigin"
