"""Where does the TOML parser come from? The only place that imports one.

Some of mitmproxy's standalone binaries leave the standard library's parser out.
"""

import re

try:
    from tomllib import loads
except ModuleNotFoundError:
    from tomli import loads

__all__ = ["endless_key", "endless_number", "loads"]

_ENDLESS_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){200}""", re.ASCII)
_ENDLESS_NUMBER = re.compile("[0-9_]{4300,}+")


def endless_key(text: str) -> int | None:
    """Where a dotted key is so long that the parser, whose time grows with its square, hangs."""
    found = _ENDLESS_KEY.search(text)
    return None if found is None else found.start()


def endless_number(text: str) -> int | None:
    """Where a number has more digits than Python reads; the parser doesn't tell."""
    found = _ENDLESS_NUMBER.search(text)
    return None if found is None else found.start()
