"""May a page embed this answer? The check that requests of mode "no-cors" undergo.

Follows https://fetch.spec.whatwg.org/#cross-origin-resource-policy-internal-check, for pages
without an embedder policy.
"""

from corscope.fetch.headers import get
from corscope.fetch.origin import TupleOrigin, origin_of_url
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import Response

__all__ = ["resource_policy_failure"]

_POLICY = "Cross-Origin-Resource-Policy"


def resource_policy_failure(
    page: TupleOrigin, url: str, response: Response, *, is_cross_site: bool
) -> Failure | None:
    """Why the answer's Cross-Origin-Resource-Policy keeps it from the page; None where it doesn't.

    A value that is none of the three, also one that is spelled otherwise or sent twice, says
    nothing.

    Args:
        page: the origin that asks.
        url: the answer's URL.
        response: the answer.
        is_cross_site: whether their hosts are of different sites.
    """
    policy = get(response.headers, _POLICY)
    of = origin_of_url(url)
    if of is None or of == page:
        return None
    from_insecure = page.scheme != "https" and of.scheme == "https"
    if policy == "same-origin" or (policy == "same-site" and (is_cross_site or from_insecure)):
        return Failure(Reason.CROSS_ORIGIN_RESOURCE_POLICY, policy)
    return None
