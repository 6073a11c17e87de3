"""Whose Cross-Origin-Embedder-Policy a request without CORS is judged by."""

from __future__ import annotations

import pytest

from corscope.fetch.engines import Engine
from corscope.journal.console import printed
from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response

from .requests import API, CHROMIUM, FIREFOX, PAGE, at

REQUIRE_CORP = (("Cross-Origin-Embedder-Policy", "require-corp"),)
CREDENTIALLESS = (("Cross-Origin-Embedder-Policy", "credentialless"),)
TYPE = (("Content-Type", "text/html"),)
AGENT = ("User-Agent", CHROMIUM)
KEPT = "cross-origin-embedder-policy"
ISOLATED = (("Document-Isolation-Policy", "isolate-and-require-corp"),)


class Browser:
    """A browser that opens pages of an origin, and what they ask for."""

    def __init__(self, client: str = "browser", journal: Journal | None = None) -> None:
        self.journal, self.client = journal or Journal(), client

    def opens(
        self,
        path: str,
        headers: HeaderList = (),
        *,
        of: str = PAGE,
        status: int = 200,
        frame_of: str | None = None,
        asked: HeaderList = (),
    ) -> None:
        """Navigate a tab, or a frame in a page of an origin."""
        asked = (AGENT, ("Sec-Fetch-Mode", "navigate"), *asked)
        if frame_of is None:
            asked += (("Sec-Fetch-Dest", "document"),)
        else:
            asked += (("Sec-Fetch-Dest", "iframe"), ("Referer", f"{frame_of}/"))
        self.asks(Request("GET", f"{of}{path}", asked), Response(status, TYPE + headers))

    def embeds(self, method: str = "GET", *, page: str = PAGE, url: str = API) -> Exchange | None:
        """Ask for something without CORS, that comes without any policy."""
        by = (("Origin", page),) if method == "POST" else ()
        asked = (AGENT, *by, ("Referer", f"{page}/"), ("Sec-Fetch-Mode", "no-cors"))
        return self.asks(Request(method, url, asked), Response(200, ()))

    def is_kept(self, **about: str) -> bool:
        """Whether both a GET and a POST are refused for the page's policy."""
        image, post = self.embeds(**about), self.embeds("POST", **about)
        assert post is not None
        reason = post.judgement.reason
        assert (image is None) == (reason is None)
        assert reason in {None, KEPT}
        if image is not None:
            assert (image.judgement, image.origin) == (post.judgement, post.origin)
        return reason is not None

    def asks(self, request: Request, response: Response) -> Exchange | None:
        """Ask for something, and give what is recorded of it."""
        self.journal.requested("1", self.client, request, at(0))
        return self.journal.answered(Sighting("1", response), at(1))


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_a_page_that_demands_leave_gets_nothing_without(browser: Browser) -> None:
    assert not browser.is_kept()
    browser.opens("/", REQUIRE_CORP)
    exchange = browser.embeds()
    assert exchange is not None
    judgement = exchange.judgement
    assert (judgement.verdict, judgement.reason) == ("blocked", KEPT)
    assert (judgement.detail, exchange.embedder_policy) == ("require-corp", "require-corp")
    assert browser.is_kept()
    assert browser.embeds(url=f"{PAGE}/own") is None


@pytest.mark.parametrize("headers", [(), CREDENTIALLESS])
def test_other_pages_get_it(browser: Browser, headers: HeaderList) -> None:
    browser.opens("/", headers)
    assert not browser.is_kept()


def test_an_isolated_page_gets_nothing_without_leave(browser: Browser) -> None:
    browser.opens("/", ISOLATED)
    for exchange in (browser.embeds(), browser.embeds("POST")):
        assert exchange is not None
        assert exchange.judgement.reason == "document-isolation-policy"
        assert exchange.judgement.detail == exchange.scene.isolation == ISOLATED[0][1]
        assert printed(exchange, Engine.CHROMIUM)[0].endswith("DefaultedToSameOriginByDip")
        assert {exchange.engines[each].reason for each in (Engine.FIREFOX, Engine.WEBKIT)} == {None}
    browser.opens("/", REQUIRE_CORP + ISOLATED)
    exchange = browser.embeds()
    assert exchange is not None
    assert exchange.judgement.reason == KEPT
    assert printed(exchange, Engine.CHROMIUM)[0].endswith("DefaultedToSameOriginByCoepAndDip")
    browser.opens("/", status=304, headers=(("Document-Isolation-Policy", "none"),))
    exchange = browser.embeds()
    assert exchange is not None
    assert printed(exchange, Engine.CHROMIUM)[0].endswith("DefaultedToSameOriginByCoep")


