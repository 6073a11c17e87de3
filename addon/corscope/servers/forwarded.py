"""What does a server send where the application answers?

That is an actual response, or the answer to a preflight that the server passes on instead of
answering itself. Of such an answer the CORS headers are replaced.
"""

from collections.abc import Callable

from corscope.fetch.headers import values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect
from corscope.servers.parts import (
    VARY,
    add_to_vary,
    is_cors_response_header_name,
    without_cors_headers,
)
from corscope.servers.policy import Policy

__all__ = ["answered_by", "forwarded_by", "passed_on"]

_Preflight = Callable[[Policy, Request], Answer | None]
_Forwarded = Callable[[Policy, Request, Response], Response]


def answered_by(dialect: Dialect, policy: Policy, request: Request) -> Answer | None:
    """What the server answers itself; None where the application is asked."""
    if not policy.forward_preflight:
        return dialect.preflight(policy, request)
    return None if dialect.refused is None else dialect.refused(policy, request)


def passed_on(dialect: Dialect, policy: Policy, request: Request, response: Response) -> Response:
    """An application's response as the server sends it; a preflight is taken for passed on."""
    made = dialect.preflight(policy, request)
    if made is None:
        return dialect.actual(policy, request, response)
    if dialect.forwarded is not None:
        return dialect.forwarded(policy, request, response)
    headers = without_cors_headers(response.headers)
    headers += tuple(pair for pair in made.headers if is_cors_response_header_name(pair[0]))
    varied = ", ".join(values(made.headers, VARY))
    return Response(response.status, add_to_vary(headers, varied.split(", ") if varied else ()))


def forwarded_by(
    preflight: _Preflight, joined: Callable[[Policy, HeaderList, HeaderList], HeaderList]
) -> _Forwarded:
    """How a middleware passes a preflight on that sets its lines and has the application go on.

    Args:
        preflight: what it would answer itself.
        joined: its lines and the application's, as they are sent together under that policy.
    """

    def forwarded(policy: Policy, request: Request, response: Response) -> Response:
        made = preflight(policy, request)
        own = without_cors_headers(response.headers)
        lines = tuple(pair for pair in made.headers if _counts(pair[0])) if made else ()
        return Response(response.status, joined(policy, lines, own))

    return forwarded


def _counts(name: str) -> bool:
    return is_cors_response_header_name(name) or name.lower() == VARY
