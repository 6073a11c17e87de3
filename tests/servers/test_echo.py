"""What Echo 4.15 and 5 do otherwise than 4.2, which `real/` runs: what they were asked by hand."""

import pytest

from corscope.fetch.headers import get
from corscope.messages import Request, Response
from corscope.servers.libraries.echo import ECHO_GO
from corscope.servers.policy import Policy
from tests.servers.asking import URL, answer, options

APP = "https://app.test"
ORIGIN = "access-control-allow-origin"


def of(version: str, **fields: object) -> Policy:
    return Policy(settings=(("version", version),), **fields)  # type: ignore[arg-type]


def allowed(policy: Policy, origin: str) -> str | None:
    request = Request("GET", URL, (("Origin", origin),))
    return get(ECHO_GO.actual(policy, request, Response(200, ())).headers, ORIGIN)


@pytest.mark.parametrize(("version", "sent"), [("4.2", APP), ("4.15", "*")])
def test_a_wildcard_beside_credentials_is_named_only_by_an_old_one(version: str, sent: str) -> None:
    assert allowed(of(version, allow_origins="*", allow_credentials=True), APP) == sent


@pytest.mark.parametrize(("version", "sent"), [("4.2", None), ("4.15", "0"), ("5", "0")])
def test_a_max_age_below_0_is_sent_as_0_by_a_new_one(version: str, sent: str | None) -> None:
    policy = of(version, allow_origins=(APP,), max_age=-1)
    assert get(answer(ECHO_GO, policy, options(APP)).headers, "access-control-max-age") == sent


def test_5_sends_an_origin_as_it_is_listed() -> None:
    assert allowed(of("5", allow_origins=("https://APP.test",)), APP) == "https://APP.test"
    assert allowed(of("4.15", allow_origins=("https://APP.test",)), APP) is None


def test_5_has_no_patterns() -> None:
    below = ("https://*.app.test",)
    assert allowed(of("4.15", allow_origins=below), "https://a.app.test") == "https://a.app.test"
    assert allowed(of("5", allow_origins=below), "https://a.app.test") is None


@pytest.mark.parametrize(
    ("origins", "credentials", "field"),
    [
        (None, None, "allow_origins"),
        ("*", True, "allow_credentials"),
        (("null",), None, "allow_origins"),
        ((f"{APP}/",), None, "allow_origins"),
        (("app.test",), None, "allow_origins"),
        (("http://localhost:*",), None, "allow_origins"),
        (("https://a b",), None, "allow_origins"),
        (("*", "null"), None, None),
        (("http://[::1]:3000", "https://*.a.test", "x://a", "https://b\u00fc.test"), None, None),
        ("request", True, None),
    ],
)
def test_5_looks_at_its_origins_when_it_starts(
    origins: str | tuple[str, ...] | None, credentials: bool | None, field: str | None
) -> None:
    policy = of("5", allow_origins=origins, allow_credentials=credentials)
    found = ECHO_GO.complaints(policy)
    assert [each.field for each in found] == ([] if field is None else [field])
    assert all(each.at_start for each in found)


def test_an_export_is_for_its_version() -> None:
    assert ECHO_GO.export is not None
    text = ECHO_GO.export(of("5", allow_origins="request")).text
    assert text == (
        'import "github.com/labstack/echo/v5"\nimport "github.com/labstack/echo/v5/middleware"\n\n'
        "// With github.com/labstack/echo/v5 v5.0 in go.mod.\n"
        "e.Use(middleware.CORSWithConfig(middleware.CORSConfig{\n"
        "\tUnsafeAllowOriginFunc: func(_ *echo.Context, origin string) (string, bool, error) "
        "{ return origin, func(string) bool { return true }(origin), nil },\n}))\n"
    )
    assert "echo/v4 v4.15 in go.mod" in ECHO_GO.export(of("4.15", allow_origins=(APP,))).text
