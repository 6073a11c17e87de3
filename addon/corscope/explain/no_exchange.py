"""Why is there nothing to explain about a request? So that being asked for it isn't a riddle."""

from corscope.explain.escape import escaped
from corscope.fetch.headers import get
from corscope.journal.wire import is_cors_exchange
from corscope.messages import Request

__all__ = ["why_no_exchange"]


def why_no_exchange(request: Request, *, answered: bool) -> str:
    """One sentence on what is missing for a request to be a CORS exchange.

    Args:
        request: the request.
        answered: whether its answer, or its failure, is there.
    """
    origin = get(request.headers, "Origin")
    if origin is None:
        return (
            "no CORS exchange: the request has no Origin header. It goes to the page's own origin, "
            "or the page doesn't ask to read the answer, as with links, images and plain scripts."
        )
    if not is_cors_exchange(request):
        return (
            f"no CORS exchange: the request is same-origin. {escaped(origin)} asks itself, and "
            "what it gets script may read anyway."
        )
    if not answered:
        return "no verdict yet: the answer isn't there."
    return "no CORS exchange: nothing kept the answer from the page, and nothing let it in."
