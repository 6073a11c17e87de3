"""How can anyone see this failure, without the servers that it came from? In a program of one file.

It needs Python's standard library alone, serves the page and what it asked, with the recorded
statuses and headers, on this machine, and shows the same failure in any browser.
"""

from collections.abc import Iterable

from corscope.explain.repro.file import file_text
from corscope.explain.repro.plan import plan
from corscope.explain.repro.story import ReproError, story
from corscope.fetch.check import CredentialsMode
from corscope.journal.exchange import Exchange

__all__ = ["ReproError", "repro"]


def repro(
    exchange: Exchange,
    others: Iterable[Exchange] = (),
    credentials: CredentialsMode | None = None,
) -> str:
    """A Python program that plays the fetch back which an exchange is part of.

    Args:
        exchange: any record of the fetch: its preflight, its request, one after a redirect.
        others: all records at hand, in which the fetch's further ones are looked for.
        credentials: the credentials mode; None for the one that showed, and where none did, for
            one in which it fails.

    Raises:
        ReproError: what happened can't be played on one machine. The message says why and
            goes on a sentence: "this can't be reproduced: ...".
    """
    return file_text(plan(story(exchange, others, credentials)))
