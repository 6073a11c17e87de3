"""Whose images those of a style sheet are that comes from elsewhere."""

from __future__ import annotations

import pytest

from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response

from .requests import CHROMIUM, PAGE, at

CDN = "https://cdn.test"
IMAGE = "https://img.page.test/a.png"
KEPT_TO_SITE = (("Cross-Origin-Resource-Policy", "same-site"),)
REQUIRE_CORP = (("Cross-Origin-Embedder-Policy", "require-corp"),)


@pytest.fixture
def journal() -> Journal:
    return Journal()


def asks(
    journal: Journal, url: str, by: str, what: str, answer: HeaderList = (), cors: bool = False
) -> Exchange | None:
    mode = "navigate" if what == "document" else "cors" if cors else "no-cors"
    referer = (("Referer", f"{by}/"),) if by else ()
    origin = (("Origin", by),) if cors else ()
    told = (("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", what))
    headers = (("User-Agent", CHROMIUM), *told, *referer, *origin)
    journal.requested("1", "browser", Request("GET", url, headers), at(0))
    return journal.answered(Sighting("1", Response(200, answer)), at(0))


@pytest.mark.parametrize("cors", [False, True])
def test_they_are_its_pages(journal: Journal, cors: bool) -> None:
    asks(journal, f"{PAGE}/", "", "document", REQUIRE_CORP)
    exchange = asks(journal, IMAGE, CDN, "image", KEPT_TO_SITE)
    assert exchange is not None
    assert exchange.origin == CDN
    asks(journal, f"{CDN}/a.css", PAGE, "style", cors=cors)
    assert asks(journal, IMAGE, CDN, "image", KEPT_TO_SITE) is None
    assert asks(journal, f"{PAGE}/own.png", CDN, "image", KEPT_TO_SITE) is None
    bare = asks(journal, "https://img.test/b.png", CDN, "image")
    assert bare is not None
    assert (bare.origin, bare.judgement.reason) == (PAGE, "cross-origin-embedder-policy")


def test_a_sheet_may_load_another(journal: Journal) -> None:
    asks(journal, f"{CDN}/a.css", PAGE, "style")
    asks(journal, "https://fonts.test/b.css", CDN, "style")
    assert asks(journal, IMAGE, "https://fonts.test", "image", KEPT_TO_SITE) is None


def test_what_is_no_sheets_stays_its_own(journal: Journal) -> None:
    asks(journal, f"{CDN}/a.css", PAGE, "style")
    assert asks(journal, IMAGE, CDN, "script", KEPT_TO_SITE) is not None


@pytest.mark.parametrize("why", ["a page of its own", "several pages"])
def test_where_it_may_be_anothers_the_referer_counts(journal: Journal, why: str) -> None:
    asks(journal, f"{CDN}/a.css", PAGE, "style")
    if why == "several pages":
        asks(journal, f"{CDN}/a.css", "https://shop.test", "style")
    else:
        asks(journal, f"{CDN}/", "", "document")
    exchange = asks(journal, IMAGE, CDN, "image", KEPT_TO_SITE)
    assert exchange is not None
    assert exchange.origin == CDN


def test_what_is_kept_is_bounded(journal: Journal) -> None:
    for number in range(3_000):
        asks(journal, f"https://cdn{number}.test/a.css", PAGE, "style")
    asks(journal, f"https://{'x' * 9_000}.test/a.css", PAGE, "style")
    assert len(journal.pages.sheets.pages) == 1_000
