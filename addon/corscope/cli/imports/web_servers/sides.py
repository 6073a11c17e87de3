"""What does a configuration answer to one method, from which origins?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NoReturn

from corscope.cli.imports.tree import Source
from corscope.cli.imports.web_servers.asked import Answered, Asked, is_found
from corscope.cli.imports.web_servers.by_hand import (
    LEAVES_NO_CREDENTIALS,
    AllowedOrigins,
    HeaderLine,
    without_patterns,
)
from corscope.servers.parts import ALLOW_CREDENTIALS, ALLOW_ORIGIN, VARY
from corscope.servers.policy import ECHO, WILDCARD

__all__ = ["Side", "Words", "side_of"]

_BY_HAND: Final = "write a rule for each by hand, with match.origin"


@dataclass(frozen=True, slots=True)
class Words:
    """How a configuration writes what it takes from the request.

    Attributes:
        origin: the value that is the request's own origin.
        echoes: by header, the value that sends back what was asked for.
        sign: what begins a variable.
    """

    origin: str
    echoes: Mapping[str, str]
    sign: str


@dataclass(frozen=True, slots=True)
class Side:
    """What one method's answers say: to preflights, or to all else.

    Attributes:
        answers: by kind of request.
        allowed: the kinds that are allowed; if none are, the one of an origin that isn't known.
        fields: what they say of a policy.
        warnings: what of it no rule can say.
        added: lines beside those that the fields say, as a second one that allows an origin.
    """

    answers: Mapping[Asked, Answered]
    allowed: tuple[Asked, ...]
    fields: Mapping[str, Any]
    warnings: tuple[str, ...]
    added: tuple[tuple[str, str], ...] = ()

    @property
    def usual(self) -> Answered:
        """The answer to those that are allowed."""
        return self.answers[self.allowed[0]]

    @property
    def others(self) -> Answered:
        """The answer to an origin that isn't known."""
        return next(iter(self.answers.values()))

    @property
    def lines(self) -> tuple[HeaderLine, ...]:
        """The headers that those get that are allowed, but for `Vary`."""
        return tuple(line for line in self.usual.lines if line.name != VARY)

    @property
    def first(self) -> int | None:
        """Where they begin."""
        return min((line.line for line in self.lines), default=None)


def side_of(source: Source, words: Words, answers: Mapping[Asked, Answered], method: str) -> Side:
    """What the answers to one method say.

    Raises:
        UnreadableError: no list of origins says which are allowed, or a value shows only when the
            server runs.
    """
    of_method = {asked: each for asked, each in answers.items() if asked.method == method}
    reading = _Reading(source, words, of_method)
    fields = {**reading.origins(), **reading.others()}
    warnings = tuple(reading.warnings)
    return Side(of_method, reading.allowed, fields, warnings, tuple(reading.added))


