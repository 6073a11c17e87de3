"""Which requests go to a backend of HAProxy's?

https://docs.haproxy.org/2.6/configuration.html#4.2-use_backend: the first `use_backend` counts
whose condition holds, and `default_backend` where none does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, takewhile

from corscope.cli.imports.paths import beginning_with, exactly
from corscope.cli.imports.tree import Found, Source
from corscope.cli.imports.web_servers.haproxy_rules import VARIABLE, Rule, Term, Test, tested

__all__ = ["Backends"]


@dataclass(frozen=True, slots=True)
class Backends:
    """Who goes to the backends of a file.

    Attributes:
        source: the file.
        rules: its lines.
        acls: the tests by the number of their section and their name.
        meant: the backends that allow an origin.
    """

    source: Source
    rules: tuple[Rule, ...]
    acls: Mapping[tuple[int, str], Sequence[Test]]
    meant: frozenset[str]

    def order(self, name: str) -> int:
        """What sorts backends as they are asked, what all the others go to last.

        What is in none comes first: it is done to the answers of all of them, and after they have.
        """
        if not name:
            return -1
        uses = self._uses(name)
        return self.rules.index(uses[0]) if uses else len(self.rules)

    def is_for_some(self, name: str) -> bool:
        """Whether only some requests go there; a name is empty where there is no backend."""
        return bool(self._uses(name))

    def only_there(self, found: Found, name: str) -> Found:
        """A policy that a backend has, for what goes there."""
        uses = self._uses(name)
        globs = [self._globs(rule) for rule in uses]
        told = list(self._told_of_others(name, uses))
        if all(globs):
            paths = tuple(dict.fromkeys(chain.from_iterable(globs)))
            return replace(found, paths=paths, warnings=(*told, *found.warnings))
        unread = next(rule for rule, said in zip(uses, globs, strict=True) if not said)
        what = f"only what {_written(unread)} asks for is meant: say so in match.url"
        told.append(f"{self.source.at(unread.line)}: {what}")
        return replace(found, warnings=(*told, *found.warnings))

    def _uses(self, name: str) -> list[Rule]:
        """The rules that send some requests to it; none where all may go there."""
        uses = [rule for rule in self.rules if rule.action[:2] == ("use_backend", name)]
        is_default = any(rule.words[:2] == ("default_backend", name) for rule in self.rules)
        return uses if all(rule.condition for rule in uses) and not is_default else []

    def _told_of_others(self, name: str, uses: Sequence[Rule]) -> Iterator[str]:
        """The rules before that send some of its requests to a backend that allows no origin."""
        if not name:
            return
        last = uses[-1] if uses else None
        own = list(chain.from_iterable(map(self._globs, uses)))
        for rule in takewhile(lambda rule: rule is not last, self.rules):
            is_other = rule.words[0] == "use_backend" and rule.action[1] not in {name, *self.meant}
            if is_other and (last is None or _overlap(self._globs(rule), own)):
                what = f"{_written(rule)} has none of these: say so in match.url"
                yield f"{self.source.at(rule.line)}: {what}"

    def _globs(self, rule: Rule) -> tuple[str, ...]:
        """What fits the paths that a condition asks for; nothing if it asks for anything else."""
        if rule.is_turned_round:
            return ()
        return _all_of(self._fitting(group, rule.section) for group in tested(rule.condition))

    def _fitting(self, terms: Sequence[Term], section: int) -> tuple[str, ...]:
        """What fits where all of some terms hold: that is told of a single one."""
        if len(terms) != 1 or terms[0].is_not:
            return ()
        test = terms[0].test
        tests = (test,) if isinstance(test, Test) else self.acls.get((section, test), ())
        return _all_of(map(_fitting, tests))


def _fitting(test: Test) -> tuple[str, ...]:
    how = test.how or {"path": "str", "path_beg": "beg"}.get(test.sample)
    readers = {"str": exactly, "beg": beginning_with}
    if test.sample not in {"path", "path_beg"} or test.is_caseless or test.file is not None:
        return ()
    return _all_of(readers[how](value) if how in readers else () for value in test.values)


def _all_of(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The globs of all of these together; none where those of one can't be told."""
    globs = list(several)
    return tuple(chain.from_iterable(globs)) if all(globs) else ()


def _overlap(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether some paths may fit both; those that no glob tells may be any."""
    begun = [(one.rstrip("?*"), other.rstrip("?*")) for one in some for other in others]
    unknown = not some or not others
    return unknown or any(a.startswith(b) or b.startswith(a) for a, b in begun)


def _written(rule: Rule) -> str:
    written = " ".join(rule.words).replace(VARIABLE, "$")
    return written if len(written) <= 60 else f"{written[:60]}…"
