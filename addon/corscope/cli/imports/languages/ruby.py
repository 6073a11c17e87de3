"""What values does a Ruby file hold, without running it?

Tree-sitter parses it. Literals, arrays, hashes, regular expressions and what the file gives names
to once are read, and of blocks those that test an origin. All else is kept as the code that it is.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.environment import default_of, parted, settled, stripped
from corscope.cli.imports.languages.syntax import code_of, line_of, named, parsed, walk
from corscope.cli.imports.regexes import compiled, escaped
from corscope.cli.imports.tree import DEEPEST, LONGEST, REST, Node, Opaque, Regex, Source, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["RubyFile", "Symbol"]

_NAMES: Final = {"constant", "identifier"}
_TEXTS: Final = {"string", "bare_string", "chained_string"}
_SYMBOLS: Final = {"simple_symbol", "bare_symbol", "hash_key_symbol"}
_LISTS: Final = {"array", "string_array", "symbol_array"}
_BLOCKS: Final = {"block", "do_block", "lambda"}
_CHANGES: Final = {
    *("push", "append", "concat", "unshift", "prepend", "insert", "delete", "replace", "clear"),
    *("map!", "select!", "reject!", "merge!", "update", "store", "gsub!", "sub!", "upcase!"),
}
_UNCHANGED: Final = {"freeze", "dup", "to_a", "to_i", "flatten", "compact"}
_TIDIES: Final = {"map": "&:strip", "reject": "&:empty?", "select": "&:present?"}
_OF_NOTHING: Final = {"presence", "present?", "freeze", "dup"}
"""What is nothing, or false, where it is called on nothing."""

_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "s": " ", "e": "\x1b", "0": "\0"}
_SEARCHED: Final = {"start_with?": "^{}", "end_with?": "{}$"}
_LARGEST: Final = 2**63


class Symbol(str):
    """A symbol; as a string it is its name."""

    __slots__ = ()


class RubyFile:
    """A Ruby file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root = parsed(source, "Ruby", "tree_sitter_ruby")
        self._values: dict[str, Value] = {}

    @cached_property
    def _assigned(self) -> Mapping[str, list["Syntax | None"]]:
        """What each name is given; None for what no expression tells."""
        found: dict[str, list[Syntax | None]] = {}
        for node in walk(self.root):
            for name, value in _assignments(node):
                found.setdefault(name, []).append(value)
        return found

    def read(self, node: "Syntax", depth: int = 0) -> Node:
        """An expression as a plain value."""
        if depth > DEEPEST:
            self.source.refuse("is nested too deeply", line_of(node))
        return Node(self.source.at(line_of(node)), self._value(_bare(node), depth + 1))

    def spread(self, nodes: list["Syntax"], depth: int = 0) -> tuple[Node, ...]:
        """Several values, where `*list` is what it holds."""
        found: list[Node] = []
        for node in nodes:
            if node.type != "splat_argument":
                found.append(self.read(node, depth))
                continue
            inner = self.read(node.named_children[0], depth)
            found += inner.value if isinstance(inner.value, tuple) else [inner]
            if len(found) > LONGEST:
                return (Node(inner.place, Opaque(code_of(node))),)
        return tuple(found)

    def table(self, nodes: list["Syntax"], depth: int = 0) -> dict[str, Node]:
        """Pairs as a table, with what is unpacked into it."""
        found: dict[str, Node] = {}
        for node in nodes:
            key, value = (node.child_by_field_name(name) for name in ("key", "value"))
            if node.type == "pair" and key is not None and value is not None:
                found[code_of(key).strip(":'\"")] = self.read(value, depth)
                continue
            inner = self.read(named(node)[0] if "splat" in node.type else node, depth)
            found |= inner.value if isinstance(inner.value, Mapping) else {REST: inner}
        return found

    def _value(self, node: "Syntax", depth: int) -> Value:
        kind = node.type
        if kind in _TEXTS:
            return self._text(node, depth)
        if kind == "delimited_symbol":
            text = self._text(node, depth)
            return Symbol(text) if isinstance(text, str) else text
        if kind in _SYMBOLS:
            return Symbol(code_of(node).strip(":'\""))
        if kind in _LISTS:
            return self.spread(named(node), depth)
        if kind == "hash":
            return self.table(named(node), depth)
        if kind in _NAMES:
            return self._named(node, depth)
        if kind == "regex":
            return self._regex(node, depth)
        return self._of_code(node, depth)

    def _of_code(self, node: "Syntax", depth: int) -> Value:
        """What is computed, chosen, or tested."""
        match node.type:
            case "binary" | "unary":
                return self._computed(node, depth)
            case "element_reference":
                return self._looked_up(node, depth)
            case "conditional":
                return self._decided(node, depth)
            case "call":
                return self._called(node, depth)
        return self.tested(node, depth) if node.type in _BLOCKS else _literal(node)

    def _text(self, node: "Syntax", depth: int) -> Value:
        """A string, with what `#{…}` puts into it."""
        if node.type == "chained_string":
            return _joined([self._text(each, depth) for each in named(node)], node)
        is_plain = (
            code_of(node.child(0))[:2] in {"'", ":'", "%q", "%s"} or node.type == "bare_string"
        )
        parts: list[Value] = []
        for part in named(node):
            if part.type == "interpolation":
                inner = named(part)
                parts.append(self.read(inner[0], depth).value if len(inner) == 1 else None)
            elif is_plain:
                parts.append(re.sub(r"\\([\\'])", r"\1", code_of(part)))
            else:
                escape = part.type == "escape_sequence"
                parts.append(_unescaped(code_of(part)) if escape else code_of(part))
        return _joined(parts, node)

    def _regex(self, node: "Syntax", depth: int) -> Value:
        """A regular expression, whose slashes needn't be escaped elsewhere."""
        parts: list[Value] = []
        for part in named(node):
            inner = named(part)
            is_code = part.type == "interpolation" and len(inner) == 1
            value = self.read(inner[0], depth).value if is_code else code_of(part)
            parts.append(value.replace("\\/", "/") if isinstance(value, str) else None)
        pattern = _joined(parts, node)
        flags = set(code_of(node.child(node.child_count - 1)).lower()) - set("/}])>|!")
        if not isinstance(pattern, str) or not flags <= {"i", "m", "o"}:
            return _opaque(node)
        return self._compiled(node, pattern, ignores_case="i" in flags)

    def _compiled(self, node: "Syntax", pattern: str, *, ignores_case: bool) -> Regex:
        text = f"(?i){pattern}" if ignores_case else pattern
        return compiled(Node(self.source.at(line_of(node)), text))

    def _named(self, node: "Syntax", depth: int) -> Value:
        """What a name is given once; while it is being read it has no value."""
        name = code_of(node)
        if name not in self._values:
            self._values[name] = _opaque(node)
            values = self._assigned.get(name, [])
            if len(values) == 1 and values[0] is not None:
                self._values[name] = self.read(values[0], depth).value
        return self._values[name]

    def _computed(self, node: "Syntax", depth: int) -> Value:
        operator = code_of(node.child_by_field_name("operator"))
        values = [self.read(each, depth).value for each in named(node)]
        if len(values) == 1:
            is_negative = operator == "-" and type(values[0]) is int
            return -values[0] if is_negative and isinstance(values[0], int) else _opaque(node)
        left, right = values
        if operator == "||":
            return self._or(node, left, right)
        if operator in {"==", "!="} and isinstance(left, Opaque) and isinstance(right, str):
            known = default_of(self.source, line_of(node), left.variable, operator == "!=")
            return known if left.variable else _opaque(node)
        if operator == "+" and isinstance(left, tuple) and isinstance(right, tuple):
            return left + right if len(left) + len(right) <= LONGEST else _opaque(node)
        if operator == "+" and isinstance(left, str):
            return _joined([left, right], node)
        if type(left) is not int or type(right) is not int:
            return _opaque(node)
        result = {"+": left + right, "-": left - right, "*": left * right}.get(operator)
        return _opaque(node) if result is None or abs(result) > _LARGEST else result

    # What the environment may set

    def _or(self, node: "Syntax", left: Value, right: Value) -> Value:
        """`ENV["NAME"] || "default"`."""
        variable = left.variable if isinstance(left, Opaque) else ""
        if left is None or left is False or variable:
            if isinstance(right, Opaque):
                return Opaque(code_of(node))
            return default_of(self.source, line_of(node), variable, right)
        return _opaque(node) if isinstance(left, Opaque) else left

    def _looked_up(self, node: "Syntax", depth: int) -> Value:
        """`ENV["NAME"]`."""
        of, *keys = named(node)
        key = self.read(keys[0], depth).value if len(keys) == 1 else None
        is_variable = code_of(of) == "ENV" and isinstance(key, str)
        return Opaque(code_of(node), str(key) if is_variable else "")

    def _fetched(self, node: "Syntax", given: list["Syntax"], depth: int) -> Value:
        """`ENV.fetch("NAME", "default")`, also with a block."""
        values = [self.read(each, depth).value for each in given]
        body = node.child_by_field_name("block")
        while body is not None and (inner := body.child_by_field_name("body")) is not None:
            body = inner
        values += [self.read(each, depth).value for each in named(body)[:1]] if body else []
        if len(values) != 2 or not isinstance(values[0], str):
            return _opaque(node)
        return default_of(self.source, line_of(node), values[0], values[1])

    def _decided(self, node: "Syntax", depth: int) -> Value:
        """`test ? a : b`."""
        test, then, rest = named(node)[:3]
        value = self.read(test, depth).value
        variable = value.variable if isinstance(value, Opaque) else ""
        if isinstance(value, Opaque) and not variable:
            return _opaque(node)
        holds = not isinstance(value, Opaque) and value is not None and value is not False
        known = self.read(then if holds else rest, depth).value
        return default_of(self.source, line_of(node), variable, known)

    def _called(self, node: "Syntax", depth: int) -> Value:
        receiver, method = (node.child_by_field_name(name) for name in ("receiver", "method"))
        given, name = named(node.child_by_field_name("arguments")), code_of(method)
        block = node.child_by_field_name("block")
        if receiver is None:
            is_function = name in {"proc", "lambda"} and block is not None and not given
            return self.tested(block, depth) if is_function and block else _opaque(node)
        if code_of(receiver) in {"Regexp", "Proc"} and name == "new":
            return self.tested(block, depth) if block else self._made(node, given, depth)
        if code_of(receiver) == "ENV" and name == "fetch":
            return self._fetched(node, given, depth)
        if name in _TIDIES and [code_of(each) for each in given] == [_TIDIES[name]]:
            return self._tidied(node, name, receiver, depth)
        if given or block:
            return self._parted(node, receiver, given, depth) if name == "split" else _opaque(node)
        value = self.read(receiver, depth).value
        if isinstance(value, Opaque) and value.variable:
            return _of_nothing(node, value, is_spared=name in _OF_NOTHING)
        if name == "compact":
            kept = settled(self.source, line_of(node), value)
            return (
                tuple(e for e in kept if e.value is not None) if isinstance(kept, tuple) else kept
            )
        if name == "strip" and isinstance(value, str):
            return value.strip()
        unit = _SECONDS.get(name.removesuffix("s"))
        if unit is not None and type(value) is int and abs(value) < _LARGEST:
            return unit * value
        return value if name in _UNCHANGED else _opaque(node)

    def _tidied(self, node: "Syntax", name: str, receiver: "Syntax", depth: int) -> Value:
        """`.map(&:strip)` and `.reject(&:empty?)`."""
        value = self.read(receiver, depth).value
        if isinstance(value, Opaque):
            return _of_nothing(node, value)
        if not isinstance(value, tuple) or any(not isinstance(e.value, str) for e in value):
            return _opaque(node)
        return stripped(value) if name == "map" else tuple(e for e in value if e.value)

    def _made(self, node: "Syntax", given: list["Syntax"], depth: int) -> Value:
        """`Regexp.new("…")`, also with `Regexp::IGNORECASE`."""
        value = self.read(given[0], depth).value if given else None
        flags = [code_of(each) for each in given[1:]]
        if isinstance(value, Regex) and not flags:
            return value
        if not isinstance(value, str) or flags not in ([], ["Regexp::IGNORECASE"], ["true"]):
            return _opaque(node)
        return self._compiled(node, value, ignores_case=bool(flags))

    def _parted(
        self, node: "Syntax", receiver: "Syntax", given: list["Syntax"], depth: int
    ) -> Value:
        """`"a,b".split(",")`."""
        text = self.read(receiver, depth).value
        if isinstance(text, Opaque):
            return _of_nothing(node, text)
        by = self.read(given[0], depth).value if len(given) == 1 else None
        parts = parted(text, by, self.source.at(line_of(node)))
        return _opaque(node) if parts is None else parts

    # Blocks that test an origin

    def tested(self, block: "Syntax", depth: int = 0) -> Value:
        """True if it allows every origin, a list of those that it tests for, or code."""
        parameters = named(block.child_by_field_name("parameters"))
        origin = code_of(parameters[0]) if parameters else ""
        body = block
        while (inner := body.child_by_field_name("body")) is not None:
            body = inner
        inside = named(body)
        if len(inside) != 1:
            return _opaque(block)
        tests = [_bare(inside[0])]
        while tests[-1].type == "binary" and _operator(tests[-1]) in {"||", "or"}:
            left, right = named(tests.pop())
            tests += [_bare(right), _bare(left)]
        found = [n for test in reversed(tests) for n in self._test(test, origin, depth)]
        if any(isinstance(each.value, Opaque) for each in found) or len(found) > LONGEST:
            return _opaque(block)
        return True if any(each.value is True for each in found) else tuple(found)

    def _test(self, node: "Syntax", origin: str, depth: int) -> Iterator[Node]:
        """What one test of the origin allows; code if it can't be told."""
        unknown = Node(self.source.at(line_of(node)), _opaque(node))
        if node.type == "true":
            yield self.read(node, depth)
            return
        sides = named(node) if node.type == "binary" else []
        operator = _operator(node)
        if node.type == "call":
            receiver, method = (node.child_by_field_name(n) for n in ("receiver", "method"))
            given = named(node.child_by_field_name("arguments"))
            sides = [receiver, *given] if receiver is not None else []
            operator = code_of(method)
        is_asked = [code_of(side) == origin for side in sides]
        if len(sides) != 2 or is_asked not in ([True, False], [False, True]):
            yield unknown
            return
        other = self.read(sides[is_asked.index(False)], depth)
        yield from self._allowed(operator, other, is_asked[0]) or [unknown]

    def _allowed(self, operator: str, other: Node, is_first: bool) -> list[Node]:
        """What an operator or a method finds; nothing if it isn't one of those."""
        value = other.value
        is_list = isinstance(value, tuple) and all(isinstance(n.value, str) for n in value)
        if operator in {"include?", "member?"} and is_list and not is_first:
            return list(other.items())
        if operator in {"==", "eql?"} and isinstance(value, str):
            return [other]
        if operator in {"=~", "match?", "match", "==="} and isinstance(value, Regex):
            return [other]
        if operator in _SEARCHED and isinstance(value, str) and is_first:
            return [Node(other.place, Regex(_SEARCHED[operator].format(escaped(value))))]
        return []


