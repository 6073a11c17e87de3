"""Which policy do a configuration's answers to each kind of request make?

What of them no rule can say is told, and refused where the rule would allow other origins than the
server does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from corscope.cli.imports.tree import Found, Source
from corscope.cli.imports.web_servers.asked import OPTIONS, Answered, Asked
from corscope.cli.imports.web_servers.by_hand import (
    ONLY_PREFLIGHT,
    WITH_ALL,
    shared_fields,
    told_of_status,
)
from corscope.cli.imports.web_servers.sides import Side, Words, side_of
from corscope.servers.parts import (
    EXPOSE_HEADERS,
    VARY,
)
from corscope.servers.policy import Policy, SettingValue
from corscope.servers.web_servers.by_hand import Line, actual_lines, preflight_lines

__all__ = ["ByRequest"]

_SHARED: Final = ("allow_origins", "allow_origin_regex", "allow_credentials")

Settings = tuple[tuple[str, SettingValue], ...]


@dataclass
class ByRequest:
    """A configuration's answers, and what they make.

    Attributes:
        source: the file.
        words: how it writes what it takes from the request.
        answers: what it answers to each kind of request.
        warnings: what no rule can say, as far as it is known.
    """

    source: Source
    words: Words
    answers: Mapping[Asked, Answered]
    warnings: list[str] = field(default_factory=list)

    def found(
        self, settings: Callable[[Answered], Settings], *, keeps_own: bool
    ) -> Iterator[Found]:
        """One policy, or one for preflights and one for all else where these differ.

        Args:
            settings: what an answer that is no preflight's says of the dialect's own settings.
            keeps_own: whether a backend's CORS headers stay where none are sent here.
        """
        actual, preflight = self._policies(settings(self.actual.usual))
        self._tell_of_vary(self.actual, actual_lines(actual))
        self._tell_of_vary(self.preflight, preflight_lines(preflight))
        is_shared = self.actual.added == self.preflight.added
        if is_shared and shared_fields(actual) == shared_fields(preflight):
            whole = replace(preflight, expose_headers=actual.expose_headers)
            self._tell_what_differs(whole)
            yield self._with_place(whole, {}, self.actual, self.preflight)
            return
        if self.actual.lines or not keeps_own:
            yield self._with_place(actual, {"kind": "actual"}, self.actual)
        if self.preflight.lines or not (keeps_own and preflight.forward_preflight):
            yield self._with_place(preflight, {"kind": "preflight"}, self.preflight)

    def _policies(self, own: Settings) -> tuple[Policy, Policy]:
        """What counts of both sides, each as a policy."""
        of_actual, of_preflight = dict(self.actual.fields), dict(self.preflight.fields)
        exposed = of_actual.get("expose_headers")
        of_preflight.pop("expose_headers", None)
        shared = {name: of_actual.get(name) for name in _SHARED}
        return (
            Policy(**shared, expose_headers=exposed, settings=own),  # type: ignore[arg-type]
            Policy(**of_preflight, forward_preflight=self._forwards(), settings=own),
        )

    def _with_place(self, policy: Policy, match: Mapping[str, object], *sides: Side) -> Found:
        lines = [line.line for side in sides for line in side.lines]
        place = self.source.at(min(lines)) if lines else self.source.name
        told = (*self.warnings, *(warning for side in sides for warning in side.warnings))
        return Found(place, policy, match, tuple(dict.fromkeys(told)), added=sides[0].added)

    @cached_property
    def preflight(self) -> Side:
        """What preflights get."""
        return side_of(self.source, self.words, self.answers, OPTIONS)

    @cached_property
    def actual(self) -> Side:
        """What all others get: as GET, or as a method that alone gets something."""
        methods = dict.fromkeys(each.method for each in self.answers if each.method != OPTIONS)
        sending = dict.fromkeys(
            asked.method
            for asked, answered in self.answers.items()
            if answered.origin and asked.method != OPTIONS
        )
        side = side_of(self.source, self.words, self.answers, next(iter(sending or methods)))
        if sending and sending != methods:
            self.warn(f"only {', '.join(sending)} get it; the rule sends it with all", side.first)
        return side

    def warn(self, message: str, line: int | None) -> None:
        """Note what no rule can say."""
        self.warnings.append(f"{self.source.at(line) if line else self.source.name}: {message}")

    def _forwards(self) -> bool:
        """Whether preflights go to the backend."""
        answered = [self.preflight.answers[each] for each in self.preflight.allowed]
        ways = {(each.status, each.line) for each in answered}
        self._refuse_some(self.actual)
        if len({status for status, _ in ways}) > 1:
            self._refuse_some(self.preflight)
        status, line = next(iter(ways))
        if (self.preflight.others.status is None) != (status is None):
            message = "other origins' preflights go another way; the rule treats them as these"
            self.warn(message, line or self.preflight.others.line)
        if status is None or line == self.actual.usual.line:
            return True
        self.warnings += told_of_status(self.source, status, line)
        return False

    def _refuse_some(self, side: Side) -> None:
        """Refuse what is answered for some origins only, as `return 403` for the others."""
        ways = {each.status: each.line for each in side.answers.values()}
        if len(ways) > 1:
            status, line = next(way for way in ways.items() if way[0] is not None)
            message = f"some origins are answered by {status}: write a rule with match.origin"
            self.source.refuse(f"{message} and fault.status, and leave this out", line)

    def _tell_what_differs(self, policy: Policy) -> None:
        """Tell what is sent where the dialect doesn't, or the other way round."""
        echoes = set(self.words.echoes.values())
        for line in self.actual.lines:
            if line.name in ONLY_PREFLIGHT and line.value not in echoes:
                self.warn(f"{line.title} {WITH_ALL}", line.line)
        for line in self.preflight.lines:
            if line.name == EXPOSE_HEADERS and preflight_lines(policy):
                message = (
                    "is sent to preflights too; the rule leaves it out there, as it counts not"
                )
                self.warn(f"{line.title} {message}", line.line)

    def _tell_of_vary(self, side: Side, lines: Iterable[Line]) -> None:
        """Tell which names of `Vary` the dialect has beside its lines, but the file hasn't."""
        names = {name.strip().lower() for name in ",".join(side.usual.values(VARY)).split(",")}
        said = next((str(line.value) for line in lines if line.name == VARY), "")
        missing = [name for name in said.split(", ") if name and name.lower() not in names]
        if side.lines and missing:
            message = f"no Vary: {', '.join(missing)} is sent beside it; the rule adds it"
            self.warn(message, side.first)
