"""What would the browser have done with another answer to a recorded request?

A record holds all that the CORS protocol looks at, but not all that a verdict may hang on: what a
redirect's Referer told of the page, say, isn't there. `is_reproduced` tells whether the record is
enough: what it says of its own answer must come out again.
"""

from corscope.fetch.engines import Engine
from corscope.fetch.origin import parse_serialized_origin
from corscope.fetch.policy_container import PolicyContainer
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Reason
from corscope.journal.exchange import Exchange
from corscope.journal.judging import Got, Judgement, Missing, Past, Verdicts, judged
from corscope.journal.wire import WireView
from corscope.messages import HeaderList, Response

__all__ = ["as_received", "gone_by", "is_reproduced", "judged_again", "sent_by_server"]


def judged_again(
    exchange: Exchange,
    response: Response | None,
    *,
    missing: Missing | None = None,
    engine: Engine | None = None,
) -> Verdicts:
    """The decision for each credentials mode, had the browser got this answer.

    Args:
        exchange: whose request it is.
        response: the answer; None for none.
        missing: why there is none.
        engine: who decides; None for the exchange's own engine.
    """
    past = Past(exchange.hop, bool(exchange.why), exchange.scene.first_url)
    got = Got(response, missing, past=past)
    return judged(_wire(exchange, engine or exchange.engine), got, lambda url: url)


def _wire(exchange: Exchange, engine: Engine) -> WireView:
    """The request as far as it is recorded."""
    condition = ("if-none-match",) if exchange.revalidated else ()
    return WireView(
        kind=exchange.kind,
        cors=CorsRequest(exchange.origin, exchange.url, exchange.method, exchange.request_headers),
        present=frozenset((*exchange.request_headers, *condition)),
        page=parse_serialized_origin(exchange.scene.page),
        mode=exchange.mode,
        mode_from="sec-fetch-mode" if exchange.mode_from == "sec-fetch-mode" else "inferred",
        destination=exchange.scene.destination,
        engine=engine,
        credentials=exchange.credentials,
        policies=PolicyContainer(
            exchange.embedder_policy, exchange.scene.upgrades, exchange.scene.isolation
        ),
        site=exchange.scene.site,
    )


def as_received(exchange: Exchange) -> Response | None:
    """The answer that the browser got, as far as it is recorded."""
    if exchange.status is None:
        return None
    return Response(exchange.status, exchange.headers + _location(exchange))


def gone_by(exchange: Exchange) -> Response | None:
    """The answer that the browser goes by: of a 304 its own copy, where that was seen."""
    if exchange.goes_by is None or exchange.goes_by_status is None:
        return as_received(exchange)
    return Response(exchange.goes_by_status, exchange.goes_by)


def sent_by_server(exchange: Exchange) -> Response | None:
    """The server's own answer, as far as it is recorded; None where none was seen."""
    if exchange.answered_by == "rule":
        return None
    if exchange.server_headers is None:
        return as_received(exchange)
    status = exchange.server_status or exchange.status
    return (
        None if status is None else Response(status, exchange.server_headers + _location(exchange))
    )


_MADE_UP_USERINFO = "user@"


def _location(exchange: Exchange) -> HeaderList:
    """Where the answer redirects to; of userinfo only that there was any is recorded."""
    location = exchange.scene.location
    if location is None:
        location = exchange.location
    if location is None:
        return ()
    scheme, separator, rest = location.partition("://")
    if _had_userinfo(exchange) and separator:
        location = f"{scheme}://{_MADE_UP_USERINFO}{rest}"
    return (("location", location),)


def _had_userinfo(exchange: Exchange) -> bool:
    """A line of an earlier version tells it only where that was what was refused."""
    if exchange.location_userinfo is not None:
        return exchange.location_userinfo
    reasons = {judgement.reason for judgement in _judgements(exchange)}
    return Reason.REDIRECT_WITH_CREDENTIALS in reasons


def _judgements(exchange: Exchange) -> tuple[Judgement, ...]:
    server = exchange.server_verdict
    both = (exchange.verdicts.omit, exchange.verdicts.include)
    return (*both, *((server.omit, server.include) if server else ()))


def is_reproduced(exchange: Exchange) -> bool:
    """Whether the record says enough: its own answer is judged again as it was."""
    if exchange.status is None:
        return True
    again = judged_again(exchange, gone_by(exchange))
    return _told(again) == _told(exchange.verdicts)


def _told(verdicts: Verdicts) -> tuple[object, ...]:
    both = (verdicts.omit, verdicts.include)
    return tuple((judgement.verdict, judgement.reason) for judgement in both)
