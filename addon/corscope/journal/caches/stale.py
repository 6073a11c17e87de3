"""Does the server still answer as what a browser has cached says?"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from corscope.fetch.cache import CacheEntry
from corscope.fetch.check import CredentialsMode
from corscope.fetch.headers import byte_lowercase, extract_header_list_values, get
from corscope.fetch.preflight import CorsRequest, preflight_failure
from corscope.journal.wire import WireView
from corscope.messages import HeaderList, Response

__all__ = ["Answer", "changed_since", "whole_seconds"]


class Answer(NamedTuple):
    """A preflight's answer, to compare with what others got at the same place."""

    id: str
    time: float
    asked: CorsRequest
    headers: HeaderList
    passed: bool
    length: int


def changed_since(
    entry: CacheEntry,
    answers: Iterable[Answer],
    wire: WireView,
    mode: CredentialsMode,
    now: datetime,
) -> str | None:
    """What has changed since an entry was cached; None as long as that says what the server says.

    Args:
        entry: what the browser goes by.
        answers: the latest at the same place, whoever asked.
        wire: what the request shows that goes by it.
        mode: its credentials mode.
        now: when it came.
    """
    here = tuple(answers)
    old = next((answer for answer in here if answer.id == entry.by), None)
    if old is None:
        return None
    later = [answer for answer in here if answer.time > old.time and _comparable(old, answer)]
    if not later or _policy(later[-1]) == _policy(old):
        return None
    latest, moment = later[-1], now.timestamp()
    refused = preflight_failure(wire.cors, Response(200, latest.headers), mode, wire.engine)
    changed = "was answered differently" if refused is None else "would refuse it"
    return (
        f"the browser goes by the OPTIONS of {whole_seconds(moment - old.time)} ago; "
        f"that of {whole_seconds(moment - latest.time)} ago {changed}"
    )


def whole_seconds(seconds: float) -> str:
    """As they are told."""
    return f"{round(seconds)} s"


def _comparable(old: Answer, new: Answer) -> bool:
    """Whether a difference tells of a change: a refusal may only be for what was asked."""
    is_same = (new.asked.method, new.asked.unsafe_names) == (
        old.asked.method,
        old.asked.unsafe_names,
    )
    return is_same or (old.passed and new.passed)


def _policy(answer: Answer) -> tuple[object, ...]:
    """What the server allows; a list of what was asked for may be an echo, and says less."""
    methods = set(_listed("Access-Control-Allow-Methods", answer.headers))
    names = set(map(byte_lowercase, _listed("Access-Control-Allow-Headers", answer.headers)))
    return (
        answer.passed,
        get(answer.headers, "Access-Control-Allow-Origin"),
        get(answer.headers, "Access-Control-Allow-Credentials"),
        "as asked" if methods <= {answer.asked.method} else frozenset(methods),
        "as asked" if names <= set(answer.asked.unsafe_names) else frozenset(names),
    )


def _listed(name: str, headers: HeaderList) -> list[str]:
    listed = extract_header_list_values(name, headers)
    return listed if isinstance(listed, list) else []
