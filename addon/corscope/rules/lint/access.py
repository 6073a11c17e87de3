"""Which hosts does a rule open to any site that is visited through the proxy?"""

from collections.abc import Iterator
from dataclasses import replace

from corscope.fetch.headers import values
from corscope.rules.glob import glob_matches
from corscope.rules.kinds.place import Remark
from corscope.rules.lint.asked import ANY_ORIGIN, allows_any, allows_credentials, sent_to
from corscope.rules.lint.ids import remark
from corscope.rules.lint.reach import places
from corscope.rules.locate import KeyPath
from corscope.rules.meant import is_local
from corscope.rules.model import Mode, Rule
from corscope.rules.problems import shown
from corscope.servers.dialect import Dialect
from corscope.servers.parts import ALLOW_CREDENTIALS, ALLOW_ORIGIN
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["lint_access"]


def lint_access(rule: Rule) -> Iterator[Remark]:
    """Warn of `*` beside credentials, and of a far host that any site may read."""
    opened = _opened_by_policy(rule.policy, rule.dialect) or _opened_by_hand(rule)
    if opened is None:
        return
    yield from _wildcard(rule, opened)
    far = [place.name for place in places(rule.match) if not is_local(place.name)]
    if not far or not rule.enabled or rule.mode is not Mode.APPLY or not _is_for_any(rule):
        return
    hint = "list the origins you mean, or narrow match.origin"
    if _with_credentials(rule):
        message = f"lets any site you visit through this proxy use {shown(far[0])} as you"
        yield remark("any-origin-with-credentials", opened, None, message, hint)
    else:
        message = f"lets any site you visit through this proxy read {shown(far[0])}"
        yield remark("any-origin", opened, None, message, hint)


def _wildcard(rule: Rule, opened: KeyPath) -> Iterator[Remark]:
    """A `*` of the policy's that is sent as such beside credentials."""
    if rule.policy is None or rule.dialect is None or opened[0] != "policy":
        return
    sent = sent_to(ANY_ORIGIN, rule.policy, rule.dialect)
    if values(sent, ALLOW_ORIGIN) == (WILDCARD,) and values(sent, ALLOW_CREDENTIALS) == ("true",):
        message = "is no wildcard for a request with credentials"
        yield remark("wildcard-with-credentials", opened, WILDCARD, message, "list the origins")


def _is_for_any(rule: Rule) -> bool:
    origins = rule.match.origin
    return not origins or any(glob_matches(pattern, ANY_ORIGIN) for pattern in origins)


def _with_credentials(rule: Rule) -> bool:
    if rule.policy is not None and rule.dialect is not None:
        return allows_credentials(ANY_ORIGIN, rule.policy, rule.dialect)
    lines = {} if rule.headers is None else dict((*rule.headers.set, *rule.headers.add))
    by_name = {name.lower(): template.text.strip() for name, template in lines.items()}
    return by_name.get(ALLOW_CREDENTIALS) == "true" and by_name.get(ALLOW_ORIGIN) == "{origin}"


def _opened_by_policy(policy: Policy | None, dialect: Dialect | None) -> KeyPath | None:
    """The key of a policy that lets any origin in."""
    if policy is None or dialect is None:
        return None
    origins, pattern = policy.allow_origins, policy.allow_origin_regex
    if origins in {ECHO, WILDCARD} or (isinstance(origins, tuple) and WILDCARD in origins):
        return ("policy", "allow_origins")
    if origins and allows_any(replace(policy, allow_origin_regex=None), dialect):
        return ("policy", "allow_origins")
    if pattern and allows_any(replace(policy, allow_origins=()), dialect):
        return ("policy", "allow_origin_regex")
    return None


def _opened_by_hand(rule: Rule) -> KeyPath | None:
    """The header that lets any origin in."""
    if rule.headers is not None:
        for table in ("set", "add"):
            for name, template in getattr(rule.headers, table):
                if name.lower() == ALLOW_ORIGIN and template.text.strip() in {"*", "{origin}"}:
                    return ("headers", table, name)
    return None
