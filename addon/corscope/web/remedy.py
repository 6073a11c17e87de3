"""What must a server's configuration say, so that an exchange passes?

The smallest policy that gives leave, written as a dialect has it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import Reason
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.journal.exchange import Exchange
from corscope.journal.store import Entry
from corscope.rules.export import export_named
from corscope.rules.model import Rule
from corscope.servers.dialect import Dialect, Export
from corscope.servers.express import EXPRESS
from corscope.servers.handoff import hand_off
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


@dataclass(frozen=True, slots=True)
class Handoff:
    """A policy as a dialect's configuration, or why it can't be written."""

    dialect: Dialect
    export: Export | None = None
    trouble: str = ""


_MENDED_BY_POLICY: Final = frozenset(
    {
        Reason.ALLOW_ORIGIN_MISSING,
        Reason.ALLOW_ORIGIN_REPEATED,
        Reason.ALLOW_ORIGIN_LIST,
        Reason.ALLOW_ORIGIN_INVALID,
        Reason.ALLOW_ORIGIN_MISMATCH,
        Reason.WILDCARD_WITH_CREDENTIALS,
        Reason.ALLOW_CREDENTIALS_NOT_TRUE,
        Reason.PREFLIGHT_STATUS,
        Reason.ALLOW_METHODS_INVALID,
        Reason.ALLOW_HEADERS_INVALID,
        Reason.METHOD_NOT_ALLOWED,
        Reason.HEADER_NOT_ALLOWED,
    }
)


def is_mended_by_policy(exchange: Exchange) -> bool:
    """Whether a server's CORS policy is what keeps it; to allow `null` would mend nothing."""
    is_opaque = exchange.origin == OPAQUE_SERIALIZED
    return exchange.judgement.reason in _MENDED_BY_POLICY and not is_opaque


def exportable() -> tuple[Dialect, ...]:
    """The dialects whose configuration can be written."""
    return tuple(dialect for dialect in dialects() if dialect.export is not None)


def needed_policy(exchange: Exchange) -> Policy:
    """The least that a server must allow for this exchange, as far as it shows."""
    is_safe = is_cors_safelisted_method(exchange.method)
    return Policy(
        allow_origins=(exchange.origin,),
        allow_methods=None if is_safe else (exchange.method,),
        allow_headers=exchange.request_headers or None,
        allow_credentials=_needs_credentials(exchange) or None,
    )


def _needs_credentials(exchange: Exchange) -> bool:
    """Where it doesn't show, it does so if they are what the verdict hangs on."""
    return exchange.credentials == "include" or exchange.judgement.verdict == "conditional"


def least_rule(entry: Entry) -> str | None:
    """The text of the smallest rule that lets an exchange pass; None where there is none."""
    try:
        return rule_from(entry.exchange, entry.outcome)
    except NoRuleError:
        return None


def first_remedy(exchange: Exchange) -> Handoff | None:
    """What is shown before a dialect is chosen; None where no policy is at fault."""
    return remedy(exchange, EXPRESS) if is_mended_by_policy(exchange) else None


def remedy(exchange: Exchange, dialect: Dialect) -> Handoff:
    """That policy as the dialect's configuration."""
    try:
        return Handoff(dialect, hand_off(needed_policy(exchange), STANDARD, dialect))
    except ValueError as error:
        return Handoff(dialect, trouble=str(error))


def rule_export(rules: Iterable[Rule], name: str, dialect: Dialect) -> Handoff:
    """The policy of the rule of this name as the dialect's configuration."""
    try:
        return Handoff(dialect, export_named(rules, name, dialect.name))
    except ValueError as error:
        return Handoff(dialect, trouble=str(error))
