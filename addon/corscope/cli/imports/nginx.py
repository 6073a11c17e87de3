"""Which policy do an nginx configuration's `add_header` lines make?

Crossplane parses it; files that it includes aren't read. Of the customary forms these are
understood: fixed values, the request's own words, a `map` of allowed origins, and an `if` that
compares the origin, around the header or around a `set` of the variable that it sends.
"""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NoReturn

from corscope.cli.imports.options import any_regex
from corscope.cli.imports.tree import DEEPEST, Found, Source, UnreadableError
from corscope.servers.by_hand import patterns_of
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    is_cors_response_header_name,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["read_nginx"]

_ORIGIN: Final = "$http_origin"
_ECHOES: Final = {
    ALLOW_METHODS: "$http_access_control_request_method",
    ALLOW_HEADERS: "$http_access_control_request_headers",
}
_LISTS: Final = {
    ALLOW_METHODS: "allow_methods",
    ALLOW_HEADERS: "allow_headers",
    EXPOSE_HEADERS: "expose_headers",
}


@dataclass(frozen=True, slots=True)
class _Directive:
    line: int
    name: str
    arguments: tuple[str, ...]
    block: tuple["_Directive", ...]


@dataclass
class _Origins:
    """Which origins let a variable have a value, or a header be sent."""

    exact: list[str] = field(default_factory=list)
    regexes: list[str] = field(default_factory=list)
    is_any: bool = False

    def add(self, word: str) -> None:
        """Add one as a map has it: a string, or a regex after a tilde."""
        if word.startswith("~"):
            flags = "(?i)" if word.startswith("~*") else ""
            self.regexes.append(flags + word.removeprefix("~").removeprefix("*"))
        else:
            self.exact.append(word.removeprefix("\\"))

    def fields(self) -> dict[str, Any]:
        """The two fields of a policy; regexes that a pattern says as well become one."""
        if self.is_any:
            return {"allow_origins": ECHO}
        patterns, regexes = patterns_of(self.regexes)
        origins = (*self.exact, *patterns)
        fields: dict[str, Any] = {"allow_origins": origins} if origins or not regexes else {}
        return {**fields, "allow_origin_regex": any_regex(regexes)} if regexes else fields


def read_nginx(source: Source) -> Iterator[Found]:
    """The `add_header` lines of a configuration, and what they refer to."""
    directives = _parsed(source)
    variables = dict(_variables(directives))
    levels = list(_levels(directives))
    if not levels:
        if not any(map(_hides, _walk(directives))):
            source.refuse("has no add_header Access-Control-…")
        yield Found(source.name, Policy(allow_origins=()))
    for level in levels:
        yield _found(level, variables, source)


def _hides(directive: _Directive) -> bool:
    """Whether it takes the backend's own CORS headers away, so that none are left."""
    return directive.name == "proxy_hide_header" and any(
        map(is_cors_response_header_name, directive.arguments)
    )


def _parsed(source: Source) -> tuple[_Directive, ...]:
    try:
        crossplane = importlib.import_module("crossplane")
    except ModuleNotFoundError as error:
        raise UnreadableError(
            f"{source.name}: to read nginx's configuration, the Python package crossplane is "
            "needed: pip install 'corscope[import]'"
        ) from error
    with TemporaryDirectory() as folder:
        file = Path(folder, "nginx.conf")  # crossplane reads nothing but files
        file.write_text(source.text, encoding="utf-8")
        try:
            _check_depth((token for token, *_ in crossplane.lex(str(file))), source)
        except crossplane.errors.NgxParserBaseException as error:
            source.refuse(f"is no configuration of nginx: {error.strerror}", error.lineno)
        payload = crossplane.parse(str(file), single=True, check_ctx=False, check_args=False)
    for wrong in payload["errors"]:
        message = str(wrong["error"]).partition(f" in {file}")[0]
        source.refuse(f"is no configuration of nginx: {message}", wrong["line"])
    return tuple(map(_directive, payload["config"][0]["parsed"]))


def _check_depth(tokens: Iterable[str], source: Source) -> None:
    """Refuse blocks that the parser, which calls itself for each, would not survive."""
    depth = 0
    for token in tokens:
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth > DEEPEST:
            source.refuse("is nested too deeply")


def _directive(parsed: Mapping[str, Any]) -> _Directive:
    block = tuple(map(_directive, parsed.get("block", ())))
    return _Directive(parsed["line"], parsed["directive"], tuple(parsed["args"]), block)


