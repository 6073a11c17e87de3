"""What does Apache answer to a kind of request?

Variables are set first, by mod_setenvif and mod_rewrite, then headers, those of an `<If>` last. An
answer that Apache makes itself has only those headers that are set `always`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from corscope.cli.imports.regexes import anchored, is_anchored, is_one_group
from corscope.cli.imports.tree import Source
from corscope.cli.imports.web_servers.apache_expressions import (
    ANY,
    ORIGIN,
    Scene,
    all_of,
    any_of,
    flags_of,
)
from corscope.cli.imports.web_servers.asked import OPTIONS, Answered, Asked, Compared
from corscope.cli.imports.web_servers.by_hand import ANY_OPTIONS, HeaderLine
from corscope.servers.parts import REQUEST_METHOD, VARY, is_cors_response_header_name

__all__ = ["ApacheAnswers", "Condition", "Directive", "header_of", "is_cors_header"]

_ACTIONS: Final = frozenset(
    {"set", "setifempty", "add", "append", "merge", "unset", "edit", "edit*"}
)
_VARIABLE: Final = re.compile(r"%\{(\w+)\}e")
_HEADER: Final = re.compile(
    r"expr=%\{(?:HTTP|req|http):([\w-]+)\}|expr=(?:req|http)\(['\"]([\w-]+)['\"]\)"
)
_ANY_PATH: Final = ANY | {"^", "^.*", "^/", "^/?", ""}
_PIECE: Final = re.compile(r"\$[0-9]|%[0-9{]")
_METHOD: Final = "%{REQUEST_METHOD}"


@dataclass(frozen=True, slots=True)
class Condition:
    """An `<If>`; what an `<Else>` stands after is in `unless`."""

    expression: str | None
    unless: tuple[str, ...] = ()

    @property
    def expressions(self) -> tuple[str, ...]:
        """All of which none holds in an `<Else>` behind it."""
        return (*self.unless, self.expression or "")


@dataclass(frozen=True, slots=True)
class Directive:
    """A line, and the conditions and sections that it stands in."""

    line: int
    words: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    sections: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        """Its first word, whose case doesn't matter."""
        return self.words[0].lower()


@dataclass(frozen=True, slots=True)
class Header:
    """`Header [always] set NAME value [env=…]`."""

    directive: Directive
    always: bool
    action: str
    name: str
    value: str
    condition: str


def header_of(directive: Directive) -> Header | None:
    """A `Header` directive that is about CORS or `Vary`."""
    words = directive.words[1:]
    if directive.name != "header" or len(words) < 2:
        return None
    always = words[0].lower() == "always"
    if words[0].lower() in {"always", "onsuccess"}:
        words = words[1:]
    action, name, value, condition, *_ = (*words, "", "", "", "")
    name = name.removesuffix(":").lower()
    if action.lower() == "unset":
        value, condition = "", value
    if action.lower() not in _ACTIONS or not (is_cors_response_header_name(name) or name == VARY):
        return None
    return Header(directive, always, action.lower(), name, value, condition)


def is_cors_header(directive: Directive) -> bool:
    """Whether it sets a CORS header."""
    header = header_of(directive)
    return header is not None and header.name != VARY and header.action != "unset"


@dataclass
class _Run:
    asked: Asked
    scene: Scene
    variables: dict[str, str]
    status: int | None = None
    line: int | None = None
    conditions: list[tuple[bool | None, bool, str]] = field(default_factory=list)
    captured: frozenset[str] = frozenset()
    """What stands for the origin in a RewriteRule: `%0`, say, where the last condition took all."""


