"""What the consoles print; tests/browsers/test_console.py holds the same against the browsers."""

import re
import string
from typing import get_args

import pytest

from corscope.fetch.consoles.chromium import CHROMIUM, CHROMIUM_UNNAMED
from corscope.fetch.consoles.firefox import FIREFOX, FIREFOX_ELSE, FIREFOX_STATUS
from corscope.fetch.consoles.webkit import WEBKIT
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import CATALOGUE, Kind, Reason
from tests.fetch.consoles import ENGINES, SCENE, printed


def test_every_name_has_a_sentence() -> None:
    assert set(CHROMIUM) == {entry.chromium for entry in CATALOGUE.values() if entry.chromium}
    assert set(FIREFOX) == {entry.firefox for entry in CATALOGUE.values() if entry.firefox}
    assert set(FIREFOX_STATUS) <= set(FIREFOX)
    assert {category for _, category in FIREFOX_ELSE} <= set(FIREFOX)


UNPRINTED = {Reason.CLIENT_GONE, Reason.NOT_RECORDED}


def test_every_reason_is_printed_somewhere_but_for_a_browser_that_left() -> None:
    """And for what nobody knows."""
    unnamed = {reason for reason, entry in CATALOGUE.items() if entry.chromium is None}
    assert set(CHROMIUM_UNNAMED) == unnamed - UNPRINTED
    of_chromium = {Reason.PROXY_AUTHENTICATION, Reason.DOCUMENT_ISOLATION_POLICY}
    assert set(WEBKIT) == set(Reason) - UNPRINTED - of_chromium


@pytest.mark.parametrize("template", [*CHROMIUM.values(), *FIREFOX.values(), *WEBKIT.values()])
def test_the_sentences_ask_only_for_what_a_scene_has(template: str) -> None:
    asked = {name for _, name, *_ in string.Formatter().parse(template) if name is not None}
    assert asked <= {"detail", "origin", "page", "status", "target", "url"}


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", Reason)
def test_no_placeholder_is_left(reason: Reason, engine: Engine, kind: Kind) -> None:
    said = printed(engine, reason, "{detail}%s{0}", kind)
    assert all(re.search(r"\{(?!detail}%s|0})", each) is None for each in said)
    assert engine is Engine.FIREFOX or len(set(said)) == len(said)


def test_an_unknown_engine_and_a_browser_that_left_print_nothing() -> None:
    assert printed(Engine.UNKNOWN, Reason.ALLOW_ORIGIN_MISSING) == ()
    for engine in ENGINES:
        assert {printed(engine, reason) for reason in UNPRINTED} == {()}


@pytest.mark.parametrize("engine", [Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT])
@pytest.mark.parametrize("url", ["http://api.test/", "https://api.test/"])
def test_who_waits_behind_an_interim_answer_says_nothing(engine: Engine, url: str) -> None:
    scene = SCENE._replace(url=url)
    said = printed(engine, Reason.CONNECTION_DROPPED, "interim", kind="preflight", scene=scene)
    assert bool(said) == (engine is Engine.FIREFOX and url.startswith("https:"))
