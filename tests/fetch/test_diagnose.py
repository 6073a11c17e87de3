"""What Chromium tells apart once the CORS check has failed on the origin."""

import pytest
from hypothesis import given

from corscope.fetch.diagnose import name_origin_mismatch
from corscope.fetch.reasons import Failure, Reason
from tests.fetch.strategies import any_value

NAME = "Access-Control-Allow-Origin"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("*", Reason.WILDCARD_WITH_CREDENTIALS, id="a wildcard fails with credentials"),
        pytest.param("**", Reason.ALLOW_ORIGIN_INVALID, id="two asterisks are no wildcard"),
        pytest.param("a, b", Reason.ALLOW_ORIGIN_LIST, id="a comma makes a list"),
        pytest.param("https://a https://b", Reason.ALLOW_ORIGIN_LIST, id="so does a space"),
        pytest.param("*, *", Reason.ALLOW_ORIGIN_LIST, id="also of wildcards"),
        pytest.param("null", Reason.ALLOW_ORIGIN_MISMATCH, id="null is some other origin"),
        pytest.param("Null", Reason.ALLOW_ORIGIN_INVALID, id="in lower case only"),
        pytest.param("", Reason.ALLOW_ORIGIN_INVALID, id="nothing is invalid"),
        pytest.param("app.example", Reason.ALLOW_ORIGIN_INVALID, id="a bare host is invalid"),
        pytest.param("app.example:443", Reason.ALLOW_ORIGIN_MISMATCH, id="with a port it is a URL"),
        pytest.param("https://b.example", Reason.ALLOW_ORIGIN_MISMATCH, id="another origin"),
        pytest.param("https://a.example/", Reason.ALLOW_ORIGIN_MISMATCH, id="a slash too many"),
        pytest.param("https://*.example", Reason.ALLOW_ORIGIN_MISMATCH, id="a pattern is a URL"),
        pytest.param("https://{host}", Reason.ALLOW_ORIGIN_MISMATCH, id="so is a placeholder"),
        pytest.param("https://<host>", Reason.ALLOW_ORIGIN_INVALID, id="but not a bracketed one"),
        pytest.param("https://a:99999", Reason.ALLOW_ORIGIN_INVALID, id="nor a port too great"),
        pytest.param("https://", Reason.ALLOW_ORIGIN_INVALID, id="nor a lone scheme"),
        pytest.param("https://b\xc3\xbccher", Reason.ALLOW_ORIGIN_MISMATCH, id="UTF-8 is a URL"),
        pytest.param("https://b\xfccher", Reason.ALLOW_ORIGIN_INVALID, id="Latin-1 isn't"),
    ],
)
def test_one_line(value: str, reason: Reason) -> None:
    """https://fetch.spec.whatwg.org/#concept-cors-check, step 4"""
    assert name_origin_mismatch(value, ((NAME, value),)) == Failure(reason, value)


def test_two_lines_are_told_from_a_list() -> None:
    headers = ((NAME, "a"), (NAME.lower(), "b"))
    assert name_origin_mismatch("a, b", headers) == Failure(
        Reason.ALLOW_ORIGIN_REPEATED, "a, b", "CORSAllowOriginNotMatchingOrigin"
    )


@given(any_value)
def test_any_value_has_a_name_and_is_kept(value: str) -> None:
    assert name_origin_mismatch(value, ((NAME, value),)).detail == value
