"""What of a URL may the journal know?

Never the fragment or the userinfo; the query's values only where the user asked for whole URLs.
"""

import re
from typing import Final

from corscope.fetch.url import C0_CONTROL_OR_SPACE

__all__ = ["masked_url", "plain_url"]

# Browsers take slashes in any number and direction, and after an http(s) scheme even none.
_USERINFO: Final = re.compile(
    r"^((?:https?:[/\\]*|(?:[^:/\\?#]*:)?[/\\]{2,}))[^/\\?#]*@", re.IGNORECASE
)


def plain_url(url: str) -> str:
    """The URL, absolute or relative, without its fragment and userinfo."""
    return _USERINFO.sub(r"\1", url.partition("#")[0].strip(C0_CONTROL_OR_SPACE))


def masked_url(url: str) -> str:
    """The same with each query value replaced by `*`; a parameter without a name is a value."""
    head, mark, query = plain_url(url).partition("?")
    return head + mark + "&".join(map(_masked_parameter, query.split("&")))


def _masked_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    if not parameter:
        return ""
    return f"{name}=*" if equals else "*"
