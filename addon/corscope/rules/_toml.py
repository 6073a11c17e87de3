"""Where does the TOML parser come from? The only place that imports one.

Some of mitmproxy's standalone binaries leave the standard library's parser out.
"""

import re

try:
    from tomllib import loads
except ModuleNotFoundError:
    from tomli import loads

__all__ = ["has_endless_key", "loads"]

_ENDLESS_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){200}""", re.ASCII)


def has_endless_key(text: str) -> bool:
    """Whether a dotted key is so long that the parser, whose time grows with its square, hangs."""
    return _ENDLESS_KEY.search(text) is not None
