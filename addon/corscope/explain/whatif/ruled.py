"""What would rules make of a recorded exchange?

They are given the exchange anew, as far as it is recorded, and what they make of it is judged anew.
A record doesn't hold everything: where the answer hangs on what it lacks, that is said.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.whatif.masked_urls import undecided
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Reason
from corscope.journal.again import as_received, is_reproduced, judged_again, sent_by_server
from corscope.journal.exchange import Exchange, Missing, Verdicts
from corscope.messages import HeaderList, Request, Response
from corscope.rules.apply import answer, answers_by_itself, edit
from corscope.rules.match import (
    Subject,
    choose_at_request,
    choose_at_response,
    subject_of,
)
from corscope.rules.model import Mode, Rule, Ruleset

__all__ = ["Filters", "Ruled", "RuledBy", "UntoldError", "recorded_request", "ruled"]

Filters = Callable[[Exchange, str], bool | None]
"""Whether an exchange matches a mitmproxy filter expression; None where that can't be told."""


def _tell_nothing(_exchange: Exchange, _expression: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RuledBy:
    """Rules, and how they are looked at.

    Attributes:
        ruleset: the rules.
        fresh: whether what a rule touches is kept out of caches.
        filters: judges the rules' filter expressions; without it none can be told.
    """

    ruleset: Ruleset
    fresh: bool = True
    filters: Filters = _tell_nothing
    _unsure: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def unsure(self, url: str) -> frozenset[str]:
        """The names of the rules of which it can't be told whether they match this URL."""
        if url not in self._unsure:
            self._unsure[url] = undecided(self.ruleset.rules, url)
        return self._unsure[url]


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rule that would apply, if any, and the verdicts then."""

    rule: Rule | None
    verdicts: Verdicts


class UntoldError(ValueError):
    """It can't be told what the rules would make of an exchange; the message says why.

    `rule` is the name of the rule on which it hangs; None where it is none of these.
    """

    def __init__(self, why: str, rule: str | None = None) -> None:
        """Keep why it can't be told."""
        self.rule = rule
        super().__init__(why)


def ruled(exchange: Exchange, by: RuledBy, *, engine: Engine | None = None) -> Ruled:
    """What the rules would make of an exchange.

    Args:
        exchange: the exchange.
        by: the rules.
        engine: whose verdicts to give; None for the exchange's own engine.

    Raises:
        UntoldError: the record doesn't hold enough to say.
    """
    rule, got = _outcome(exchange, by)
    if got.same or (got.response is not None and got.response == as_received(exchange)):
        if engine is None or engine is exchange.engine:
            return Ruled(rule, exchange.verdicts)
        return Ruled(rule, exchange.engine_verdicts[engine])
    if got.response is not None and got.response.status == 304 and exchange.revalidated:
        why = "it is a 304, and what the browser's copy would then have for headers isn't recorded"
        raise UntoldError(why, _name(rule))
    if not is_reproduced(exchange):
        why = "its verdict hung on more than the record holds"
        raise UntoldError(why, _name(rule))
    missing = Missing.DROPPED if got.dropped else None
    return Ruled(rule, judged_again(exchange, got.response, missing=missing, engine=engine))


def _name(rule: Rule | None) -> str | None:
    return None if rule is None else rule.name


# What the browser would get


@dataclass(frozen=True, slots=True)
class _Got:
    """What the browser would get; nothing where that is dropped. `same` as it did get."""

    response: Response | None
    same: bool = False
    dropped: bool = False


_SAME: Final = _Got(None, same=True)
_DROPPED: Final = _Got(None, dropped=True)


def recorded_request(exchange: Exchange) -> Request:
    """The request as far as it is recorded: what CORS, rules and servers look at."""
    headers: HeaderList = (("origin", exchange.origin),) if _sent_origin(exchange) else ()
    if exchange.kind == "actual":
        return Request(exchange.method, exchange.url, headers)
    headers += (("access-control-request-method", exchange.method),)
    if exchange.request_headers:
        names = ",".join(exchange.request_headers)
        headers += (("access-control-request-headers", names),)
    return Request("OPTIONS", exchange.url, headers)


def _sent_origin(exchange: Exchange) -> bool:
    """Whether the request had an Origin: an embedded resource's is recorded without."""
    return exchange.mode != "no-cors" or exchange.method not in {"GET", "HEAD"}


def _outcome(exchange: Exchange, by: RuledBy) -> tuple[Rule | None, _Got]:
    """The rule that would apply, and what the browser would get by it."""
    subject = subject_of(recorded_request(exchange))
    chosen = _chosen(exchange, by, subject, None)
    if chosen is not None and chosen.mode is Mode.APPLY and answers_by_itself(chosen, subject):
        made = answer(chosen, subject, fresh=by.fresh)
        return chosen, _DROPPED if made is None else _Got(Response(made.status, made.headers))
    server = sent_by_server(exchange)
    if server is None:
        return chosen, _without_server(exchange, chosen)
    server = _asked_anew(chosen, server, fresh=by.fresh)
    chosen = _chosen(exchange, by, subject, server.status)
    if chosen is None or chosen.mode is Mode.SHADOW:
        return chosen, _left_alone(exchange, server)
    if chosen.fault is not None and chosen.fault.abort:
        return chosen, _DROPPED
    return chosen, _Got(edit(chosen, subject, server, fresh=by.fresh))


def _without_server(exchange: Exchange, rule: Rule | None) -> _Got:
    """No server's answer is known: none came, or was recorded, or a rule had stood in for it."""
    if exchange.answered_by == "rule":
        name = escaped(exchange.rule or "")
        raise UntoldError(f'rule "{name}" answered it, so what the server says was not seen')
    if rule is not None and exchange.judgement.reason is Reason.NOT_RECORDED:
        raise UntoldError("the recording doesn't have its answer", rule.name)
    return _SAME


def _left_alone(exchange: Exchange, server: Response) -> _Got:
    """What the server sent goes to the browser as it is."""
    return _SAME if exchange.server_headers is None else _Got(server)


def _asked_anew(rule: Rule | None, server: Response, *, fresh: bool) -> Response:
    """The server's answer without a condition; the proxy takes that off for a rule that edits."""
    if server.status != 304 or not fresh or rule is None or rule.mode is Mode.SHADOW:
        return server
    if rule.policy is not None:  # which says all that CORS looks at
        return server._replace(status=200)
    if rule.headers is None:
        return server
    why = "it is a 304, and the whole answer that the server would then send was not seen"
    raise UntoldError(why, rule.name)


# Which rule would be chosen


def _chosen(exchange: Exchange, by: RuledBy, subject: Subject, status: int | None) -> Rule | None:
    """The rule for an exchange, at the request or, with a status, at the response."""

    def choose(ruleset: Ruleset) -> Rule | None:
        if status is None:
            return choose_at_request(ruleset, subject, matches)
        return choose_at_response(ruleset, subject, status, matches)

    def matches(expression: str) -> bool:
        told = by.filters(exchange, expression)
        if told is None:
            raise UntoldError(f'the record can\'t tell whether it matches "{escaped(expression)}"')
        return told

    unsure = by.unsure(subject.request.url)
    if not unsure:
        return choose(by.ruleset)
    surely = choose(Ruleset.of(r for r in by.ruleset.rules if r.name not in unsure))
    perhaps = choose(Ruleset.of(_with_any_url(r, unsure) for r in by.ruleset.rules))
    if _name(surely) != _name(perhaps):
        why = "whether the rule's url matches hangs on the query's values, which aren't recorded"
        raise UntoldError(why, _name(perhaps))
    return surely


def _with_any_url(rule: Rule, unsure: frozenset[str]) -> Rule:
    """The rule as it would be if its url matched."""
    return replace(rule, match=replace(rule.match, url=())) if rule.name in unsure else rule
