"""Which exchanges does a saved file hold? Flow files of mitmproxy and HARs of browsers.

Reads forward, one flow at a time, so that a file's size doesn't matter. All that is readable is
yielded first; then one `FlowFileError` lists what was not. What the exchanges mean is said in
`replay` and `explain`.
"""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from corscope.explain.escape import escaped
from corscope.mitm.saved.capture import Capture, capture_of
from corscope.mitm.saved.flow_state import UnusualError, flow_of
from corscope.mitm.saved.har import MITMPROXY, MethodSpelling, captured
from corscope.mitm.saved.har_text import HarError, HarText, UnreadableError, entries
from corscope.mitm.saved.in_order import in_order
from corscope.mitm.saved.unreadable import packing, unreadable

__all__ = ["LISTED", "FlowFileError", "FlowProblem", "read_captures"]

LARGEST: Final = 256 * 1024 * 1024
"""One flow or entry longer than this is left out, so that memory stays bounded."""

LISTED: Final = 20
"""So many problems are told in full; a file of junk would fill the screen otherwise."""

_PIECE: Final = 1024 * 1024
_PRINTED: Final = re.compile(rb"blocked by CORS policy|Cross-Origin Request Blocked")
_LOOK_UP: Final = "`corscope why -` reads such messages from standard input"
_SAVE_AGAIN: Final = "what stands before it was read; the rest can only be captured again"


@dataclass(frozen=True, slots=True)
class FlowProblem:
    """Something in the file that can't be read: where, what, and what to do."""

    place: str
    message: str
    hint: str


class FlowFileError(Exception):
    """A file can't be read, or not all of it; `problems` lists what, after all the rest was read.

    `unlisted` counts further problems beyond those.
    """

    def __init__(self, file: str, problems: tuple[FlowProblem, ...], unlisted: int = 0) -> None:
        self.file = file
        self.problems = problems
        self.unlisted = unlisted
        lines = [
            f"{file}: {problem.place}{': ' if problem.place else ''}{problem.message}\n"
            f"    {problem.hint}"
            for problem in problems
        ]
        if unlisted:
            lines.append(f"{file}: and {unlisted} more like these")
        super().__init__("\n".join(lines))


class _Problems:
    """Collects problems, but not without bound."""

    def __init__(self) -> None:
        self.listed: list[FlowProblem] = []
        self.unlisted = 0

    def add(self, place: str, message: str, hint: str) -> None:
        if len(self.listed) < LISTED:
            self.listed.append(FlowProblem(place, message, hint))
        else:
            self.unlisted += 1


class _Counted:
    """A stream that tells how far it was read, once a piece and at the end."""

    def __init__(self, stream: io.BufferedReader, on_progress: Callable[[int], None]) -> None:
        self._stream = stream
        self._on_progress = on_progress
        self._told = 0
        self.offset = 0

    def read(self, size: int) -> bytes:
        """Read up to so many bytes, in pieces: a length in the file is not to be trusted."""
        found = self._stream.read(min(size, _PIECE))
        self._count(found)
        if len(found) == size or not found:
            return found
        pieces, size = [found], size - len(found)
        while size > 0 and (piece := self._stream.read(min(size, _PIECE))):
            pieces.append(piece)
            size -= len(piece)
            self._count(piece)
        return b"".join(pieces)

    def _count(self, piece: bytes) -> None:
        self.offset += len(piece)
        if self.offset - self._told >= _PIECE or not piece:
            self._told = self.offset
            self._on_progress(self.offset)

    def skip(self, size: int) -> int:
        """Read and forget; returns how many bytes there were."""
        before = self.offset
        while size > 0 and (piece := self.read(min(size, _PIECE))):
            size -= len(piece)
        return self.offset - before


