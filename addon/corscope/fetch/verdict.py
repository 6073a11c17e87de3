"""What will the browser do with this answer? The room's front door.

Puts the CORS check, the preflight's decision and the redirect rules together for one exchange
and one credentials mode. The caller asks once for each mode that it can't rule out.
"""

from dataclasses import replace

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.mixed_content import NO_LOAD, Load, mixed_content_named_first
from corscope.fetch.preflight import CorsRequest, preflight_failure
from corscope.fetch.reasons import Failure, Kind, Reason
from corscope.fetch.redirect import redirect_failure
from corscope.fetch.reports import REPORT, report_failure
from corscope.messages import Response

__all__ = ["judge"]


def judge(
    kind: Kind,
    request: CorsRequest,
    response: Response,
    mode: CredentialsMode,
    engine: Engine = Engine.UNKNOWN,
    load: Load = NO_LOAD,
) -> Failure | None:
    """Judge one answer to a request of mode "cors"; None means that the browser goes on with it.

    https://fetch.spec.whatwg.org/#concept-http-fetch: the preflight's decision for a preflight;
    for an actual response the CORS check, then what HTTP-redirect fetch refuses. Where it leads
    then, `mixed_content_failure` judges; but an engine that asks first for that needs the `load`.
    """
    if load.destination == REPORT and departs(engine, Departure.REPORTS_CHECKED_APART):
        return report_failure(kind, request, response)
    if mixed := mixed_content_named_first(load, request, response, engine):
        return mixed
    not_followed = redirect_failure(response, request.url, engine)
    if not_followed is not None and _is_named_first(not_followed, engine):
        return not_followed
    if kind == "actual":
        return cors_check(request.origin, mode, response.headers, engine) or not_followed
    refused = preflight_failure(request, response, mode, engine)
    if refused is not None and refused.reason is Reason.PREFLIGHT_REDIRECT:
        return _named_by_target(refused, not_followed)
    return refused


def _is_named_first(not_followed: Failure, engine: Engine) -> bool:
    """Whether the engine refuses such a redirect before the CORS check."""
    if not_followed.reason is Reason.REDIRECT_INVALID:
        return departs(engine, Departure.INVALID_LOCATION_NAMED_FIRST)
    return not_followed.firefox is not None and departs(
        engine, Departure.LOCAL_LOCATION_NAMED_FIRST
    )


def _named_by_target(refused: Failure, not_followed: Failure | None) -> Failure:
    """Firefox has a name for a preflight's redirect only where it could be followed."""
    if not_followed is None or not_followed.reason is Reason.REDIRECT_BAD_PORT:
        return refused
    return replace(refused, firefox="CORSDidNotSucceed")
