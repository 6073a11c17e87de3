"""The clouds' dialects, which no test can hold beside the real service.

What S3 is asked here was asked of S3 itself: the recorded answers of LocalStack's tests.
"""

import json
from xml.etree import ElementTree

import pytest

from corscope.fetch.headers import get
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect
from corscope.servers.platforms.api_gateway import API_GATEWAY
from corscope.servers.platforms.azure_blob import AZURE_BLOB
from corscope.servers.platforms.clouds import is_listed
from corscope.servers.platforms.gcs import GCS
from corscope.servers.platforms.s3 import S3
from corscope.servers.policy import Policy
from tests.servers.asking import URL, answer, options

APP = "https://app.test"
EVIL = "https://evil.test"
POLICY = Policy(
    allow_origins=(APP,),
    allow_methods=("GET", "PUT"),
    allow_headers=("X-A", "x-amz-*"),
    expose_headers=("ETag",),
    max_age=3000,
)
S3_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def actual(
    dialect: Dialect, policy: Policy, origin: str | None, method: str = "GET", own: HeaderList = ()
) -> HeaderList:
    request = Request(method, URL, () if origin is None else (("Origin", origin),))
    got = dialect.actual(policy, request, Response(404, own))
    assert got.status == 404
    return got.headers


@pytest.mark.parametrize(
    ("name", "patterns", "found"),
    [
        ("a", ("b", "a"), True),
        ("a", (), False),
        ("anything", ("*",), True),
        ("https://x.y.test", ("https://*.test",), True),
        ("https://.test", ("https://*.test",), True),
        ("https://test", ("https://*.test",), False),
        ("aba", ("ab*ba",), False),
    ],
)
def test_one_star_stands_for_anything(name: str, patterns: tuple[str, ...], *, found: bool) -> None:
    assert is_listed(name, patterns) is found


def test_s3_allows_a_preflight() -> None:
    assert answer(S3, POLICY, options(APP, "PUT", "x-a, X-Amz-Date")) == Answer(
        200,
        (
            ("access-control-allow-origin", APP),
            ("access-control-allow-methods", "GET, PUT"),
            ("access-control-allow-headers", "x-a, x-amz-date"),
            ("access-control-expose-headers", "ETag"),
            ("access-control-max-age", "3000"),
            ("access-control-allow-credentials", "true"),
            ("vary", S3_VARY),
        ),
    )


def test_s3_allows_no_credentials_to_all_origins() -> None:
    policy = Policy(allow_origins="*", allow_methods=("GET",))
    assert answer(S3, policy, options(EVIL, "GET")) == Answer(
        200,
        (
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET"),
            ("vary", S3_VARY),
        ),
    )


@pytest.mark.parametrize(
    ("policy", "request_", "status", "told"),
    [
        pytest.param(
            POLICY, options(None), 400, ["BadRequest", None, None], id="an Origin is needed"
        ),
        pytest.param(
            POLICY, options(EVIL), 403, ["AccessForbidden", "PUT", "OBJECT"], id="another origin"
        ),
        pytest.param(
            POLICY, options(APP, "<"), 403, ["AccessForbidden", "<", "OBJECT"], id="the method"
        ),
        pytest.param(
            POLICY,
            options(APP, "GET", "x-b"),
            403,
            ["AccessForbidden", "GET", "OBJECT"],
            id="names",
        ),
        pytest.param(
            POLICY, options(APP, None), 403, ["AccessForbidden", "OPTIONS", "OBJECT"], id="no ACRM"
        ),
        pytest.param(
            Policy(), options(APP), 403, ["AccessForbidden", "PUT", "BUCKET"], id="no rule at all"
        ),
    ],
)
def test_s3_says_in_xml_what_it_does_not_allow(
    policy: Policy, request_: Request, status: int, told: list[str | None]
) -> None:
    made = answer(S3, policy, request_)
    error = ElementTree.fromstring(made.body)
    assert made.status == status
    assert [error.findtext(name) for name in ("Code", "Method", "ResourceType")] == told
    assert get(made.headers, "vary") is None


def test_s3_takes_an_actual_request_for_the_method_it_asks_for() -> None:
    asking = (("Origin", APP), ("Access-Control-Request-Method", "DELETE"))
    got = S3.actual(POLICY, Request("GET", URL, asking), Response(200, ()))
    assert got == Response(200, ())
    assert get(actual(S3, POLICY, APP), "access-control-max-age") == "3000"
    assert actual(S3, POLICY, EVIL) == actual(S3, POLICY, None) == ()


@pytest.mark.parametrize(
    ("dialect", "policy", "field"),
    [
        (S3, Policy(allow_origins=()), "allow_origins"),
        (S3, Policy(allow_origins="*", allow_methods=("PATCH",)), "allow_methods"),
        (S3, Policy(allow_origins=("https://*.*.test",)), "allow_origins"),
        (S3, Policy(allow_origins="*", expose_headers="*"), "expose_headers"),
        (GCS, Policy(allow_origins=()), "allow_origins"),
        (AZURE_BLOB, Policy(allow_origins="*", allow_methods=()), "allow_methods"),
        (AZURE_BLOB, Policy(allow_origins="*", allow_methods=("get",)), "allow_methods"),
        (AZURE_BLOB, Policy(allow_origins="*", allow_headers=("*-a",)), "allow_headers"),
        (API_GATEWAY, Policy(allow_origins="*", allow_credentials=True), "allow_credentials"),
        (API_GATEWAY, Policy(allow_origins=("https://*.a.test",)), "allow_origins"),
        (API_GATEWAY, Policy(max_age=86401), "max_age"),
    ],
)
def test_what_the_service_refuses(dialect: Dialect, policy: Policy, field: str) -> None:
    assert [c.field for c in dialect.complaints(policy) if c.at_start] == [field]


