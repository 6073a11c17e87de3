"""May a page embed this answer? The check that requests of mode "no-cors" undergo.

Follows https://fetch.spec.whatwg.org/#cross-origin-resource-policy-internal-check.
"""

from typing import Final

from corscope.fetch.check import value_as_read
from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.origin import TupleOrigin, origin_of_url
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import Response

__all__ = ["resource_policy_failure"]

_POLICY: Final = "Cross-Origin-Resource-Policy"
_VALUES: Final = frozenset({"same-origin", "same-site", "cross-origin"})


def resource_policy_failure(
    page: TupleOrigin | None,
    url: str,
    response: Response,
    *,
    is_cross_site: bool,
    embedder: EmbedderPolicy = EmbedderPolicy.UNSAFE_NONE,
    isolation: IsolationPolicy = IsolationPolicy.NONE,
    engine: Engine = Engine.UNKNOWN,
) -> Failure | None:
    """Why the answer's Cross-Origin-Resource-Policy keeps it from the page; None where it doesn't.

    A value that is none of the three, also one that is spelled otherwise or sent twice, says
    nothing. What says nothing is kept from a page that demands leave; where it demands only that
    no credentials go along, they don't.

    Args:
        page: the origin that asks; None for another one than the answer's that doesn't show.
        url: the answer's URL.
        response: the answer.
        is_cross_site: whether their hosts are of different sites.
        embedder: the page's embedder policy.
        isolation: its isolation policy; what that demands beside the other isn't named.
        engine: whose departures from the standard apply.
    """
    policy = value_as_read(response.headers, _POLICY, engine)
    of = origin_of_url(url)
    if of is None or of == page:
        return None
    from_insecure = page is not None and page.scheme != "https" and of.scheme == "https"
    if policy == "same-origin" or (policy == "same-site" and (is_cross_site or from_insecure)):
        return Failure(Reason.CROSS_ORIGIN_RESOURCE_POLICY, policy)
    demands = _demands(embedder, isolation, engine)
    if demands is None or policy in _VALUES:
        return None
    if policy and departs(engine, Departure.UNKNOWN_RESOURCE_POLICY_TAKEN):
        return None
    return demands


def _demands(
    embedder: EmbedderPolicy, isolation: IsolationPolicy, engine: Engine
) -> Failure | None:
    """What keeps an answer from the page that says nothing."""
    if embedder is EmbedderPolicy.REQUIRE_CORP:
        return Failure(Reason.CROSS_ORIGIN_EMBEDDER_POLICY, embedder)
    isolates = isolation is IsolationPolicy.REQUIRE_CORP
    if isolates and departs(engine, Departure.DOCUMENTS_ISOLATED):
        return Failure(Reason.DOCUMENT_ISOLATION_POLICY, isolation)
    return None
