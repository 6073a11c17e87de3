"""How is a rule of a set written for a real server?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from corscope.rules.model import Match, Rule
from corscope.rules.problems import shown_list
from corscope.servers.dialect import Dialect, Export
from corscope.servers.handoff import hand_off
from corscope.servers.registry import dialects, find, nearest

__all__ = ["export_named", "export_rule", "find_dialect", "find_rule_with_policy"]


def export_named(rules: Iterable[Rule], name: str | None, dialect: str | None) -> Export:
    """Write the rule of this name for the server of that one; see the functions below.

    Raises:
        ValueError: there is no such rule or dialect, or nothing can be written for it.
    """
    rule = find_rule_with_policy(rules, name)
    return export_rule(rule, find_dialect(dialect) if dialect is not None else None)


def export_rule(rule: Rule, target: Dialect | None = None) -> Export:
    """Write a rule's policy for a server; without one for the server that the rule is like.

    Raises:
        ValueError: nothing can be written for that server.
    """
    assert rule.policy is not None
    assert rule.dialect is not None
    exported = hand_off(rule.policy, rule.dialect, target or rule.dialect)
    parts = {"headers": rule.headers, "fault": rule.fault}
    left = tuple(f"[rule.{part}] is not exported" for part, given in parts.items() if given)
    return replace(exported, warnings=(*exported.warnings, *left, *_matched(rule.match)))


def _matched(match: Match) -> Iterator[str]:
    """Whom the rule is for and the export isn't: beyond its hosts a configuration is for all."""
    paths = [each.rest if each.whole is None else each.whole for each in match.url]
    if set(paths) - {"*", "/*"}:
        yield f"match.url is not exported: put it where {' or '.join(paths)} is served"
    for key in ("origin", "method", "kind", "filter"):
        values = getattr(match, key)
        if values:
            told = "all others get the policy too"
            yield f"match.{key} is not exported: it is {shown_list(values)}, but {told}"


def find_rule_with_policy(rules: Iterable[Rule], name: str | None) -> Rule:
    """The rule of this name; without a name the only one that has a policy.

    Raises:
        ValueError: there is none, or more than one.
    """
    known = {rule.name: rule for rule in rules}
    having = {name: rule for name, rule in known.items() if rule.policy is not None}
    names = ", ".join(f'"{each}"' for each in having) or "none"
    if name is None:
        if len(having) == 1:
            return next(iter(having.values()))
        if not having:
            raise ValueError("no rule has a policy")
        raise ValueError(f"which rule? with a policy there is {names}")
    if name in having:
        return having[name]
    if name in known:
        raise ValueError(f'the rule "{name}" has no [rule.policy], so it is like no server')
    meant = nearest(name, having)
    told = f'did you mean "{meant}"?' if meant else f"with a policy there is {names}"
    raise ValueError(f'no rule "{name}": {told}')


def find_dialect(name: str) -> Dialect:
    """The dialect of this name, as rule files have it after `like`.

    Raises:
        ValueError: there is none.
    """
    found = find(name)
    if found is not None:
        return found
    known = [dialect.name for dialect in dialects()]
    meant = nearest(name, known)
    hint = f'did you mean "{meant}"?' if meant else f"there are {', '.join(known)}"
    raise ValueError(f'no dialect "{name}": {hint}')
