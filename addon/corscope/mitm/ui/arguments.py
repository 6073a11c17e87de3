"""What may the arguments of corscope's commands be, besides mitmproxy's own types?

mitmproxy's `Choice` completes too, but says of a mistyped word no more than "Invalid choice".
"""

from collections.abc import Sequence

from mitmproxy import command, command_lexer, types

from corscope.rules.problems import shown
from corscope.servers.registry import nearest

__all__ = ["OneOf"]


class OneOf(types.Choice):
    """One of the words that a command lists; a mistyped one is answered with the nearest."""

    def __init__(self, options_command: str, what: str) -> None:
        self.options_command = options_command
        self.what = what

    def __repr__(self) -> str:
        """As mitmproxy tells what a command expects, where there are too few arguments."""
        return self.what


class _OneOfType(types._BaseType):
    """How mitmproxy completes and checks it; words with spaces stand in quotes at its prompt."""

    typ = OneOf
    display = "choice"

    def completion(self, manager: command.CommandManager, t: OneOf, _: str) -> Sequence[str]:
        return [command_lexer.quote(word) for word in manager.execute(t.options_command)]

    def parse(self, manager: command.CommandManager, t: OneOf, s: str) -> str:
        word = command_lexer.unquote(s)
        known = manager.execute(t.options_command)
        if word in known:
            return word
        meant = nearest(word, known)
        there = ", ".join(map(shown, known)) or "none"
        hint = f"did you mean {shown(meant)}?" if meant else f"there is {there}"
        raise ValueError(f"no {t.what} {shown(word)}: {hint}")

    def is_valid(self, manager: command.CommandManager, typ: OneOf, val: object) -> bool:
        return val in manager.execute(typ.options_command)


types.CommandTypes.typemap[OneOf] = _OneOfType()