def test_which_of_two_pages_that_differ_in_isolation_asks_does_not_show(browser: Browser) -> None:
    browser.opens("/")
    browser.opens("/frame", ISOLATED, frame_of=PAGE)
    assert browser.embeds() is None
    browser.opens("/", ISOLATED)
    assert browser.embeds() is not None


def test_a_form_of_another_origin_opens_a_page(browser: Browser) -> None:
    for path in ("/", "/a", "/b"):
        for policy in (REQUIRE_CORP, ()):
            for _ in range(3):
                browser.opens(path, policy, asked=(("Origin", "https://shop.test"),))
                assert browser.is_kept() is bool(policy)


def test_the_page_that_came_last_counts(browser: Browser) -> None:
    for policy, is_kept in ((REQUIRE_CORP, True), ((), False), (REQUIRE_CORP, True)):
        browser.opens("/", policy)
        assert browser.is_kept() is is_kept
    browser.opens("/other")
    assert not browser.is_kept()


def test_what_is_asked_for_again_is_judged_anew(browser: Browser) -> None:
    """A request that is known by sight is known as of a page that demanded nothing."""
    for _ in range(4):
        assert not browser.is_kept()
    browser.opens("/", REQUIRE_CORP)
    for _ in range(4):
        assert browser.is_kept()


def test_other_origins_and_browsers_have_pages_of_their_own(browser: Browser) -> None:
    browser.opens("/", REQUIRE_CORP)
    assert not browser.is_kept(page="https://other.test")
    assert not Browser("another", browser.journal).is_kept()


def test_pages_without_tls_have_no_policy(browser: Browser) -> None:
    browser.opens("/", REQUIRE_CORP, of="http://page.test")
    assert not browser.is_kept(page="http://page.test")
    browser.opens("/", REQUIRE_CORP, of="http://localhost:3000")
    assert browser.is_kept(page="http://localhost:3000")


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(204, (), id="no content"),
        pytest.param(302, (("Location", "/elsewhere"),), id="a redirect"),
        pytest.param(200, (("Content-Disposition", "Attachment; filename=a"),), id="a file"),
    ],
)
def test_what_is_no_page_leaves_the_one_that_is_open(
    browser: Browser, status: int, headers: HeaderList
) -> None:
    browser.opens("/", REQUIRE_CORP)
    browser.opens("/there", headers, status=status)
    assert browser.is_kept()


def test_what_is_fetched_ahead_is_no_open_page(browser: Browser) -> None:
    browser.opens("/", REQUIRE_CORP)
    browser.opens("/next", asked=(("Sec-Purpose", "prefetch"),))
    assert browser.is_kept()


def test_an_error_page_is_a_page(browser: Browser) -> None:
    browser.opens("/", status=404, headers=REQUIRE_CORP)
    assert browser.is_kept()


def test_a_304_that_says_nothing_new_leaves_the_copys_policy(browser: Browser) -> None:
    browser.opens("/app", REQUIRE_CORP)
    browser.opens("/")
    browser.opens("/app", status=304)
    assert browser.is_kept()
    browser.opens("/app", status=304, headers=CREDENTIALLESS)
    assert not browser.is_kept()
    browser.opens("/unknown", status=304)
    assert not browser.is_kept()


def test_a_frame_with_the_same_policy_changes_nothing(browser: Browser) -> None:
    browser.opens("/", REQUIRE_CORP)
    browser.opens("/frame", REQUIRE_CORP, frame_of=PAGE)
    assert browser.is_kept()


def test_which_of_a_page_and_its_frame_asks_does_not_show(browser: Browser) -> None:
    browser.opens("/")
    browser.opens("/frame", REQUIRE_CORP, frame_of=PAGE)
    assert not browser.is_kept()
    browser.opens("/frame", frame_of=PAGE)
    assert not browser.is_kept()
    browser.opens("/", REQUIRE_CORP)
    assert browser.is_kept()


def test_a_frame_that_is_not_shown_asks_for_nothing(browser: Browser) -> None:
    browser.opens("/", REQUIRE_CORP)
    browser.opens("/frame", frame_of=PAGE)
    assert browser.is_kept()