@dataclass
class _Reading:
    source: Source
    words: Words
    answers: Mapping[Asked, Answered]
    warnings: list[str] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)

    @cached_property
    def sent(self) -> dict[Asked, str | None]:
        """The Access-Control-Allow-Origin that each kind gets."""
        return {asked: self._value(answered) for asked, answered in self.answers.items()}

    def _value(self, answered: Answered) -> str | None:
        line = answered.origin
        if line is None:
            return None
        if line.value != self.words.origin and self.words.sign in line.value:
            line.refuse(self.source)
        return line.value

    @cached_property
    def own(self) -> tuple[Asked, ...]:
        """The kinds that get their own origin."""
        return tuple(
            asked
            for asked, value in self.sent.items()
            if value is not None and value in {self.words.origin, asked.origin}
        )

    @cached_property
    def allowed(self) -> tuple[Asked, ...]:
        """The kinds that are allowed; if none are, that of an origin which isn't known."""
        some = self.own or tuple(each for each, value in self.sent.items() if value is not None)
        return some or tuple(self.sent)[:1]

    def _place(self) -> str:
        """The line that allows an origin, for what is said of all of them."""
        lines = [answered.origin.line for answered in self.answers.values() if answered.origin]
        return self.source.at(min(lines)) if lines else self.source.name

    def _refuse(self, message: str) -> NoReturn:
        lines = [answered.origin.line for answered in self.answers.values() if answered.origin]
        self.source.refuse(f"{message}: {_BY_HAND}", min(lines))

    def _warn(self, message: str) -> None:
        self.warnings.append(f"{self._place()}: {message}")

    # Origins

    def origins(self) -> dict[str, Any]:
        """The two fields that say which origins are allowed."""
        other = self.sent[next(iter(self.sent))]
        if len(set(self.sent.values())) == 1:
            if other is None:
                return {"allow_origins": ()}
            return {"allow_origins": ECHO if other == self.words.origin else other}
        if other in {self.words.origin, WILDCARD}:
            self._refuse("any origin is allowed, but some are treated otherwise")
        listed = self._listed()
        self._add_fixed(listed)
        listed.exact, patterns = without_patterns(listed.exact)
        for each in patterns:
            self._warn(f"{each} is left out: it is no pattern here, and never matches")
        return listed.fields()

    def _listed(self) -> AllowedOrigins:
        """Those that get their own origin, of which a list must say the same."""
        listed = AllowedOrigins()
        for asked in self.own:
            if asked.origin is not None:
                listed.exact.append(asked.origin)
            elif len(asked.fits) == 1:
                listed.regexes.extend(asked.fits)
        exact, regexes, own = set(listed.exact), set(listed.regexes), set(self.own)
        for asked in self.sent:
            is_listed = asked.origin in exact or not asked.fits.isdisjoint(regexes)
            if is_listed != (asked in own):
                self._refuse("can't tell which origins fit, as some fit several tests")
        return listed

    def _add_fixed(self, listed: AllowedOrigins) -> None:
        """Those that get an origin which is written there: it is of use to itself alone."""
        own = set(self.own)
        for asked, value in self.sent.items():
            if value is None or asked in own or len(asked.fits) > 1:
                continue
            if value == WILDCARD:
                self._add_star(listed, asked)
                continue
            can_be = asked.is_other or any(is_found(regex, value) for regex in asked.fits)
            if can_be and asked.origin is None and value not in listed.exact:
                listed.exact.append(value)
            self._warn(f"others get {value}, of use to that origin alone; the rule sends them none")

    def _add_star(self, listed: AllowedOrigins, asked: Asked) -> None:
        if "true" in self.answers[asked].values(ALLOW_CREDENTIALS):
            self._refuse("some origins get * with credentials")
        listed.exact += [asked.origin] if asked.origin is not None else []
        listed.regexes += asked.fits if asked.origin is None else ()
        self._warn("those origins get *; the rule sends them their own")

    # Other headers

    def others(self) -> dict[str, Any]:
        """What the other headers say."""
        usual = self.answers[self.allowed[0]]
        fields: dict[str, Any] = {}
        for line in usual.lines:
            if line.name not in {ALLOW_ORIGIN, VARY}:
                whole = line.joined(usual.values(line.name))
                said = whole.fields(self.source, self.words.echoes, self.words.sign)
                fields = said | fields
                self.warnings += whole.respaced(self.source, next(iter(said.values()), None))
        for name in dict.fromkeys(line.name for line in usual.lines if line.name != VARY):
            self._add([line for line in usual.lines if line.name == name])
        self._compare(usual)
        return fields

    def _add(self, lines: Sequence[HeaderLine]) -> None:
        """The lines of one name beside that which a policy says: a rule adds them, or it is told.

        Browsers take several for one list, in which no origin is allowed, nor are credentials.
        """
        beside = lines if lines[0].is_odd else lines[1:]
        if beside and self._is_for_all(lines, beside):
            self.added += [(line.name, line.value) for line in beside]
            return
        for line in lines if beside else ():
            self._tell(
                f"{line.title}: {line.value} {LEAVES_NO_CREDENTIALS}"
                if line.is_odd
                else f"{line.title} comes several times; the rule sends it once",
                line,
            )

    def _is_for_all(self, lines: Sequence[HeaderLine], beside: Sequence[HeaderLine]) -> bool:
        """Whether each answer gets these lines of one name, as a rule adds some of them."""
        name, values = lines[0].name, [line.value for line in lines]
        return (
            name in {ALLOW_ORIGIN, ALLOW_CREDENTIALS}
            and all(each.values(name) == values for each in self.answers.values())
            and not any(self.words.sign in line.value for line in beside)
            and all(line.always for line in lines)
        )

    def _compare(self, usual: Answered) -> None:
        """Whether other kinds get the same."""
        allowed = [self.answers[each] for each in self.allowed]
        other = self.answers[next(iter(self.answers))]
        lines = {line.name: line for each in allowed for line in each.lines}
        for name, line in lines.items():
            values = usual.values(name)
            if name in {ALLOW_ORIGIN, VARY}:
                continue
            if any(each.values(name) != values for each in allowed):
                self._refuse(f"{line.title} isn't the same for all origins")
            if other.values(name) != values:
                self._tell(f"{line.title} is for some origins only; the rule sends it to all", line)

    def _tell(self, message: str, line: HeaderLine) -> None:
        self.warnings.append(f"{self.source.at(line.line)}: {message}")
