"""Does a message tell of a URL that no browser could ask for? Browsers call that CORS, too.

A scheme that is missing makes a scheme of the host, and what is opened as a file asks for files.
Some of the sentences are printed of a redirect to another scheme, too.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

__all__ = ["NO_FILE", "NO_HTTP", "Finder", "unsent"]

NO_FILE: Final = (
    "that a page asks for a file by its path, which is never sent over a network and which no page "
    "gets, not even one opened as a file itself: serve both over http"
)
NO_HTTP: Final = (
    "that the URL is neither http nor https, so that no server was asked: where its scheme is "
    "missing, as in localhost:3000/items, write http:// or https:// before it; what is a file has "
    "to be served over http"
)

Finder = Callable[[str], tuple[int, Mapping[str, str]] | None]
"""Finds a sentence in a message: where it begins, and the values of its placeholders; or None."""

_ONLY: Final = "Cross origin requests are only supported for"
_OF_NO_REDIRECT: Final = (
    f"at '{{url}}' from origin '{{origin}}' has been blocked by CORS policy: {_ONLY}",
    f"cannot load {{url}}. {_ONLY}",
    f"{_ONLY} HTTP.{{place}}cannot load {{url}} due to access control checks",
    "cannot load {url}. URL scheme",
)
_OF_EITHER: Final = (
    "the remote resource at {url}. (Reason: CORS request not http",
    "Not allowed to load local resource: {url}",
    "may not load or link to {url}",
    "Failed to execute 'send' on 'XMLHttpRequest': Failed to load '{url}'",
    "Unsafe attempt to load URL {url} from frame",
)
"""The sentences that name such a URL, in all browsers and some of their earlier versions."""

_REDIRECTED: Final = "(redirected from"
_HTTP: Final = re.compile("https?:", re.IGNORECASE)
_LACKING: Final = re.compile(r"(?!https?:)[\w.-]+:\d", re.ASCII | re.IGNORECASE)
"""A host and its port; what has a scheme has something else behind the first colon."""


def unsent(find: Finder) -> tuple[int, str] | None:
    """Where a message names a URL that is a file's or lacks its scheme, and what to say of it.

    None where it names none.
    """
    told = ((start, _said_of(url, is_own=is_own)) for start, url, is_own in _urls(find))
    return min(((start, said) for start, said in told if said is not None), default=None)


def _said_of(url: str, *, is_own: bool) -> str | None:
    if url.lower().startswith("file:"):
        return NO_FILE
    is_sent = _HTTP.match(url) if is_own else not _LACKING.match(url)
    return None if is_sent else NO_HTTP


def _urls(find: Finder) -> Iterator[tuple[int, str, bool]]:
    """Where a sentence names a URL, and whether script asked for that one, and no redirect."""
    for sentence in (*_OF_NO_REDIRECT, *_OF_EITHER):
        found = find(sentence)
        if found is not None:
            start, values = found
            if _REDIRECTED not in values["url"]:
                yield start, values["url"], sentence in _OF_NO_REDIRECT
