"""Which policy does Laravel's config/cors.php have?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.php import PhpFile
from corscope.cli.imports.options import (
    Fields,
    any_regex,
    found,
    listed_or_any,
    number,
)
from corscope.cli.imports.paths import only_for, starred
from corscope.cli.imports.regexes import compiled
from corscope.cli.imports.tree import Found, Node, Source

__all__ = ["read_laravel"]

_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_MODIFIERS: Final = set("iuD")


def _patterns(node: Node) -> Fields:
    patterns = [_pattern(each) for each in node.items()]
    return {"allow_origin_regex": any_regex(patterns)} if patterns else {}


def _pattern(node: Node) -> str:
    """A regex without what stands around it: `#…#i`; `D` and `u` change nothing for an origin."""
    text = node.text().strip()
    begin = text[:1]
    end = _CLOSING.get(begin, begin)
    body, closed, modifiers = text[1:].rpartition(end)
    if not begin or begin.isalnum() or begin in "\\ " or not closed:
        node.refuse(f"is no regex: {text} has nothing around it, as in #{text}#")
    if set(modifiers) - _MODIFIERS:
        node.refuse(f"can't be read with the modifiers {modifiers}")
    plain = re.sub(r"\\(.)", lambda m: m[1] if m[1] == begin else m[0], body, flags=re.DOTALL)
    return compiled(Node(node.place, f"(?i){plain}" if "i" in modifiers else plain)).pattern


def _credentials(node: Node) -> Fields:
    """The file always has it; false is what it is without."""
    return {"allow_credentials": True} if node.flag() else {}


def _age(node: Node) -> Fields:
    return {"max_age": 0} if node.value is False else number("max_age")(node)


def _exposed(node: Node) -> Fields:
    """Older files have false for none."""
    return {"expose_headers": ()} if node.value is False else _exposed_list(node)


_exposed_list: Final = listed_or_any("expose_headers")
_READERS: Final = {
    "allowed_origins": listed_or_any("allow_origins"),
    "allowed_origins_patterns": _patterns,
    "allowed_methods": listed_or_any("allow_methods"),
    "allowed_headers": listed_or_any("allow_headers"),
    "exposed_headers": _exposed,
    "max_age": _age,
    "supports_credentials": _credentials,
}


_PATHS: Final = ("api/*", "sanctum/csrf-cookie")
"""Which paths Laravel's own file names."""


def read_laravel(source: Source) -> Iterator[Found]:
    """The array that the file returns; older packages wrote its keys in camel case."""
    node = PhpFile(source).returned()
    table = {} if node is None or not isinstance(node.value, Mapping) else dict(node.table())
    options = {_snake(name): value for name, value in table.items()}
    if node is None or not options.keys() & _READERS.keys():
        source.refuse("has no return [ 'allowed_origins' => …, … ]")
    paths = options.pop("paths", None)
    read = found(options, _READERS, node.place)
    if read.policy.allow_origin_regex is not None and read.policy.allow_origins == ():
        read = replace(read, policy=replace(read.policy, allow_origins=None))
    yield _only_there(read, paths)


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)


def _only_there(read: Found, paths: Node | None) -> Found:
    """What the file allows, for the paths that it names, or Laravel where it names none."""
    texts = list(_PATHS) if paths is None else [each.text() for each in paths.items()]
    if "*" in texts:
        return read
    place = read.place if paths is None else paths.place
    return only_for(read, place, texts, lambda path: starred(f"/{path.strip('/')}"))
