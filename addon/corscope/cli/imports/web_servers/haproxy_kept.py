"""What do the rules of an HAProxy configuration leave: of each other, and of a backend's headers?

`set-header` takes the place of all lines of its name, those of a backend too, `add-header` stands
beside them, and `del-header` takes them away, whoever has sent them. The rules of `http-response`
come before those of `http-after-response`:
https://docs.haproxy.org/2.6/configuration.html#4.2-http-after-response
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from corscope.cli.imports.tree import Source
from corscope.cli.imports.web_servers.by_hand import CORS_HEADERS, OF_ALL, STAY
from corscope.cli.imports.web_servers.haproxy_rules import Rule
from corscope.servers.parts import ALLOW_ORIGIN

__all__ = ["Kept", "deletes", "in_force", "kept_by"]

_PHASES: Final = ("http-response", "http-after-response")


@dataclass(frozen=True, slots=True)
class Kept:
    """What becomes of a backend's own CORS headers.

    Attributes:
        keeps_own: whether they stay where none are set in their place.
        removed: those that go all the same.
        warnings: what of it no rule can say.
    """

    keeps_own: bool
    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def deletes(rule: Rule, name: str) -> bool:
    """Whether a `del-header` of responses takes a header away, whatever is asked."""
    match rule.action:
        case ("http-response" | "http-after-response", "del-header", pattern, *how):
            return not rule.condition and _fits(name, pattern.lower(), how[-1] if how else "str")
    return False


def _fits(name: str, pattern: str, how: str) -> bool:
    fits = {
        "str": name == pattern,
        "beg": name.startswith(pattern),
        "end": name.endswith(pattern),
        "sub": pattern in name,
    }
    return fits.get(how, False)


def in_force(setting: Sequence[tuple[Rule, str]], rules: Iterable[Rule]) -> Iterator[int]:
    """The places of those settings of headers, each by its name, that no later rule takes away."""
    deleting = [rule for rule in rules if rule.action[1:2] == ("del-header",)]
    for number, (rule, name) in enumerate(setting):
        if not any(_is_later(each, rule) and deletes(each, name) for each in deleting):
            yield number


def _is_later(rule: Rule, other: Rule) -> bool:
    """Whether a rule runs behind another on the same response."""
    if not {rule.words[0], other.words[0]} <= {*_PHASES}:
        return False
    at, before = _PHASES.index(rule.words[0]), _PHASES.index(other.words[0])
    is_below = rule.section == other.section and rule.line > other.line
    return at > before or (at == before and is_below)


def kept_by(source: Source, rules: Sequence[Rule], sent: Sequence[tuple[Rule, str]]) -> Kept:
    """What becomes of a backend's headers where these are sent, each by its name."""
    sections = {rule.section for rule, _ in sent}
    there = [rule for rule in rules if rule.section in sections or not rule.backend]
    deleted = [name for name in CORS_HEADERS if any(deletes(rule, name) for rule in there)]
    here = [each for each in sent if each[0].action[1:2] != ("return",)]
    names = {name for _, name in here}
    replaced = {name for rule, name in here if _replaces(rule)}
    left = [name for name in OF_ALL if name not in {*deleted, *replaced}]
    if not left or not (here or deleted):
        return Kept(False)
    if ALLOW_ORIGIN in names & {*deleted} - replaced:  # which others would keep
        place, titles = source.at(here[0][0].line), " and ".join(each.title() for each in left)
        return Kept(False, (), (f"{place}: a backend's own {titles} {STAY}",))
    beside = dict(reversed([(name, rule) for rule, name in here if not _takes_place(rule)]))
    warnings = [
        f"{source.at(rule.line)}: {name.title()} is added beside a backend's own; the rule sets it "
        "in its place"
        for name, rule in beside.items()
        if name in left
    ]
    removed = tuple(name for name in deleted if name not in {name for _, name in sent})
    return Kept(True, removed, tuple(warnings))


def _takes_place(rule: Rule) -> bool:
    return rule.action[1:2] == ("set-header",)


def _replaces(rule: Rule) -> bool:
    """Whether it takes the place of a backend's, whatever is asked."""
    return _takes_place(rule) and not rule.condition
