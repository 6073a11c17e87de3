"""What stays the same of Firefox's messages in every language, and which one is it?

Header names aren't translated, nor are the values that stand in quotes beside them. By these all
messages that name a header can be told apart; of those that name none, the status code at the end
tells those two that have one.
"""

import re
from typing import Final

from corscope.fetch.headers import is_token

__all__ = ["translated"]

_URL: Final = re.compile(r"https?://")
_HEADER: Final = re.compile(r"Access-Control-Allow-(Origin|Credentials|Methods|Headers)\b")
_QUOTED: Final = re.compile(
    "\u2018([^\u2018\u2019]*+)[\u2018\u2019]|\u201c([^\u201c\u201d]*+)\u201d|"
    "\u201e([^\u201c-\u201e]*+)[\u201c\u201d]|\xab([^\xab\xbb]*+)\xbb|"
    '\u300c([^\u300c\u300d]*+)\u300d|"([^"]*+)"|'
    "(?<![A-Za-z])'([^']*+)'(?![A-Za-z])"  # in a word it is an apostrophe
)
_STATUS: Final = re.compile(r"(?::\s+|\uff1a\s*)([1-9]\d\d)(?![\d:])")
"""What follows a word for it; a script's line stands in a message without a space."""

_NO_STATUS: Final = re.compile(r"[:\uff1a]\s*\(null\)")
_COLON: Final = re.compile("[:\uff1a]")
_END: Final = re.compile("[.)\uff09\u3002]")

_ENGLISH: Final = re.compile(
    r"\b(?:the|and|has|have|does|not|with|my|are|this|but|sends?)\b", re.IGNORECASE
)
"""Words of what people write in English, which none of the translations has."""
_WARNED_OF: Final = "Authorization"


def translated(message: str) -> tuple[str, str] | None:
    """The category of Firefox's message in another language than English, and the value in it.

    The value is what the category's sentence in `fetch.consoles.firefox` has a placeholder for, or
    the status that stands behind it; else empty. None where it is no such message, or names neither
    a header nor a status.
    """
    url = _URL.search(message)
    if url is None or _ENGLISH.search(_HEADER.sub("", message)):
        return None
    said = " ".join(message[url.end() :].split())
    quoted = ["".join(found.groups("")).strip("\xa0\u202f ") for found in _QUOTED.finditer(said)]
    headers = {found[1] for each in quoted if (found := _HEADER.fullmatch(each))}
    values = [each for each in quoted if not _HEADER.fullmatch(each)]
    if not _HEADER.search(said):
        return _category_of_status(said)
    if len(headers) != 1 or _WARNED_OF in said:  # that warning names a header more
        return None
    return _category(headers.pop(), values, said)


def _category_of_status(said: str) -> tuple[str, str] | None:
    """The category of what names no header; `(null)` is the status of what got no answer.

    The reason ends, with a bracket or a full stop, before the word for a status and a colon.
    """
    status = _STATUS.search(said) or _NO_STATUS.search(said)
    if status is None:
        return None
    _, is_of_cors, word = said[: status.start()].rpartition("CORS")
    if not is_of_cors or _COLON.search(word) or not _END.search(word):
        return None
    is_answered = status.re is _STATUS
    return ("CORSPreflightDidNotSucceed", status[1]) if is_answered else ("CORSDidNotSucceed", "")


def _category(header: str, values: list[str], said: str) -> tuple[str, str]:
    value = values[0] if values else ""
    match header:
        case "Origin" | "Credentials" if value == "*":
            return "CORSNotSupportingCredentials", ""
        case "Credentials":
            return "CORSMissingAllowCredentials", ""
        case "Methods":
            return ("CORSInvalidAllowMethod" if values else "CORSMethodNotFound"), value
        case "Headers" if is_token(value):
            return "CORSMissingAllowHeaderFromPreflight", value
        case "Headers":
            return "CORSInvalidAllowHeader", value
    if values:
        return "CORSAllowOriginNotMatchingOrigin", value
    status = _STATUS.search(said)
    if status is not None:
        return "CORSMissingAllowOrigin", status[1]
    return "CORSMultipleAllowOriginNotAllowed", ""
