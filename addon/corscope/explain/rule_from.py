"""Which rule would let this exchange pass, and as little else as may be?

A blocked exchange becomes a rule for its own URL, method and origin, with a policy that allows what
it asked for. The rule is tried on the exchange before it is given out: what no rule can mend is
said, and why.
"""

from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.parts.words import exchange_words
from corscope.explain.whatif.ruled import RuledBy, UntoldError, ruled
from corscope.fetch.headers import get_decode_and_split, is_token
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import Reason
from corscope.fetch.safelist import (
    is_cors_safelisted_method,
    is_cors_safelisted_response_header_name,
    is_forbidden_response_header_name,
)
from corscope.journal.exchange import Exchange, Judgement, Outcome
from corscope.journal.wire import Credentials
from corscope.rules.load import Source, load
from corscope.rules.problems import RulesError
from corscope.rules.write import header_rule_text, rule_text
from corscope.servers.parts import EXPOSE_HEADERS
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.standard import STANDARD

__all__ = ["NoRuleError", "rule_from"]

_LONGEST_PART: Final = 100
_HOPELESS: Final = frozenset(
    {
        Reason.NO_RESPONSE,
        Reason.CONNECTION_DROPPED,
        Reason.CLIENT_GONE,
        Reason.NOT_RECORDED,
        Reason.MIXED_CONTENT,
        Reason.REDIRECT_WITH_CREDENTIALS,
        Reason.REDIRECT_INVALID,
        Reason.REDIRECT_NOT_HTTP,
        Reason.REDIRECT_TO_LOCAL,
        Reason.REDIRECT_BAD_PORT,
        Reason.TOO_MANY_REDIRECTS,
        Reason.PROXY_AUTHENTICATION,
    }
)
"""What isn't mended by an answer's headers."""
_OF_ANOTHER_ANSWER: Final = frozenset(
    {
        Reason.REDIRECT_WITH_CREDENTIALS,
        Reason.REDIRECT_INVALID,
        Reason.REDIRECT_NOT_HTTP,
        Reason.REDIRECT_TO_LOCAL,
        Reason.REDIRECT_BAD_PORT,
        Reason.PROXY_AUTHENTICATION,
    }
)
"""What a preflight has no more of where a rule answers it in the server's stead."""
_HANGS_UP: Final = frozenset({"closed", "invalid"})
"""The causes of a missing answer of a server that is there, and just can't answer this."""

_OF_EMBEDDING: Final = frozenset(
    {
        Reason.CROSS_ORIGIN_RESOURCE_POLICY,
        Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
        Reason.DOCUMENT_ISOLATION_POLICY,
    }
)


class NoRuleError(ValueError):
    """No rule lets the exchange pass, or none is needed; the message says why."""


def rule_from(exchange: Exchange, outcome: Outcome | None = None) -> str:
    """The text of the smallest rule that lets an exchange pass.

    Args:
        exchange: one that is blocked, if only in some credentials mode.
        outcome: what became of it, for a preflight; it may show the credentials mode.

    Raises:
        NoRuleError: it passes without, or no rule helps.
    """
    credentials = exchange.credentials
    if credentials == "unknown" and outcome is not None:
        credentials = outcome.credentials
    judgement = exchange.verdicts.seen(credentials)
    if judgement.verdict == "allowed":
        raise NoRuleError("it is allowed already: no rule is needed")
    if judgement.reason in _HOPELESS and not _may_be_answered(exchange, judgement):
        raise NoRuleError(_no_rule_helps(exchange, judgement))
    if judgement.reason in _OF_EMBEDDING:
        return _embedding_rule(exchange, judgement, credentials)
    text = _policy_rule(exchange, judgement, credentials)
    _try(text, exchange, credentials)
    return text


def _may_be_answered(exchange: Exchange, judgement: Judgement) -> bool:
    """Whether it is a preflight that a rule's own answer saves from what the server does to it."""
    if exchange.kind == "actual":
        return False
    is_there = judgement.reason is Reason.NO_RESPONSE and judgement.detail in _HANGS_UP
    return is_there or judgement.reason in _OF_ANOTHER_ANSWER


def _no_rule_helps(exchange: Exchange, judgement: Judgement) -> str:
    assert judgement.reason is not None
    words = exchange_words(exchange, judgement)
    return f"no rule helps: {judgement.reason}: {words.what}. Fix: {words.fix}"


def _try(text: str, exchange: Exchange, credentials: Credentials) -> None:
    """Apply the rule to the exchange that it was made for.

    Raises:
        NoRuleError: it doesn't let it pass.
    """
    try:
        ruleset = load([Source("rule", text.encode("utf-8", "backslashreplace"))])
        after = ruled(exchange, RuledBy(ruleset)).verdicts.seen(credentials)
    except RulesError as error:
        raise NoRuleError(f"no rule can name it: {error.problems[0]}") from error
    except UntoldError as error:
        raise NoRuleError(f"it can't be told whether a rule would help: {error}") from error
    if after.verdict != "allowed":
        raise NoRuleError(_no_rule_helps(exchange, after))


# A policy


