"""What is said when corscope itself has failed? Where, and what to report; and no secret.

An exception's own words may hold what passed by: a header's value, a URL. So only that is told
which stands in source code: the kinds of exceptions, and the places they came through.
"""

import re
import traceback
from collections.abc import Iterator
from typing import Final

from corscope.explain.counted import counted
from corscope.journal.failure import Failed

__all__ = ["failed_text", "failure_text", "gaps_text", "kind_of", "missing_texts", "place_of"]

MOST_FRAMES: Final = 12
"""So many places are told of each exception, the innermost; one that recurses has thousands."""

MOST_CAUSES: Final = 3

_PACKAGE: Final = "corscope"

Place = tuple[str, str, int]


def kind_of(error: BaseException) -> str:
    """The name of an exception's class."""
    return type(error).__qualname__


def place_of(error: BaseException) -> Place:
    """What tells one failure from another: the kind, and the innermost place of ours."""
    file, line = "", 0
    for file_here, line_here, _ in _frames(error):
        if not file or _PACKAGE in _parts(file_here):
            file, line = file_here, line_here
    return kind_of(error), file, line


def failed_text(count: int) -> str:
    """What to say beside exchanges where others may be missing."""
    return (
        f"corscope failed on {counted(count, 'exchange')}, which may be missing here. "
        "mitmproxy's event log said what to report."
    )


def gaps_text(lines: int, gaps: int) -> str:
    """What to say of a journal that couldn't be written for a while."""
    return (
        f"{counted(lines, 'line')} of the journal couldn't be written, "
        f"at {counted(gaps, 'place')}: what they told is missing here."
    )


def missing_texts(failed: Failed) -> Iterator[str]:
    """What to say beside exchanges of all that is missing among them; nothing where nothing is."""
    if failed.count:
        yield failed_text(failed.count)
    if failed.gaps:
        yield gaps_text(failed.lines, failed.gaps)


def failure_text(where: str, error: BaseException, versions: str) -> str:
    """What to say in the log.

    Args:
        where: what was being done, by the name of the function.
        error: the exception.
        versions: of corscope and of what it runs on.
    """
    lines = [
        f"corscope failed in {where} ({kind_of(error)}); traffic passes as if it hadn't been "
        "there. This failure isn't told again.",
        "Please report it with these lines, which hold nothing of what passed by:",
        f"  {versions}",
    ]
    for number, each in enumerate(_chain(error)):
        begin = "because of" if number else "failed with"
        lines.append(f"  {begin} {kind_of(each)}, by way of")
        lines += (
            f"    {_short(file)}:{line} {name}"
            for file, line, name in list(_frames(each))[-MOST_FRAMES:]
        )
    return "\n".join(lines)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and those that led to it."""
    each: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if each is None:
            return
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _frames(error: BaseException) -> Iterator[tuple[str, int, str]]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield frame.f_code.co_filename, line, frame.f_code.co_qualname


def _short(file: str) -> str:
    """A file's last names: those before them tell whose machine it is."""
    return "/".join(_parts(file)[-3:])


def _parts(file: str) -> list[str]:
    return re.split(r"[/\\]", file)
