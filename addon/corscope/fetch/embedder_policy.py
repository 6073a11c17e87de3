"""What does a document demand of all that it embeds? Its Cross-Origin-Embedder-Policy.

Follows https://html.spec.whatwg.org/multipage/browsers.html#embedder-policies; what the policy
keeps from the document, `resource_policy` decides.
"""

from enum import StrEnum
from typing import Final

from corscope.fetch.check import value_as_read
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.origin import TupleOrigin, is_potentially_trustworthy
from corscope.fetch.structured import token_of_item
from corscope.messages import HeaderList

__all__ = ["EmbedderPolicy", "is_adhered_to", "obtain_an_embedder_policy"]

HEADER: Final = "Cross-Origin-Embedder-Policy"


class EmbedderPolicy(StrEnum):
    """An embedder policy value: https://html.spec.whatwg.org/multipage/browsers.html#embedder-policy-value"""

    UNSAFE_NONE = "unsafe-none"
    CREDENTIALLESS = "credentialless"
    REQUIRE_CORP = "require-corp"


def obtain_an_embedder_policy(
    origin: TupleOrigin, headers: HeaderList, engine: Engine = Engine.UNKNOWN
) -> EmbedderPolicy:
    """The policy value of a document; what isn't written as it should be counts as none.

    https://html.spec.whatwg.org/multipage/browsers.html#obtain-an-embedder-policy

    Args:
        origin: the document's; only secure ones have a policy.
        headers: its response's header list.
        engine: whose departures from the standard apply.
    """
    value = value_as_read(headers, HEADER, engine)
    if value is None or not is_potentially_trustworthy(origin):
        return EmbedderPolicy.UNSAFE_NONE
    token = token_of_item(value)
    policy = next((each for each in EmbedderPolicy if each == token), EmbedderPolicy.UNSAFE_NONE)
    if policy is EmbedderPolicy.CREDENTIALLESS and departs(
        engine, Departure.CREDENTIALLESS_UNKNOWN
    ):
        return EmbedderPolicy.UNSAFE_NONE
    return policy


def is_adhered_to(policy: EmbedderPolicy, embedder: EmbedderPolicy) -> bool:
    """Whether a document of such a policy may be in a frame of one that has the other.

    https://html.spec.whatwg.org/multipage/browsers.html#check-a-navigation-response's-adherence-to-its-embedder-policy
    """
    return embedder is EmbedderPolicy.UNSAFE_NONE or policy is not EmbedderPolicy.UNSAFE_NONE
