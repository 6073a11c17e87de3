"""What does nginx answer to a kind of request?

As https://nginx.org/en/docs/http/ngx_http_rewrite_module.html has it, `set`, `if` and `return` run
in the file's order. The last `if` that holds is where the headers come from, and a block that has
no `add_header` of its own takes those around it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from corscope.cli.imports.regexes import escaped
from corscope.cli.imports.tree import LONGEST, Source
from corscope.cli.imports.web_servers.asked import OPTIONS, Answered, Asked, Compared, is_found
from corscope.cli.imports.web_servers.by_hand import HeaderLine
from corscope.servers.parts import REQUEST_HEADERS, REQUEST_METHOD, is_cors_response_header_name

__all__ = ["ORIGIN", "RUN", "Directive", "NginxAnswers", "cors_lines", "error_page", "walk"]

ORIGIN: Final = "$http_origin"
RUN: Final = frozenset({"set", "if", "break", "return", "add_header", "error_page"})
"""The directives of a block that count for those in it."""

_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_MASK: Final = re.compile(r"\*?\..+|.+\.\*")
_DEEPEST: Final = 10
_ASKED_FOR: Final = {
    f"$http_{name.replace('-', '_')}" for name in (REQUEST_METHOD, REQUEST_HEADERS)
}


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive, with those of its block."""

    line: int
    name: str
    arguments: tuple[str, ...]
    block: tuple["Directive", ...] = ()


def walk(directives: Iterable[Directive]) -> Iterator[Directive]:
    """All of them, in the file's order."""
    for directive in directives:
        yield directive
        yield from walk(directive.block)


