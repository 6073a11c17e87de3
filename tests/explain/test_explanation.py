"""One exchange explained, in parts and as text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from corscope.explain.explanation import HeaderChange, as_object, explain, shown_mode
from corscope.explain.steps.text import other_walks, step_lines
from corscope.explain.steps.walk import steps
from corscope.explain.text import explanation_text
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.journal.exchange import Exchange, Finding, Outcome, Sighting, Touch
from corscope.journal.why import Why
from corscope.messages import Request, Response
from tests.journal.requests import ALLOWED, API, CHROMIUM, PAGE, REFUSED, actual, at, preflight

from .exchanges import exchange_of, exchanges

STAR = Response(200, (("Access-Control-Allow-Origin", "*"),))
AGENT = (("User-Agent", CHROMIUM),)
COOKIE = (*AGENT, ("Cookie", "a=1"))


def seen(request: Request, response: Response, touch: Touch | None = None) -> Exchange:
    return exchange_of(request, Sighting("x", response, touch=touch))


def test_an_allowed_exchange_has_nothing_to_mend() -> None:
    explained = explain(seen(actual(headers=COOKIE), ALLOWED))
    assert (explained.title, explained.what, explained.fix) == ("Allowed", None, None)
    assert explained.prints == ()
    assert explained.readable == ()
    assert "access-control-allow-origin" in explained.hidden


def test_a_blocked_exchange_says_what_and_how_to_mend_it() -> None:
    explained = explain(seen(actual(headers=COOKIE), REFUSED))
    assert explained.what == "the answer (status 200) has no Access-Control-Allow-Origin"
    assert explained.fix is not None
    assert explained.fix.startswith("send ")
    assert "blocked by CORS policy" in explained.prints[0]


@pytest.mark.parametrize(
    ("request_", "response", "mode"),
    [
        (actual(), STAR, CredentialsMode.INCLUDE),
        (actual(), ALLOWED, CredentialsMode.OMIT),
        (actual(), REFUSED, CredentialsMode.OMIT),
        (actual(headers=COOKIE), ALLOWED, CredentialsMode.INCLUDE),
    ],
    ids=["where it matters, the stricter", "allowed either way", "blocked either way", "seen"],
)
def test_the_steps_are_for_the_mode_that_tells_most(
    request_: Request, response: Response, mode: CredentialsMode
) -> None:
    exchange = seen(request_, response)
    assert shown_mode(exchange) is mode
    assert explain(exchange).steps == steps(exchange, mode, exchange.engine)


def test_all_three_engines_have_their_verdicts_and_one_is_the_own() -> None:
    explained = explain(seen(actual(headers=AGENT), STAR))
    own = {each.engine: each.own for each in explained.verdicts}
    assert own == {Engine.CHROMIUM: True, Engine.FIREFOX: False, Engine.WEBKIT: False}
    assert {(each.omit.verdict, each.include.verdict) for each in explained.verdicts} == {
        ("allowed", "blocked")
    }


def test_a_rules_changes_stand_side_by_side() -> None:
    server = Response(200, (("Vary", "Accept"), ("Access-Control-Allow-Origin", "https://b.test")))
    got = Response(200, (("Vary", "Accept"), ("access-control-allow-origin", PAGE)))
    touch = Touch("r", "apply", server_response=server)
    explained = explain(seen(actual(), got, touch))
    assert explained.changes == (
        HeaderChange("Access-Control-Allow-Origin", "https://b.test", PAGE),
    )
    assert f'  Access-Control-Allow-Origin: "https://b.test" -> "{PAGE}"' in explanation_text(
        explained
    )


def test_so_do_those_that_a_shadow_would_have_made() -> None:
    explained = explain(seen(actual(), REFUSED, Touch("r", "shadow", shadow=STAR)))
    assert explained.changes == (HeaderChange("Access-Control-Allow-Origin", None, "*"),)
    assert 'The rule "r" would change' in explanation_text(explained)


@pytest.mark.parametrize(
    ("touch", "line"),
    [
        (Touch("r", "apply", answered=True), 'The rule "r" answered; no server was asked'),
        (Touch("r", "apply", server_response=REFUSED), 'The rule "r" changed no CORS header'),
    ],
)
def test_what_a_rule_did_is_said(touch: Touch, line: str) -> None:
    assert line in explanation_text(explain(seen(actual(), REFUSED, touch))).splitlines()


def test_an_outcome_tells_more_exactly_why_a_preflight_came() -> None:
    exchange = seen(preflight("POST", "content-type"), ALLOWED)
    why = (Why("header", "content-type", "content-type", "application/json"),)
    outcome = Outcome(at(1), exchange.id, "followed", "omit", "a", 12, why)
    assert explain(exchange).why == "content-type may have a value that is not safelisted"
    text = explanation_text(explain(exchange, outcome))
    assert "Preflight because content-type: application/json is not safelisted" in text
    assert "Outcome: its actual request followed" in text


def test_findings_are_worded_and_unknown_ones_left_out() -> None:
    exchange = replace(
        seen(actual(), REFUSED), findings=(Finding("captive-portal"), Finding("odd"))
    )
    [remark] = explain(exchange).findings
    assert remark.id == "captive-portal"
    assert "wants a login" in remark.text
    assert "wants a login" in explanation_text(explain(exchange))


def test_the_steps_are_told_for_each_credentials_mode() -> None:
    """In full for the one that is shown; of the other what goes otherwise."""
    lines = explanation_text(explain(seen(actual(headers=AGENT), STAR))).splitlines()
    assert "The standard's steps in Chromium, with credentials" in lines
    other = lines.index("  Otherwise without credentials in Chromium, Firefox, WebKit")
    assert (
        lines[other + 1]
        == '    pass     Is Access-Control-Allow-Origin the request\'s origin, or "*"?'
    )
    assert not any("fail" in line for line in lines[other + 1 : lines.index("", other)])


def test_the_steps_are_told_for_each_engine() -> None:
    """Firefox drops the empty line; the others see two values."""
    lines = (("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Origin", ""))
    text = explanation_text(explain(seen(actual(headers=AGENT), Response(200, lines))))
    firefox = text.partition("  Otherwise with and without credentials in Firefox\n")[2]
    told = firefox.partition("\n\n")[0]
    assert "    fail     Does Access-Control-Allow-Origin have a single value?" in told
    assert f'Access-Control-Allow-Origin "{PAGE}": ' in told
    assert text.count("Otherwise") == 1  # WebKit does as Chromium


@given(exchanges())
def test_no_engine_and_no_mode_goes_untold_that_ends_otherwise(exchange: Exchange) -> None:
    """A step at which another walk fails, and the shown one doesn't, is told for it."""
    told = set()
    for where, walk in other_walks(exchange):
        assert walk, "there is something to tell"
        told |= {(engine, mode, step) for engine, mode in where for step in walk}
    shown = steps(exchange, shown_mode(exchange), exchange.engine)
    for engine in exchange.engine_verdicts:
        for mode in (CredentialsMode.OMIT, CredentialsMode.INCLUDE):
            for step in steps(exchange, mode, engine):
                if step.result == "fail" and step not in shown:
                    assert (engine, mode, step) in told


def test_the_text_in_full() -> None:
    text = explanation_text(explain(seen(actual("POST", headers=COOKIE), REFUSED)))
    lines = text.splitlines()
    assert lines[1] == f"POST {API} from {PAGE}"
    assert "The standard's steps in Chromium, with credentials" in lines
    assert "  fail     Is there an Access-Control-Allow-Origin?" in lines
    assert "  Firefox: blocked, allow-origin-missing" in lines
    assert "Script can read: content-type" not in lines


@settings(max_examples=150, deadline=None)
@given(exchanges())
def test_any_exchange_can_be_explained_as_text_and_as_json(exchange: Exchange) -> None:
    explained = explain(exchange)
    text = explanation_text(explained)
    assert text.replace("\n", "").isprintable()
    assert len(text) < 60_000
    assert json.loads(json.dumps(as_object(explained)))["exchange"]["id"] == exchange.id
    for line in step_lines(explained.steps):
        assert line.isprintable()
    assert (explained.what is None) == (exchange.judgement.reason is None)