def test_a_frame_of_another_origin_has_a_policy_of_its_own(browser: Browser) -> None:
    browser.opens("/", of="https://shop.test")
    browser.opens("/", REQUIRE_CORP, frame_of="https://shop.test")
    assert browser.is_kept()
    assert not browser.is_kept(page="https://shop.test")


def test_a_frame_from_elsewhere_needs_leave_too(browser: Browser) -> None:
    """Also where the page wants no credentials sent: a frame's are."""
    widget = "https://widget.test"
    for policy in (REQUIRE_CORP, CREDENTIALLESS):
        browser.opens("/", policy)
        browser.opens("/", REQUIRE_CORP, of=widget)
        browser.opens("/frame", CREDENTIALLESS, of=widget, frame_of=PAGE)
        assert browser.is_kept(page=widget)
        leave = (("Cross-Origin-Resource-Policy", "cross-origin"),)
        browser.opens("/frame", CREDENTIALLESS + leave, of=widget, frame_of=PAGE)
        assert not browser.is_kept(page=widget)


def test_what_is_kept_is_bounded(browser: Browser) -> None:
    for number in range(3_000):
        browser.opens("/", REQUIRE_CORP, of=f"https://p{number}.test")
        browser.opens(f"/{number}", REQUIRE_CORP, frame_of=PAGE)
    documents = browser.journal.pages.documents
    assert len(documents.places) <= 1_000
    assert len(documents.copies) <= 2_000
    assert max(map(len, documents.places.values())) <= 16


UPGRADES = (("Content-Security-Policy", "upgrade-insecure-requests"),)
PLAIN = "http://api.test/end"


def led_to_http(browser: Browser, page: str = PAGE) -> str | None:
    """Why a fetch is refused that is redirected to plain http."""
    asked = (AGENT, ("Origin", page), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site"))
    answer = Response(302, (("Access-Control-Allow-Origin", "*"), ("Location", PLAIN)))
    exchange = browser.asks(Request("GET", API, asked), answer)
    assert exchange is not None
    assert exchange.scene.upgrades is (exchange.verdicts.omit.reason is None)
    assert exchange.embedder_policy == "unsafe-none"
    return exchange.verdicts.omit.reason


def test_a_page_may_have_all_asked_by_https(browser: Browser) -> None:
    for _ in range(3):
        assert led_to_http(browser) == "mixed-content"
    browser.opens("/", UPGRADES + REQUIRE_CORP)
    for _ in range(3):
        assert led_to_http(browser) is None
    assert led_to_http(browser, "https://other.test") == "mixed-content"
    browser.opens("/", status=304)
    assert led_to_http(browser) is None
    browser.opens("/")
    assert led_to_http(browser) == "mixed-content"


def test_that_holds_for_its_frames_too(browser: Browser) -> None:
    frame = "https://frame.test"
    browser.opens("/", of=frame, frame_of=PAGE)
    assert led_to_http(browser, frame) == "mixed-content"
    browser.opens("/", UPGRADES)
    browser.opens("/", of=frame, frame_of=PAGE)
    assert led_to_http(browser, frame) is None


def test_not_where_the_documents_of_an_origin_differ(browser: Browser) -> None:
    browser.opens("/", UPGRADES)
    browser.opens("/within", frame_of="https://other.test")
    assert led_to_http(browser) == "mixed-content"


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_what_is_asked_by_https_is_linked_with_its_redirect(browser: Browser, engine: str) -> None:
    """In Chromium it is as if the Location had said https, in Firefox the way leads by http."""
    agent = ("User-Agent", CHROMIUM if engine == "chromium" else FIREFOX)
    by = (agent, ("Sec-Fetch-Mode", "cors"), ("Referer", f"{PAGE}/"))
    browser.opens("/", UPGRADES, asked=(agent,))
    led = Response(302, (("Location", PLAIN), ("Access-Control-Allow-Origin", "*")))
    assert browser.asks(Request("GET", f"{PAGE}/own", by), led) is None
    end = Request("GET", PLAIN.replace("http:", "https:"), (*by, ("Origin", PAGE)))
    exchange = browser.asks(end, Response(302, (*led.headers[1:], ("Location", PLAIN + "/2"))))
    assert exchange is not None
    assert (exchange.hop, exchange.verdicts.omit.reason) == (1, None)
    origin = PAGE if engine == "chromium" else "null"
    last = Request("GET", "https://api.test/end/2", (*by, ("Origin", origin)))
    exchange = browser.asks(last, Response(200, led.headers[1:]))
    assert exchange is not None
    assert (exchange.hop, exchange.scene.page) == (2, PAGE)
