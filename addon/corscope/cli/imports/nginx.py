"""Which policy do an nginx configuration's `add_header` lines make?

Crossplane parses it; files that it includes aren't read. Of the customary forms these are
understood: fixed values, the request's own words, a `map` of allowed origins, and an `if` that
compares the origin, around the header or around a `set` of the variable that it sends.
"""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from corscope.cli.imports.by_hand import AllowedOrigins, HeaderLine
from corscope.cli.imports.tree import DEEPEST, Found, Source, UnreadableError
from corscope.servers.by_hand import KEEP_OWN
from corscope.servers.parts import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    is_cors_response_header_name,
)
from corscope.servers.policy import Policy

__all__ = ["read_nginx"]

_DEFAULTS: Final = {"always": True, KEEP_OWN.name: False}
_ORIGIN: Final = "$http_origin"
_ESCAPED: Final = re.compile(r"""\\([\\"'trn])""")
_MEANT: Final = {"t": "\t", "r": "\r", "n": "\n"}
_ECHOES: Final = {
    ALLOW_METHODS: "$http_access_control_request_method",
    ALLOW_HEADERS: "$http_access_control_request_headers",
}


@dataclass(frozen=True, slots=True)
class _Directive:
    line: int
    name: str
    arguments: tuple[str, ...]
    block: tuple["_Directive", ...]


def read_nginx(source: Source) -> Iterator[Found]:
    """The `add_header` lines of a configuration, and what they refer to."""
    directives = _parsed(source)
    variables = dict(_variables(directives, source))
    levels = list(_levels(directives))
    hides = any(map(_hides, _walk(directives)))
    if not levels:
        if not hides:
            source.refuse("has no add_header Access-Control-…")
        yield Found(source.name, Policy(allow_origins=()))
    for level in levels:
        yield _found(level, variables, source, keeps_own=not hides)


def _hides(directive: _Directive) -> bool:
    """Whether it takes the backend's own CORS headers away, beside which others are else added."""
    return directive.name.endswith("_hide_header") and any(
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
    words = tuple(map(_unescaped, (parsed["directive"], *parsed["args"])))
    return _Directive(parsed["line"], words[0], words[1:], block)


def _unescaped(word: str) -> str:
    """A word as nginx takes it, in quotes or not; any other backslash is one, as in a regex.

    crossplane leaves these as they are written. ngx_conf_read_token in src/core/ngx_conf_file.c.
    """
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), word)


def _walk(directives: tuple[_Directive, ...]) -> Iterator[_Directive]:
    for directive in directives:
        yield directive
        yield from _walk(directive.block)


def _variables(
    directives: tuple[_Directive, ...], source: Source
) -> Iterator[tuple[str, AllowedOrigins]]:
    """The variables that hold the origin if it is allowed: by a `map`, or by a `set` in an `if`."""
    found: dict[str, AllowedOrigins] = {}
    for directive in _walk(directives):
        if directive.name == "map" and directive.arguments[:1] == (_ORIGIN,):
            if len(directive.arguments) != 2:
                message = "is no configuration of nginx: a map has two arguments"
                source.refuse(message, directive.line)
            origins = found.setdefault(directive.arguments[1], AllowedOrigins())
            for entry in directive.block:
                if entry.arguments and entry.arguments[0] not in {"", "0", "null"}:
                    if entry.name == "default":
                        origins.is_any = True
                    else:
                        _add(origins, entry.name)
        elif directive.name == "if" and directive.arguments[:1] == (_ORIGIN,):
            for inner in directive.block:
                if inner.name == "set" and inner.arguments[1:] == (_ORIGIN,):
                    _add_condition(
                        found.setdefault(inner.arguments[0], AllowedOrigins()), directive
                    )
    yield from found.items()


def _add(origins: AllowedOrigins, word: str) -> None:
    """Add one as a map has it: a string, or a regex after a tilde."""
    if word.startswith("~"):
        flags = "(?i)" if word.startswith("~*") else ""
        origins.regexes.append(flags + word.removeprefix("~").removeprefix("*"))
    else:
        origins.exact.append(word.removeprefix("\\"))


def _add_condition(origins: AllowedOrigins, condition: _Directive) -> None:
    """What `if ($http_origin ~ regex)` lets pass."""
    match condition.arguments:
        case (_, "=", text):
            origins.exact.append(text)
        case (_, "~" | "~*" as how, regex):
            _add(origins, how + regex)
        case (_,):
            origins.is_any = True


@dataclass(frozen=True, slots=True)
class _Header:
    sent: HeaderLine
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
            line = HeaderLine(directive.line, name.lower(), value)
            yield _Header(line, rest == ["always"], condition)
    elif directive.name == "if":
        for inner in directive.block:
            yield from _headers(inner, directive)


def _found(
    level: list[_Header],
    variables: Mapping[str, AllowedOrigins],
    source: Source,
    *,
    keeps_own: bool,
) -> Found:
    fields: dict[str, Any] = {}
    for header in level:
        if header.sent.name == ALLOW_ORIGIN:
            fields |= _origin(header, variables, source)
        else:
            fields |= header.sent.fields(source, _ECHOES, "$")
    on_responses = [header.always for header in level if not header.is_preflight]
    settings = {
        "always": any(on_responses) or not on_responses,
        KEEP_OWN.name: keeps_own,
    }
    others = tuple(pair for pair in settings.items() if pair[1] is not _DEFAULTS[pair[0]])
    return Found(source.at(level[0].sent.line), Policy(**fields, settings=others))


def _origin(
    header: _Header, variables: Mapping[str, AllowedOrigins], source: Source
) -> dict[str, Any]:
    value = header.sent.value
    if value == _ORIGIN:
        of_origin = header.condition is not None and header.condition.arguments[:1] == (_ORIGIN,)
        origins = AllowedOrigins(is_any=not of_origin)
        if header.condition is not None and of_origin:
            _add_condition(origins, header.condition)
        return origins.fields()
    if "$" not in value:
        return {"allow_origins": value}
    if value not in variables:
        header.sent.refuse(source)
    return variables[value].fields()
