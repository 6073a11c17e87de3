"""What do `!Ref` and `!Sub` stand for in a template of CloudFormation's or SAM's?

For the parameters that it has itself, by their defaults: who deploys it may say others, which is
told. Resources and what AWS knows, such as the account, show only then.
Follows https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from corscope.cli.imports.environment import default_of, parted, stripped
from corscope.cli.imports.tree import Node, Opaque, Source, Value

__all__ = ["with_defaults"]

_TAG: Final = re.compile(r"!(Ref|Sub) (.+)", re.DOTALL)
_FUNCTIONS: Final = {"Ref": "Ref", "Fn::Sub": "Sub"}
_NAMED: Final = re.compile(r"\$\{([^!}][^}]*)\}")
_LITERAL: Final = re.compile(r"\$\{!([^}]*)\}")


def with_defaults(root: Node, source: Source) -> Callable[[Node], Node]:
    """What puts the defaults of a template's parameters where these are named in a part of it."""
    table = root.value if isinstance(root.value, Mapping) else {}
    given = table["Parameters"].value if "Parameters" in table else None
    parameters = given if isinstance(given, Mapping) else {}
    tables = {n: each.value for n, each in parameters.items() if isinstance(each.value, Mapping)}
    return _Template(source, tables).filled


@dataclass(frozen=True, slots=True)
class _Template:
    source: Source
    parameters: Mapping[str, Mapping[str, Node]]

    def filled(self, node: Node) -> Node:
        """A value, and all in it."""
        value = node.value
        if isinstance(value, Opaque):
            found = _TAG.fullmatch(value.code)
            told = None if found is None else self._called(found[1], found[2], node.place)
            return node if told is None else Node(node.place, told)
        if isinstance(value, tuple):
            return Node(node.place, tuple(map(self.filled, value)))
        if not isinstance(value, Mapping):
            return node
        name, *more = value
        text = None if more else value[name].value
        if name in _FUNCTIONS and isinstance(text, str):
            told = self._called(_FUNCTIONS[name], text, node.place)
            return Node(node.place, Opaque(f"{name}: {text}") if told is None else told)
        return Node(node.place, {key: self.filled(each) for key, each in value.items()})

    def _called(self, function: str, text: str, place: str) -> Value:
        """What `!Ref NAME` or `!Sub "… ${NAME} …"` gives; None where that isn't known."""
        if function == "Ref":
            return self._default(text, place)
        names = _NAMED.findall(text)
        known = {name: self._default(name, place) for name in names}
        if not all(isinstance(each, str) for each in known.values()):
            return None
        filled = _NAMED.sub(lambda found: str(known[found[1]]), text)
        return _LITERAL.sub(r"${\1}", filled)

    def _default(self, name: str, place: str) -> Value:
        parameter = self.parameters.get(name, {})
        default = parameter["Default"].value if "Default" in parameter else None
        if isinstance(default, int) and not isinstance(default, bool):
            default = str(default)
        kind = parameter["Type"].value if "Type" in parameter else "String"
        if isinstance(default, str) and str(kind).startswith(("CommaDelimitedList", "List<")):
            default = stripped(parted(default, ",", place))
        if not isinstance(default, str | tuple):
            return None
        return default_of(self.source, place, name, default)
