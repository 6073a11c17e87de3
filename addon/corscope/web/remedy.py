"""What must a server's configuration say, so that an exchange passes?

The smallest policy that gives leave, written as a dialect has it.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Final

from corscope.explain.articles.catalogue import article
from corscope.explain.parts.mending import is_misspelled
from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.journal.exchange import Exchange
from corscope.journal.store import Entry
from corscope.rules.export import export_named
from corscope.rules.model import Rule
from corscope.servers.dialect import Dialect, Export
from corscope.servers.handoff import hand_off
from corscope.servers.libraries.express import EXPRESS
from corscope.servers.policy import Policy
from corscope.servers.registry import dialects
from corscope.servers.standard import STANDARD

__all__ = [
    "Handoff",
    "exportable",
    "first_remedy",
    "least_rule",
    "needed_policy",
    "remedy",
    "rule_export",
]

MOST_KEPT: Final = 512
"""So many configurations, and rules, are kept at most."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """A policy as a dialect's configuration, or why it can't be written.

    Attributes:
        dialect: the dialect.
        export: the configuration.
        trouble: why there is none.
        of_rule: whether it is a rule's own policy, not the least that lets an exchange pass.
        may_lack_credentials: whether it allows no credentials, and that none are included didn't
            show.
    """

    dialect: Dialect
    export: Export | None = None
    trouble: str = ""
    of_rule: bool = False
    may_lack_credentials: bool = False


def _is_mended_by_policy(exchange: Exchange) -> bool:
    """Whether a server's CORS policy is what keeps it; to allow `null` would mend nothing."""
    reason = exchange.judgement.reason
    is_opaque = exchange.origin == OPAQUE_SERIALIZED
    return reason is not None and article(reason).policy is not None and not is_opaque


def exportable() -> tuple[Dialect, ...]:
    """The dialects whose configuration can be written."""
    return tuple(dialect for dialect in dialects() if dialect.export is not None)


def needed_policy(exchange: Exchange) -> Policy:
    """The least that a server must allow for this exchange, as far as it shows."""
    method = "PATCH" if is_misspelled(exchange.method) else exchange.method
    is_safe = is_cors_safelisted_method(method)
    return Policy(
        allow_origins=(exchange.origin,),
        allow_methods=None if is_safe else (method,),
        allow_headers=exchange.request_headers or None,
        allow_credentials=_needs_credentials(exchange) or None,
    )


def _needs_credentials(exchange: Exchange) -> bool:
    """Where it doesn't show, it does so if they are what the verdict hangs on."""
    return exchange.credentials == "include" or exchange.judgement.verdict == "conditional"


def least_rule(entry: Entry) -> str | None:
    """The text of the smallest rule that lets an exchange pass; None where there is none."""
    if entry.exchange.judgement.verdict == "allowed":  # most are, and a likeness takes its time
        return None
    return _rule_of(_Alike(_likeness(entry), entry))


@dataclass(frozen=True, slots=True)
class _Alike:
    """An exchange, equal to those that it differs from only in when and in what order it came."""

    likeness: tuple[object, ...]
    entry: Entry = field(compare=False)


_OF_ITS_OWN: Final = frozenset(
    {"time", "id", "chain", "preflight", "redirected_from", "waited_ms", "engine_verdicts"}
)
"""What no rule hangs on; the engines' verdicts say no more than the rest."""

_TELLING: Final = operator.attrgetter(
    *(each.name for each in fields(Exchange) if each.name not in _OF_ITS_OWN)
)


def _likeness(entry: Entry) -> tuple[object, ...]:
    return _TELLING(entry.exchange), entry.outcome and entry.outcome.credentials


@lru_cache(maxsize=MOST_KEPT)
def _rule_of(alike: _Alike) -> str | None:
    """Kept: it takes making a rule and trying it, and a page asks the same again and again."""
    try:
        return rule_from(alike.entry.exchange, alike.entry.outcome)
    except NoRuleError:
        return None


def first_remedy(exchange: Exchange, rules: Sequence[Rule] = ()) -> Handoff | None:
    """What is shown before a dialect is chosen; None where no policy is to be written.

    Args:
        exchange: the exchange; where no policy would mend it, the rule's own is written.
        rules: the rules that hold.
    """
    if _is_mended_by_policy(exchange):
        return remedy(exchange, EXPRESS)
    known = {rule.name for rule in rules if rule.policy is not None}
    return rule_export(rules, exchange.rule, EXPRESS) if exchange.rule in known else None


def remedy(exchange: Exchange, dialect: Dialect) -> Handoff:
    """That policy as the dialect's configuration."""
    policy = needed_policy(exchange)
    is_unknown = exchange.credentials == "unknown" and not policy.allow_credentials
    return replace(_written(policy, dialect), may_lack_credentials=is_unknown)


@lru_cache(maxsize=MOST_KEPT)
def _written(policy: Policy, dialect: Dialect) -> Handoff:
    """Kept: it takes asking both servers many a thing, and many exchanges need the same policy."""
    try:
        return Handoff(dialect, hand_off(policy, STANDARD, dialect))
    except ValueError as error:
        return Handoff(dialect, trouble=str(error))


def rule_export(rules: Sequence[Rule], name: str | None, dialect: Dialect) -> Handoff:
    """The policy of the rule of this name as the dialect's configuration."""
    try:
        return Handoff(dialect, export_named(rules, name, dialect.name), of_rule=True)
    except ValueError as error:
        return Handoff(dialect, trouble=str(error), of_rule=True)
