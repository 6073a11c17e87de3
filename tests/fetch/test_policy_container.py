"""What a document comes with that holds for all that it asks for."""

import pytest

from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.origin import TupleOrigin
from corscope.fetch.policy_container import NO_POLICIES, create_a_policy_container
from corscope.messages import HeaderList

PAGE = TupleOrigin("https", "page.example")
CSP = "Content-Security-Policy"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param((), False, id="none"),
        pytest.param(((CSP, "upgrade-insecure-requests"),), True, id="alone"),
        pytest.param(((CSP, "default-src *; upgrade-insecure-requests;"),), True, id="the last"),
        pytest.param(((CSP, ";; \tUpgrade-Insecure-Requests x"),), True, id="as none writes it"),
        pytest.param(((CSP, "img-src *, upgrade-insecure-requests"),), True, id="a second policy"),
        pytest.param(((CSP, ""), (CSP, "upgrade-insecure-requests")), True, id="a second line"),
        pytest.param(((CSP, "img-src upgrade-insecure-requests"),), False, id="a value"),
        pytest.param(((CSP, "upgrade-insecure-requests-x"),), False, id="another name"),
        pytest.param(((f"{CSP}-Report-Only", "upgrade-insecure-requests"),), False, id="reported"),
        pytest.param((("Upgrade-Insecure-Requests", "1"),), False, id="a request's header"),
    ],
)
def test_a_policy_may_have_all_asked_by_https(headers: HeaderList, expected: bool) -> None:
    assert create_a_policy_container(PAGE, headers).upgrades is expected


def test_an_embedder_policy_is_another_one() -> None:
    policies = create_a_policy_container(PAGE, (("Cross-Origin-Embedder-Policy", "require-corp"),))
    assert policies == NO_POLICIES._replace(embedder=EmbedderPolicy.REQUIRE_CORP)
    assert policies.demands_leave


@pytest.mark.parametrize("policy", IsolationPolicy)
def test_so_is_an_isolation_policy(policy: IsolationPolicy) -> None:
    policies = create_a_policy_container(PAGE, (("Document-Isolation-Policy", policy),))
    assert policies == NO_POLICIES._replace(isolation=policy)
    assert policies.demands_leave is (policy is IsolationPolicy.REQUIRE_CORP)
