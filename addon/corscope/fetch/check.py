"""May the response be shared with the requesting origin? The CORS check.

Follows https://fetch.spec.whatwg.org/#concept-cors-check. The preflight's further conditions are
in `preflight`; what a shared response lets script read is in `exposed`.
"""

from enum import Enum

from corscope.fetch.diagnose import is_repeated_as_spelled, name_origin_mismatch
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import get, values
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import HeaderList

__all__ = ["CredentialsMode", "cors_check", "value_as_read"]


class CredentialsMode(Enum):
    """A request's credentials mode: https://fetch.spec.whatwg.org/#concept-request-credentials-mode"""

    OMIT = "omit"
    SAME_ORIGIN = "same-origin"
    INCLUDE = "include"


def cors_check(
    origin: str, mode: CredentialsMode, headers: HeaderList, engine: Engine = Engine.UNKNOWN
) -> Failure | None:
    """The CORS check: https://fetch.spec.whatwg.org/#concept-cors-check

    Args:
        origin: the request's origin, byte-serialized (the value of its `Origin` header).
        mode: the request's credentials mode.
        headers: the response's header list.
        engine: whose departures from the standard apply.
    """
    allow_origin = value_as_read(headers, "Access-Control-Allow-Origin", engine)  # 1
    if allow_origin is None:  # 2
        return Failure(Reason.ALLOW_ORIGIN_MISSING)
    if departs(engine, Departure.REPEATED_ORIGIN_REFUSED) and is_repeated_as_spelled(headers):
        return Failure(Reason.ALLOW_ORIGIN_REPEATED, allow_origin)
    if mode is not CredentialsMode.INCLUDE and allow_origin == "*":  # 3
        return None
    if allow_origin != origin:  # 4
        return name_origin_mismatch(allow_origin, headers)
    if mode is not CredentialsMode.INCLUDE:  # 5
        return None
    allow_credentials = value_as_read(headers, "Access-Control-Allow-Credentials", engine)  # 6
    if allow_credentials == "true":  # 7
        return None
    return Failure(Reason.ALLOW_CREDENTIALS_NOT_TRUE, allow_credentials)  # 8


def value_as_read(headers: HeaderList, name: str, engine: Engine = Engine.UNKNOWN) -> str | None:
    """A header's value as the check reads it; None where the header is absent.

    Args:
        headers: the response's header list.
        name: one of the two headers that the check is about, or a policy's.
        engine: whose departures from the standard apply.
    """
    if departs(engine, Departure.EMPTY_LINES_DROPPED):
        lines = values(headers, name)
        return ", ".join(filter(None, lines)) if lines else None
    return get(headers, name)
