"""What of a URL, or of an error, may the journal know?

Never the fragment or the userinfo; the query's values only where the user asked for whole URLs. Of
an error the words, but not the bytes or the header's value that it complains of.
"""

import re
from collections.abc import Callable
from typing import Final

from corscope.fetch.url import C0_CONTROL_OR_SPACE

__all__ = ["cleaning", "masked_error", "masked_url", "plain_url"]

# Browsers take slashes in any number and direction, and after a special scheme even none.
_USERINFO: Final = re.compile(
    r"^((?:(?:https?|wss?|ftp):[/\\]*+|(?:[^:/\\?#]*:)?[/\\]{2,}+))(?:[/\\]*+[^/\\?#]*@)++",
    re.IGNORECASE,
)
# As Python writes bytes, and the text of a header's value; a message may break off within them.
_QUOTED: Final = r"""(?:'(?:[^'\\]|\\.)*+'?|"(?:[^"\\]|\\.)*+"?)"""
_CITED: Final = re.compile(
    rf"(\bb|\bheader: |\btransfer-encoding |\bheaders: \[){_QUOTED}(?:, {_QUOTED})*+", re.DOTALL
)
_LONG: Final = 16  # the shortest token that is worth one, in characters
_TAB_OR_NEWLINE: Final = dict.fromkeys(map(ord, "\t\n\r"))


def plain_url(url: str) -> str:
    """The URL, absolute or relative, without its fragment and userinfo."""
    text = url.partition("#")[0].strip(C0_CONTROL_OR_SPACE)
    if not text.isprintable():
        text = text.translate(_TAB_OR_NEWLINE)
    return _USERINFO.sub(r"\1", text) if "@" in text else text


def masked_url(url: str) -> str:
    """The same with each query value replaced by `*`; a parameter without a name is a value."""
    head, mark, query = plain_url(url).partition("?")
    if not query:
        return head + mark
    return head + mark + "&".join(map(_masked_parameter, query.split("&")))


def cleaning(masked: bool) -> Callable[[str], str]:
    """Which of the two makes of a URL what may be kept.

    Args:
        masked: whether query values are secret.
    """
    return masked_url if masked else plain_url


def _masked_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not parameter:
        return ""
    # Base64 may end in equals signs: what stands before them is no name then.
    is_padded = value == "=" or (not value and len(name) >= _LONG)
    return f"{name}=*" if equals and not is_padded else "*"


def masked_error(message: str) -> str:
    """What mitmproxy says of a failure: where it can't read an answer, it cites it."""
    return _CITED.sub(r"\1'*'", message)
