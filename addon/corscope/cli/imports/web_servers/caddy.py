"""Which policy do a Caddyfile's `header` lines make?

Of the customary forms these are understood: fixed values, the request's own words, an Origin that
a matcher or a `map` compares, in the line itself or in the `handle` around it, all of it that a
matcher's regex has found, and a snippet that is imported once for each origin.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from corscope.cli.imports.paths import only_for, starred
from corscope.cli.imports.regexes import (
    alternatives,
    compiled,
    escaped,
    is_anchored,
    is_one_group,
)
from corscope.cli.imports.tree import Found, Node, Source
from corscope.cli.imports.web_servers.by_hand import (
    ANY_OPTIONS,
    CORS_HEADERS,
    LEAVES_NO_CREDENTIALS,
    OF_ALL,
    ONLY_PREFLIGHT,
    STAY,
    AllowedOrigins,
    HeaderLine,
    OriginLines,
    match_of,
    told_apart,
    told_of_late,
    told_of_lines,
    told_of_status,
)
from corscope.cli.imports.web_servers.caddy_standing import (
    Block,
    Sent,
    When,
    with_beside,
    without_overwritten,
)
from corscope.cli.imports.web_servers.caddyfile import Directive, parsed
from corscope.rules.glob import glob_matches
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    is_cors_response_header_name,
)
from corscope.servers.policy import Policy
from corscope.servers.web_servers.by_hand import KEEP_OWN, origins_of_regexes

__all__ = ["read_caddy"]

_ORIGIN: Final = "{header.origin}"
_ECHOES: Final = {
    ALLOW_METHODS: "{header.access-control-request-method}",
    ALLOW_HEADERS: "{header.access-control-request-headers}",
}
_EMPTY: Final = "other origins get an empty one, of no use to them; the rule sends none"
_IS_JSON: Final = re.compile(r"\s*\{\s*\"")
_PLACEHOLDER: Final = re.compile(r"\{(?:http\.request\.)?(header\.[\w-]+)\}")
_HANDLERS: Final = {"handle", "handle_path", "route"}
_INNER: Final = {*_HANDLERS, "header", "reverse_proxy", "map", "handle_errors", "encode", "log"}
_ANSWERS: Final = {
    "respond",
    "reverse_proxy",
    "file_server",
    "php_fastcgi",
    "redir",
    "error",
    "abort",
}
_OF_SOME_ANSWERS: Final = {"handle_errors", "handle_response", "replace_status", "intercept"}
_NEUTRAL: Final = {"origin", REQUEST_HEADERS}


@dataclass(frozen=True, slots=True)
class _Responds:
    """What answers preflights: where, and whether only what stands before it counts there."""

    line: int
    block: Block
    is_in_order: bool
    after: int = 0
    """How many lines are sent before it: those of what is imported have numbers of their own."""

    def has(self, sent: Sent) -> bool:
        """Whether a line's header is sent with it: of its own block, or one around it."""
        is_around = self.block[: len(sent.block)] == sent.block
        is_late = self.is_in_order and sent.block == self.block and sent.order >= self.after
        return is_around and not is_late and not sent.proxy


@dataclass(frozen=True, slots=True)
class _Deleted:
    """What takes a header away again: within one block that comes last, wherever it stands.

    Attributes:
        line: where it stands.
        name: the header's name; a `*` at its ends stands for anything.
        paths: for which paths only.
        proxy: the line of the `reverse_proxy` that it is about; 0 for all answers.
    """

    line: int
    name: str
    paths: tuple[str, ...]
    proxy: int = 0

    def takes(self, sent: Sent) -> bool:
        """Whether that header goes with it."""
        is_there = self.proxy in (0, sent.proxy) and self.paths in ((), sent.when.paths)
        return is_there and glob_matches(self.name, sent.line.name)