def _assignments(node: "Syntax") -> Iterator[tuple[str, "Syntax | None"]]:
    """The names that something is done to, with what they are given."""
    match node.type:
        case "assignment":
            left = node.child_by_field_name("left")
            if left is not None and left.type in _NAMES:
                yield code_of(left), node.child_by_field_name("right")
            elif left is not None and left.type == "left_assignment_list":
                yield from ((code_of(each), None) for each in walk(left) if each.type in _NAMES)
            else:
                yield from _named_by(left)
        case "operator_assignment":
            yield from _named_by(node.child_by_field_name("left"))
        case "binary" if _operator(node) == "<<":
            yield from _named_by(node.child_by_field_name("left"))
        case "call" if code_of(node.child_by_field_name("method")) in _CHANGES:
            yield from _named_by(node.child_by_field_name("receiver"))
        case "block_parameters" | "lambda_parameters" | "method_parameters":
            yield from ((code_of(each), None) for each in walk(node) if each.type in _NAMES)


def _named_by(node: "Syntax | None") -> Iterator[tuple[str, "Syntax | None"]]:
    """A name that is changed, or something in it is."""
    for _ in range(DEEPEST):
        if node is not None and node.type == "element_reference":
            node = node.child_by_field_name("object")
    if node is not None and node.type in _NAMES:
        yield code_of(node), None