def _walk(directives: tuple[_Directive, ...]) -> Iterator[_Directive]:
    for directive in directives:
        yield directive
        yield from _walk(directive.block)


def _variables(directives: tuple[_Directive, ...]) -> Iterator[tuple[str, _Origins]]:
    """The variables that hold the origin if it is allowed: by a `map`, or by a `set` in an `if`."""
    found: dict[str, _Origins] = {}
    for directive in _walk(directives):
        if directive.name == "map" and directive.arguments[:1] == (_ORIGIN,):
            origins = found.setdefault(directive.arguments[1], _Origins())
            for entry in directive.block:
                if entry.arguments and entry.arguments[0] not in {"", "0", "null"}:
                    if entry.name == "default":
                        origins.is_any = True
                    else:
                        origins.add(entry.name)
        elif directive.name == "if" and directive.arguments[:1] == (_ORIGIN,):
            for inner in directive.block:
                if inner.name == "set" and inner.arguments[1:] == (_ORIGIN,):
                    _add_condition(found.setdefault(inner.arguments[0], _Origins()), directive)
    yield from found.items()


def _add_condition(origins: _Origins, condition: _Directive) -> None:
    """What `if ($http_origin ~ regex)` lets pass."""
    match condition.arguments:
        case (_, "=", text):
            origins.exact.append(text)
        case (_, "~" | "~*" as how, regex):
            origins.add(how + regex)
        case (_,):
            origins.is_any = True


@dataclass(frozen=True, slots=True)
class _Header:
    line: int
    name: str
    value: str
    always: bool
    condition: _Directive | None

    @property
    def is_preflight(self) -> bool:
        """Whether only preflights get it."""
        arguments = self.condition.arguments if self.condition else ()
        return arguments[:1] == ("$request_method",) and "OPTIONS" in arguments


def _levels(directives: tuple[_Directive, ...]) -> Iterator[list[_Header]]:
    """The CORS headers of each place that has some, with those of the `if` blocks in it."""
    here = [header for each in directives for header in _headers(each, None)]
    if here:
        yield here
    for directive in directives:
        if directive.name != "if":
            yield from _levels(directive.block)


def _headers(directive: _Directive, condition: _Directive | None) -> Iterator[_Header]:
    if directive.name == "add_header" and len(directive.arguments) > 1:
        name, value, *rest = directive.arguments
        if is_cors_response_header_name(name):
            yield _Header(directive.line, name.lower(), value, rest == ["always"], condition)
    elif directive.name == "if":
        for inner in directive.block:
            yield from _headers(inner, directive)


def _found(level: list[_Header], variables: Mapping[str, _Origins], source: Source) -> Found:
    fields: dict[str, Any] = {}
    for header in level:
        if header.name == ALLOW_ORIGIN:
            fields |= _origin(header, variables, source)
        elif header.name == ALLOW_CREDENTIALS:
            fields["allow_credentials"] = header.value == "true"
        elif header.name == MAX_AGE:
            fields["max_age"] = _number(header, source)
        elif header.name in _LISTS:
            fields[_LISTS[header.name]] = _names(header, source)
    on_responses = [header.always for header in level if not header.is_preflight]
    settings = () if any(on_responses) or not on_responses else (("always", False),)
    return Found(source.at(level[0].line), Policy(**fields, settings=settings))


def _origin(header: _Header, variables: Mapping[str, _Origins], source: Source) -> dict[str, Any]:
    if header.value == _ORIGIN:
        of_origin = header.condition is not None and header.condition.arguments[:1] == (_ORIGIN,)
        origins = _Origins(is_any=not of_origin)
        if header.condition is not None and of_origin:
            _add_condition(origins, header.condition)
        return origins.fields()
    if "$" not in header.value:
        return {"allow_origins": header.value}
    if header.value not in variables:
        _refuse_variable(header, source)
    return variables[header.value].fields()


def _names(header: _Header, source: Source) -> str | tuple[str, ...]:
    if header.value == _ECHOES.get(header.name):
        return ECHO
    if "$" in header.value:
        _refuse_variable(header, source)
    names = tuple(name.strip() for name in header.value.split(",") if name.strip())
    return WILDCARD if names == (WILDCARD,) else names


def _number(header: _Header, source: Source) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", header.value):
        _refuse_variable(header, source)
    return int(header.value)


def _refuse_variable(header: _Header, source: Source) -> NoReturn:
    message = f"can't tell the value of {header.value}: write the value there"
    source.refuse(message, header.line)