def read_caddy(source: Source) -> Iterator[Found]:
    """The `header` lines of each site, and what they refer to."""
    if _IS_JSON.match(source.text):
        source.refuse("is Caddy's JSON, which isn't read: give the Caddyfile that it is made of")
    source, directives = parsed(source)
    words = (word for each in _walk(directives) for word in each.words)
    if not any("access-control-" in word.lower() for word in words):
        source.refuse("has no header Access-Control-…")
    sites = [each for each in directives if each.block and _is_site(each)]
    rest = tuple(each for each in directives if each not in sites)
    for each in rest:
        if each.name == "import" and sites:
            message = f"import {' '.join(each.arguments)} isn't read, nor what it says of CORS"
            source.note(f"{message}: write it there", each.line)
    levels = [(rest, source.name), *((site.block, source.at(site.line)) for site in sites)]
    read = [_Site(source, level, place) for level, place in levels if level]
    with_lines = [site for site in read if site.sent]
    for site in with_lines or read[:1]:
        yield from site.found()


def _is_site(directive: Directive) -> bool:
    return not directive.name.startswith("@") and directive.name not in {*_INNER, ""}


@dataclass
class _Site:
    """A site's directives, or those of a file that is all within one."""

    source: Source
    directives: tuple[Directive, ...]
    place: str
    variables: dict[str, AllowedOrigins] = field(default_factory=dict)
    captured: dict[str, AllowedOrigins] = field(default_factory=dict)
    """What a matcher's regex has found, by its placeholder, where that is the origin."""

    warnings: list[str] = field(default_factory=list)
    deleted: list[_Deleted] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    responds: list[_Responds] = field(default_factory=list)
    answers: bool = False
    """Whether any preflights are answered here, and don't go to the backend."""

    def __post_init__(self) -> None:
        """Read it.

        Raises:
            UnreadableError: what it compares the origin with can't be told.
        """
        for directive in _walk(self.directives):
            if directive.name == "map" and len(directive.arguments) > 1:
                self._map(directive)
            elif directive.name == "import":
                told = f"import {' '.join(directive.arguments)} isn't followed"
                self.warnings.append(f"{self.source.at(directive.line)}: {told}")
            elif directive.name in _OF_SOME_ANSWERS and any(map(_is_ours, _walk(directive.block))):
                told = f"what {directive.name} says of CORS is of some answers only"
                self.warnings.append(f"{self.source.at(directive.line)}: {told}, and not imported")
        for each in self._lines(self.directives, When(), {}, ()):
            self.sent.append(replace(each, order=len(self.sent)))
        self.sent = without_overwritten(self.sent)
        for deleted in self.deleted:
            if any(deleted.takes(each) for each in self.sent):
                message = (
                    f"-{deleted.name.title()} takes away what is set here too, when the answer"
                )
                way_out = "" if deleted.proxy else ", or have header_down do it"
                self.source.refuse(f"{message} leaves: leave it out{way_out}", deleted.line)

    def found(self) -> Iterator[Found]:
        """Its policies: one for all paths, or one for each set of them that has an origin."""
        groups: dict[tuple[str, ...], list[Sent]] = {}
        for each in self.sent:
            groups.setdefault(each.when.paths, []).append(each)
        with_origin = [
            paths
            for paths, group in groups.items()
            if any(each.line.name == ALLOW_ORIGIN for each in group)
        ]
        if len(with_origin) < 2:
            yield from self._all_found(self.sent, with_origin[0] if with_origin else ())
            return
        for paths in sorted(with_origin, key=lambda paths: _order(paths, groups[paths])):
            yield from self._all_found(groups[paths], paths)

    def _all_found(self, sent: Sequence[Sent], paths: tuple[str, ...]) -> Iterator[Found]:
        """One policy, or two where preflights that `respond` answers get something else."""
        reaching = [each for each in sent if any(one.has(each) for one in self.responds)]
        late = [each for each in sent if not each.when.is_preflight and each not in reaching]
        if not self.responds or not (late or _has_own_origin(sent)):
            yield replace(self._found(sent, paths), site=self.place)
            return
        usual = [each for each in sent if not each.when.is_preflight]
        preflight = self._found(reaching, paths)
        actual = self._found([e for e in usual if e.line.name not in ONLY_PREFLIGHT], paths)
        told = told_of_late(self.source, (each.line for each in late), "respond")
        for found in told_apart(actual, preflight, told):
            yield replace(found, site=self.place)

    def _found(self, sent: Sequence[Sent], paths: tuple[str, ...]) -> Found:
        fields: dict[str, Any] = {}
        origins, warnings = OriginLines(), list(self.warnings)
        said, added = with_beside(sent)
        lines = sorted(said, key=lambda each: each.when.is_preflight)  # what they say counts
        for number, each in enumerate(lines):
            place = self.source.at(each.line.line)
            if each.line.name == ALLOW_ORIGIN:
                self._add_origin(origins, each)
                known = self.variables.get(each.line.value)
                if known is not None and not known.is_any and each.when.origins is None:
                    warnings.append(f"{place}: {_EMPTY}")
            else:
                fields |= each.line.fields(self.source, _ECHOES, "{")
                if each.line.is_odd and (each.line.name, each.line.value) not in added:
                    odd = f"{each.line.title}: {each.line.value} {LEAVES_NO_CREDENTIALS}"
                    warnings.append(f"{place}: {odd}")
            if each.adds and any(each.line.name == other.line.name for other in lines[:number]):
                times = f"{each.line.title} comes several times; the rule sends it once"
                warnings.append(f"{place}: {times}")
            warnings += [f"{place}: {how} is not imported" for how in each.when.unread]
        if self._left:
            left = " and ".join(name.title() for name in self._left)
            warnings.append(f"{self.place}: a backend's own {left} {STAY}")
        warnings += origins.warnings(self.place)
        told = [(each.line, each.when.is_preflight, each.when.origins) for each in lines]
        warnings += told_of_lines(self.source, told, fields)
        settings = ((KEEP_OWN.name, True),) if self._keeps_own else ()
        forwards = not self.answers
        policy = Policy(**fields, **origins.fields(), forward_preflight=forwards, settings=settings)
        place = self.source.at(lines[0].line.line) if lines else self.place
        if not origins.is_sent and policy.allow_origins is None:
            policy = replace(policy, allow_origins=())
        found = Found(place, policy, match_of(told), warnings=tuple(dict.fromkeys(warnings)))
        found = replace(found, added=added, removed=self._removed if self._keeps_own else ())
        if not paths:
            return found
        several = paths[0].split() if len(paths) == 1 else [" and ".join(paths)]
        return only_for(found, self.place, several, starred)

    def _add_origin(self, origins: OriginLines, sent: Sent) -> None:
        """A line that sends Access-Control-Allow-Origin."""
        value, only_for = sent.line.value, sent.when.origins
        if value in self.variables:
            origins.add(None, self.variables[value])
        elif value == _ORIGIN or (only_for and self.captured.get(value) is only_for):
            origins.add(None, only_for)
        elif "{" in value:
            sent.line.refuse(self.source)
        else:
            origins.add(value, only_for)

    @cached_property
    def _keeps_own(self) -> bool:
        """Whether the backend's own headers stay beside those that are set here."""
        keeping = [each for each in self._proxies if not any(map(_replaces, each.block))]
        replaces = bool(self.sent) and all(each.replaces for each in self.sent)
        return bool(keeping) and not replaces

    @cached_property
    def _left(self) -> list[str]:
        """The backend's own headers that stay, where the rule removes them all."""
        if self._keeps_own or not self._proxies:
            return []
        going = [each.line.name for each in self.sent if each.replaces and each.is_plain]
        going += [each.name for each in self.deleted]
        return [name for name in OF_ALL if not any(glob_matches(one, name) for one in going)]

    @cached_property
    def _removed(self) -> tuple[str, ...]:
        """The backend's own headers that are taken away for all paths, and none set here."""
        set_here = {each.line.name for each in self.sent}
        gone = [each for each in self.deleted if not (each.paths or each.proxy)]
        return tuple(
            name
            for name in CORS_HEADERS
            if name not in set_here and any(glob_matches(each.name, name) for each in gone)
        )

    @cached_property
    def _proxies(self) -> tuple[Directive, ...]:
        return tuple(each for each in _walk(self.directives) if each.name == "reverse_proxy")

    # Matchers

    def _matcher(self, directive: Directive) -> When:
        """`@name { header Origin … }`, or the same on one line."""
        conditions = directive.block or (Directive(directive.line, directive.arguments or ("",)),)
        origins = AllowedOrigins()
        when = When()
        for each in conditions:
            name, given = each.name, each.arguments
            is_origin = bool(given) and "origin" in {word.lower() for word in given[:2]}
            if name == "method":
                is_preflight = "OPTIONS" in given
                unread = () if is_preflight else (" ".join(each.words),)
                when = when.and_also(When(is_preflight=is_preflight, unread=unread))
            elif name in {"header", "header_regexp"} and is_origin:
                when = replace(when, origins=origins)
                self._compare(origins, each)
            elif name == "header" and given and given[0].lower() == REQUEST_METHOD:
                when = when.and_also(When(is_narrow=True))
            elif name == "path":
                when = when.and_also(When(paths=(" ".join(given),)))
            elif name == "path_regexp":
                when = when.and_also(When(paths=tuple(f"~{regex}" for regex in given[-1:])))
            elif name != "header" or not given or given[0].lower() not in _NEUTRAL:
                when = when.and_also(When(unread=(" ".join(each.words),)))
                if "origin" in str(each).lower():
                    self._refuse(each)
        return when

    def _refuse(self, directive: Directive) -> None:
        written = " ".join(directive.words)[:60]
        self.source.refuse(f"can't tell which origins fit: {written}", directive.line)

    def _compare(self, origins: AllowedOrigins, condition: Directive) -> None:
        """`header Origin VALUE` with a `*` at its ends, or `header_regexp [NAME] Origin REGEX`."""
        if condition.name == "header_regexp":
            self._capture(origins, condition)
            for part in _parted(condition.arguments[-1]):
                origins.regexes.append(self._compiled(condition, part))
            return
        value = condition.arguments[1] if len(condition.arguments) > 1 else "*"
        if "{" in value:
            self._refuse(condition)
        literal = escaped(value.strip("*"))
        if value == "*":
            origins.is_any = True
        elif value.startswith("*") or value.endswith("*"):
            begin, end = "" if value.startswith("*") else "^", "" if value.endswith("*") else "$"
            origins.regexes.append(f"{begin}{literal}{end}")
        else:
            origins.exact.append(value)

    def _capture(self, origins: AllowedOrigins, condition: Directive) -> None:
        """Take note of `{re.NAME.0}`, where that is all of the origin that has fitted."""
        name, *_, regex = condition.arguments
        if len(condition.arguments) < 3 or not is_anchored(regex):
            return
        for number in "01" if is_one_group(regex) else "0":
            for prefix in ("re", "http.regexp"):
                self.captured[f"{{{prefix}.{name}.{number}}}"] = origins

    def _compiled(self, directive: Directive, regex: str) -> str:
        return compiled(Node(self.source.at(directive.line), regex)).pattern

    def _map(self, directive: Directive) -> None:
        """`map {header.Origin} {name} { origin value }`."""
        taken, variable = map(_normal, directive.arguments[:2])
        if taken != _ORIGIN:
            return
        allowed = self.variables.setdefault(variable, AllowedOrigins())
        for each in directive.block:
            if not each.arguments or not each.arguments[0]:
                continue
            if each.name == "default":
                allowed.is_any = True
            elif each.name.startswith("~"):
                allowed.regexes.append(self._compiled(each, each.name[1:]))
            else:
                allowed.exact.append(each.name)

    # Header lines

    def _lines(
        self,
        directives: tuple[Directive, ...],
        when: When,
        outer: Mapping[str, When],
        block: Block,
        *,
        is_in_order: bool = False,
    ) -> Iterator[Sent]:
        """What a block sends; it knows its own matchers, and those around it."""
        own = {each.name: self._matcher(each) for each in directives if each.name.startswith("@")}
        known = {**outer, **own}
        for number, each in enumerate(directives):
            if each.name in {"header", "reverse_proxy"}:
                reads = self._header if each.name == "header" else self._header_down
                for sent in reads(each, when, known):
                    yield replace(sent, block=block, directive=each.line, is_in_order=is_in_order)
            elif each.name == "respond":
                before = directives[:number] if is_in_order else directives
                if self._responds(each, when, known, before):
                    self.responds.append(_Responds(each.line, block, is_in_order, len(self.sent)))
            elif each.name in _HANDLERS:
                yield from self._handled(each, when, known, block)
            elif each.name != "handle_errors" and not each.name.startswith("@"):
                yield from self._lines(each.block, when, known, block)

    def _handled(
        self, directive: Directive, when: When, known: Mapping[str, When], block: Block
    ) -> Iterator[Sent]:
        """What a `handle` or a `route` sends."""
        inner, _ = _matched(directive, known, is_prefix=directive.name == "handle_path")
        both, within = when.and_also(inner), (*block, directive.line)
        if both.is_preflight and not _hands_on(directive):
            self._responds(Directive(directive.line, ("respond",)), both, known)
            self.responds.append(_Responds(directive.line, within, is_in_order=False))
        is_route = directive.name == "route"
        yield from self._lines(directive.block, both, known, within, is_in_order=is_route)

    def _responds(
        self,
        directive: Directive,
        when: When,
        known: Mapping[str, When],
        before: Sequence[Directive] = (),
    ) -> bool:
        """`respond [matcher] [body] [status]`: tell if it is for preflights, and otherwise.

        What stands before it, among other things, may leave none of them to it.
        """
        inner, taken = _matched(directive, known)
        both = when.and_also(inner)
        if both.is_preflight and not self._is_reached(directive, inner, known, before):
            return False
        self.answers |= both.is_preflight
        if not both.is_preflight or both.unread:
            return False
        words = [word for word in directive.arguments[taken:] if re.fullmatch("[0-9]{3}", word)]
        status = int(words[-1]) if words else 200
        self.warnings += told_of_status(self.source, status, directive.line)
        if not both.is_narrow:
            self.warnings.append(f"{self.source.at(directive.line)}: {ANY_OPTIONS}")
        return True

    def _is_reached(
        self,
        respond: Directive,
        when: When,
        known: Mapping[str, When],
        before: Iterable[Directive],
    ) -> bool:
        """Whether the handles beside a `respond`, which come first, leave it any of its requests.

        https://caddyserver.com/docs/caddyfile/directives#directive-order
        """
        place = self.source.at(respond.line)
        for each in before:
            if each.name not in _HANDLERS or not _answers_all(each):
                continue
            inner, _ = _matched(each, known, is_prefix=each.name == "handle_path")
            if inner in (When(), When(paths=when.paths)):
                told = f"respond is never reached: the {each.name} of line {each.line} comes first"
                self.warnings.append(f"{place}: {told}, and preflights go there")
                return False
            if inner == When(paths=inner.paths) and not when.paths:
                told = f"respond isn't reached for {' and '.join(inner.paths)}, where {each.name}"
                self.warnings.append(f"{place}: {told} comes first; the rule answers there too")
        return True

    def _header(
        self, directive: Directive, when: When, known: Mapping[str, When]
    ) -> Iterator[Sent]:
        """`header [matcher] NAME VALUE`, or a block of such."""
        inner, taken = _matched(directive, known)
        words = directive.arguments[taken:]
        lines = [Directive(directive.line, words)] if words else list(directive.block)
        is_deferred = any(each.name == "defer" for each in lines)
        for each in lines:
            for sent in self._field(each, when.and_also(inner), is_deferred):
                yield replace(sent, is_matched=bool(taken) and directive.arguments[0] != "*")

    def _header_down(
        self, directive: Directive, when: When, known: Mapping[str, When]
    ) -> Iterator[Sent]:
        inner, _ = _matched(directive, known)
        for each in directive.block:
            if each.name == "header_down" and each.arguments:
                line = Directive(each.line, each.arguments)
                yield from self._field(line, when.and_also(inner), True, directive.line)

    def _field(
        self, each: Directive, when: When, is_deferred: bool, proxy: int = 0
    ) -> Iterator[Sent]:
        if each.name.startswith("-"):
            self.deleted.append(_Deleted(each.line, each.name[1:].lower(), when.paths, proxy))
            return
        name = each.name.lstrip("+?>").removesuffix(":").lower()
        if not is_cors_response_header_name(name) or not each.arguments:
            return
        line = HeaderLine(each.line, name, _normal(each.arguments[0]))
        if len(each.arguments) > 1:
            message = f"{name.title()} with two values has one replaced by the other: "
            self.source.refuse(f"{message}put the whole value in quotes", each.line)
        if each.name.startswith("?") and self._proxies:
            told = f"{name.title()} is sent where the backend sends none; the rule adds it to that"
            self.warnings.append(f"{self.source.at(each.line)}: {told}")
        adds = each.name.startswith("+")
        replaces = (is_deferred or each.name.startswith(">")) and not adds
        yield Sent(line, when, replaces, proxy=proxy, adds=adds)