@pytest.mark.parametrize("dialect", [S3, GCS, AZURE_BLOB, API_GATEWAY], ids=lambda d: d.name)
def test_what_none_of_them_can_write(dialect: Dialect) -> None:
    regex = Policy(allow_origin_regex="a")
    echoing = Policy(allow_origins="request", allow_methods="request")
    fields = {c.field for policy in (regex, echoing) for c in dialect.complaints(policy)}
    assert {"allow_origin_regex", "allow_origins", "allow_methods"} <= fields


def test_gcs_has_one_list_for_allowed_and_exposed_headers() -> None:
    assert answer(GCS, POLICY, options(APP, "PUT", "x-b")) == Answer(
        200,
        (
            ("access-control-allow-origin", APP),
            ("access-control-allow-methods", "GET,PUT"),
            ("access-control-allow-headers", "X-A,x-amz-*,ETag"),
            ("access-control-max-age", "3000"),
        ),
    )
    assert answer(GCS, POLICY, options(APP, "DELETE")) == Answer(200)
    assert get(actual(GCS, POLICY, APP), "access-control-expose-headers") == "X-A,x-amz-*,ETag"
    assert GCS.export is not None
    assert GCS.export(POLICY).warnings
    assert not GCS.export(Policy(allow_origins="*")).warnings


def test_azure_sends_back_what_was_asked_for() -> None:
    assert answer(AZURE_BLOB, POLICY, options(APP, "PUT", "x-a,x-AMZ-b")) == Answer(
        200,
        (
            ("access-control-allow-origin", APP),
            ("access-control-allow-methods", "PUT"),
            ("access-control-allow-headers", "x-a,x-AMZ-b"),
            ("access-control-max-age", "3000"),
            ("access-control-allow-credentials", "true"),
        ),
    )
    assert answer(AZURE_BLOB, POLICY, options(EVIL)).status == 403
    assert answer(AZURE_BLOB, POLICY, options(APP, None)).status == 400


@pytest.mark.parametrize(
    ("origins", "origin", "method", "allowed", "vary"),
    [
        pytest.param(None, APP, "GET", None, None, id="without rules nothing is said"),
        pytest.param((APP,), None, "GET", None, "Origin", id="a rule makes it vary"),
        pytest.param((APP,), APP, "GET", APP, "Origin", id="for who is listed"),
        pytest.param((APP,), EVIL, "GET", None, "Origin", id="and who isn't"),
        pytest.param((APP,), APP, "PUT", APP, None, id="but only what is cached"),
        pytest.param("*", EVIL, "GET", "*", None, id="a star varies by nothing"),
        pytest.param("*", None, "GET", "*", None, id="and needs no Origin"),
    ],
)
def test_when_azure_sends_vary(
    origins: tuple[str, ...] | str | None,
    origin: str | None,
    method: str,
    allowed: str | None,
    vary: str | None,
) -> None:
    headers = actual(AZURE_BLOB, Policy(allow_origins=origins), origin, method)
    assert get(headers, "access-control-allow-origin") == allowed
    assert get(headers, "vary") == vary


def test_azure_names_the_headers_that_a_prefix_exposes() -> None:
    policy = Policy(allow_origins="*", expose_headers=("x-ms-meta-*", "ETag", "Date"))
    own = (("X-Ms-Meta-B", "1"), ("etag", "2"), ("X-Other", "3"))
    headers = actual(AZURE_BLOB, policy, APP, own=own)
    assert get(headers, "access-control-expose-headers") == "X-Ms-Meta-B,etag,Date"


def test_an_http_api_drops_the_integration_s_own_headers() -> None:
    own = (("Access-Control-Allow-Origin", "*"), ("Content-Type", "a/b"))
    assert actual(API_GATEWAY, POLICY, EVIL, own=own) == own[1:]
    assert answer(API_GATEWAY, POLICY, options(EVIL)) == Answer(204)
    assert API_GATEWAY.preflight(POLICY, options(APP, None)) is None
    any_https = Policy(allow_origins=("https://*",), allow_credentials=True)
    assert actual(API_GATEWAY, any_https, APP) == (
        ("access-control-allow-origin", APP),
        ("access-control-allow-credentials", "true"),
    )


@pytest.mark.parametrize("dialect", [S3, GCS, API_GATEWAY], ids=lambda d: d.name)
def test_the_export_is_json(dialect: Dialect) -> None:
    assert dialect.export is not None
    for policy in (POLICY, Policy()):
        assert json.loads(dialect.export(policy).text) is not None


def test_the_export_for_azure_is_xml() -> None:
    assert AZURE_BLOB.export is not None
    [rule] = ElementTree.fromstring(AZURE_BLOB.export(POLICY).text)
    assert {each.tag: each.text for each in rule} == {
        "AllowedOrigins": APP,
        "AllowedMethods": "GET,PUT",
        "AllowedHeaders": "X-A,x-amz-*",
        "ExposedHeaders": "ETag",
        "MaxAgeInSeconds": "3000",
    }
