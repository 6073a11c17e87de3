"""What does a document demand of what it embeds, by its Document-Isolation-Policy?

Follows https://wicg.github.io/document-isolation-policy/, which is Chromium's alone so far; what
the policy keeps from the document, `resource_policy` decides. Unlike an embedder policy, it demands
nothing of what is in frames.
"""

from enum import StrEnum
from typing import Final

from corscope.fetch.check import value_as_read
from corscope.fetch.origin import TupleOrigin, is_potentially_trustworthy
from corscope.fetch.structured import token_of_item
from corscope.messages import HeaderList

__all__ = ["IsolationPolicy", "obtain_an_isolation_policy"]

HEADER: Final = "Document-Isolation-Policy"


class IsolationPolicy(StrEnum):
    """A document isolation policy value: https://wicg.github.io/document-isolation-policy/#document-isolation-policy-value"""

    NONE = "none"
    CREDENTIALLESS = "isolate-and-credentialless"
    REQUIRE_CORP = "isolate-and-require-corp"


def obtain_an_isolation_policy(origin: TupleOrigin, headers: HeaderList) -> IsolationPolicy:
    """The policy value of a document; what isn't written as it should be counts as none.

    https://wicg.github.io/document-isolation-policy/#obtain-a-document-isolation-policy

    Args:
        origin: the document's; only secure ones have a policy.
        headers: its response's header list.
    """
    value = value_as_read(headers, HEADER)
    if value is None or not is_potentially_trustworthy(origin):
        return IsolationPolicy.NONE
    token = token_of_item(value)
    return next((each for each in IsolationPolicy if each == token), IsolationPolicy.NONE)
