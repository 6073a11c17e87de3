"""https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check"""

import pytest

from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.engines import Engine
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.origin import TupleOrigin
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.resource_policy import resource_policy_failure
from corscope.messages import Response

PAGE = TupleOrigin("https", "app.site.example")
HTTP_PAGE = TupleOrigin("http", "app.site.example")
SIBLING = "https://api.site.example/x"
OWN = "https://app.site.example/x"


def answer(*policies: str) -> Response:
    return Response(200, tuple(("cross-origin-resource-policy", value) for value in policies))


@pytest.mark.parametrize(
    ("page", "url", "cross_site", "policy"),
    [
        pytest.param(PAGE, SIBLING, False, "same-origin", id="another origin of the site"),
        pytest.param(PAGE, SIBLING, True, "same-origin", id="another site"),
        pytest.param(PAGE, SIBLING, True, "same-site", id="another site, for the site"),
        pytest.param(HTTP_PAGE, SIBLING, False, "same-site", id="http may not have https"),
    ],
)
def test_it_keeps_the_answer_back(
    page: TupleOrigin, url: str, cross_site: bool, policy: str
) -> None:
    failure = resource_policy_failure(page, url, answer(policy), is_cross_site=cross_site)
    assert failure == Failure(Reason.CROSS_ORIGIN_RESOURCE_POLICY, policy)


@pytest.mark.parametrize(
    ("page", "url", "cross_site", "policies"),
    [
        pytest.param(PAGE, OWN, False, ["same-origin"], id="its own origin"),
        pytest.param(PAGE, "data:,", True, ["same-origin"], id="no place on the network"),
        pytest.param(PAGE, SIBLING, False, ["same-site"], id="the site"),
        pytest.param(
            HTTP_PAGE, SIBLING.replace("s:", ":"), False, ["same-site"], id="both plain http"
        ),
        pytest.param(PAGE, SIBLING.replace("s:", ":"), False, ["same-site"], id="https has http"),
        pytest.param(PAGE, SIBLING, True, ["cross-origin"], id="for all"),
        pytest.param(PAGE, SIBLING, True, [], id="none"),
        pytest.param(PAGE, SIBLING, True, ["Same-Origin"], id="in capitals"),
        pytest.param(PAGE, SIBLING, True, ["same-origin", "same-origin"], id="sent twice"),
    ],
)
def test_it_lets_the_answer_through(
    page: TupleOrigin, url: str, cross_site: bool, policies: list[str]
) -> None:
    assert resource_policy_failure(page, url, answer(*policies), is_cross_site=cross_site) is None


# A page that demands leave


def kept(*policies: str, url: str = SIBLING, engine: Engine = Engine.UNKNOWN) -> Failure | None:
    return resource_policy_failure(
        PAGE,
        url,
        answer(*policies),
        is_cross_site=True,
        embedder=EmbedderPolicy.REQUIRE_CORP,
        engine=engine,
    )


@pytest.mark.parametrize("policies", [(), ("",), ("Cross-Origin",), ("cross-origin",) * 2, ("x",)])
def test_what_says_nothing_is_kept_from_a_page_that_demands_leave(policies: tuple[str]) -> None:
    refused = Failure(Reason.CROSS_ORIGIN_EMBEDDER_POLICY, "require-corp")
    assert kept(*policies) == refused
    assert kept(*policies, url=OWN) is None


def test_what_says_something_is_judged_by_that() -> None:
    assert kept("cross-origin") is None
    assert kept("same-site") == Failure(Reason.CROSS_ORIGIN_RESOURCE_POLICY, "same-site")


def test_a_page_that_wants_no_credentials_sent_gets_what_says_nothing() -> None:
    embedder = EmbedderPolicy.CREDENTIALLESS
    for policies in ((), ("x",)):
        found = resource_policy_failure(
            PAGE, SIBLING, answer(*policies), is_cross_site=True, embedder=embedder
        )
        assert found is None


@pytest.mark.parametrize(
    ("engine", "embedder", "isolation", "expected"),
    [
        (Engine.CHROMIUM, "unsafe-none", "isolate-and-require-corp", "isolate-and-require-corp"),
        (Engine.CHROMIUM, "credentialless", "isolate-and-require-corp", "isolate-and-require-corp"),
        (Engine.CHROMIUM, "require-corp", "isolate-and-require-corp", "require-corp"),
        (Engine.CHROMIUM, "unsafe-none", "isolate-and-credentialless", None),
        (Engine.CHROMIUM, "unsafe-none", "none", None),
        (Engine.FIREFOX, "unsafe-none", "isolate-and-require-corp", None),
        (Engine.WEBKIT, "unsafe-none", "isolate-and-require-corp", None),
        (Engine.UNKNOWN, "unsafe-none", "isolate-and-require-corp", None),
    ],
)
def test_in_chromium_an_isolated_page_may_demand_leave_too(
    engine: Engine, embedder: str, isolation: str, expected: str | None
) -> None:
    found = [
        resource_policy_failure(
            PAGE,
            SIBLING,
            answer(*policies),
            is_cross_site=True,
            embedder=EmbedderPolicy(embedder),
            isolation=IsolationPolicy(isolation),
            engine=engine,
        )
        for policies in ((), ("cross-origin",), ("same-site",))
    ]
    assert [each and each.detail for each in found] == [expected, None, "same-site"]


def test_firefox_takes_a_policy_that_it_does_not_know_for_leave() -> None:
    assert kept("Cross-Origin", engine=Engine.FIREFOX) is None
    assert kept("", engine=Engine.FIREFOX) == kept()


def test_firefox_drops_empty_lines() -> None:
    refused = Failure(Reason.CROSS_ORIGIN_RESOURCE_POLICY, "same-origin")
    assert kept("same-origin", "", engine=Engine.FIREFOX) == refused
    assert kept("cross-origin", "", engine=Engine.FIREFOX) is None
    assert kept("cross-origin", "") == kept()
