"""What do the codes stand for that Internet Explorer, and Edge before it was a Chromium, printed?

Their sentences are in the system's language, the codes before them are the same in all.
"""

import re
from typing import Final

from corscope.fetch.reasons import Reason

__all__ = ["aside_of_code", "reasons_of_code"]

_UNEQUAL: Final = (
    *(Reason.ALLOW_ORIGIN_MISSING, Reason.ALLOW_ORIGIN_LIST),
    *(Reason.ALLOW_ORIGIN_INVALID, Reason.ALLOW_ORIGIN_MISMATCH),
)
_REASONS: Final[dict[str, tuple[Reason, ...]]] = {
    "SEC7120": _UNEQUAL,
    "SEC7121": (Reason.WILDCARD_WITH_CREDENTIALS,),
    "SEC7122": (Reason.ALLOW_CREDENTIALS_NOT_TRUE,),
    "SEC7123": (Reason.HEADER_NOT_ALLOWED,),
    "SEC7124": (Reason.METHOD_NOT_ALLOWED,),
    "SEC7126": (Reason.PREFLIGHT_REDIRECT,),
    "SEC7128": (Reason.ALLOW_ORIGIN_REPEATED,),
    "SEC7129": (Reason.ALLOW_CREDENTIALS_NOT_TRUE,),
}

_NOTED: Final = (
    "only that a page asked another origin, which Internet Explorer and old Edge noted of each "
    "such request (SEC7118), and of those with a preflight (SEC7119): what was wrong, a message "
    "from SEC7120 to SEC7129 names"
)
_UNREAD: Final = (
    "that old Edge couldn't read the answer's header lines: see that each of CORS is there once, "
    "and that names in it have commas between them"
)
_UNFOLLOWED: Final = (
    "that old Edge didn't follow a redirect of a request to another origin: let the page ask for "
    "the final URL"
)
_REFUSED: Final = (
    "only that Internet Explorer or old Edge refused what another origin has: a message from "
    "SEC7120 to SEC7129 beside it names the cause. Without one it is the browser's security zones, "
    "or in Internet Explorer 8 and 9, which had XDomainRequest, that page and server aren't both "
    "http or both https"
)
_NO_TLS: Final = (
    "that Internet Explorer or old Edge has no secure connection with the server: it doesn't trust "
    "its certificate, or they don't agree on TLS; no CORS header is at fault"
)
_UNREACHABLE: Final = (
    "that Internet Explorer or old Edge got no answer: the server isn't running there, its name "
    "doesn't resolve, or something on the way stops it; no CORS header is at fault"
)
_ASIDES: Final = {
    "SEC7118": _NOTED,
    "SEC7119": _NOTED,
    "SEC7125": _UNREAD,
    "SEC7127": _UNFOLLOWED,
}

_CODE: Final = re.compile(r"\bSEC71\d\d\b")
_ERROR: Final = re.compile(r"\bSCRIPT7002\b[^0\n]{0,100}+0x(?P<code>[0-9a-f]++)", re.IGNORECASE)
"""An error of XMLHttpRequest, whose number WinINet's is, or the system's."""
_ACCESS_DENIED: Final = "80070005"
_OF_TLS: Final = frozenset({"2f05", "2f06", "2f0d", "2f7d", "2f8f", "800c0019"})
_DENIED: Final = "SCRIPT5: "


def reasons_of_code(text: str) -> tuple[Reason, ...]:
    """The reasons that the first code in a text has, of those that name one."""
    found = (_REASONS.get(each[0], ()) for each in _CODE.finditer(text))
    return next(filter(None, found), ())


def aside_of_code(text: str) -> str | None:
    """What to say of the codes in a text that name no reason."""
    told = (_ASIDES.get(each[0]) for each in _CODE.finditer(text))
    error = _ERROR.search(text)
    if error is not None:
        code = error["code"].lower().lstrip("0")
        if code in _OF_TLS:
            return _NO_TLS
        return _REFUSED if code == _ACCESS_DENIED else _UNREACHABLE
    return _REFUSED if _DENIED in text else next(filter(None, told), None)
