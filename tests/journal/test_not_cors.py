"""What fails an exchange though CORS has nothing against it, and what doesn't."""

from __future__ import annotations

import pytest

from corscope.fetch.origin import origin_of_url
from corscope.journal.again import judged_again
from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.senders.sites import are_cross_site
from corscope.messages import HeaderList, Request, Response

from .requests import API, CHROMIUM, FIREFOX, PAGE, WEBKIT, at

PLAIN = "http://other.test"
TO_HTTP = Response(302, (("Access-Control-Allow-Origin", "*"), ("Location", f"{PLAIN}/x")))


def seen_of(request: Request, response: Response | None, **seen: str) -> Exchange | None:
    journal = Journal()
    journal.requested("1", "browser", request, at(0))
    return journal.answered(Sighting("1", response, **seen), at(1))  # type: ignore[arg-type]


def exchange_of(headers: HeaderList, response: Response, url: str = API) -> Exchange:
    journal = Journal()
    journal.requested("1", "browser", Request("GET", url, headers), at(0))
    exchange = journal.answered(Sighting("1", response), at(1))
    assert exchange is not None
    return exchange


@pytest.mark.parametrize(
    ("headers", "is_mixed"),
    [
        pytest.param((("Origin", PAGE),), True, id="a page of https"),
        pytest.param((("Origin", "http://page.test"),), False, id="a page of http"),
        pytest.param(
            (("Origin", "null"), ("Referer", f"{PAGE}/")), True, id="a page that Referer tells"
        ),
        pytest.param((("Origin", "null"),), False, id="a page that nothing tells"),
        pytest.param(
            (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors")), True, id="a request without CORS"
        ),
        pytest.param((("Origin", PAGE), ("Sec-Fetch-Mode", "navigate")), False, id="a navigation"),
    ],
)
def test_a_redirect_to_plain_http_is_mixed_content(headers: HeaderList, is_mixed: bool) -> None:
    judgement = exchange_of(headers, TO_HTTP).verdicts.omit
    expected = ("blocked", "mixed-content", PLAIN) if is_mixed else ("allowed", None, None)
    assert (judgement.verdict, judgement.reason, judgement.detail) == expected


def test_what_cors_refuses_is_called_that_first() -> None:
    bare = Response(302, (("Location", f"{PLAIN}/x"),))
    assert exchange_of((("Origin", PAGE),), bare).judgement.reason == "allow-origin-missing"


def test_a_preflight_for_mixed_content_opens_no_way() -> None:
    asked = (("Origin", "null"), ("Referer", f"{PAGE}/"), ("User-Agent", WEBKIT))
    passed = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "*"))
    journal = Journal()
    headers = (*asked, ("Access-Control-Request-Method", "PUT"))
    journal.requested("1", "browser", Request("OPTIONS", f"{PLAIN}/x", headers), at(0))
    exchange = journal.answered(Sighting("1", Response(200, passed)), at(1))
    assert exchange is not None
    assert exchange.judgement.reason == "mixed-content"


