"""When did a request come, and its answer?"""

from datetime import UTC, datetime

from mitmproxy import http

__all__ = ["answered_at", "asked_at"]


def asked_at(flow: http.HTTPFlow) -> datetime:
    """When the flow's request came."""
    return _moment(flow.request.timestamp_start)


def answered_at(flow: http.HTTPFlow) -> datetime:
    """When the flow's answer or its failure came; not before its request."""
    answer = flow.response.timestamp_start if flow.response else None
    failure = flow.error.timestamp if flow.error else None
    asked = flow.request.timestamp_start
    return _moment(max(asked, answer or failure or asked))


_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def _moment(seconds: float) -> datetime:
    """A time that can be counted on from; a saved file may hold any number for it."""
    if not 0 <= seconds <= _LATEST:  # true of what is no number, too
        seconds = 0.0
    return datetime.fromtimestamp(seconds, UTC)
