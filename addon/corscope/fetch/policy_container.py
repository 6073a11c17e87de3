"""What does a document's response say that holds for all that the document asks for?

Follows https://html.spec.whatwg.org/multipage/browsers.html#policy-containers, for what of it
decides on an answer.
"""

from typing import Final, NamedTuple

from corscope.fetch.embedder_policy import EmbedderPolicy, obtain_an_embedder_policy
from corscope.fetch.engines import Engine
from corscope.fetch.headers import byte_lowercase, values
from corscope.fetch.isolation_policy import IsolationPolicy, obtain_an_isolation_policy
from corscope.fetch.origin import TupleOrigin
from corscope.messages import HeaderList

__all__ = ["NO_POLICIES", "PolicyContainer", "create_a_policy_container"]

_UPGRADE: Final = "upgrade-insecure-requests"


class PolicyContainer(NamedTuple):
    """A document's policies.

    Attributes:
        embedder: its embedder policy.
        upgrades: whether its insecure requests policy has all that it asks for asked by https:
            https://w3c.github.io/webappsec-upgrade-insecure-requests/#insecure-requests-policy
        isolation: its document isolation policy.
    """

    embedder: EmbedderPolicy = EmbedderPolicy.UNSAFE_NONE
    upgrades: bool = False
    isolation: IsolationPolicy = IsolationPolicy.NONE

    @property
    def demands_leave(self) -> bool:
        """Whether one of them, in some engine, keeps from the document what says nothing."""
        return (
            self.embedder is EmbedderPolicy.REQUIRE_CORP
            or self.isolation is IsolationPolicy.REQUIRE_CORP
        )


NO_POLICIES: Final = PolicyContainer()
"""Those of a document that has none, or of which none is known."""


def create_a_policy_container(
    origin: TupleOrigin, headers: HeaderList, engine: Engine = Engine.UNKNOWN
) -> PolicyContainer:
    """The policies that a document comes with: https://html.spec.whatwg.org/multipage/browsers.html#creating-a-policy-container-from-a-fetch-response

    Args:
        origin: the document's.
        headers: its response's header list.
        engine: whose departures from the standard apply.
    """
    return PolicyContainer(
        obtain_an_embedder_policy(origin, headers, engine),
        _upgrades(headers),
        obtain_an_isolation_policy(origin, headers),
    )


def _upgrades(headers: HeaderList) -> bool:
    """Whether a Content-Security-Policy has this directive, which takes no value."""
    policies = ",".join(values(headers, "Content-Security-Policy")).replace(",", ";").split(";")
    names = (directive.split(maxsplit=1)[:1] for directive in policies)
    return any(byte_lowercase(name) == _UPGRADE for [name] in filter(None, names))
