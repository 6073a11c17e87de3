"""Which of a Caddyfile's `header` lines are left when the answer leaves, and which come twice?

Within one directive what is added comes first, then what is set, in the place of all lines of its
name. Of several in a block those with a matcher come before those without, but for a `route`, which
keeps their order; and what `reverse_proxy` brings stands beside what is there already:
https://caddyserver.com/docs/caddyfile/directives/header
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from corscope.cli.imports.web_servers.by_hand import AllowedOrigins, HeaderLine
from corscope.servers.parts import ALLOW_CREDENTIALS, ALLOW_ORIGIN

__all__ = ["Block", "Sent", "When", "with_beside", "without_overwritten"]

_SINGLE: Final = (ALLOW_ORIGIN, ALLOW_CREDENTIALS)


@dataclass(frozen=True, slots=True)
class When:
    """When a line is sent.

    Attributes:
        origins: to whom, if not to all.
        is_preflight: whether only to preflights.
        is_narrow: whether it asks for what makes an OPTIONS a preflight.
        paths: for which paths only.
        unread: further conditions, as they are written.
    """

    origins: AllowedOrigins | None = None
    is_preflight: bool = False
    is_narrow: bool = False
    paths: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def and_also(self, other: "When") -> "When":
        """When both hold."""
        return When(
            other.origins or self.origins,
            self.is_preflight or other.is_preflight,
            self.is_narrow or other.is_narrow,
            self.paths + other.paths,
            self.unread + other.unread,
        )


Block = tuple[int, ...]
"""A block, as the lines at which it and those around it begin."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A header that is set.

    Attributes:
        line: it.
        when: when it is sent.
        replaces: whether the backend's own of that name goes, as it is set when the answer leaves.
        block: where it stands.
        proxy: the line of the `reverse_proxy` whose answers alone get it; 0 for all answers.
        order: how many stand before it.
        directive: the line of the directive that it stands in.
        adds: whether it stands beside what there is of its name.
        is_matched: whether the directive itself has a matcher.
        is_in_order: whether its block keeps the order of its directives, as a `route` does.
    """

    line: HeaderLine
    when: When
    replaces: bool
    block: Block = ()
    proxy: int = 0
    order: int = 0
    directive: int = 0
    adds: bool = False
    is_matched: bool = False
    is_in_order: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether all answers get it."""
        return self.when == When()


def without_overwritten(sent: Sequence[Sent]) -> list[Sent]:
    """Those in whose place none is set by a directive of their block that is for all of it."""
    setting = [each for each in sent if not (each.adds or each.is_matched or each.proxy)]
    return [each for each in sent if not any(_overwrites(other, each) for other in setting)]


def _overwrites(other: Sent, each: Sent) -> bool:
    if other.line.name != each.line.name or other.block != each.block or each.proxy:
        return False
    if (each.replaces and not other.replaces) or not (other.is_plain or other.when == each.when):
        return False
    if each.directive == other.directive:
        return each.adds or other.order > each.order
    is_behind = each.is_matched and not other.is_in_order
    return is_behind or (not each.is_matched and other.order > each.order)


def with_beside(sent: Sequence[Sent]) -> tuple[list[Sent], tuple[tuple[str, str], ...]]:
    """The lines that a policy says, and those that are sent beside them, whatever is asked."""
    said, added = list(sent), list[tuple[str, str]]()
    for name in _SINGLE:
        group = [each for each in sent if each.line.name == name]
        first = next(iter(group), None)
        beside = group if first and first.line.is_odd else group[1:]
        is_fixed = not any("{" in each.line.value for each in beside)
        if beside and is_fixed and _stand_together(group):
            added += [(name, each.line.value) for each in beside]
            said = [each for each in said if each not in group or each is first]
    return _joined(said), tuple(added)


def _joined(sent: Sequence[Sent]) -> list[Sent]:
    """Those of one list, in several lines, as one."""
    groups: dict[str, list[Sent]] = {}
    for each in sent:
        groups.setdefault(each.line.name, []).append(each)
    joined = list[Sent]()
    for first, *others in groups.values():
        if others and first.line.is_list and _stand_together([first, *others]):
            values = [each.line.value for each in (first, *others)]
            joined.append(replace(first, line=first.line.joined(values)))
        else:
            joined += [first, *others]
    return joined


def _stand_together(group: Sequence[Sent]) -> bool:
    """Whether each is sent with all that the others are: one block's, and what a proxy's adds."""
    places = {(each.block, each.proxy) for each in group}
    is_late = any(each.replaces and not each.proxy for each in group)
    proxies = {proxy for _, proxy in places if proxy}
    blocks = {block for block, _ in places}
    plain = all(each.is_plain for each in group)
    return plain and len(blocks) == 1 and len(proxies) < 2 and not (is_late and len(group) > 1)
