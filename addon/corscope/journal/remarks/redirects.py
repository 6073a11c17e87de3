"""Does it fail for what a redirect before it has changed in the request?"""

from typing import Final

from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import Reason
from corscope.journal.exchange import Finding
from corscope.journal.remarks.findings import Case, FindingId
from corscope.journal.remarks.memory import Memory
from corscope.messages import Response

__all__ = ["origin_null_after_redirect", "redirect_drops_authorization"]

_FOR_THE_ORIGIN: Final = frozenset({Reason.ALLOW_ORIGIN_MISSING, Reason.ALLOW_ORIGIN_MISMATCH})


def origin_null_after_redirect(case: Case) -> Finding | None:
    """The server doesn't know the origin `null`, which a redirect has made of the page's.

    https://fetch.spec.whatwg.org/#serializing-a-request-origin; the detail is that redirect, which
    may be one of several before.
    """
    if case.wire.cors.origin != OPAQUE_SERIALIZED or case.link.tainted_by is None:
        return None
    if case.judgement.reason not in _FOR_THE_ORIGIN:
        return None
    return Finding(FindingId.ORIGIN_NULL_AFTER_REDIRECT, case.link.tainted_by)


def redirect_drops_authorization(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The server asks who is there, and a redirect has taken off what script had said.

    https://fetch.spec.whatwg.org/#http-redirect-fetch, step 13; the detail is that redirect.
    """
    if answer.status != 401 or case.wire.kind == "preflight":
        return None
    if case.link.stripped_by is None or "authorization" in case.wire.present:
        return None
    return Finding(FindingId.REDIRECT_DROPS_AUTHORIZATION, case.link.stripped_by)
