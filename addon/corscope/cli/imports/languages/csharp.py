"""What values does a C# file hold, without running it?

Strings, numbers, arrays and lists, and the constants that the file gives names to. Of functions
only those are understood that test an origin: they become the origins and regexes that they let
pass.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from corscope.cli.imports.environment import default_of
from corscope.cli.imports.languages.codefile import CodeFile, call_name, joined, plain_number
from corscope.cli.imports.languages.csharp_settings import Settings, listed, settings_beside
from corscope.cli.imports.languages.syntax import MethodCall, code_of, line_of, named, short_code_of
from corscope.cli.imports.regexes import compiled, escaped, of_host
from corscope.cli.imports.tree import Node, Opaque, Regex, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["CSharpFile", "chain"]

_INITIALIZED: Final = {
    *("implicit_array_creation_expression", "array_creation_expression"),
    *("object_creation_expression", "implicit_object_creation_expression"),
}
_LISTS: Final = {"initializer_expression", "collection_expression"}
_STRINGS: Final = {"string_literal", "verbatim_string_literal", "raw_string_literal"}
_LITERALS: Final = {"integer_literal", "boolean_literal", "null_literal"}
_SAME: Final = {"ToArray", "ToList", "Trim", "ToString", "AsReadOnly"}
_SPANS: Final = {"FromSeconds": 1, "FromMinutes": 60, "FromHours": 3600, "FromDays": 86400}
_SETTINGS: Final = r"(?:[\w.]+\.)?[cC]onfiguration"
_ASKED: Final = re.compile(
    rf"""(?:{_SETTINGS}\[|{_SETTINGS}\.GetSection\(|Environment\.GetEnvironmentVariable\()"""
    r"""\s*"(?P<name>[\w.:-]+)"\s*[\])]"""
)
_REST: Final = re.compile(
    r"\s*(?:\.Get<(?P<got>[\w\[\]<>?]+)>\(\))?(?:\?\.(?P<made>\w+\([^()]*\)))?"
)
_GETS_LIST: Final = re.compile(r"string\??\[\]|I?(?:List|Enumerable|Collection)<string>")
_SPLITS: Final = re.compile(
    r"""Split\(["'](.)["'](?:,\s*StringSplitOptions\.RemoveEmptyEntries)?\)"""
)
_SAME_CALLS: Final = {"ToArray()", "ToList()", "ToString()"}
_GETS_VALUE: Final = re.compile(rf"{_SETTINGS}\.GetValue(?:<[^<>]+>)?")
_SECTIONS: Final = {"GetSection", "GetRequiredSection"}
_GETS_OBJECT: Final = re.compile(r"Get<[\w.]+\??>")
_MUTATORS: Final = {"Add", "AddRange", "Remove", "Clear", "Insert", "RemoveAll"}
_ESCAPES: Final = dict(zip("ntrbfva0e", "\n\t\r\b\f\v\a\0\x1b", strict=True))
_NAMES: Final = {"ETag": "ETag", "WWWAuthenticate": "WWW-Authenticate", "TE": "TE", "DNT": "DNT"}


@dataclass(frozen=True)
class CSharpFile(CodeFile):
    """A C# file."""

    grammar: ClassVar = ("C#", "tree_sitter_c_sharp", "language")

    scopes: ClassVar = frozenset(
        {
            *("method_declaration", "local_function_statement", "constructor_declaration"),
            *("lambda_expression", "anonymous_method_expression", "declaration_list"),
        }
    )
    branches: ClassVar = frozenset(
        {
            *("if_statement", "for_statement", "foreach_statement", "while_statement"),
            *("switch_statement", "catch_clause", "do_statement", "conditional_expression"),
        }
    )

    transparent: ClassVar = frozenset(
        {
            *("parenthesized_expression", "cast_expression", "argument", "checked_expression"),
            *("expression_element", "collection_element"),
            "postfix_unary_expression",  # `origins!`, which isn't null
        }
    )

    def assignments(self) -> Iterator[tuple[str, "Syntax | None"]]:
        """Variables and fields with what they begin with; None for what changes them."""
        for node in self.all:
            if node.type == "variable_declarator":
                variable, *value = named(node)
                yield code_of(variable), value[-1] if value else None
            elif node.type == "property_declaration":
                value_of = node.child_by_field_name("value")
                yield code_of(node.child_by_field_name("name")), value_of
            elif node.type == "assignment_expression":
                yield call_name(code_of(node.child_by_field_name("left"))), None
            elif node.type == "member_access_expression":
                of, name = (node.child_by_field_name(each) for each in ("expression", "name"))
                if of is not None and of.type == "identifier" and code_of(name) in _MUTATORS:
                    yield code_of(of), None

    def value(self, node: "Syntax", depth: int) -> Value:
        """An expression's value."""
        if node.type in _STRINGS or node.type in _LITERALS:
            return _literal(node)
        if node.type in _LISTS:
            return self._listed(node, depth)
        if node.type in _INITIALIZED:
            return self._created(node, depth)
        match node.type:
            case "identifier":
                return self.named_value(code_of(node), node, depth)
            case "member_access_expression":
                return self._member(node, depth)
            case "prefix_unary_expression":
                return plain_number(code_of(node))
            case "binary_expression":
                return self._computed(node, depth)
            case "invocation_expression":
                return self._called(node, depth)
            case "conditional_access_expression" | "element_access_expression":
                return self._looked_up(node)
        return Opaque(code_of(node))

    def _computed(self, node: "Syntax", depth: int) -> Value:
        """A sum, or `a ?? b`."""
        left, right = named(node)[:2]
        if code_of(node.child_by_field_name("operator")) != "??":
            return self.sum(node, depth)
        value = self.read(left, depth).value
        variable = value.variable if isinstance(value, Opaque) else ""
        if value is not None and not variable:
            return Opaque(code_of(node)) if isinstance(value, Opaque) else value
        return default_of(self.source, line_of(node), variable, self.read(right, depth).value)

    @cached_property
    def _settings(self) -> Settings:
        return settings_beside(self.source)

    def _looked_up(self, node: "Syntax") -> Value:
        """`Configuration["Name"]` and what `?.` makes of it, where a file beside it tells."""
        code = code_of(node)
        asked = _ASKED.match(short_code_of(node))
        rest = None if asked is None else _REST.fullmatch(code[asked.end() :])
        if asked is None or rest is None:
            return Opaque(code)
        value = self._of_file(asked["name"], rest) if "Environment" not in asked[0] else None
        if value is None:
            return Opaque(code, asked["name"])
        self._note_taken(asked["name"], node)
        return value if isinstance(value, str) else tuple(Node(self.place(node), e) for e in value)

    def _note_taken(self, name: str, node: "Syntax") -> None:
        message = f"{name} is taken from appsettings.json: the environment may set it"
        self.source.note(message, line_of(node))

    def _of_file(self, name: str, rest: re.Match[str]) -> str | tuple[str, ...] | None:
        """A setting as it is asked for: a list by `Get`, a text by brackets; None for another."""
        made, text = rest["made"], self._settings.get(name.lower())
        if rest["got"] is not None:
            found = listed(self._settings, name) if _GETS_LIST.fullmatch(rest["got"]) else ()
            return found if found and (made is None or made in _SAME_CALLS) else None
        if text is None or made is None:
            return text
        separator = _SPLITS.fullmatch(made)
        if separator is None:
            return text if made in _SAME_CALLS else None
        parts = text.split(separator[1])
        return tuple(each for each in parts if each or "Remove" not in made)

    def _gotten(self, node: "Syntax", depth: int) -> Value:
        """`Configuration.GetValue<string>("Name", "default")`."""
        given = named(node.child_by_field_name("arguments"))
        name, *default = (self.read(each, depth).value for each in given)
        if not isinstance(name, str) or len(default) > 1:
            return Opaque(code_of(node))
        known = self._settings.get(name.lower())
        if known is not None and short_code_of(node.child_by_field_name("function")).endswith(
            ("GetValue<string>", "GetValue<string?>")
        ):
            self._note_taken(name, node)
            return known
        if not default:
            return Opaque(code_of(node), name)
        return default_of(self.source, line_of(node), name, default[0])

    def _listed(self, node: "Syntax", depth: int) -> Value:
        lists: list[tuple[Node, ...]] = []
        for each in map(self.bare, named(node)):
            if each.type == "spread_element":
                inner = self.read(named(each)[0], depth)
                if not isinstance(inner.value, tuple):
                    return Opaque(code_of(node))
                lists.append(inner.value)
            else:
                lists.append((self.read(each, depth),))
        return joined(lists, node)

    def _created(self, node: "Syntax", depth: int) -> Value:
        """`new[] {…}`, `new List<string> {…}`, and a `TimeSpan` in seconds."""
        kind = code_of(node.child_by_field_name("type"))
        given = named(node.child_by_field_name("arguments"))
        if call_name(kind) == "TimeSpan" and len(given) in {3, 4}:
            parts = [self.read(each, depth).value for each in given]
            units = (86400, 3600, 60, 1)[-len(parts) :]
            if all(type(part) is int for part in parts):
                pairs = zip(parts, units, strict=True)
                return sum(part * unit for part, unit in pairs if isinstance(part, int))
        lists = [each for each in named(node) if each.type == "initializer_expression"]
        if lists and not given:
            return self._listed(lists[0], depth)
        return Opaque(code_of(node))

    def _member(self, node: "Syntax", depth: int) -> Value:
        """A constant of the framework's, or one of a class in this file."""
        owner = call_name(code_of(node.child_by_field_name("expression")).removesuffix("!"))
        name = code_of(node.child_by_field_name("name"))
        if owner in {"HttpMethods", "HttpMethod"}:
            return name.upper()
        if owner == "HeaderNames":
            return _NAMES.get(name, re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name))
        bound = self._bound(owner, name, node)
        return self.named_value(name, node, depth) if bound is None else bound

    def _bound(self, owner: str, name: str, node: "Syntax") -> Value:
        """`options.Origins` of `options = Configuration.GetSection("Cors").Get<Options>()`."""
        made = self._constants.get(owner, [])
        base, calls = chain(self._first(made[0])) if len(made) == 1 and made[0] else (None, [])
        if [call.name in _SECTIONS for call in calls] != [True, False]:
            return None
        section, got = calls
        is_ours = re.fullmatch(_SETTINGS, code_of(base)) and _GETS_OBJECT.fullmatch(got.name)
        key = self._section(section.arguments[0]) if is_ours and section.arguments else None
        key = f"{key}:{name}" if isinstance(key, str) else ""
        items, text = listed(self._settings, key), self._settings.get(key.lower())
        if items or text is not None:
            self._note_taken(key, node)
        return tuple(Node(self.place(node), each) for each in items) if items else text

    def _first(self, node: "Syntax") -> "Syntax":
        """It without what follows where there is none: `?? new()`, and `!`."""
        left = node.child_by_field_name("left")
        inner = left if node.type == "binary_expression" and left is not None else node
        return self.bare(named(inner)[0] if inner.type == "postfix_unary_expression" else inner)

    def _section(self, node: "Syntax") -> Value:
        """A section's name: a text, a constant, or `nameof(Options)`."""
        of_class = re.fullmatch(r"nameof\((\w+)\)", code_of(node))
        return self.read(node).value if of_class is None else of_class[1]

    def _called(self, node: "Syntax", depth: int) -> Value:
        of_setting = self._looked_up(node)
        if not isinstance(of_setting, Opaque) or of_setting.variable:
            return of_setting
        function = short_code_of(node.child_by_field_name("function"))
        if _GETS_VALUE.fullmatch(function):
            return self._gotten(node, depth)
        base, calls = chain(node)
        if base is None or len(calls) != 1:
            return self._copied(node, base, calls, depth)
        call = calls[0]
        first = self.read(call.arguments[0], depth).value if call.arguments else None
        if call_name(code_of(base)) == "TimeSpan" and call.name in _SPANS:
            return first * _SPANS[call.name] if type(first) is int else Opaque(code_of(node))
        return self._copied(node, base, calls, depth)

    def _copied(
        self, node: "Syntax", base: "Syntax | None", calls: list[MethodCall], depth: int
    ) -> Value:
        """What `.ToArray()` and `.Split(',')` make of a value."""
        if base is None or not calls:
            return Opaque(code_of(node))
        function = short_code_of(calls[0].node.child_by_field_name("function"))
        is_setting = _GETS_VALUE.fullmatch(function) is not None
        value = self._gotten(calls[0].node, depth) if is_setting else self.read(base, depth).value
        for call in calls[is_setting:]:
            given = [code_of(each).strip("\"'") for each in call.arguments[:1]]
            if call.name == "Split" and isinstance(value, str) and given == [","]:
                value = tuple(Node(self.place(node), each.strip()) for each in value.split(","))
            elif call.name not in _SAME:
                return Opaque(code_of(node))
        return Opaque(code_of(node)) if isinstance(value, Opaque) else value

    # Functions that test an origin

    def origin_test(self, node: "Syntax") -> Node:
        """True if a lambda lets any origin pass, else a list of the origins and regexes."""
        place, written = self.place(node), Opaque(code_of(node))
        body = node.child_by_field_name("body")
        origin = code_of(node.child_by_field_name("parameters")).strip("()").split(" ")[-1]
        if node.type != "lambda_expression" or body is None:
            return Node(place, written)
        tested = list(self._tested(_returned(body), origin))
        if True in [each and each.value for each in tested]:
            return Node(place, True)
        passing = tuple(each for each in tested if each is not None)
        return Node(place, written if len(passing) < len(tested) else passing)

    def _tested(self, node: "Syntax", origin: str, depth: int = 0) -> Iterator[Node | None]:
        """What a chain of tests with `||` lets pass; None for what isn't understood."""
        node = self.bare(node)
        if node.type == "assignment_expression":  # `_ = true` is written by mistake, and works
            node = self.bare(named(node)[-1])
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        operator = code_of(node.child_by_field_name("operator"))
        if left is not None and right is not None and operator in {"||", "=="} and depth < 50:
            if operator == "||":
                yield from self._tested(left, origin, depth + 1)
                yield from self._tested(right, origin, depth + 1)
            else:
                yield self._equal(left, right, origin)
        elif node.type == "boolean_literal":
            yield Node(self.place(node), True) if code_of(node) == "true" else None
        elif node.type == "invocation_expression":
            yield from self._test_called(node, origin)
        else:
            is_local = re.sub(r"\s", "", code_of(node)) == f"newUri({origin}).IsLoopback"
            yield self._regex(node, _LOOPBACK) if is_local else None

    def _regex(self, node: "Syntax", regex: str) -> Node:
        return Node(self.place(node), Regex(regex))

    def _equal(self, left: "Syntax", right: "Syntax", origin: str) -> Node | None:
        """`origin == "…"` and `new Uri(origin).Host == "…"`."""
        text = self.read(right).value
        if not isinstance(text, str):
            return None
        tested = re.sub(r"\s", "", code_of(left))
        if tested == origin:
            return self.read(right)
        if tested == f"newUri({origin}).Host":
            return self._regex(left, of_host(text))
        return None

    def _matched(self, node: "Syntax", given: tuple["Syntax", ...]) -> Node | None:
        """The regex of `Regex.IsMatch(origin, pattern, options)`."""
        pattern = self.read(given[1]) if len(given) > 1 else None
        flags = {"": "", "RegexOptions.IgnoreCase": "(?i)"}.get("".join(map(code_of, given[2:])))
        if pattern is None or flags is None or not isinstance(pattern.value, str):
            return None
        return self._regex(node, flags + compiled(pattern).pattern)

    def _test_called(self, node: "Syntax", origin: str) -> Iterator[Node | None]:
        """`Regex.IsMatch(origin, …)`, `list.Contains(origin)`, `origin.EndsWith("…")`."""
        base, calls = chain(node)
        if base is None or len(calls) != 1 or not calls[0].arguments:
            yield None
            return
        call, given = calls[0], [code_of(each) for each in calls[0].arguments]
        if code_of(base) == "Regex" and call.name == "IsMatch" and given[0] == origin:
            yield self._matched(node, call.arguments)
            return
        if call.name == "Contains" and given == [origin]:
            items = self.read(base).value
            yield from items if isinstance(items, tuple) else (None,)
            return
        text = self.read(call.arguments[0]).value
        around = {"StartsWith": "^{}", "EndsWith": "{}$", "Equals": "^{}$"}.get(call.name)
        if code_of(base) != origin or around is None or not isinstance(text, str):
            yield None
            return
        caseless = "(?i)" if "IgnoreCase" in "".join(given[1:]) else ""
        yield self._regex(node, caseless + around.format(escaped(text)))


_LOOPBACK: Final = r"^[a-z][a-z0-9+.-]*://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$"


def chain(node: "Syntax") -> tuple["Syntax | None", list[MethodCall]]:
    """What stands before the dots of `a.B(…).C(…)`, and the calls in their order."""
    calls: list[MethodCall] = []
    of: Syntax | None = node
    while of is not None and of.type == "invocation_expression":
        function = of.child_by_field_name("function")
        given = tuple(named(of.child_by_field_name("arguments")))
        if function is None or function.type != "member_access_expression":
            return None, calls[::-1]
        name = code_of(function.child_by_field_name("name"))
        calls.append(MethodCall(name, given, of))
        of = function.child_by_field_name("expression")
    return of, calls[::-1]


def _returned(body: "Syntax") -> "Syntax":
    """What a function returns that does nothing else."""
    statements = named(body) if body.type == "block" else []
    is_return = len(statements) == 1 and statements[0].type == "return_statement"
    return named(statements[0])[0] if is_return and named(statements[0]) else body


def _literal(node: "Syntax") -> Value:
    match node.type:
        case "integer_literal":
            return plain_number(code_of(node))
        case "boolean_literal":
            return code_of(node) == "true"
        case "null_literal":
            return None
    return _string(node)


def _string(node: "Syntax") -> Value:
    written = code_of(node)
    if node.type == "verbatim_string_literal":
        return written[2:-1].replace('""', '"')
    if node.type == "raw_string_literal":
        content = [each for each in named(node) if each.type == "raw_string_content"]
        return Opaque(written) if "\n" in written else "".join(map(code_of, content))
    return re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{1,4}|.)", _unescaped, written[1:-1])


def _unescaped(escape: re.Match[str]) -> str:
    text = escape[1]
    return chr(int(text[1:], 16)) if text[0] in "ux" and text[1:] else _ESCAPES.get(text, text)
