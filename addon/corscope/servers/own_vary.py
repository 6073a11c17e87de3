"""Does an application that has a Vary of its own add it to the middleware's, or replace that?

The answer alone doesn't show it: a setting says it, which has another default where a framework's
own way of setting a header is the one or the other.
"""

from typing import Final

from corscope.fetch.headers import contains, delete
from corscope.messages import HeaderList
from corscope.servers.dialect import Setting
from corscope.servers.parts import VARY, overridden_by, replaced_by
from corscope.servers.policy import Policy

__all__ = ["REPLACES_VARY", "joined_by_npm", "replaces_vary", "without_replaced_vary"]

REPLACES_VARY: Final = Setting(
    "replaces_vary",
    "boolean",
    default=False,
    doc="whether the application sets a Vary of its own in the place of the middleware's, as by "
    '`res.set("Vary", …)` or `Header().Set`; else it adds to it, as `res.vary(…)` and what '
    "compresses answers do.",
)


def replaces_vary(policy: Policy, own: HeaderList, setting: Setting = REPLACES_VARY) -> bool:
    """Whether an application's lines take the middleware's Vary away."""
    return setting.of(policy) is True and contains(own, VARY)


def joined_by_npm(
    policy: Policy, headers: HeaderList, own: HeaderList, setting: Setting = REPLACES_VARY
) -> HeaderList:
    """A middleware's lines and the application's, whose Vary npm's `vary` adds, or which is set."""
    joined = replaced_by if replaces_vary(policy, own, setting) else overridden_by
    return joined(headers, own)


def without_replaced_vary(policy: Policy, headers: HeaderList, own: HeaderList) -> HeaderList:
    """A middleware's lines as they are left where the application sets its own."""
    return delete(headers, VARY) if replaces_vary(policy, own) else headers
