"""What stands under "text" in a HAR is left out as its bytes come, and nothing else."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from corscope.mitm.saved.bodies import WithoutBodies
from tests.mitm.bodies import without_bodies

QUOTED = st.text('\\"text:{} \n', max_size=60) | st.text(max_size=20)


@given(
    body=QUOTED,
    others=st.dictionaries(QUOTED, QUOTED, max_size=3),
    size=st.integers(1, 50),
    ascii_only=st.booleans(),
)
def test_a_body_is_left_out_and_nothing_else(
    body: str, others: dict[str, str], size: int, ascii_only: bool
) -> None:
    """Wherever the pieces end that the file is read in."""
    whole = {"a": others, "text": body, "b": [others, {"text": 7}], "z": {"text": body}}
    content = json.dumps(whole, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    source = WithoutBodies(io.BytesIO(content).read)
    left = read_all(source, size)
    expected = {**whole, "text": "", "z": {"text": ""}}
    assert json.loads(left.decode("utf-8", "surrogatepass")) == without_bodies(expected)
    assert source.offset == len(content)


def read_all(source: WithoutBodies, size: int) -> bytes:
    return b"".join(iter(lambda: source.read(size), b""))


def test_a_body_of_backslashes_takes_no_memory_and_no_time() -> None:
    """As many as it likes, with quotes among them."""
    for content in (b"\\\\" * 2_000_000, b'\\"' * 2_000_000, b'\\\\\\\\\\"' * 600_000):
        source = WithoutBodies(io.BytesIO(b'{"text": "' + content + b'"}').read)
        assert read_all(source, 65_536) == b'{"text": ""}'
