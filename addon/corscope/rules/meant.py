"""What did somebody mean who wrote no URL and no origin? For hints alone."""

import ipaddress
import re
from typing import Final

from corscope.rules.glob import split_host

__all__ = ["is_local", "with_scheme"]

_LOCAL_NAMES: Final = frozenset({"localhost", "test", "local", "internal"})
_LOCAL_ADDRESSES: Final = re.compile(r"(?:127|10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9.*]*")
"""Globs over them; names may begin with digits, too."""
_TORN_SCHEME: Final = re.compile(r"(?P<scheme>https?)(?::/{0,2}|//)(?=[^/0-9])", re.IGNORECASE)


def with_scheme(text: str) -> str:
    """What begins with a host, or with half a scheme, as a URL; hosts nearby seldom have TLS."""
    torn = _TORN_SCHEME.match(text)
    if torn is not None:
        return f"{torn['scheme']}://{text[torn.end() :]}"
    rest = text.lstrip(":/")
    near = is_local(split_host(rest.partition("/")[0]).name)
    return f"{'http' if near else 'https'}://{rest}"


def is_local(host: str) -> bool:
    """Whether a host, or all that a glob over hosts can name, is on this machine or network."""
    name = host.removesuffix(".")
    if name.rpartition(".")[2] in _LOCAL_NAMES or _LOCAL_ADDRESSES.fullmatch(name):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_private
    except ValueError:
        return "." not in name and "*" not in name
