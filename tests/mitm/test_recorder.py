"""What is noted on a flow, and what is read of the note again."""

from __future__ import annotations

import gc
from typing import Literal

import pytest
from mitmproxy import http
from mitmproxy.utils import emoji

from corscope.explain.line import exchange_text
from corscope.journal.exchange import Outcome, Touch
from corscope.journal.wire import Credentials
from corscope.mitm.record.journal_file import JournalFile
from corscope.mitm.record.recorder import MARKERS, Recorder, annotate, remembered
from corscope.mitm.saved.capture import capture_of
from corscope.mitm.saved.replay import exchanges
from corscope.mitm.translate.requests import asked_of

from .flows import flow

PAGE = (("Origin", "http://page.test"),)


def answered(**headers: str) -> http.HTTPFlow:
    return flow(headers=PAGE, response=http.Response.make(200, b"", headers))


def test_mitmproxy_can_show_the_markers() -> None:
    assert set(MARKERS.values()) <= emoji.emoji.keys()


@pytest.mark.parametrize(
    ("comment", "stays"),
    [
        ("", False),
        ("CORS allowed", False),
        ("CORS blocked: allow-origin-missing", False),
        ("CORS conditional: wildcard-with-credentials", False),
        ("CORS allowed, followed", False),
        ("CORS blocked, not followed: allow-origin-missing", False),
        ("CORS is broken", True),
        ("CORS allowed, followed by tears", True),
        ("CORS blocked: see ticket 3", True),
        ("mine", True),
    ],
)
def test_only_an_own_comment_is_written_over(comment: str, stays: bool) -> None:
    made = answered()
    made.comment = comment
    (exchange,) = exchanges([capture_of(made)])
    annotate(made, exchange)
    assert made.comment == (comment if stays else "CORS blocked: allow-origin-missing")


@pytest.mark.parametrize(
    ("credentials", "outcome", "told", "verdict"),
    [
        ("omit", "followed", "CORS allowed, followed", "allowed"),
        (
            "unknown",
            "not-followed",
            "CORS conditional, not followed: wildcard-with-credentials",
            "conditional",
        ),
        (
            "include",
            "not-followed",
            "CORS blocked, not followed: wildcard-with-credentials",
            "blocked",
        ),
    ],
)
def test_a_preflights_outcome_completes_its_comment_and_decides_its_marker(
    credentials: Credentials, outcome: Literal["followed", "not-followed"], told: str, verdict: str
) -> None:
    """What the actual request shows of the credentials mode settles a conditional verdict."""
    headers = (*PAGE, ("Access-Control-Request-Method", "GET"))
    made = flow(
        headers=headers,
        method=b"OPTIONS",
        response=http.Response.make(200, b"", {"Access-Control-Allow-Origin": "*"}),
    )
    (exchange,) = exchanges([capture_of(made)])
    annotate(made, exchange)
    assert made.comment == "CORS conditional: wildcard-with-credentials"
    annotate(made, exchange, Outcome(exchange.time, exchange.id, outcome, credentials))
    assert made.comment == told
    assert made.marked == MARKERS[verdict]
    assert made.metadata["corscope"]["outcome"] == outcome


@pytest.mark.parametrize(("marked", "stays"), [("", False), (":bug:", True)])
def test_only_an_own_marker_is_written_over(marked: str, stays: bool) -> None:
    made = answered()
    made.marked = marked
    (exchange,) = exchanges([capture_of(made)])
    annotate(made, exchange)
    assert made.marked == (marked if stays else MARKERS["blocked"])


@pytest.mark.parametrize(
    ("note", "touch"),
    [
        (
            {"rule": "r", "rule_mode": "apply", "answered_by": "rule"},
            Touch("r", "apply", answered=True),
        ),
        ({"rule": "r", "rule_mode": "shadow", "answered_by": "server"}, Touch("r", "shadow")),
        ({"rule": None, "rule_mode": None, "answered_by": "server"}, None),
        ({"rule": "r", "rule_mode": "other", "answered_by": "server"}, None),
        ({"rule": 3, "rule_mode": "apply", "answered_by": "server"}, None),
        ({}, None),
        ("something else", None),
    ],
)
def test_a_rules_note_is_read_again_and_a_mangled_one_is_none(
    note: object, touch: Touch | None
) -> None:
    made = answered()
    made.metadata["corscope"] = note
    assert remembered(made) == touch


def test_saved_flows_are_explained_in_the_words_of_the_log() -> None:
    allowed = answered(**{"Access-Control-Allow-Origin": "http://page.test"})
    allowed.metadata["corscope"] = {"rule": "r", "rule_mode": "apply", "answered_by": "server"}
    lines = [
        exchange_text(each) for each in exchanges(map(capture_of, [answered(), flow(), allowed]))
    ]
    assert lines[0].startswith("CORS blocked: GET http://api.test/ from http://page.test: ")
    assert lines[1].startswith("CORS conditional: ")
    assert lines[1].endswith('[rule "r"]')
    assert len(lines) == 2


def let_pass(recorder: Recorder, passing: http.HTTPFlow) -> None:
    recorder.requested(passing, asked_of(passing))
    recorder.response(passing)


def test_of_a_flow_that_is_loaded_a_preflight_may_be_left_out_of_the_recording() -> None:
    """Live it can only have been cached before."""
    told = {}
    for live in (True, False):
        recorder = Recorder(JournalFile(""))
        headers = (*PAGE, ("X-A", "1"))
        let_pass(recorder, flow(headers=headers, response=http.Response.make(200), live=live))
        [entry] = recorder.store
        told[live] = [str(each.detail) for each in entry.exchange.findings]
    assert told[True][0].startswith("no preflight was seen for it: cached before corscope started,")
    assert told[False][0].startswith(
        "no preflight was seen for it: cached before the recording began, left out of the recording"
    )


def followed(recorder: Recorder) -> http.HTTPFlow:
    """A preflight's flow after its actual request; of that nothing is kept."""
    allowed = {
        "Access-Control-Allow-Origin": "http://page.test",
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Credentials": "true",
    }
    asking = (*PAGE, ("Access-Control-Request-Method", "PUT"))
    response = http.Response.make(204, b"", allowed)
    asked = flow(headers=asking, method=b"OPTIONS", response=response, live=True)
    let_pass(recorder, asked)
    let_pass(recorder, flow(headers=PAGE, method=b"PUT", response=response.copy(), live=True))
    return asked


def test_nobody_else_has_a_flow_any_more_then_neither_has_corscope() -> None:
    """It would be the garbage collector's to look through, hundreds a second."""
    recorder = Recorder(JournalFile(""))
    held = followed(recorder)
    followed(recorder)
    gc.collect()
    assert [each() for each in recorder.annotated] == [held, None]
    assert held.comment == "CORS allowed, followed"
    assert not recorder.preflights