@dataclass
class ApacheAnswers:
    """A configuration that can be asked.

    Attributes:
        source: the file.
        directives: what of it is for one place, in its order.
        compared: what the origin is compared with, as far as that is known.
        warnings: what no rule can say.
    """

    source: Source
    directives: tuple[Directive, ...]
    compared: Compared
    warnings: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note which variables there are, and which headers."""
        self.known = frozenset(name for each in self.directives for name in _set_by(each))
        headers = [header for each in self.directives if (header := header_of(each))]
        self.headers = sorted(headers, key=lambda header: bool(header.directive.conditions))
        for header in headers:
            if header.action.startswith("edit"):
                message = f"can't tell what {header.action} makes of {header.name.title()}"
                self.source.refuse(message, header.directive.line)

    def answer(self, asked: Asked) -> Answered:
        """What a request gets."""
        variables: dict[str, str] = {}
        run = _Run(asked, Scene(asked, self.compared, variables, self.known), variables)
        for each in self.directives:
            self._set(each, run)
        tables: dict[bool, list[HeaderLine]] = {True: [], False: []}
        for header in self.headers:
            if self._is_sent(header, run):
                line = HeaderLine(header.directive.line, header.name, self._value(header, run))
                _apply(header.action, line, tables[header.always])
        own = [] if run.status else tables[False]
        return Answered(
            tuple(line for line in (*tables[True], *own) if line.value), run.status, run.line
        )

    def _warn(self, message: str, line: int) -> None:
        self.warnings.setdefault(f"{self.source.at(line)}: {message}")

    # Variables

    def _set(self, each: Directive, run: _Run) -> None:
        """Run a line of mod_setenvif, mod_env or mod_rewrite."""
        if self._applies(each.conditions, run) is False:
            return
        match each.name, each.words[1:]:
            case "setenvif" | "setenvifnocase", (attribute, regex, *names):
                regex = flags_of(each.name.endswith("nocase")) + regex
                self._set_if(each, attribute, regex, names, run)
            case "setenvifexpr", (expression, *names):
                _assign(names, run.scene.holds(expression), run)
            case "setenv", (name, *value):
                _assign(["=".join([name, *value[:1]])], True, run)
            case "unsetenv", names:
                _assign([f"!{name}" for name in names], True, run)
            case "rewritecond", (tested, pattern, *flags):
                kinds = _flags(flags)
                told = run.scene.fulfils(tested, pattern, is_caseless="NC" in kinds)
                run.conditions.append((told, "OR" in kinds, tested))
                run.captured = _captured(pattern if run.scene.named(tested) == ORIGIN else "")
            case "rewriterule", (pattern, _, *flags):
                self._rewrite(each, pattern, _flags(flags), run)

    def _set_if(
        self, each: Directive, attribute: str, regex: str, names: Sequence[str], run: _Run
    ) -> None:
        """`SetEnvIf ATTRIBUTE REGEX NAME[=VALUE]`, where `$0` is what the regex has found."""
        is_method = attribute.lower() == "request_method"
        value = run.asked.method if is_method else run.scene.header(attribute)
        if value is None and attribute in self.known:
            value = run.scene.variable(attribute)
        takes_part = value == ORIGIN and any("$" in name for name in names)
        if takes_part and regex not in ANY - {"."} and not is_anchored(regex):
            regex = anchored(regex)
            message = (
                "of origins that the regex only fits in part that part is sent, which browsers "
            )
            self._warn(f"{message}refuse; the rule sends nothing", each.line)
        told = run.scene.fits(value, regex)
        _assign([_with_found(name, value, regex) for name in names], told, run)

    def _rewrite(self, each: Directive, pattern: str, flags: Mapping[str, str], run: _Run) -> None:
        """`RewriteRule PATTERN SUBSTITUTION [FLAGS]` with the conditions before it."""
        conditions, run.conditions = run.conditions, []
        if run.status is not None:
            return
        told = _all_met(conditions)
        if told is not False and pattern not in _ANY_PATH:
            told = None
        status = _status(flags)
        tested = [what for _, _, what in conditions]
        if told is None and status and run.asked.method == OPTIONS and _METHOD in tested:
            self._warn("not all that the RewriteRule hangs on is imported", each.line)
            told = True
        taken = [flag[2:].replace(":", "=", 1) for flag in flags if flag.startswith("E=")]
        _assign([_with_captured(word, run.captured) for word in taken], told, run)
        if told and status:
            run.status, run.line = status, each.line
            is_narrow = any(REQUEST_METHOD in what.lower() for what in tested)
            if run.asked.method == OPTIONS and not is_narrow:
                self._warn(ANY_OPTIONS, each.line)

    # Headers

    def _applies(self, conditions: Iterable[Condition], run: _Run) -> bool | None:
        """Whether all the `<If>`s around a line hold."""
        return all_of([self._holds(each, run) for each in conditions])

    def _holds(self, condition: Condition, run: _Run) -> bool | None:
        told = [run.scene.holds(each) for each in condition.unless]
        own = True if condition.expression is None else run.scene.holds(condition.expression)
        return all_of([own, *(None if each is None else not each for each in told)])

    def _is_sent(self, header: Header, run: _Run) -> bool:
        """Whether a header line counts; if that can't be told, it is taken as if it does."""
        written = [
            header.condition,
            *(each.expression or "" for each in header.directive.conditions),
        ]
        own = self._is_met(header, run)
        told = all_of([own, self._applies(header.directive.conditions, run)])
        if told is None:
            line = header.directive.line
            shown = " ".join(each for each in written if each)[:60]
            if "origin" in shown.lower() or (own is None and header.condition.startswith("env=")):
                self.source.refuse(f"can't tell which origins fit: {shown}", line)
            self._warn(f"the condition {shown} is not imported", line)
        return told is not False

    def _is_met(self, header: Header, run: _Run) -> bool | None:
        """Whether what stands behind a header's value holds."""
        kind, _, rest = header.condition.partition("=")
        if kind == "expr":
            return run.scene.holds(rest)
        if kind != "env":
            return True
        name = rest.removeprefix("!")
        value = run.scene.variable(name)
        if value is None:
            message = f"can't tell when {name} is set, and so which origins fit"
            self.source.refuse(message, header.directive.line)
        is_set = None if value.startswith("%{") else bool(value)
        return is_set if is_set is None or not rest.startswith("!") else not is_set

    def _value(self, header: Header, run: _Run) -> str:
        """A header's value with its variables filled in."""
        asked_for = _HEADER.fullmatch(header.value)
        if asked_for:
            return f"expr=%{{HTTP:{(asked_for[1] or asked_for[2]).title()}}}"
        filled = _VARIABLE.sub(lambda found: self._filled(found, run), header.value)
        return filled.replace("%%", "%")

    def _filled(self, found: re.Match[str], run: _Run) -> str:
        value = run.scene.variable(found[1])
        return found[0] if value is None else value or "(null)"