def read_captures(
    source: Path | io.BufferedReader, on_progress: Callable[[int], None] = lambda _: None
) -> Iterator[Capture]:
    """Yield a file's exchanges in the order in which they went out.

    Flows that come by a pipe aren't held back for that: whoever waits for them sees each at once.
    `on_progress` hears the number of bytes read so far.

    Raises FlowFileError when all that is readable has been yielded.
    """
    name = str(source if isinstance(source, Path) else getattr(source, "name", "the input"))
    problems = _Problems()
    try:
        with source.open("rb") if isinstance(source, Path) else nullcontext(source) as stream:
            head = stream.peek(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
            counted = _Counted(stream, on_progress)
            if (packed := packing(head)) is not None:
                problems.add("", *packed)
            elif head.startswith(b"{"):
                yield from in_order(_har_captures(counted, problems))
            elif not head[:1].isdigit() and _PRINTED.search(head):  # a flow may have it in its body
                problems.add("", "is what a browser's console printed", _LOOK_UP)
            else:
                found = _saved_captures(counted, problems)
                yield from in_order(found) if stream.seekable() else found
    except OSError as error:
        problems.add("", *unreadable(error))
    if problems.listed:
        raise FlowFileError(name, tuple(problems.listed), problems.unlisted)


def _har_captures(stream: _Counted, problems: _Problems) -> Iterator[Capture]:
    number, text, spelling = 0, HarText(stream.read), MethodSpelling()
    try:
        for number, entry in enumerate(entries(text, LARGEST), start=1):
            try:
                found = captured(entry, text.creator)
            except UnreadableError as error:
                reason = escaped(str(error))
                problems.add(f"entry {number}", f"can't be read: {reason}", "the others were read")
                continue
            if found is not None:
                yield spelling.of(found) if text.creator == MITMPROXY else found
    except (HarError, ValueError, RecursionError) as error:
        place = f"after entry {number}" if number else ""
        hint = _SAVE_AGAIN if number else _hint_for_junk(0)
        problems.add(place, str(error), getattr(error, "hint", "") or hint)


def _saved_captures(stream: _Counted, problems: _Problems) -> Iterator[Capture]:
    """Read mitmproxy's own format: a row of tnetstrings, each `length:payload}`."""
    while True:
        start = stream.offset
        place = f"the flow at byte {start}"
        try:
            length = _length(stream)
        except ValueError as error:
            problems.add(f"at byte {start}", str(error), _hint_for_junk(start))
            return
        if length is None:
            return
        size = length + 1  # one byte for the type follows the payload
        if length > LARGEST:
            missing = size - stream.skip(size)
            problems.add(place, f"is longer than {LARGEST:,} bytes", "the others were read")
        else:
            payload = stream.read(size)
            missing = size - len(payload)
            if not missing:
                yield from _captured(payload, place, problems)
        if missing:
            problems.add(place, f"is cut off, {missing:,} bytes are missing", _SAVE_AGAIN)
            return


def _length(stream: _Counted) -> int | None:
    """Read a tnetstring's length and the colon; None at the end of the file."""
    digits = b""
    while (byte := stream.read(1)).isdigit() and len(digits) < 12:
        digits += byte
    if byte == b":" and digits:
        return int(digits)
    if byte:
        raise ValueError("there is no flow here")
    if digits:
        raise ValueError("the file ends in the middle of a flow's length")
    return None


def _hint_for_junk(start: int) -> str:
    if start:
        return _SAVE_AGAIN
    saved = "flow files (mitmproxy -w FILE, or `w` in its list of flows)"
    return f"corscope reads journals, {saved} and HARs"


def _captured(payload: bytes, place: str, problems: _Problems) -> Iterator[Capture]:
    """Yield the exchange that one record holds, unless it is of another protocol."""
    try:
        try:
            found = flow_of(payload)
            flows = [] if found is None else [found]
        except UnusualError:
            flows = _as_mitmproxy_reads_it(payload)
        # One that waited for its answer as it was saved is nothing yet, as in the running proxy.
        yield from (capture_of(each) for each in flows if each.response or each.error)
    except Exception as error:  # mitmproxy lets KeyError and others through from a mangled state
        reason = escaped(f"{type(error).__name__}: {error}")  # which may have all of the flow in it
        problems.add(place, f"can't be read ({reason})", "the others were read")


def _as_mitmproxy_reads_it(payload: bytes) -> list[HTTPFlow]:
    """The flow of a payload with its type, whichever version wrote it."""
    record = b"%d:" % (len(payload) - 1) + payload
    read = FlowReader(io.BytesIO(record)).stream()
    return [found for found in read if isinstance(found, HTTPFlow)]
