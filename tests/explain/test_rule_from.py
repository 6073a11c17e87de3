"""A rule made from a blocked exchange lets just that pass, in every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.explain.whatif.ruled import RuledBy, ruled
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Reason
from corscope.journal.exchange import Exchange, Missing, Outcome, Sighting, Touch
from corscope.messages import HeaderList, Request, Response
from corscope.rules.load import Source, load
from corscope.rules.model import Ruleset
from tests.browsers.cases import CASES
from tests.explain.exchanges import ISOLATED, REQUIRE_CORP, embedded_under, exchange_of
from tests.explain.recorded import ENGINES, recorded
from tests.journal.requests import ALLOWED, API, CHROMIUM, PAGE, REFUSED, actual, at, preflight

UNMENDED_ELSEWHERE = {Reason.MIXED_CONTENT, Reason.REDIRECT_INVALID}
"""What another engine than the exchange's own may still refuse, whatever the headers."""

UNAVOIDABLE = {"origin-null", "header-safelisted"}
"""Warnings of what the page itself does: it asks from `null`, or for such a header."""


def loaded(text: str) -> Ruleset:
    return load([Source("made.toml", text.encode())])


def blocked(request: Request = preflight(), response: Response = REFUSED) -> Exchange:  # noqa: B008
    return exchange_of(request, Sighting("x", response))


def made(exchange: Exchange, outcome: Outcome | None = None) -> str | NoRuleError:
    """The rule's text, or why there is none."""
    try:
        return rule_from(exchange, outcome)
    except NoRuleError as error:
        return error


@pytest.mark.parametrize("engine", ENGINES)
def test_every_case_that_headers_can_mend_is_mended(engine: Engine) -> None:
    mended = 0
    for case in CASES:
        for entry in recorded(case, engine):
            text = made(entry.exchange, entry.outcome)
            if isinstance(text, NoRuleError):
                assert not str(text).startswith("no rule helps: allow-"), case.id
                assert str(text).isprintable()
                continue
            mended += 1
            rules = loaded(text)
            assert {warning.id for warning in rules.warnings} <= UNAVOIDABLE, case.id
            for other in ENGINES:
                after = ruled(entry.exchange, RuledBy(rules), engine=other).verdicts
                seen = after.seen(entry.exchange.credentials)
                is_mended = seen.verdict == "allowed" or (
                    other is not engine and seen.reason in UNMENDED_ELSEWHERE
                )
                assert is_mended, (case.id, other, seen)
    assert mended > 300


def test_no_rule_helps_a_redirect_with_userinfo_that_lacks_the_header_too() -> None:
    bare = Response(302, (("Location", "https://me:s3cr3t@b.test/"),))
    told = made(blocked(actual(), bare))
    assert str(told).startswith("no rule helps: redirect-with-credentials: ")
    assert "s3cr3t" not in str(told)


def test_a_preflights_rule_allows_what_it_asked_for_and_no_more() -> None:
    text = rule_from(blocked(preflight("PUT", "content-type,x-tenant")))
    [rule] = loaded(text).rules
    assert rule.policy is not None
    assert rule.policy.allow_origins == (PAGE,)
    assert rule.policy.allow_methods == ("PUT",)
    assert rule.policy.allow_headers == ("content-type", "x-tenant")
    assert rule.match.origin == (PAGE,)
    assert rule.match.method == ("PUT",)
    assert f'url = "{API}"' in text
    assert rule.name == f"{PAGE} may PUT {API}"
    assert rule.description == (
        f"Made from a preflight that was blocked (allow-origin-missing): lets pages of {PAGE} send "
        "this PUT with content-type, x-tenant and read the answer."
    )


def test_an_answers_rule_leaves_preflights_alone() -> None:
    [rule] = loaded(rule_from(blocked(actual("POST")))).rules
    assert rule.match.kind == ("actual",)
    assert rule.policy is not None
    assert rule.policy.allow_methods is None
    assert rule.name == f"{PAGE} may read POST {API}"


def test_what_script_could_read_stays_readable() -> None:
    exposing = Response(
        200, (("Access-Control-Expose-Headers", "X-Total, Content-Type, Set-Cookie, a b"),)
    )
    [rule] = loaded(rule_from(blocked(actual(), exposing))).rules
    assert rule.policy is not None
    assert rule.policy.expose_headers == ("x-total",)


