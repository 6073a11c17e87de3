"""What does the browser's console print of an exchange?"""

from typing import Final

from corscope.fetch.consoles.printed import console_messages, console_warnings
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Failure, Reason
from corscope.journal.exchange import Exchange

__all__ = ["printed"]

_WITHOUT_CORS: Final = frozenset(
    {
        Reason.CROSS_ORIGIN_RESOURCE_POLICY,
        Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
        Reason.DOCUMENT_ISOLATION_POLICY,
        Reason.MIXED_CONTENT,
    }
)
"""What is printed of a request without CORS as of one with it."""

_OF_COPY: Final = 200
"""The likely status of what a 304 renews that wasn't seen."""


def printed(exchange: Exchange, engine: Engine) -> tuple[str, ...]:
    """What an engine's console prints of this exchange, were it that engine's; else nothing.

    URLs are in it as the journal has them: without userinfo, and query values masked. Of a verdict
    that is conditional it is what is printed if credentials are included.
    """
    judgement = exchange.judgement
    if engine is not exchange.engine:
        judgement = exchange.engines.get(engine, judgement)
    if judgement.reason is None:
        return _warnings(exchange, engine) if exchange.kind == "preflight" else ()
    if exchange.mode != "cors" and judgement.reason not in _WITHOUT_CORS:
        return ()
    failure = Failure(judgement.reason, judgement.detail, judgement.firefox)
    scene = exchange.scene
    if exchange.revalidated:  # Firefox and WebKit name the status of the copy
        scene = scene._replace(status=exchange.goes_by_status or _OF_COPY)
    messages = console_messages(engine, exchange.kind, failure, scene, exchange.headers)
    # Without CORS, Firefox doesn't go on about it.
    is_firefoxs = exchange.mode != "cors" and engine is Engine.FIREFOX
    return messages[:1] if is_firefoxs else messages


def _warnings(preflight: Exchange, engine: Engine) -> tuple[str, ...]:
    return console_warnings(engine, preflight.request_headers, preflight.headers, preflight.scene)