@pytest.mark.parametrize(
    ("site", "policy", "is_kept"),
    [
        ("cross-site", "same-origin", True),
        ("cross-site", "same-site", True),
        ("cross-site", "cross-origin", False),
        ("cross-site", "", False),
        ("same-site", "same-origin", True),
        ("same-site", "same-site", False),
        ("none", "same-origin", False),
    ],
)
@pytest.mark.parametrize("referer", [(), (("Referer", f"{origin_of_url(API)}/"),)])
def test_where_origin_hides_the_page_another_header_tells_how_near_it_is(
    site: str, policy: str, is_kept: bool, referer: HeaderList
) -> None:
    """A sandboxed frame's own Referer may name the very origin that it asks."""
    asked = (("Origin", "null"), *referer, ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors"))
    lines = (("Cross-Origin-Resource-Policy", policy),) if policy else ()
    exchange = exchange_of(asked, Response(200, lines))
    reason = "cross-origin-resource-policy" if is_kept else None
    assert exchange.judgement.reason == reason
    assert exchange.scene.site == (None if site == "none" else site)
    assert judged_again(exchange, Response(200, lines)).omit.reason == reason


def embedded(
    policy: str,
    *,
    page: str = PAGE,
    mode: str = "no-cors",
    url: str = API,
    method: str = "GET",
) -> Exchange | None:
    """What is recorded of an image of a page, which sends no Origin."""
    headers = (("Referer", f"{page}/"), ("Sec-Fetch-Mode", mode))
    response = Response(200, (("Cross-Origin-Resource-Policy", policy),) if policy else ())
    return seen_of(Request(method, url, headers), response)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("policy", ["same-origin", "same-site"])
def test_an_image_that_a_policy_keeps_back_is_recorded(policy: str, method: str) -> None:
    exchange = embedded(policy, method=method)
    assert exchange is not None
    assert exchange.method == method
    assert (exchange.origin, exchange.mode, exchange.status) == (PAGE, "no-cors", 200)
    judgement = exchange.judgement
    assert (judgement.verdict, judgement.reason) == ("blocked", "cross-origin-resource-policy")
    assert (judgement.detail, judgement.chromium, judgement.firefox) == (policy, None, None)


@pytest.mark.parametrize(
    ("policy", "page"),
    [
        pytest.param("", PAGE, id="no policy"),
        pytest.param("cross-origin", PAGE, id="a policy for all"),
        pytest.param("same-site", "https://www.api.test", id="the same site"),
        pytest.param("same-origin", "https://api.test", id="the same origin"),
    ],
)
def test_an_image_that_is_shown_is_not_recorded(policy: str, page: str) -> None:
    assert embedded(policy, page=page) is None


def test_a_page_that_is_opened_needs_no_policy() -> None:
    assert embedded("same-origin", mode="navigate") is None


@pytest.mark.parametrize(
    ("copy", "renewal", "reason"),
    [
        pytest.param("cross-origin", "", None, id="what it lacks is in the copy"),
        pytest.param("same-origin", "", "cross-origin-resource-policy", id="a refusal too"),
        pytest.param("cross-origin", "same-origin", "cross-origin-resource-policy", id="anew"),
        pytest.param("", "", "cross-origin-embedder-policy", id="none has any"),
        pytest.param(None, "", None, id="the copy wasn't seen"),
    ],
)
def test_an_image_that_is_still_good_goes_by_its_copy(
    copy: str | None, renewal: str, reason: str | None
) -> None:
    journal = Journal()

    def answered(headers: HeaderList, status: int, policy: str, url: str = API) -> Exchange | None:
        kept = (("Cross-Origin-Resource-Policy", policy),) if policy else ()
        lines = (*kept, ("ETag", '"a"'), ("Cross-Origin-Embedder-Policy", "require-corp"))
        journal.requested("1", "browser", Request("GET", url, headers), at(0))
        return journal.answered(Sighting("1", Response(status, lines)), at(0))

    opened = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
    answered(opened, 200, "", f"{PAGE}/")
    asked = (("Referer", f"{PAGE}/"), ("Sec-Fetch-Mode", "no-cors"))
    if copy is not None:
        answered(asked, 200, copy)
    exchange = answered((*asked, ("If-None-Match", '"a"')), 304, renewal)
    assert (exchange and exchange.judgement.reason) == reason
    if exchange is not None:
        assert exchange.revalidated
        assert exchange.goes_by is not None


def test_where_the_mode_does_not_show_nothing_is_said_of_a_policy() -> None:
    request = Request("GET", API, (("Referer", f"{PAGE}/"),))
    policy = Response(200, (("Cross-Origin-Resource-Policy", "same-origin"),))
    assert seen_of(request, policy) is None
    assert seen_of(request, None) is None


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (PAGE, "cross-origin-resource-policy"),
        ("https://co.test.co.uk", "cross-origin-resource-policy"),
        ("https://www.api.test", None),
        ("null", None),
    ],
)
def test_a_beacon_undergoes_the_policy_of_its_answer(page: str, reason: str | None) -> None:
    request = Request("POST", API, (("Origin", page), ("Sec-Fetch-Mode", "no-cors")))
    exchange = seen_of(request, Response(200, (("Cross-Origin-Resource-Policy", "same-site"),)))
    assert exchange is not None
    assert exchange.judgement.reason == reason


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("https://a.example.co.uk", "https://b.example.co.uk", False),
        ("https://a.example.co.uk", "https://b.other.co.uk", True),
        ("http://page.localhost", "http://api.localhost", True),
        ("http://10.0.0.1", "http://10.0.0.2", True),
        ("http://10.0.0.1", "https://10.0.0.1:8443", False),
        ("http://localhost:1", "http://localhost:2", False),
        ("http://github.io", "http://a.github.io", True),
        ("http://a.test", "data:,", True),
    ],
)
def test_sites_follow_the_public_suffix_list(a: str, b: str, expected: bool) -> None:
    origin = origin_of_url(a)
    assert origin is not None
    assert are_cross_site(origin, origin_of_url(b)) is expected


@pytest.mark.parametrize(("mode", "expected"), [("cors", "refused"), ("no-cors", None)])
def test_the_cause_of_a_missing_answer_is_its_detail(mode: str, expected: str | None) -> None:
    request = Request("GET", API, (("Origin", PAGE), ("Sec-Fetch-Mode", mode)))
    exchange = seen_of(request, None, error="[Errno 111] refused", cause="refused")
    assert exchange is not None
    assert exchange.judgement.detail == expected


@pytest.mark.parametrize(
    ("agent", "url", "reason"),
    [
        (CHROMIUM, API, "proxy-authentication"),
        (CHROMIUM, "http://api.test/", None),
        (FIREFOX, API, None),
        (WEBKIT, API, None),
    ],
)
def test_chromium_takes_a_407_from_no_server_behind_a_proxy(
    agent: str, url: str, reason: str | None
) -> None:
    page = "http://page.test"
    headers = (("Origin", page), ("User-Agent", agent))
    allowed = Response(
        407,
        (("Access-Control-Allow-Origin", page), ("Access-Control-Allow-Credentials", "true")),
    )
    assert exchange_of(headers, allowed, url).judgement.reason == reason


def test_the_twenty_first_redirect_is_not_followed() -> None:
    journal = Journal()
    reasons = []
    for hop in range(22):
        url = f"https://api.test/{hop}"
        journal.requested(str(hop), "browser", Request("GET", url, (("Origin", PAGE),)), at(hop))
        headers = (("Access-Control-Allow-Origin", PAGE), ("Location", f"/{hop + 1}"))
        exchange = journal.answered(Sighting(str(hop), Response(302, headers)), at(hop))
        assert exchange is not None
        reasons.append(exchange.verdicts.omit.reason)
    assert reasons == [None] * 20 + ["too-many-redirects"] + [None]
