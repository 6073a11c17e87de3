"""Which headers of a response may script read?

Follows https://fetch.spec.whatwg.org/#concept-filtered-response-cors and the step of main fetch
that sets the CORS-exposed header-name list, https://fetch.spec.whatwg.org/#main-fetch.
"""

from corscope.fetch.check import CredentialsMode
from corscope.fetch.headers import (
    FAILURE,
    byte_lowercase,
    convert_header_names_to_sorted_lowercase_set,
    extract_header_list_values,
    names,
)
from corscope.fetch.safelist import is_cors_safelisted_response_header_name
from corscope.messages import HeaderList

__all__ = ["cors_exposed_header_name_list", "cors_filtered_headers"]


def cors_exposed_header_name_list(headers: HeaderList, mode: CredentialsMode) -> frozenset[str]:
    """The CORS-exposed header-name list, lower-cased.

    https://fetch.spec.whatwg.org/#concept-response-cors-exposed-header-name-list, set by main
    fetch: a list that doesn't parse exposes nothing, and `*` counts unless credentials are
    included.
    """
    header_names = extract_header_list_values("Access-Control-Expose-Headers", headers)
    if header_names is None or header_names == FAILURE:
        return frozenset()
    if mode is not CredentialsMode.INCLUDE and "*" in header_names:
        return frozenset(map(byte_lowercase, names(headers)))
    return frozenset(map(byte_lowercase, header_names))


def cors_filtered_headers(
    headers: HeaderList, mode: CredentialsMode
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a response's header names into what script reads and what stays hidden.

    https://fetch.spec.whatwg.org/#concept-filtered-response-cors. Both lower-case and sorted.
    """
    exposed = cors_exposed_header_name_list(headers, mode)
    present = convert_header_names_to_sorted_lowercase_set(names(headers))
    shown = tuple(n for n in present if is_cors_safelisted_response_header_name(n, exposed))
    return shown, tuple(name for name in present if name not in shown)
