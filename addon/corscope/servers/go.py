"""What do the servers written in Go have in common?"""

import re

from corscope.messages import HeaderList
from corscope.servers.dialect import Complaint
from corscope.servers.policy import Policy

__all__ = ["re2_complaints", "sorted_by_name"]

_NOT_IN_RE2 = re.compile(r"\(\?(?:[=!>]|<[=!]|P=)|\\[1-9]|[*+?}]\+")


def sorted_by_name(headers: HeaderList) -> HeaderList:
    """The lines as net/http sends them: by name, those of one name in their order."""
    return tuple(sorted(headers, key=lambda pair: pair[0].lower()))


def re2_complaints(policy: Policy) -> tuple[Complaint, ...]:
    """What Python's regexes know and Go's don't."""
    found = _NOT_IN_RE2.search(policy.allow_origin_regex or "")
    if found is None:
        return ()
    hint = "Go's regexes have no lookaround, backreferences or possessive quantifiers"
    message = f"holds {found[0]!r}, which Go doesn't know"
    return (Complaint("allow_origin_regex", message, hint, at_start=True),)
