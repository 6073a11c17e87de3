"""Which rules can be about this host at all?

Without it every exchange would be compared with every rule. Rules for exact hosts are found in a
dictionary, those for `*.example.com` under the suffix, and only patterns that end in an asterisk
are tried on every host. Whether a rule found here really matches is left to `match`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["HostIndex", "build_host_index"]


@dataclass(frozen=True, slots=True)
class HostIndex:
    """Positions of rules by what they say of the host, each tuple in the rules' order."""

    exact: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    suffixes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    anywhere: tuple[int, ...] = ()

    def positions(self, host: str) -> Sequence[int]:
        """The positions of all rules that may match the host, in order, none twice."""
        found = [self.exact.get(host, ()), self.anywhere]
        found += [self.suffixes[end] for end in _suffixes(host) if end in self.suffixes]
        filled = [positions for positions in found if positions]
        if len(filled) < 2:
            return filled[0] if filled else ()
        return sorted(set().union(*filled))


def build_host_index(hosts: Iterable[Sequence[str]]) -> HostIndex:
    """Index rules by their host globs, without ports; a rule has to match any one of its globs."""
    exact: dict[str, list[int]] = {}
    suffixes: dict[str, list[int]] = {}
    anywhere: list[int] = []
    for position, patterns in enumerate(hosts):
        for pattern in dict.fromkeys(patterns):
            _, asterisk, after = pattern.rpartition("*")
            end = after[after.find(".") :] if "." in after else ""
            if not asterisk:
                exact.setdefault(pattern, []).append(position)
            elif end:
                suffixes.setdefault(end, []).append(position)
            else:
                anywhere.append(position)
    return HostIndex(_frozen(exact), _frozen(suffixes), tuple(dict.fromkeys(anywhere)))


def _frozen(positions: Mapping[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(dict.fromkeys(found)) for key, found in positions.items()}


def _suffixes(host: str) -> Iterator[str]:
    """`.b.c` and `.c` of `a.b.c`."""
    dot = host.find(".")
    while dot >= 0:
        yield host[dot:]
        dot = host.find(".", dot + 1)
