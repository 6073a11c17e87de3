"""How does a server answer that follows the Fetch standard to the letter?

Follows https://fetch.spec.whatwg.org/#http-cors-protocol. An origin that is not allowed gets 403
and no CORS headers. Methods and headers are listed, not checked, so that it is the browser that
names the one which is refused.
"""

from corscope.messages import Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import echo_in_list_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    add_to_vary,
    echoed,
    is_cors_preflight_request,
    listed_or_echoed,
    present,
    without_cors_headers,
)
from corscope.servers.patterns.origins import is_any_of, matches_regex, regex_error
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["STANDARD"]


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if not is_cors_preflight_request(request):
        return None
    vary = add_to_vary((), _preflight_varies_by(policy))
    allowed = _allow_origin(policy, request)
    if allowed is None:
        return Answer(403, vary)
    headers = present(
        (ALLOW_ORIGIN, allowed),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_METHODS, listed_or_echoed(policy.allow_methods, request, REQUEST_METHOD)),
        (ALLOW_HEADERS, listed_or_echoed(policy.allow_headers, request, REQUEST_HEADERS)),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
    )
    return Answer(204, headers + vary)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers = without_cors_headers(response.headers)
    allowed = _allow_origin(policy, request)
    if allowed is not None:
        headers += present(
            (ALLOW_ORIGIN, allowed),
            (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
            (EXPOSE_HEADERS, listed_or_echoed(policy.expose_headers, request, EXPOSE_HEADERS)),
        )
    if _depends_on_origin(policy):
        headers = add_to_vary(headers, ["Origin"])
    return Response(response.status, headers)


def _allow_origin(policy: Policy, request: Request) -> str | None:
    """The value of Access-Control-Allow-Origin; None if the origin is not allowed, or not sent."""
    origins = policy.allow_origins
    if isinstance(origins, str) and origins != ECHO:
        return origins
    if origins and WILDCARD in origins:
        return WILDCARD
    origin = echoed(request, ORIGIN)
    if origin is None or origins == ECHO:
        return origin
    if is_any_of(origin, origins or ()):
        return origin
    pattern = policy.allow_origin_regex
    return origin if pattern and matches_regex(pattern, origin, "fullmatch") else None


def _depends_on_origin(policy: Policy) -> bool:
    origins = policy.allow_origins
    if isinstance(origins, str):
        return origins == ECHO
    if origins and WILDCARD in origins:
        return False
    return bool(origins or policy.allow_origin_regex)


def _preflight_varies_by(policy: Policy) -> list[str]:
    names = ["Origin"] if _depends_on_origin(policy) else []
    if policy.allow_methods == ECHO:
        names.append("Access-Control-Request-Method")
    if policy.allow_headers == ECHO:
        names.append("Access-Control-Request-Headers")
    return names


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    """Contradictions: no browser is asked, the policy itself says two things."""
    complaints = []
    pattern, origins = policy.allow_origin_regex, policy.allow_origins
    if pattern and (error := regex_error(pattern)):
        hint = "it is a Python regular expression that has to match the whole origin"
        complaints.append(Complaint("allow_origin_regex", f"is no regex: {error}", hint))
    if pattern and isinstance(origins, str):
        hint = "make allow_origins a list, or drop the regex"
        message = "is never looked at: allow_origins is a single value that everybody gets"
        complaints.append(Complaint("allow_origin_regex", message, hint))
    return (*complaints, *echo_in_list_complaints(policy))


STANDARD = Dialect(
    name="standard",
    title="the Fetch standard",
    version="living standard",
    source="https://fetch.spec.whatwg.org/#http-cors-protocol",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=(), allow_headers=()),
)