def _has_own_origin(sent: Iterable[Sent]) -> bool:
    """Whether preflights get an origin, or credentials, that all else gets otherwise."""
    said: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for each in sent:
        if each.line.name in {ALLOW_ORIGIN, ALLOW_CREDENTIALS}:
            said[each.when.is_preflight].append((each.line.name, each.line.value))
    return bool(said[True] and said[False]) and not {*said[True]} <= {*said[False]}


def _order(paths: tuple[str, ...], sent: Sequence[Sent]) -> int:
    """What sorts policies as they count: a `handle` of some paths before that for all the others.

    Of `header` lines without one those for all paths come last, and overwrite the others.
    """
    if not paths:
        return 1
    return 0 if all(each.block for each in sent) else 2


def _hands_on(directive: Directive) -> bool:
    """Whether anything in it answers; Caddy itself answers by an empty 200 where nothing does."""
    return any(each.name in _ANSWERS for each in _walk(directive.block))


def _answers_all(directive: Directive) -> bool:
    """Whether something in it answers whatever is asked, and leaves nothing to what follows."""
    return any(
        _matched(each, {})[0] == When()
        and (each.name in _ANSWERS or (each.name in _HANDLERS and _answers_all(each)))
        for each in directive.block
    )


def _matched(
    directive: Directive, known: Mapping[str, When], *, is_prefix: bool = False
) -> tuple[When, int]:
    """What the first argument asks for if it is a matcher, and how many are taken."""
    first = directive.arguments[0] if directive.arguments else ""
    if first.startswith("@"):
        return known.get(first, When(unread=(first,))), 1
    if first == "*" or first.startswith("/") or (is_prefix and first):
        return (When() if first in {"*", "/*"} else When(paths=(first,))), 1
    return When(), 0


def _walk(directives: Iterable[Directive]) -> Iterator[Directive]:
    for directive in directives:
        yield directive
        yield from _walk(directive.block)


def _normal(text: str) -> str:
    """Placeholders in their short form and in small letters."""
    return _PLACEHOLDER.sub(lambda found: f"{{{found[1].lower()}}}", text)


def _is_ours(directive: Directive) -> bool:
    """Whether it sets a CORS header, in a line of its own or in a block."""
    words = (word.lstrip("+?>-") for word in directive.words[:3])
    return any(map(is_cors_response_header_name, words))


def _replaces(directive: Directive) -> bool:
    """Whether it takes away or replaces what the backend itself says of CORS."""
    name = directive.arguments[0] if directive.arguments else ""
    is_ours = is_cors_response_header_name(name.removeprefix("-"))
    return directive.name == "header_down" and is_ours


def _parted(regex: str) -> list[str]:
    """Of `a|b` the parts that are an origin each, and one regex for the rest."""
    parts = alternatives(regex)
    origins = [part for part in parts if origins_of_regexes([part])[0]]
    rest = [part for part in parts if part not in origins]
    return [*origins, "|".join(rest)] if rest else origins
