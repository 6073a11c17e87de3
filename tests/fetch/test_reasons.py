"""The catalogue of reasons."""

import re
from typing import get_args

import pytest

from corscope.fetch.reasons import CATALOGUE, Kind, Reason, chromium_name, firefox_name


def test_every_reason_is_in_the_catalogue_under_a_readable_id() -> None:
    assert set(CATALOGUE) == set(Reason)
    for reason, entry in CATALOGUE.items():
        assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", reason)
        assert entry.section.startswith("https://fetch.spec.whatwg.org/#")
        assert firefox_name(reason) == entry.firefox


@pytest.mark.parametrize(
    ("reason", "actual", "preflight"),
    [
        pytest.param(
            Reason.ALLOW_ORIGIN_MISSING,
            "MissingAllowOriginHeader",
            "PreflightMissingAllowOriginHeader",
            id="a preflight's failed check has a prefix",
        ),
        pytest.param(
            Reason.PREFLIGHT_STATUS,
            "PreflightInvalidStatus",
            "PreflightInvalidStatus",
            id="what only a preflight can fail in hasn't",
        ),
        pytest.param(Reason.REDIRECT_INVALID, None, None, id="some have no name"),
    ],
)
def test_chromium_name(reason: Reason, actual: str | None, preflight: str | None) -> None:
    assert chromium_name(reason, "actual") == actual
    assert chromium_name(reason, "preflight") == preflight


# https://chromedevtools.github.io/devtools-protocol/tot/Network/#type-CorsError
KNOWN_TO_CHROMIUM = {
    "AllowOriginMismatch",
    "CorsDisabledScheme",
    "HeaderDisallowedByPreflightResponse",
    "InvalidAllowCredentials",
    "InvalidAllowHeadersPreflightResponse",
    "InvalidAllowMethodsPreflightResponse",
    "InvalidAllowOriginValue",
    "MethodDisallowedByPreflightResponse",
    "MissingAllowOriginHeader",
    "MultipleAllowOriginValues",
    "PreflightAllowOriginMismatch",
    "PreflightDisallowedRedirect",
    "PreflightInvalidAllowCredentials",
    "PreflightInvalidAllowOriginValue",
    "PreflightInvalidStatus",
    "PreflightMissingAllowOriginHeader",
    "PreflightMultipleAllowOriginValues",
    "PreflightWildcardOriginNotAllowed",
    "RedirectContainsCredentials",
    "WildcardOriginNotAllowed",
}


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("reason", Reason)
def test_chromium_knows_each_name(reason: Reason, kind: Kind) -> None:
    assert chromium_name(reason, kind) in KNOWN_TO_CHROMIUM | {None}