def _apply(action: str, line: HeaderLine, table: list[HeaderLine]) -> None:
    """Do what an action says with the lines that are there."""
    same = [each for each in table if each.name == line.name]
    if action in {"set", "unset"}:
        table[:] = [each for each in table if each.name != line.name]
    if action in {"append", "merge"} and same:
        joined = f"{same[0].value}, {line.value}"
        table[table.index(same[0])] = replace(same[0], value=joined)
    elif action not in {"unset", "setifempty"} or (action == "setifempty" and not same):
        table.append(line)


def _assign(words: Iterable[str], told: bool | None, run: _Run) -> None:
    """Set `NAME[=VALUE]`, or unset `!NAME`, where that holds."""
    for word in words:
        name, _, value = word.removeprefix("!").partition("=")
        if told is None:
            run.variables[name] = f"%{{{name}}}e"
        elif told and word.startswith("!"):
            run.variables.pop(name, None)
        elif told:
            is_known = value == ORIGIN or not _PIECE.search(value)
            run.variables[name] = (value or "1") if is_known else f"%{{{name}}}e"


def _with_found(word: str, value: str | None, regex: str) -> str:
    """`NAME=$0` with the origin in place of what is found, if that is all of it."""
    name, _, taken = word.partition("=")
    is_all = taken == "$0" or (taken == "$1" and is_one_group(regex.removeprefix("(?i)")))
    return f"{name}={value}" if is_all and value == ORIGIN else word


def _captured(regex: str) -> frozenset[str]:
    """What stands for all that a condition's regex was looked for in."""
    parts = {"%0"} if regex in ANY or is_anchored(regex) else set()
    return frozenset(parts | {"%1"} if parts and is_one_group(regex) else parts)


def _with_captured(word: str, captured: frozenset[str]) -> str:
    """`NAME=%{HTTP:Origin}`, or `NAME=%1`, with the origin in place of it."""
    name, _, taken = word.partition("=")
    is_origin = taken.lower() == "%{http:origin}" or taken in captured
    return f"{name}={ORIGIN}" if is_origin else word


def _set_by(directive: Directive) -> Iterator[str]:
    """The variables that a line may set."""
    words = directive.words
    match directive.name:
        case "setenvif" | "setenvifnocase" | "setenvifexpr":
            names = words[2 if directive.name == "setenvifexpr" else 3 :]
            yield from (name.removeprefix("!").partition("=")[0] for name in names)
        case "setenv":
            yield from words[1:2]
        case "rewriterule":
            for flag in _flags(words[3:]):
                if flag.startswith("E="):
                    yield flag[2:].partition(":")[0]


def _flags(words: Iterable[str]) -> Mapping[str, str]:
    """`[E=NAME:VALUE,R=204,L]` as a table; of `E` there may be several, each with its value."""
    flags = [flag for word in words for flag in word.strip("[]").split(",")]
    parted = [(flag, flag.partition("=")) for flag in flags]
    return {flag if name == "E" else name: value for flag, (name, _, value) in parted}


def _status(flags: Mapping[str, str]) -> int | None:
    """With what a RewriteRule answers."""
    if "R" in flags:
        return int(flags["R"]) if re.fullmatch("[0-9]{3}", flags["R"]) else 302
    return 403 if "F" in flags else 410 if "G" in flags else None


def _all_met(conditions: Iterable[tuple[bool | None, bool, str]]) -> bool | None:
    """Whether a RewriteRule's conditions hold, of which some may be joined by OR."""
    told: list[bool | None] = []
    either: list[bool | None] = []
    for holds, goes_on, _ in conditions:
        either.append(holds)
        if not goes_on:
            told.append(any_of(either))
            either = []
    return all_of([*told, *([any_of(either)] if either else [])])
