"""https://wicg.github.io/document-isolation-policy/"""

import pytest

from corscope.fetch.isolation_policy import obtain_an_isolation_policy
from corscope.fetch.origin import TupleOrigin

PAGE = TupleOrigin("https", "page.example")
REQUIRE_CORP, CREDENTIALLESS = "isolate-and-require-corp", "isolate-and-credentialless"


def obtained(*lines: str, of: TupleOrigin = PAGE) -> str:
    headers = tuple(("document-isolation-policy", line) for line in lines)
    return obtain_an_isolation_policy(of, headers)


@pytest.mark.parametrize("policy", [REQUIRE_CORP, CREDENTIALLESS, "none"])
def test_a_token_and_its_parameters(policy: str) -> None:
    assert obtained(policy) == obtained(f' {policy}; report-to="x"') == policy


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("",),
        ("Isolate-And-Require-Corp",),
        (f'"{REQUIRE_CORP}"',),
        (f"{REQUIRE_CORP}, none",),
        (REQUIRE_CORP, REQUIRE_CORP),
        (REQUIRE_CORP, ""),
        ("require-corp",),
    ],
)
def test_what_is_no_such_token_counts_as_none(lines: tuple[str, ...]) -> None:
    assert obtained(*lines) == "none"


def test_only_secure_pages_have_one() -> None:
    assert obtained(REQUIRE_CORP, of=TupleOrigin("http", "page.example")) == "none"
    assert obtained(REQUIRE_CORP, of=TupleOrigin("http", "localhost", 3000)) == REQUIRE_CORP
