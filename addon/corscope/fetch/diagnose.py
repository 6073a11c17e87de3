"""The CORS check has failed on the origin: how is this failure called?

Runs only after the check has failed, and can't change that. The distinctions are those that
browsers make in their own messages; Chromium's, the finest, draw the lines.
"""

from corscope.fetch.headers import names, values
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import Failure, Reason, firefox_name
from corscope.fetch.url import parse_url, percent_encode_non_ascii
from corscope.messages import HeaderList

__all__ = ["is_repeated_as_spelled", "name_origin_mismatch"]


def name_origin_mismatch(allow_origin: str, headers: HeaderList) -> Failure:
    """Name the way in which `Access-Control-Allow-Origin` isn't the request's origin.

    Args:
        allow_origin: the header's combined value, neither missing nor a match.
        headers: the response's header list, which still has the lines apart.
    """
    firefox = None
    if allow_origin == "*":
        reason = Reason.WILDCARD_WITH_CREDENTIALS  # without credentials it had been a match
    elif len(values(headers, "Access-Control-Allow-Origin")) > 1:
        reason = Reason.ALLOW_ORIGIN_REPEATED
        if not is_repeated_as_spelled(headers):
            firefox = firefox_name(Reason.ALLOW_ORIGIN_MISMATCH)
    elif " " in allow_origin or "," in allow_origin:
        reason = Reason.ALLOW_ORIGIN_LIST
    elif allow_origin != OPAQUE_SERIALIZED and not _is_url(allow_origin):
        reason = Reason.ALLOW_ORIGIN_INVALID
    else:
        reason = Reason.ALLOW_ORIGIN_MISMATCH
    return Failure(reason, allow_origin, firefox)


def is_repeated_as_spelled(headers: HeaderList) -> bool:
    """Whether the header comes twice spelled as the standard has it, the only case Firefox names.

    HTTP/2 has its names in lower case, so there it never does.
    """
    return names(headers).count("Access-Control-Allow-Origin") > 1


def _is_url(value: str) -> bool:
    return parse_url(percent_encode_non_ascii(value)) is not None
