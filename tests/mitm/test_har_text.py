"""A HAR's text is walked as JSON reads it, whatever its pieces, and in constant memory."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.mitm.saved import har_text
from corscope.mitm.saved.har_text import HarError, HarText, UnreadableError, entries
from tests.mitm.bodies import without_bodies

TEXTS = st.text() | st.text('\\"text: {', max_size=30)
KEYS = st.sampled_from(["text", 'a "text', "text\\", '"text": "']) | st.text()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


def _pieces(text: str, size: int) -> HarText:
    stream = io.BytesIO(text.encode("utf-8", "surrogatepass"))
    return HarText(lambda _: stream.read(size))


@given(
    listed=st.lists(JSON),
    other=st.dictionaries(st.text().filter(lambda key: key not in {"log", "entries"}), JSON),
    size=st.integers(1, 40),
    ascii_only=st.booleans(),
    indent=st.none() | st.integers(0, 3),
)
def test_every_json_is_walked_as_json_reads_it(
    listed: list[Any], other: dict[str, Any], size: int, ascii_only: bool, indent: int | None
) -> None:
    """However the file happens to be cut into pieces."""
    whole = other | {"log": other | {"entries": listed} | {"later": other}}
    text = json.dumps(whole, ensure_ascii=ascii_only, indent=indent)
    found = list(entries(_pieces(text, size), 10**6))
    assert found == without_bodies(json.loads(json.dumps(listed)))


@given(text=st.text(alphabet='{}[]",:\\ ab1log'), size=st.integers(1, 9))
def test_no_text_makes_the_walk_hang_or_crash(text: str, size: int) -> None:
    with suppress(HarError, json.JSONDecodeError):
        list(entries(_pieces('{"log":' + text, size), 100))


PIECE = 2 * 1024

ENDLESS = {
    "backslashes in a string": (b'{"a": "', b"\\"),
    "backslashes": (b"", b"\\"),
    "a string": (b'{"a": "', b"x"),
    "a key": (b'{"', b"x"),
    "a body": (b'{"text": "', b"x"),
    "a body of backslashes": (b'{"text": "', b"\\"),
    "a body of quotes": (b'{"text": "', b'\\"'),
    "a number": (b'{"a": ', b"1"),
    "white space": (b"{", b" "),
    "arrays": (b'{"a": ', b"["),
    "an entry": (b'{"log": {"entries": [{"a": "', b"x"),
    "an entry of backslashes": (b'{"log": {"entries": [{"a": "', b"\\"),
    "an entry of brackets": (b'{"log": {"entries": [', b"["),
    "entries": (b'{"log": {"entries": [1', b",1"),
    "broken entries": (b'{"log": {"entries": [1', b",{]"),
}


def endless(begin: bytes, again: bytes, size: int) -> Callable[[int], bytes]:
    """A file that is never held as a whole; its pieces end at every place of what repeats."""
    left, block = size, again * PIECE

    def read(count: int) -> bytes:
        nonlocal left, begin
        piece = (begin + block)[: min(count, left)]
        left, begin = left - len(piece), b""
        return piece

    return read


def peak(begin: bytes, again: bytes, size: int) -> int:
    """The most memory that reading it takes."""
    tracemalloc.start()
    try:
        with suppress(HarError, ValueError):
            for _ in entries(HarText(endless(begin, again, size)), PIECE):
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("what", ENDLESS)
def test_whatever_does_not_end_is_read_in_constant_memory(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(har_text, "CHUNK", PIECE)
    few, many = (peak(*ENDLESS[what], size * PIECE) for size in (8, 32))
    assert many < few + 8 * PIECE


@pytest.mark.parametrize("broken", [1, har_text.MOST_BROKEN + 1])
def test_what_follows_broken_entries_is_read(broken: int) -> None:
    good = {"a": [{"b": '\\"]}'}]}
    text = json.dumps({"log": {"entries": [*["?"] * broken, good]}}).replace('"?"', "{]")
    *before, last = entries(HarText(io.BytesIO(text.encode()).read), PIECE)
    assert [type(each) for each in before] == [UnreadableError] * broken
    assert last == good