@pytest.mark.parametrize(
    ("cookie", "exposed"),
    [((), "*"), ((("Cookie", "a=b"),), None)],
    ids=["without credentials", "with credentials, to which it is no wildcard"],
)
def test_a_wildcard_of_exposed_names_stays_where_it_is_one(
    cookie: HeaderList, exposed: str | None
) -> None:
    known = replace(
        blocked(actual(headers=cookie), Response(200, (("Access-Control-Expose-Headers", "*"),))),
        credentials="include" if cookie else "omit",
    )
    [rule] = loaded(rule_from(known)).rules
    assert rule.policy is not None
    assert rule.policy.expose_headers == exposed


def test_credentials_are_allowed_where_they_were_included_or_may_be() -> None:
    unknown = blocked()
    assert unknown.credentials == "unknown"
    assert "# allow_credentials: whether credentials are included didn't show" in rule_from(unknown)
    for seen, allowed in (("include", True), ("omit", None)):
        outcome = Outcome(at(1), "x", "followed", seen)  # type: ignore[arg-type]
        [rule] = loaded(rule_from(unknown, outcome)).rules
        assert rule.policy is not None
        assert rule.policy.allow_credentials is allowed


def test_an_outcome_may_show_that_a_preflight_has_passed() -> None:
    conditional = blocked(
        response=Response(
            200,
            (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT")),
        )
    )
    assert conditional.judgement.verdict == "conditional"
    with pytest.raises(NoRuleError, match="allowed already"):
        rule_from(conditional, Outcome(at(1), "x", "followed", "omit"))
    assert "allow_credentials = true" in rule_from(conditional)


def test_a_query_may_be_any() -> None:
    text = rule_from(blocked(preflight(url=f"{API}?key=secret&page=2")))
    assert f'url = "{API}?*"' in text
    assert "secret" not in text


@pytest.mark.parametrize("method", ["patch", "OPTIONS"])
def test_an_odd_method_is_allowed_without_a_warning(method: str) -> None:
    rules = loaded(rule_from(blocked(preflight(method))))
    assert rules.warnings == ()
    [rule] = rules.rules
    assert rule.match.method == (method,)


def test_the_rule_that_stands_in_the_way_is_named() -> None:
    touch = Touch('the "old" one', "apply", server_response=ALLOWED)
    exchange = exchange_of(actual(), Sighting("x", REFUSED, touch=touch))
    [rule] = loaded(rule_from(exchange)).rules
    assert rule.description.endswith(
        'Belongs before the rule "the "old" one", which applied to it.'
    )


def test_an_embedded_resource_may_be_embedded() -> None:
    request = Request("GET", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors")))
    exchange = blocked(request, Response(200, (("Cross-Origin-Resource-Policy", "same-origin"),)))
    assert exchange.judgement.reason is Reason.CROSS_ORIGIN_RESOURCE_POLICY
    rules = loaded(rule_from(exchange))
    assert rules.warnings == ()
    assert ruled(exchange, RuledBy(rules)).verdicts.omit.verdict == "allowed"


@pytest.mark.parametrize(
    ("page", "value", "who"),
    [
        ("https://app.test", "cross-origin", "any page"),
        ("https://app.api.test", "same-site", "pages of its own site"),
        ("http://app.api.test", "cross-origin", "any page"),
    ],
    ids=["another site", "its own", "its own but for the scheme"],
)
def test_no_more_pages_may_embed_it_than_have_to(page: str, value: str, who: str) -> None:
    request = Request("GET", API, (("Origin", page), ("Sec-Fetch-Mode", "no-cors")))
    exchange = blocked(request, Response(200, (("Cross-Origin-Resource-Policy", "same-origin"),)))
    text = rule_from(exchange)
    assert f'"Cross-Origin-Resource-Policy" = "{value}"' in text
    [rule] = loaded(text).rules
    assert rule.name == f"{who} may embed {API}"
    assert ruled(exchange, RuledBy(loaded(text))).verdicts.omit.verdict == "allowed"


def test_a_preflights_rule_says_that_it_replaces_what_is_exposed() -> None:
    assert "\n# expose_headers: name here what script is to read" in rule_from(blocked())
    assert "# expose_headers" not in rule_from(blocked(actual()))


def test_that_anybody_can_be_null_is_said() -> None:
    [rule] = loaded(rule_from(blocked(actual(origin="null")))).rules
    assert "every page whose origin is null, as any site can have it, read" in rule.description


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (REQUIRE_CORP, Reason.CROSS_ORIGIN_EMBEDDER_POLICY),
        (ISOLATED, Reason.DOCUMENT_ISOLATION_POLICY),
    ],
)
def test_what_a_page_demands_leave_for_is_given_leave(headers: HeaderList, reason: Reason) -> None:
    exchange = embedded_under(headers, Response(200, ()))
    assert exchange.judgement.reason is reason
    text = rule_from(exchange)
    assert f"blocked ({reason})" in text
    assert ruled(exchange, RuledBy(loaded(text))).verdicts.omit.verdict == "allowed"


