"""How ASP.NET Core answers, told in a few words; `real/` holds all of it against the real one."""

import pytest

from corscope.fetch.headers import get, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.libraries.aspnet_core import ASPNET_CORE
from corscope.servers.policy import Policy
from tests.servers.asking import URL, answer, options

APP = "https://app.test"
EVIL = "https://evil.test"
LISTED = Policy(
    allow_origins=(APP, "https://second.test"),
    allow_methods=("GET", "PUT"),
    allow_headers=("X-A", "x-b"),
    expose_headers=("ETag", "X-Total"),
    max_age=0,
)
OPEN = Policy(allow_origins="request", allow_methods="*", allow_headers="*")
ORIGIN, METHODS = "access-control-allow-origin", "access-control-allow-methods"
HEADERS, AGE = "access-control-allow-headers", "access-control-max-age"
EXPOSED = "access-control-expose-headers"


def actual(policy: Policy, origin: str, own: HeaderList = ()) -> Response:
    request = Request("GET", URL, (("Origin", origin),))
    return ASPNET_CORE.actual(policy, request, Response(200, own))


def test_an_allowed_preflight_lists_all_in_kestrels_order() -> None:
    made = answer(ASPNET_CORE, LISTED, options(APP, "PUT", "x-a, x-evil"))
    assert made == Answer(
        204,
        (
            (HEADERS, "X-A,x-b"),
            (METHODS, "GET,PUT"),
            (ORIGIN, APP),
            (AGE, "0"),
            ("vary", "Origin"),
        ),
    )


def test_others_get_nothing() -> None:
    assert answer(ASPNET_CORE, LISTED, options(EVIL)) == Answer(204)
    assert actual(LISTED, EVIL) == Response(200, ())
    assert ASPNET_CORE.preflight(LISTED, options(None)) is None


def test_it_varies_where_there_is_more_than_one_origin() -> None:
    one, below = Policy(allow_origins=(APP,)), Policy(allow_origins=("https://*.app.test",))
    assert values(actual(one, APP).headers, "vary") == ()
    got = actual(below, "https://a.b.app.test", own=(("Vary", "Accept"),))
    assert values(got.headers, "vary") == ("Accept", "Origin")
    assert actual(below, "https://app.test:8443").headers == ()
    assert actual(below, APP).headers == ()


def test_what_kestrel_does_not_know_by_name_comes_last() -> None:
    unknown = ("Access-Control-Allow-Private-Network", "true")
    got = actual(LISTED, APP, own=(("Vary", "Accept"), unknown))
    assert got.headers == (
        (ORIGIN, APP),
        (EXPOSED, "ETag,X-Total"),
        ("Vary", "Accept"),
        ("Vary", "Origin"),
        unknown,
    )


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("x-a, ,x-b ", "x-a,x-b"),
        ('"x-a"', "x-a"),
        ('""', None),
        ('"', '"'),
        ('"x-a, x-b",x-c', '"x-a, x-b",x-c'),
        ('x-a"b,c"', '"x-a"b,c""'),
        ('"x-a, x-b', '""x-a, x-b"'),
        ('"x-a"b,x-c', '"x-a"b,x-c'),
        ('"x-a" "b,c"', '"x-a" "b,c"'),
    ],
)
def test_any_header_is_sent_back_as_a_list_with_quotation_marks_is_read(
    asked: str, sent: str | None
) -> None:
    made = answer(ASPNET_CORE, OPEN, options(APP, "PUT", asked))
    assert get(made.headers, HEADERS) == sent


def test_any_method_is_sent_back_if_it_is_one() -> None:
    assert get(answer(ASPNET_CORE, OPEN, options(APP, "QUERY")).headers, METHODS) == "QUERY"
    assert get(answer(ASPNET_CORE, OPEN, options(APP, "a, b")).headers, METHODS) == '"a, b"'
    assert get(answer(ASPNET_CORE, OPEN, options(APP, "")).headers, METHODS) is None


def test_of_several_lines_those_count_that_are_not_empty() -> None:
    lines = tuple(("Origin", each) for each in (APP, "", EVIL))
    got = ASPNET_CORE.actual(OPEN, Request("GET", URL, lines), Response(200, ()))
    assert get(got.headers, ORIGIN) == f"{APP},{EVIL}"


def test_a_method_by_the_name_of_the_echo_is_one_where_it_is_listed() -> None:
    listed = Policy(allow_origins=(APP,), allow_methods=("request",), allow_headers=("request",))
    made = answer(ASPNET_CORE, listed, options(APP, "PUT", "x-a"))
    assert made.headers == ((HEADERS, "request"), (METHODS, "request"), (ORIGIN, APP))
    assert ASPNET_CORE.export is not None
    assert 'WithHeaders("request")' in ASPNET_CORE.export(listed).text


def test_an_exception_that_nobody_catches_loses_the_headers() -> None:
    unhandled = Policy(allow_origins="*", settings=(("handled_errors", False),))
    request = Request("GET", URL, (("Origin", APP),))
    for status, allowed in ((500, None), (404, "*")):
        got = ASPNET_CORE.actual(unhandled, request, Response(status, ()))
        assert get(got.headers, ORIGIN) == allowed


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (Policy(allow_origins="*", allow_credentials=True), "allow_credentials"),
        (Policy(allow_origins=("https://*.a.test:*",)), "allow_origins"),
        (Policy(allow_origins=(APP,), max_age=-1), "max_age"),
    ],
)
def test_what_is_complained_about(policy: Policy, field: str) -> None:
    assert [complaint.field for complaint in ASPNET_CORE.complaints(policy)] == [field]


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (
            Policy(allow_origins=("https://*.a.test",), allow_headers="*", max_age=5),
            "builder.Services.AddCors();\n\napp.UseCors(policy => policy\n"
            '    .WithOrigins("https://*.a.test")\n'
            "    .SetIsOriginAllowedToAllowWildcardSubdomains()\n    .AllowAnyHeader()\n"
            "    .SetPreflightMaxAge(TimeSpan.FromSeconds(5)));\n",
        ),
        (Policy(), "builder.Services.AddCors();\n\napp.UseCors(policy => { });\n"),
        (
            Policy(allow_origin_regex='a"'),
            "using System.Text.RegularExpressions;\n\nbuilder.Services.AddCors();\n\n"
            "app.UseCors(policy => policy\n"
            '    .SetIsOriginAllowed(origin => Regex.IsMatch(origin, @"a""")));\n',
        ),
    ],
)
def test_the_export(policy: Policy, text: str) -> None:
    assert ASPNET_CORE.complaints(policy) == ()
    assert ASPNET_CORE.export is not None
    assert ASPNET_CORE.export(policy).text == text