def _policy_rule(exchange: Exchange, judgement: Judgement, credentials: Credentials) -> str:
    match: dict[str, object] = {"url": _url(exchange), "origin": exchange.origin}
    match["method"] = exchange.method
    notes = {}
    if credentials == "unknown":
        notes["allow_credentials"] = (
            "whether credentials are included didn't show; leave it out if they aren't"
        )
    methods = None
    if exchange.kind == "preflight":
        notes["expose_headers"] = (
            "name here what script is to read of the answer, as the rule replaces the server's own"
        )
        methods = _methods(exchange.method)
        if exchange.method == "OPTIONS":  # else it might be meant to be the preflight's own
            match["kind"] = ["preflight", "actual"]
        if methods == ECHO:
            notes["allow_methods"] = f"just {exchange.method}, by match.method"
    else:
        match["kind"] = "actual"
    policy = Policy(
        allow_origins=(exchange.origin,),
        allow_methods=methods,
        allow_headers=_headers(exchange),
        expose_headers=_exposed(exchange, with_credentials=credentials != "omit"),
        allow_credentials=None if credentials == "omit" else True,
    )
    return rule_text(
        _name(exchange),
        match,
        policy,
        STANDARD,
        description=_description(exchange, judgement),
        notes=notes,
    )


def _url(exchange: Exchange) -> str:
    """The URL, with any query where it has one: values may be secret, and change."""
    path, mark, _ = exchange.url.partition("?")
    return f"{path}?*" if mark else path


def _methods(method: str) -> str | tuple[str, ...] | None:
    """The method if it needs leave; one that looks like a mistake is echoed, not listed."""
    if is_cors_safelisted_method(method):
        return None
    is_usual = method == method.upper() and method != "OPTIONS"
    return (method,) if is_usual else ECHO


def _headers(exchange: Exchange) -> tuple[str, ...] | None:
    if exchange.kind == "actual":
        return None
    return tuple(dict.fromkeys(exchange.request_headers)) or None


def _exposed(exchange: Exchange, *, with_credentials: bool) -> str | tuple[str, ...] | None:
    """What the answer lets script read already, which the rule's policy replaces."""
    if exchange.kind == "preflight":
        return None
    sent = exchange.headers if exchange.server_headers is None else exchange.server_headers
    names = {name.lower() for name in get_decode_and_split(sent, EXPOSE_HEADERS) or ()}
    if WILDCARD in names and not with_credentials:
        return WILDCARD
    useful = (
        name
        for name in sorted(names)
        if is_token(name) and name != WILDCARD and not _is_needless(name)
    )
    return tuple(useful) or None


def _is_needless(name: str) -> bool:
    """Whether to expose a response header changes nothing."""
    is_of_requests = name == "origin" or name.startswith("access-control-request-")
    return (
        is_of_requests
        or is_forbidden_response_header_name(name)
        or is_cors_safelisted_response_header_name(name, ())
    )


def _name(exchange: Exchange) -> str:
    what = f"{_short(exchange.method)} {_short(_url(exchange))}"
    may = "may" if exchange.kind == "preflight" else "may read"
    return f"{_short(exchange.origin)} {may} {what}"


def _short(text: str) -> str:
    return escaped(text, _LONGEST_PART)


def _description(exchange: Exchange, judgement: Judgement) -> str:
    """What the rule is for, where it comes from, and where it belongs."""
    was = "a preflight" if exchange.kind == "preflight" else "an answer"
    told = f"Made from {was} that was {judgement.verdict} ({judgement.reason}): "
    if exchange.origin == OPAQUE_SERIALIZED:
        told += "lets every page whose origin is null, as any site can have it, "
    else:
        told += f"lets pages of {_short(exchange.origin)} "
    if exchange.kind == "preflight":
        told += f"send this {_short(exchange.method)}"
        if exchange.request_headers:
            told += f" with {escaped(', '.join(exchange.request_headers))}"
        told += " and read the answer."
    else:
        told += f"read what this {_short(exchange.method)} is answered with."
    return told + _place(exchange)


def _place(exchange: Exchange) -> str:
    """Where the rule has to stand: before one that takes the exchange now."""
    if exchange.rule is None or exchange.rule_mode != "apply":
        return ""
    return f' Belongs before the rule "{_short(exchange.rule)}", which applied to it.'


# An embedded resource


def _embedding_rule(exchange: Exchange, judgement: Judgement, credentials: Credentials) -> str:
    """Such a request has no Origin, so the rule is for its site, or else for all."""
    try:
        text = _embedding_text(exchange, judgement, "pages of its own site", "same-site")
        _try(text, exchange, credentials)
    except NoRuleError:
        text = _embedding_text(exchange, judgement, "any page", "cross-origin")
        _try(text, exchange, credentials)
    return text


def _embedding_text(exchange: Exchange, judgement: Judgement, who: str, policy: str) -> str:
    return header_rule_text(
        f"{who} may embed {_short(_url(exchange))}",
        {"url": _url(exchange), "kind": "actual"},
        {"Cross-Origin-Resource-Policy": policy},
        description=(
            f"Made from an answer that was blocked ({judgement.reason}): lets {who} "
            f"embed it.{_place(exchange)}"
        ),
    )
