"""How recorded exchanges would end under other rules."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from corscope.explain.whatif.compare import WhatIf, what_if
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Reason
from corscope.journal.exchange import Exchange, Missing, Outcome, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line
from corscope.journal.store import Entry
from corscope.messages import Request, Response
from corscope.rules.apply import answer, answers_by_itself, edit
from corscope.rules.load import Source, load
from corscope.rules.match import choose_at_request, choose_at_response, subject_of
from corscope.rules.model import Ruleset
from corscope.rules.problems import RulesError
from corscope.servers.registry import dialects
from tests.browsers.cases import CASES
from tests.explain.exchanges import exchange_of
from tests.explain.recorded import ENGINES, USER_AGENTS, entry_of, recorded
from tests.journal.requests import (
    ALLOWED,
    API,
    CHROMIUM,
    PAGE,
    REFUSED,
    actual,
    at,
    preflight,
)

ALLOW = f"""
[[rule]]
name = "allow"
match.host = "api.test"
policy = {{ allow_origins = ["{PAGE}"], allow_methods = ["PUT"], allow_credentials = true }}
"""
REFUSE = """
[[rule]]
name = "refuse"
match.host = "api.test"
headers.remove = "Access-Control-Allow-Origin"
"""
COOKIE = (("Cookie", "a=b"),)


def rules(text: str) -> Ruleset:
    return load([Source("rules.toml", text.encode())])


def asked(text: str, *entries: Entry) -> WhatIf:
    return what_if(entries, rules(text), fresh=True)


def turned(found: WhatIf) -> list[tuple[str, str, str | None]]:
    return [(each.before.verdict, each.after.verdict, each.rule) for each in found.changes]


# What changes


def test_blocked_becomes_allowed() -> None:
    found = asked(ALLOW, entry_of(preflight(), REFUSED), entry_of(actual(), REFUSED))
    assert turned(found) == [("blocked", "allowed", "allow")] * 2
    assert found.summary == "2 blocked become allowed"


def test_allowed_becomes_blocked() -> None:
    found = asked(REFUSE, entry_of(actual(), ALLOWED), entry_of(actual(), REFUSED))
    assert turned(found) == [("allowed", "blocked", "refuse")]
    assert found.changes[0].after.reason is Reason.ALLOW_ORIGIN_MISSING
    assert found.summary == "1 allowed becomes blocked"
    assert found.same == 1


def test_the_summary_tells_all_of_it() -> None:
    other = preflight("DELETE", url="https://api.test/other")
    named = Response(200, (("Access-Control-Allow-Origin", PAGE),))
    text = ALLOW.replace(", allow_credentials = true", "") + (
        '[[rule]]\nname = "odd"\nmatch = { host = "b.test", filter = "~q" }\nfault.abort = true\n'
    )
    found = asked(
        text,
        entry_of(preflight(), REFUSED),
        entry_of(actual(headers=COOKIE), ALLOWED),
        entry_of(other, REFUSED),
        entry_of(actual(url="https://b.test/"), named),
    )
    assert found.summary == (
        "1 blocked becomes conditional, 1 allowed becomes blocked, 1 keeps its verdict for another "
        "reason, 1 can't be told"
    )


def test_where_nothing_changes_that_is_said() -> None:
    found = asked(
        ALLOW, entry_of(actual(), ALLOWED), entry_of(actual(url="https://b.test/"), REFUSED)
    )
    assert found.summary == "no verdict changes"
    assert found.same == 2


def test_without_rules_what_a_rule_had_changed_is_as_the_server_sent_it() -> None:
    touch = Touch("old", "apply", server_response=REFUSED)
    entry = Entry(exchange_of(actual(), Sighting("x", ALLOWED, touch=touch)))
    assert turned(asked("", entry)) == [("allowed", "blocked", None)]


def test_the_servers_own_status_counts() -> None:
    touch = Touch("old", "apply", server_response=Response(503, ALLOWED.headers))
    entry = Entry(exchange_of(preflight(), Sighting("x", ALLOWED, touch=touch)))
    [change] = asked("", entry).changes
    assert change.after.reason is Reason.PREFLIGHT_STATUS
    text = REFUSE.replace("match.host", 'match.status = "5xx"\nmatch.host')
    [change] = asked(text, entry).changes
    assert change.rule == "refuse"


def test_a_dropped_connection() -> None:
    text = '[[rule]]\nname = "drop"\nmatch.host = "api.test"\nfault.abort = true\n'
    [change] = asked(text, entry_of(actual(), ALLOWED)).changes
    assert change.after.reason is Reason.CONNECTION_DROPPED


def test_a_rule_in_shadow_mode_and_one_that_is_off_change_nothing() -> None:
    for key in ('mode = "shadow"', "enabled = false"):
        text = REFUSE.replace("match.host", f"{key}\nmatch.host")
        assert asked(text, entry_of(actual(), ALLOWED)).changes == ()


def test_a_preflight_is_answered_though_no_server_answers() -> None:
    dead = Entry(exchange_of(preflight(), Sighting("x", None, Missing.NO_ANSWER, "refused")))
    assert turned(asked(ALLOW, dead)) == [("blocked", "allowed", "allow")]
    dead = Entry(exchange_of(actual(), Sighting("x", None, Missing.NO_ANSWER, "refused")))
    assert asked(ALLOW, dead).changes == ()


# What comes of it


def test_it_is_said_what_the_record_does_not_hold() -> None:
    [change] = asked(ALLOW, entry_of(preflight(), REFUSED)).changes
    assert (
        change.then == "the request that it asks for would follow; its answer isn't in the record"
    )
    followed = Entry(
        entry_of(preflight(), ALLOWED).exchange, Outcome(at(1), "x", "followed", "include", "y")
    )
    [change] = asked(REFUSE, followed).changes
    assert change.then == "the request that followed it would not be sent"
    redirect = Response(302, (("Location", "https://b.test/"),))
    [change] = asked(ALLOW, entry_of(actual(), redirect)).changes
    assert change.then == "the redirect would be followed; what comes of it isn't in the record"


BARE_REDIRECT = Response(302, (("Location", "https://me:s3cr3t@b.test/"),))


@pytest.mark.parametrize("engine", ENGINES)
def test_userinfo_that_is_not_recorded_still_ends_a_redirect(engine: Engine) -> None:
    """The missing header hid it; with the header it is what refuses."""
    request = actual(headers=(("User-Agent", USER_AGENTS[engine]),))
    entry = entry_of(request, BARE_REDIRECT)
    assert "s3cr3t" not in exchange_line(entry.exchange)
    [change] = asked(ALLOW, entry).changes
    assert change.after.verdict == "blocked"
    assert change.after.reason is Reason.REDIRECT_WITH_CREDENTIALS


def test_an_older_line_does_not_tell_of_userinfo_that_was_not_what_was_refused() -> None:
    known = entry_of(actual(), BARE_REDIRECT)
    older = known._replace(exchange=replace(known.exchange, location_userinfo=None))
    [change] = asked(ALLOW, older).changes
    assert change.after.verdict == "allowed"
    assert change.then is not None
    assert "unless it has a password in its Location" in change.then
    refused = entry_of(actual(), edited(BARE_REDIRECT))
    older = refused._replace(exchange=replace(refused.exchange, location_userinfo=None))
    assert older.exchange.judgement.reason is Reason.REDIRECT_WITH_CREDENTIALS
    assert asked(ALLOW, older).changes == ()


def edited(response: Response) -> Response:
    return response._replace(headers=(*response.headers, *ALLOWED.headers))


# What can't be told


FILTERED = REFUSE.replace("match.host", 'match.filter = "~q"\nmatch.host')


def test_a_filter_cannot_be_told_from_the_record() -> None:
    [untold] = asked(FILTERED, entry_of(actual(), ALLOWED)).untold
    assert untold.why == 'the record can\'t tell whether it matches "~q"'


@pytest.mark.parametrize(("matches", "changes"), [(True, 1), (False, 0)])
def test_who_has_the_flow_can_tell_a_filter(matches: bool, changes: int) -> None:
    def filters(_: Exchange, expression: str) -> bool:
        return {"~q": matches}[expression]

    found = what_if([entry_of(actual(), ALLOWED)], rules(FILTERED), fresh=True, filters=filters)
    assert len(found.changes) == changes
    assert found.untold == ()


def test_a_filter_of_a_rule_that_is_not_reached_does_not_matter() -> None:
    text = ALLOW + REFUSE.replace("match.host", 'match.filter = "~q"\nmatch.host')
    assert asked(text, entry_of(actual(), REFUSED)).untold == ()


def test_a_url_may_hang_on_values_that_are_not_recorded() -> None:
    entry = entry_of(actual(url=f"{API}?id=7"), ALLOWED)
    text = REFUSE.replace('match.host = "api.test"', f'match.url = "{API}?id=7"')
    [untold] = asked(text, entry).untold
    assert "the query's values, which aren't recorded" in untold.why
    assert untold.rule == "refuse"
    whole = entry._replace(exchange=replace(entry.exchange, url=f"{API}?id=7"))
    assert len(asked(text, whole).changes) == 1
    any_value = REFUSE.replace('match.host = "api.test"', f'match.url = "{API}?*"')
    assert len(asked(any_value, entry).changes) == 1


def test_where_a_rule_has_answered_the_server_is_not_known() -> None:
    touch = Touch("broken", "apply", answered=True)
    entry = Entry(exchange_of(actual(), Sighting("x", Response(500, ()), touch=touch)))
    [untold] = asked(REFUSE, entry).untold
    assert untold.why == 'rule "broken" answered it, so what the server says was not seen'
    entry = Entry(exchange_of(preflight(), Sighting("x", Response(500, ()), touch=touch)))
    assert turned(asked(ALLOW, entry)) == [("blocked", "allowed", "allow")]


def test_what_a_recording_has_no_answer_of_may_have_had_one() -> None:
    """But a rule answers a preflight by itself."""
    unknown = Sighting("x", None, Missing.NOT_RECORDED, "net::ERR_FAILED")
    both = [Entry(exchange_of(request, unknown)) for request in (preflight(), actual())]
    found = asked(ALLOW, *both)
    assert turned(found) == [("blocked", "allowed", "allow")]
    [untold] = found.untold
    assert (untold.why, untold.rule) == ("the recording doesn't have its answer", "allow")
    assert asked("", *both).same == 2


def test_a_304_is_asked_anew() -> None:
    headers = (("If-None-Match", '"a"'), ("User-Agent", CHROMIUM))
    entry = entry_of(actual(headers=headers), Response(304, ()))
    assert entry.exchange.judgement.verdict == "allowed"
    [untold] = asked(REFUSE, entry).untold
    assert "304" in untold.why
    assert asked("", entry).same == 1


# It agrees with what the rules do live


def live(request: Request, response: Response, ruleset: Ruleset) -> str:
    """The verdict by the way that the addon goes."""
    subject = subject_of(request)
    rule = choose_at_request(ruleset, subject, lambda _: False)
    if rule and answers_by_itself(rule, subject):
        made = answer(rule, subject, fresh=True)
        assert made is not None
        got = Response(made.status, made.headers)
    else:
        rule = choose_at_response(ruleset, subject, response.status, lambda _: False)
        got = response if rule is None else edit(rule, subject, response, fresh=True)
    journal = Journal()
    journal.requested("y", "browser", request, at(0))
    seen = journal.answered(Sighting("y", got), at(0))
    assert seen is not None
    return seen.judgement.verdict


@pytest.mark.parametrize("dialect", [each.name for each in dialects()])
def test_every_dialect_makes_of_a_record_what_it_makes_of_the_request(dialect: str) -> None:
    text = ALLOW.replace("policy = {", f'policy = {{ like = "{dialect}",')
    for left_out in ("", ", allow_credentials = true", ', allow_methods = ["PUT"]'):
        with suppress(RulesError):
            ruleset = rules(text.replace(left_out, ""))
            break
    own = (("Content-Type", "text/html"), ("ETag", "a"), ("Cache-Control", "max-age=60"))
    for request in (preflight("PUT", "x-a"), actual("PUT"), actual(headers=COOKIE)):
        for response in (ALLOWED, REFUSED, Response(404, own), Response(200, own)):
            entry = entry_of(request, response)
            found = what_if([entry], ruleset, fresh=True)
            told = found.changes[0].after if found.changes else entry.exchange.judgement
            assert told.verdict == live(request, response, ruleset)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_records_say_enough_to_judge_them_again(engine: Engine) -> None:
    """A rule that edits what no verdict looks at makes each be judged anew, to the same end."""
    text = '[[rule]]\nname = "r"\nmatch.host = "*"\nheaders.set = { X-A = "b" }\n'
    untold = 0
    for case in CASES:
        found = what_if(recorded(case, engine), rules(text), fresh=False)
        assert found.changes == (), case.id
        untold += len(found.untold)
    assert untold <= 2
