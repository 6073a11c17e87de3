"""What becomes of a value that the environment may set, and the file has a default for?

The environment is that of the server, which no file tells: the default counts, as it does where
nothing is set, and the variable's name is told.
"""

from corscope.cli.imports.tree import LONGEST, Node, Opaque, Source, Value

__all__ = ["default_of", "parted", "settled", "stripped"]


def default_of(source: Source, where: int | str, variable: str, default: Value) -> Value:
    """What stands where a variable isn't set, and tell so; code that can't be told stays code.

    Args:
        source: the file.
        where: its line, or a place in it.
        variable: what isn't set; empty if the value hangs on nothing.
        default: what counts then.
    """
    if variable and not isinstance(default, Opaque):
        source.note(f"taken as if {variable} weren't set: what stands here then counts", where)
    return default


def settled(source: Source, where: int | str, value: Value) -> Value:
    """A list in which what the environment would set is nothing, and told."""
    if not isinstance(value, tuple):
        return value
    return tuple(_settled_item(source, where, each) for each in value)


def _settled_item(source: Source, where: int | str, item: Node) -> Node:
    variable = item.value.variable if isinstance(item.value, Opaque) else ""
    return Node(item.place, default_of(source, where, variable, None)) if variable else item


def parted(text: Value, separator: Value, place: str) -> Value:
    """A text's parts, as `split` of most languages has them; None if there are none to tell."""
    if not isinstance(text, str) or not isinstance(separator, str) or not separator:
        return None
    parts = text.split(separator)
    return tuple(Node(place, part) for part in parts) if len(parts) <= LONGEST else None


def stripped(value: Value) -> Value:
    """A text without the spaces around it, or a list of such; any other value as it is."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, tuple):
        return tuple(Node(each.place, stripped(each.value)) for each in value)
    return value
