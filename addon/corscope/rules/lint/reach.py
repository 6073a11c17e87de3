"""Which rules can never match, because an earlier one takes all they could?

Not every such rule is found, but none is named that can match.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from corscope.rules.glob import HostName, UrlGlob, glob_matches, split_host
from corscope.rules.model import Match, Rule, Ruleset

__all__ = ["places", "unreachable"]

MAX_COMPARISONS: Final = 16
"""How many earlier rules a rule is compared with; with all of them 10,000 would take minutes."""


def unreachable(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Rules that can never match, each with the earlier one that takes all they could."""
    index = Ruleset.of(rules).index
    first_with: dict[Match, Rule] = {}
    for number, rule in enumerate(rules):
        if not rule.enabled:
            continue
        taker = first_with.setdefault(rule.match, rule)
        if taker is not rule:
            yield rule, taker
            continue
        host = places(rule.match)[0].name
        earlier = [place for place in index.positions(host)[:MAX_COMPARISONS] if place < number]
        for place in earlier:
            if rules[place].enabled and _covers(rules[place].match, rule.match):
                yield rule, rules[place]
                break


def places(match: Match) -> tuple[HostName, ...]:
    """The hosts that are matched, or those of the URLs."""
    return match.host or tuple(split_host(url.host) for url in match.url)


def _covers(wide: Match, narrow: Match) -> bool:
    """Whether all that `narrow` matches is certain to match `wide`.

    A glob covers another if it matches its text: its own asterisk then stands for the other's.
    """
    return (
        (not wide.status or wide.status == narrow.status)
        and (not wide.filter or wide.filter == narrow.filter)
        and (not wide.kind or _within(narrow.kind, wide.kind))
        and (not wide.method or _within(narrow.method, wide.method))
        and (not wide.origin or _all_covered(wide.origin, narrow.origin))
        and (not wide.host or _all_hosts_covered(wide.host, places(narrow)))
        and (not wide.url or _all_urls_covered(wide.url, narrow.url))
    )


def _within(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    return bool(narrow) and set(narrow) <= set(wide)


def _all_covered(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    return bool(narrow) and all(any(glob_matches(w, n) for w in wide) for n in narrow)


def _all_hosts_covered(wide: Sequence[HostName], narrow: Sequence[HostName]) -> bool:
    def covers(host: HostName, other: HostName) -> bool:
        return glob_matches(host.name, other.name) and host.port in {None, other.port}

    return all(any(covers(w, n) for w in wide) for n in narrow)


def _all_urls_covered(wide: Sequence[UrlGlob], narrow: Sequence[UrlGlob]) -> bool:
    return bool(narrow) and all(any(w.matches(n) for w in wide) for n in narrow)