# What no rule mends


def test_what_is_allowed_needs_none() -> None:
    with pytest.raises(NoRuleError, match="allowed already"):
        rule_from(exchange_of(actual(), Sighting("x", ALLOWED)))


@pytest.mark.parametrize("missing", list(Missing))
def test_without_an_answer_no_rule_helps(missing: Missing) -> None:
    with pytest.raises(NoRuleError, match="no rule helps"):
        rule_from(exchange_of(preflight(), Sighting("x", None, missing, "gone")))


@pytest.mark.parametrize(
    "seen",
    [
        Sighting("x", Response(302, (("Location", "http://["),))),
        Sighting("x", Response(302, (("Location", "https://u:p@b.test/"),))),
        Sighting("x", Response(407, ())),
        Sighting("x", None, Missing.NO_ANSWER, "server closed connection", cause="closed"),
    ],
    ids=["a Location that is no URL", "userinfo", "a proxy's status", "a server that hangs up"],
)
def test_a_preflight_that_the_server_cant_answer_is_answered_by_the_rule(seen: Sighting) -> None:
    exchange = exchange_of(preflight(headers=(("User-Agent", CHROMIUM),)), seen)
    assert exchange.judgement.verdict == "blocked"
    after = ruled(exchange, RuledBy(loaded(rule_from(exchange)))).verdicts
    assert after.include.verdict == "allowed"


@pytest.mark.parametrize("cause", [None, "dns", "refused", "timeout", "unreachable", "tls"])
def test_a_server_that_isnt_there_is_not_answered_for(cause: str | None) -> None:
    """The actual request would fail all the same."""
    seen = Sighting("x", None, Missing.NO_ANSWER, "gone", cause=cause)
    with pytest.raises(NoRuleError, match="no rule helps"):
        rule_from(exchange_of(preflight(), seen))


def test_a_bad_redirect_shows_once_the_headers_are_mended() -> None:
    exchange = blocked(actual(), Response(302, (("Location", "ftp://b.test/"),)))
    assert exchange.judgement.reason is Reason.ALLOW_ORIGIN_MISSING
    with pytest.raises(NoRuleError, match="redirect-not-http"):
        rule_from(exchange)


def test_what_a_rule_has_answered_says_nothing_of_the_server() -> None:
    seen = Sighting("x", Response(500, ()), touch=Touch("broken", "apply", answered=True))
    with pytest.raises(NoRuleError, match='rule "broken" answered it'):
        rule_from(exchange_of(actual(), seen))


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "https://bücher.test/", (("Origin", PAGE),)),
        Request("GET it", API, (("Origin", PAGE),)),
        preflight("PUT", "a b,x"),
    ],
    ids=["a host that no URL has", "a method that is none", "header names that are none"],
)
def test_what_no_browser_sends_is_refused_in_words(request_: Request) -> None:
    with pytest.raises(NoRuleError) as refused:
        rule_from(blocked(request_))
    assert str(refused.value).isprintable()


@given(
    origin=st.text(st.characters(max_codepoint=255), max_size=30),
    method=st.text(st.characters(max_codepoint=255), min_size=1, max_size=10),
    path=st.text(st.characters(max_codepoint=255, exclude_characters="#"), max_size=30),
    names=st.text(st.characters(max_codepoint=255), max_size=30),
)
def test_hostile_values_make_a_rule_that_loads_or_none(
    origin: str, method: str, path: str, names: str
) -> None:
    asked = (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", names),
    )
    exchange = blocked(Request("OPTIONS", f"https://api.test/{path}", asked))
    text = made(exchange)
    if isinstance(text, NoRuleError):
        assert str(text).isprintable()
        return
    [rule] = loaded(text).rules
    assert rule.name.isprintable()
    assert ruled(exchange, RuledBy(loaded(text))).verdicts.include.verdict == "allowed"