def cors_lines(block: Iterable[Directive]) -> tuple[HeaderLine, ...]:
    """The CORS headers and `Vary` that a block adds itself."""
    lines = []
    for each in block:
        if each.name == "add_header" and len(each.arguments) > 1:
            name, value, *rest = each.arguments
            if is_cors_response_header_name(name) or name.lower() == "vary":
                lines.append(HeaderLine(each.line, name.lower(), value, rest == ["always"]))
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class _Map:
    """A `map`; nginx compares its texts in small letters, and first."""

    taken: str
    texts: Mapping[str, tuple[str, str]]
    regexes: Mapping[str, str]
    default: str


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Where an `error_page` leads, and how the status is said: `=`, a number, or not at all."""

    codes: tuple[str, ...]
    status: str
    name: str


def error_page(directive: Directive) -> ErrorPage | None:
    """What such a directive says; None for one that leads to no location by its name."""
    *codes, name = directive.arguments or ("",)
    if directive.name != "error_page" or not name.startswith("@"):
        return None
    status = codes.pop().removeprefix("=") or "=" if codes and codes[-1][:1] == "=" else ""
    return ErrorPage(tuple(codes), status, name)


def _error_page(blocks: Iterable[tuple[Directive, ...]], status: str) -> ErrorPage | None:
    """What counts for a status: a block that has any has none of those around it."""
    pages: list[Directive] = []
    for block in blocks:
        pages = [each for each in block if each.name == "error_page"] or pages
    named = (error_page(each) for each in pages)
    return next((each for each in named if each and status in each.codes), None)


@dataclass
class _Run:
    """How far one request has come."""

    asked: Asked
    variables: dict[str, str] = field(default_factory=dict)
    lines: tuple[HeaderLine, ...] = ()
    status: int | None = None
    line: int | None = None
    is_over: bool = False


@dataclass
class NginxAnswers:
    """A place of a configuration that can be asked.

    Attributes:
        source: the file.
        directives: all of it.
        compared: what the origin is compared with there, as far as that is known.
        warnings: the conditions that can't be told, and are taken as if they hold.
    """

    source: Source
    directives: tuple[Directive, ...]
    compared: Compared
    warnings: dict[str, None] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)
    maps: dict[str, _Map] = field(init=False, default_factory=dict)
    named: dict[str, list[Directive]] = field(init=False, default_factory=dict)
    """The locations whose name begins with an @, by that."""

    unset: dict[str, str] = field(init=False, default_factory=dict)
    """The variables that are set anywhere, each with the empty text that it has before."""

    def __post_init__(self) -> None:
        """Read the maps, and which variables there are.

        Raises:
            UnreadableError: one of them is none, or is written in another file.
        """
        for each in walk(self.directives):
            if each.name == "set" and each.arguments:
                self.unset[each.arguments[0].removeprefix("$")] = ""
            if each.name == "location" and each.arguments[0].startswith("@"):
                self.named.setdefault(each.arguments[0], []).append(each)
            if each.name == "map":
                if len(each.arguments) != 2:
                    message = "is no configuration of nginx: a map has two arguments"
                    self.source.refuse(message, each.line)
                self.maps[each.arguments[1].removeprefix("$")] = self._map(each)

    def elsewhere(self, compared: Compared) -> "NginxAnswers":
        """The same for another place, without reading the maps again."""
        other = NginxAnswers(self.source, (), compared)
        other.maps, other.unset, other.named = self.maps, self.unset, self.named
        return other

    def _map(self, directive: Directive) -> _Map:
        texts: dict[str, tuple[str, str]] = {}
        regexes: dict[str, str] = {}
        masks: dict[str, str] = {}
        default = ""
        has_masks = any(each.name == "hostnames" for each in directive.block)
        for each in directive.block:
            if each.name == "include":
                self.source.refuse(
                    "a map's values stand in another file: write them there", each.line
                )
            if not each.arguments:  # hostnames, volatile
                continue
            if each.name == "default":
                default = each.arguments[0]
            elif each.name.startswith("~"):
                regexes.setdefault(_regex(each.name), each.arguments[0])
            elif has_masks and _MASK.fullmatch(each.name):
                masks.setdefault(each.name.lower(), each.arguments[0])
            else:
                text = each.name.removeprefix("\\")
                texts.setdefault(text.lower(), (text, each.arguments[0]))
        in_order = sorted(masks, key=lambda mask: (mask.endswith("*"), -len(mask)))
        regexes = {**{_of_mask(mask): masks[mask] for mask in in_order}, **regexes}
        return _Map(directive.arguments[0], texts, regexes, default)

    def answer(self, chain: Iterable[tuple[Directive, ...]], asked: Asked) -> Answered:
        """What a request gets in a block, before which those around it are run."""
        run = _Run(asked, dict(self.unset))
        blocks = tuple(chain)
        around: tuple[HeaderLine, ...] = ()
        for block in blocks:
            around = run.lines
            if not run.is_over:
                self._run(block, run)
        self._go_to_error_page(blocks, around, run)
        sent = [replace(line, value=self._filled(line.value, run)) for line in run.lines]
        return Answered(tuple(line for line in sent if line.value), run.status, run.line)

    def _go_to_error_page(
        self, blocks: tuple[tuple[Directive, ...], ...], around: tuple[HeaderLine, ...], run: _Run
    ) -> None:
        """`error_page 418 = @name;`: what is returned with that status goes on in that location.

        https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page
        """
        page = None if run.status is None else _error_page(blocks, str(run.status))
        if page is None or page.name not in self.named or len(self.named[page.name]) != 1:
            return
        returned, run.is_over, run.lines, run.status = run.status, False, around, None
        self._run(self.named[page.name][0].block, run)
        if page.status != "=":
            run.status = int(page.status) if page.status.isdigit() else returned

    def _run(self, block: tuple[Directive, ...], run: _Run) -> None:
        inherited = run.lines
        if any(each.name == "add_header" for each in block):
            inherited = run.lines = cors_lines(block)
        for each in block:
            if run.is_over:
                return
            match each.name, each.arguments:
                case "set", (name, value):
                    run.variables[name.removeprefix("$")] = self._filled(value, run)
                case "if", _ if self._holds(each, run):
                    run.lines = inherited
                    self._run(each.block, run)
                case "break", _:
                    run.is_over = True
                case "return", (status, *_):
                    run.is_over = True
                    run.status, run.line = int(status) if status.isdigit() else 302, each.line

    # Values

    def _filled(self, text: str, run: _Run, depth: int = 0) -> str:
        """A text with its variables filled in; those that show only when nginx runs are kept."""
        filled = _VARIABLE.sub(lambda found: self._variable(found, run, depth), text)
        return filled if len(filled) <= LONGEST else "$too_long"

    def _variable(self, found: re.Match[str], run: _Run, depth: int) -> str:
        name = found[1] or found[2]
        if name in run.variables:
            return run.variables[name]
        if name == "request_method":
            return run.asked.method
        known = self.maps.get(name)
        if known is None or depth > _DEEPEST:
            return f"${name}"
        value = self._mapped(name, known, self._filled(known.taken, run, depth + 1), run)
        return f"${name}" if value is None else self._filled(value, run, depth + 1)

    def _mapped(self, name: str, known: _Map, taken: str, run: _Run) -> str | None:
        if taken == ORIGIN:
            if name not in self.noted:
                self.noted.add(name)
                self.compared.note(text for text, _ in known.texts.values() if text)
            regexes = [r for r in known.regexes if self.compared.fits(run.asked, r)]
            taken = (run.asked.origin or ORIGIN).lower()
        elif "$" in taken:
            return None
        else:
            found = {regex: is_found(regex, taken) for regex in known.regexes}
            if None in found.values():
                return None
            regexes = [regex for regex, is_there in found.items() if is_there]
        if taken.lower() in known.texts:
            return known.texts[taken.lower()][1]
        return known.regexes[regexes[0]] if regexes else known.default

    # Conditions

    def _holds(self, condition: Directive, run: _Run) -> bool:
        """Whether an `if` holds; one that can't be told does if CORS headers hang on it."""
        told = self._told(condition.arguments, run)
        if told is None and cors_lines(condition.block):
            written = " ".join(condition.arguments)[:60]
            named = {found[1] or found[2] for found in _VARIABLE.finditer(written)}
            is_flag = not named.isdisjoint({*self.unset, *self.maps})
            if is_flag or ORIGIN in self._filled(written, run):
                self.source.refuse(f"can't tell which origins fit: {written}", condition.line)
            place = self.source.at(condition.line)
            self.warnings.setdefault(f"{place}: the condition {written} is not imported")
        if told is None:
            self._forget(condition.block, run)
        return bool(cors_lines(condition.block)) if told is None else told

    def _forget(self, block: tuple[Directive, ...], run: _Run) -> None:
        """What is set there, where it can't be told whether, shows only when nginx runs."""
        for each in walk(block):
            if each.name == "set" and each.arguments:
                name = each.arguments[0].removeprefix("$")
                run.variables[name] = f"${name}"

    def _told(self, arguments: tuple[str, ...], run: _Run) -> bool | None:
        match arguments:
            case (value,):
                return self._is_true(self._filled(value, run), run)
            case (value, "=" | "!=" as how, text):
                same = self._is_same(self._filled(value, run), self._filled(text, run), run)
                return same if same is None or how == "=" else not same
            case (value, how, regex) if how.removeprefix("!") in {"~", "~*"}:
                fits = self._fits(
                    self._filled(value, run), _regex(how.removeprefix("!") + regex), run
                )
                return fits if fits is None or not how.startswith("!") else not fits
        return None

    def _is_true(self, value: str, run: _Run) -> bool | None:
        if value == ORIGIN:
            return True
        if value in _ASKED_FOR:
            return run.asked.method == OPTIONS
        return None if "$" in value else value not in {"", "0"}

    def _is_same(self, value: str, text: str, run: _Run) -> bool | None:
        if value == ORIGIN and "$" not in text:
            return bool(text) and self.compared.is_text(run.asked, text)
        return None if "$" in value + text else value == text

    def _fits(self, value: str, regex: str, run: _Run) -> bool | None:
        if value == ORIGIN:
            return self.compared.fits(run.asked, regex)
        return None if "$" in value else is_found(regex, value)


def _of_mask(mask: str) -> str:
    """A mask of `hostnames` as a regex: of what is an origin it compares the labels at an end."""
    if mask.endswith(".*"):
        return f"(?i)^{escaped(mask[:-1])}"
    return f"(?i){escaped(mask.removeprefix('*'))}$"


def _regex(word: str) -> str:
    """A regex after a tilde, and after an asterisk where its case doesn't matter."""
    flags = "(?i)" if word.startswith("~*") else ""
    return flags + word.removeprefix("~").removeprefix("*")
