"""What about an exchange is worth a remark, though it is no verdict?

Puts together what the modules of checks have to say: `not_cors`, `gateways`, `redirects`,
`hazards` and `policies`.
"""

from collections.abc import Callable
from typing import Final

from corscope.journal.exchange import Finding
from corscope.journal.remarks.findings import Case, FindingId, server_answer
from corscope.journal.remarks.gateways import gateway_error
from corscope.journal.remarks.hazards import (
    non_cors_copy,
    not_modified,
    shared_cache,
    vary_origin_missing,
)
from corscope.journal.remarks.memory import Memory
from corscope.journal.remarks.not_cors import (
    captive_portal,
    challenge_page,
    credentials_not_sent,
    mixed_content,
    proxy_login,
    redirect_to_login,
    websocket_refused,
)
from corscope.journal.remarks.policies import (
    any_origin_with_credentials,
    preflight_and_actual_disagree,
)
from corscope.journal.remarks.redirects import (
    origin_null_after_redirect,
    redirect_drops_authorization,
)
from corscope.messages import Response

__all__ = ["findings_of"]

_RANK: Final[dict[str, int]] = {id_: rank for rank, id_ in enumerate(FindingId)}

_CheckOfAny = Callable[[Case], Finding | None]

_CHECKS_OF_ANY: Final[tuple[_CheckOfAny, ...]] = (
    origin_null_after_redirect,
    preflight_and_actual_disagree,
    mixed_content,
)

_Check = Callable[[Case, Response, Memory], Finding | None]

_CHECKS: Final[tuple[_Check, ...]] = (
    challenge_page,
    captive_portal,
    proxy_login,
    gateway_error,
    websocket_refused,
    redirect_to_login,
    redirect_drops_authorization,
    credentials_not_sent,
    non_cors_copy,
    not_modified,
    shared_cache,
    any_origin_with_credentials,
    vary_origin_missing,
)


def findings_of(case: Case, memory: Memory) -> tuple[Finding, ...]:
    """The remarks on an exchange, the most telling first.

    Args:
        case: the exchange.
        memory: what was seen before it.
    """
    answer = server_answer(case.seen)
    checks = () if answer is None else (check(case, answer, memory) for check in _CHECKS)
    found = (*checks, *(check(case) for check in _CHECKS_OF_ANY))
    findings = (finding for finding in found if finding is not None)
    return tuple(sorted(findings, key=lambda finding: _RANK[finding.id]))
