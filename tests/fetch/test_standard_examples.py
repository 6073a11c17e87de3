"""The Fetch standard's own examples, those of header lists and quoted strings apart.

Those are rows of `test_headers.py`, beside the functions that they show.
"""

import pytest

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.preflight import CorsRequest, preflight_failure
from corscope.fetch.reasons import Reason
from corscope.fetch.safelist import (
    cors_unsafe_request_header_names,
    is_cors_safelisted_request_header,
    normalize_method,
)
from corscope.fetch.verdict import judge
from corscope.messages import HeaderList, Response
from tests.fetch.strategies import INCLUDE, OMIT

ALLOW_ORIGIN, ALLOW_CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
FOO = "https://foo.invalid"
BAR = CorsRequest(FOO, "https://bar.invalid/api?key=730d&data=about:unicorn", "GET", ())


def fetched(headers: HeaderList, mode: CredentialsMode) -> Reason | None:
    """Why foo.invalid's script gets no answer from bar.invalid; None where it does."""
    failure = judge("actual", BAR, Response(200, headers), mode)
    return failure.reason if failure else None


@pytest.mark.parametrize(
    ("mode", "allow_origin", "allow_credentials", "reason"),
    [
        (OMIT, "*", None, None),
        (OMIT, "*", "true", None),
        (OMIT, "https://rabbit.invalid/", None, Reason.ALLOW_ORIGIN_MISMATCH),
        (OMIT, "https://rabbit.invalid", None, None),
        (INCLUDE, "*", "true", Reason.WILDCARD_WITH_CREDENTIALS),
        (INCLUDE, "https://rabbit.invalid", "true", None),
        (INCLUDE, "https://rabbit.invalid", "True", Reason.ALLOW_CREDENTIALS_NOT_TRUE),
    ],
)
def test_what_may_be_shared_with_rabbit_invalid(
    mode: CredentialsMode, allow_origin: str, allow_credentials: str | None, reason: Reason | None
) -> None:
    """https://fetch.spec.whatwg.org/#cors-protocol-and-credentials"""
    headers = ((ALLOW_ORIGIN, allow_origin), (ALLOW_CREDENTIALS, allow_credentials))
    present = tuple((name, value) for name, value in headers if value is not None)
    failure = cors_check("https://rabbit.invalid", mode, present)
    assert (failure.reason if failure else None) == reason


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([(ALLOW_ORIGIN, FOO)], None),
        ([(ALLOW_ORIGIN, "*")], None),
        ([(ALLOW_ORIGIN, "https://bar.invalid")], Reason.ALLOW_ORIGIN_MISMATCH),
        ([], Reason.ALLOW_ORIGIN_MISSING),
    ],
)
def test_a_simple_fetch(headers: list[tuple[str, str]], reason: Reason | None) -> None:
    """https://fetch.spec.whatwg.org/#example-simple-cors"""
    assert fetched(tuple(headers), OMIT) == reason


CSP, HSTS = "content-security-policy", "strict-transport-security"


@pytest.mark.parametrize(
    ("exposed", "mode", "read"),
    [
        pytest.param("Content-Security-Policy", OMIT, {CSP}, id="one header is named"),
        pytest.param("*", OMIT, {CSP, HSTS}, id="all by the wildcard"),
        pytest.param("*", INCLUDE, set(), id="which none is with credentials"),
        pytest.param(f"{CSP}, {HSTS}", INCLUDE, {CSP, HSTS}, id="where all need naming"),
    ],
)
def test_reading_a_response_header(exposed: str, mode: CredentialsMode, read: set[str]) -> None:
    """https://fetch.spec.whatwg.org/#example-cors-with-response-header"""
    headers = (
        ("Content-Security-Policy", "default-src 'self'"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubdomains; preload"),
        ("Access-Control-Expose-Headers", exposed),
    )
    shown, hidden = cors_filtered_headers(headers, mode)
    assert {CSP, HSTS}.intersection(shown) == read
    assert {CSP, HSTS}.intersection(hidden) == {CSP, HSTS} - read


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([(ALLOW_ORIGIN, FOO), (ALLOW_CREDENTIALS, "true")], None),
        ([(ALLOW_ORIGIN, FOO)], Reason.ALLOW_CREDENTIALS_NOT_TRUE),
        ([(ALLOW_ORIGIN, "*"), (ALLOW_CREDENTIALS, "true")], Reason.WILDCARD_WITH_CREDENTIALS),
        ([(ALLOW_CREDENTIALS, "true")], Reason.ALLOW_ORIGIN_MISSING),
    ],
)
def test_a_fetch_with_credentials(headers: list[tuple[str, str]], reason: Reason | None) -> None:
    """https://fetch.spec.whatwg.org/#example-cors-with-credentials"""
    assert fetched(tuple(headers), INCLUDE) == reason


@pytest.mark.parametrize("mode", CredentialsMode)
def test_the_wildcard_in_lists_is_for_requests_without_credentials(mode: CredentialsMode) -> None:
    """https://fetch.spec.whatwg.org/#cors-protocol-and-credentials, below the table"""
    headers = (
        (ALLOW_ORIGIN, FOO),
        (ALLOW_CREDENTIALS, "true"),
        ("Access-Control-Allow-Methods", "*"),
        ("Access-Control-Allow-Headers", "*"),
    )
    for method, names in (("PUT", ()), ("GET", ("x-a",))):
        request = CorsRequest(FOO, BAR.url, method, names)
        refused = preflight_failure(request, Response(200, headers), mode)
        assert (refused is not None) == (mode is INCLUDE)


def test_the_wildcard_alone_shares_nothing_that_credentials_reveal() -> None:
    """https://fetch.spec.whatwg.org/#basic-safe-cors-protocol-setup"""
    assert fetched(((ALLOW_ORIGIN, "*"),), OMIT) is None
    assert fetched(((ALLOW_ORIGIN, "*"),), INCLUDE) is Reason.WILDCARD_WITH_CREDENTIALS


def test_two_content_types_hide_no_json() -> None:
    """https://fetch.spec.whatwg.org/#example-cors-safelisted-request-header-content-type"""
    headers = (("Content-Type", "application/json"), ("Content-Type", "text/plain"))
    assert cors_unsafe_request_header_names(headers) == ["content-type"]
    assert not is_cors_safelisted_request_header("Content-Type", "application/json, text/plain")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/csp-report",
        "application/expect-ct-report+json",
        "application/xss-auditor-report",
        "application/ocsp-request",
    ],
)
def test_reports_go_without_leave_for_they_are_not_scripts(content_type: str) -> None:
    """https://fetch.spec.whatwg.org/#cors-protocol-exceptions: script itself needs leave."""
    assert not is_cors_safelisted_request_header("Content-Type", content_type)


def test_patch_in_lower_case_is_another_method() -> None:
    """https://fetch.spec.whatwg.org/#example-normalization"""
    patch = CorsRequest(FOO, BAR.url, normalize_method("patch"), ())
    headers = ((ALLOW_ORIGIN, "*"), ("Access-Control-Allow-Methods", "PATCH"))
    refused = preflight_failure(patch, Response(200, headers), OMIT)
    assert refused is not None
    assert (refused.reason, refused.detail) == (Reason.METHOD_NOT_ALLOWED, "patch")
