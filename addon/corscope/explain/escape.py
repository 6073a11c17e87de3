"""How is a value from the wire shown? So that what a server sends can't steer a terminal."""

from typing import Final

__all__ = ["LONGEST_MESSAGE", "LONGEST_VALUE", "escaped"]

LONGEST_MESSAGE: Final = 2_000
"""Characters that are shown of a message with several values in it."""

LONGEST_VALUE: Final = 200


def escaped(text: str, longest: int = LONGEST_VALUE) -> str:
    """Make a value from the wire fit for a terminal: printable, on one line, not endless."""
    shown = text if len(text) <= longest else f"{text[:longest]}..."
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