def _bare(node: "Syntax") -> "Syntax":
    while node.type == "parenthesized_statements" and len(node.named_children) == 1:
        node = node.named_children[0]
    return node


def _operator(node: "Syntax") -> str:
    return code_of(node.child_by_field_name("operator"))


def _opaque(node: "Syntax") -> Opaque:
    return Opaque(code_of(node))


def _of_nothing(node: "Syntax", of: Opaque, *, is_spared: bool = False) -> Opaque:
    """What a call gives whose object isn't set: nothing by `&.`, else an error."""
    is_safe = is_spared or code_of(node.child_by_field_name("operator")) == "&."
    return Opaque(code_of(node), of.variable if is_safe else "")


def _literal(node: "Syntax") -> Value:
    code = code_of(node).replace("_", "")
    match node.type:
        case "true" | "false":
            return node.type == "true"
        case "nil":
            return None
        case "integer" if code.isdigit() and len(code) < 20 and not code.startswith("0" * 2):
            return int(code)
    return _opaque(node)


def _joined(parts: list[Value], node: "Syntax") -> Value:
    """Texts put together; code if one of them isn't known."""
    texts = [part for part in parts if isinstance(part, str)]
    is_known = len(texts) == len(parts) and sum(map(len, texts)) <= LONGEST
    return "".join(texts) if is_known else _opaque(node)


def _unescaped(code: str) -> str:
    digits = re.fullmatch(r"\\(?:u\{?([0-9a-fA-F]{1,6})\}?|x([0-9a-fA-F]{1,2}))", code)
    if digits is not None:
        return chr(min(int(digits[1] or digits[2], 16), 0x10FFFF))
    return _ESCAPES.get(code[1:], code[1:])
