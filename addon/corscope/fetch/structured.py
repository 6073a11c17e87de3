"""Which token does a structured field hold, whose value is to be one?

Follows https://www.rfc-editor.org/rfc/rfc9651#name-parsing-an-item, as far as that takes.
"""

import re
from typing import Final

__all__ = ["token_of_item"]

_WORD: Final = r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*+"
_BARE_ITEM: Final = (
    r'(?:-?[0-9]{1,15}(?:\.[0-9]{1,3})?|"(?:[ !#-\[\]-~]|\\["\\])*+"'
    rf"|{_WORD}|:[A-Za-z0-9+/=]*+:|\?[01])"
)
_TOKEN_ITEM: Final = re.compile(rf" *+({_WORD})(?:; *+[a-z*][a-z0-9_.*-]*+(?:={_BARE_ITEM})?)*+ *+")


def token_of_item(value: str) -> str | None:
    """The token that is all of a field but its parameters; None where it isn't written so."""
    item = _TOKEN_ITEM.fullmatch(value)
    return None if item is None else item[1]
