"""Which policy do the `Header` lines of an Apache configuration make?

Its grammar is plain: a directive a line, its words apart or in quotes, sections in angle brackets.
Of the customary forms these are understood: fixed values, the request's own words, and an Origin
that `SetEnvIf` compares with regexes; files that are included aren't read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from corscope.cli.imports.by_hand import AllowedOrigins, HeaderLine
from corscope.cli.imports.tree import Found, Source
from corscope.servers.by_hand import KEEP_OWN
from corscope.servers.parts import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    is_cors_response_header_name,
)
from corscope.servers.policy import Policy

__all__ = ["read_apache"]

_WORD: Final = re.compile(r"""\s*(?:"((?:\\.|[^"\\])*+)"|'((?:\\.|[^'\\])*+)'|(\S+))""", re.DOTALL)
_SETTING: Final = frozenset({"set", "add", "append", "merge"})
_ECHOES: Final = {
    ALLOW_METHODS: "expr=%{HTTP:Access-Control-Request-Method}",
    ALLOW_HEADERS: "expr=%{HTTP:Access-Control-Request-Headers}",
}
_ORIGIN: Final = "expr=%{HTTP:Origin}"
_KEEPING: Final = ((KEEP_OWN.name, True),)
_VARIABLE: Final = re.compile(r"%\{(\w+)\}e")


@dataclass(frozen=True, slots=True)
class _Directive:
    line: int
    words: tuple[str, ...]


def read_apache(source: Source) -> Iterator[Found]:
    """The `Header` lines of a configuration or an `.htaccess`, and what they refer to."""
    directives = list(_directives(source))
    variables: dict[str, AllowedOrigins] = {}
    for directive in directives:
        _note_allowed(directive, variables)
    headers = [(d, header) for d in directives if (header := _header(d)) is not None]
    unsets = any(map(_unsets, directives))
    if not headers:
        if not unsets and "access-control-" not in source.text.lower():
            source.refuse("has no Header set Access-Control-…")
        settings = () if unsets else _KEEPING
        yield Found(source.name, Policy(allow_origins=(), settings=settings))
        return
    fields: dict[str, Any] = {}
    for directive, header in headers:
        if header.name == ALLOW_ORIGIN:
            fields |= _origin(header, directive, variables, source)
        else:
            fields |= header.fields(source, _ECHOES, "%{")
    settings = _KEEPING if not unsets and any(_adds(d) for d, _ in headers) else ()
    yield Found(source.at(headers[0][1].line), Policy(**fields, settings=settings))


def _directives(source: Source) -> Iterator[_Directive]:
    """Each line's words; one that ends in a backslash goes on."""
    parts: list[str] = []
    for number, line in enumerate(source.text.splitlines(), 1):
        parts.append(line)
        if line.endswith("\\"):
            parts[-1] = line[:-1]
            continue
        written = "".join(parts)
        begin, parts = number + 1 - len(parts), []
        if not written.lstrip().startswith("#"):
            words = tuple(map(_unquoted, _WORD.finditer(written)))
            if words:
                yield _Directive(begin, words)


def _unquoted(found: re.Match[str]) -> str:
    """A word as Apache takes it: a backslash hides another, and its own quote, and nothing else.

    substring_conf in server/util.c.
    """
    if found[3] is not None:
        return found[3].replace(r"\\", "\\")
    quote, text = ('"', found[1]) if found[1] is not None else ("'", found[2])
    return re.sub(rf"\\([\\{quote}])", r"\1", text)


def _note_allowed(directive: _Directive, variables: dict[str, AllowedOrigins]) -> None:
    """`SetEnvIf Origin regex VARIABLE[=value]`."""
    name, *words = directive.words
    is_ours = name.lower() in {"setenvif", "setenvifnocase"} and words[:1] == ["Origin"]
    if not is_ours or len(words) < 3:
        return
    regex = f"(?i){words[1]}" if name.lower() == "setenvifnocase" else words[1]
    for word in words[2:]:
        variable = word.partition("=")[0]
        if variable.startswith("!"):
            continue
        allowed = variables.setdefault(variable, AllowedOrigins())
        allowed.is_any |= words[1] in {".", ".+", ".*", "(.*)", "(.+)", "^(.*)$", "^(.+)$"}
        allowed.regexes.append(regex)


def _header(directive: _Directive) -> HeaderLine | None:
    """`Header [always] set NAME value`."""
    words = [word for word in directive.words[1:] if word.lower() not in {"always", "onsuccess"}]
    is_header = directive.words[0].lower() == "header" and len(words) > 2
    if not is_header or words[0].lower() not in _SETTING:
        return None
    name = words[1].removesuffix(":").lower()
    if not is_cors_response_header_name(name):
        return None
    return HeaderLine(directive.line, name, words[2].replace("%%", "%"))


def _unsets(directive: _Directive) -> bool:
    """Whether it takes the application's own CORS headers away."""
    words = [word.lower() for word in directive.words]
    return words[0] == "header" and "unset" in words and is_cors_response_header_name(words[-1])


def _adds(directive: _Directive) -> bool:
    """Whether an application's own header stays beside it: `always` has headers of its own."""
    return bool({"always", "add"} & {word.lower() for word in directive.words[1:3]})


def _origin(
    header: HeaderLine,
    directive: _Directive,
    variables: dict[str, AllowedOrigins],
    source: Source,
) -> dict[str, Any]:
    """The origin itself, sent if a variable is set, or a variable that holds it."""
    condition = directive.words[-1].removeprefix("env=")
    named = _VARIABLE.fullmatch(header.value)
    variable = named[1] if named else condition
    if header.value == _ORIGIN and condition == directive.words[-1]:
        return AllowedOrigins(is_any=True).fields()
    if header.value == _ORIGIN or named:
        if variable not in variables:
            header.refuse(source)
        return variables[variable].fields()
    if "%{" in header.value or header.value.startswith("expr="):
        header.refuse(source)
    return {"allow_origins": header.value}
