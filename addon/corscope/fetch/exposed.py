"""Which headers of a response may script read?

Follows https://fetch.spec.whatwg.org/#concept-filtered-response-cors and the step of main fetch
that sets the CORS-exposed header-name list, https://fetch.spec.whatwg.org/#main-fetch.
"""

from itertools import takewhile
from typing import Final

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import (
    FAILURE,
    HTTP_TAB_OR_SPACE,
    byte_lowercase,
    convert_header_names_to_sorted_lowercase_set,
    extract_header_list_values,
    get,
    is_token,
    names,
)
from corscope.fetch.safelist import is_cors_safelisted_response_header_name
from corscope.messages import HeaderList

__all__ = ["cors_exposed_header_name_list", "cors_filtered_headers"]

_EXPOSE: Final = "Access-Control-Expose-Headers"


def cors_exposed_header_name_list(
    headers: HeaderList, mode: CredentialsMode, engine: Engine = Engine.UNKNOWN
) -> frozenset[str]:
    """The CORS-exposed header-name list, lower-cased.

    https://fetch.spec.whatwg.org/#concept-response-cors-exposed-header-name-list, set by main
    fetch: a list that doesn't parse exposes nothing, and `*` counts unless credentials are
    included.
    """
    header_names = extract_header_list_values(_EXPOSE, headers)
    if header_names == FAILURE and departs(engine, Departure.EXPOSED_WILDCARD_OUTLIVES_ERROR):
        header_names = _wildcard_before_error(get(headers, _EXPOSE) or "")
    if header_names is None or header_names == FAILURE:
        return frozenset()
    if mode is not CredentialsMode.INCLUDE and "*" in header_names:
        return frozenset(map(byte_lowercase, names(headers)))
    return frozenset(map(byte_lowercase, header_names))


def _wildcard_before_error(value: str) -> list[str]:
    elements = (element.strip(HTTP_TAB_OR_SPACE) for element in value.split(","))
    well_formed = takewhile(lambda element: not element or is_token(element), elements)
    return ["*"] if "*" in well_formed else []


def cors_filtered_headers(
    headers: HeaderList, mode: CredentialsMode, engine: Engine = Engine.UNKNOWN
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a response's header names into what script reads and what stays hidden.

    https://fetch.spec.whatwg.org/#concept-filtered-response-cors. Both lower-case and sorted.
    """
    exposed = cors_exposed_header_name_list(headers, mode, engine)
    present = convert_header_names_to_sorted_lowercase_set(names(headers))
    shown: list[str] = []
    hidden: list[str] = []
    for name in present:
        is_shown = is_cors_safelisted_response_header_name(name, exposed)
        (shown if is_shown else hidden).append(name)
    return tuple(shown), tuple(hidden)
