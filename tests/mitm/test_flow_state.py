"""Flow files are read fast, and as mitmproxy itself reads them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import connection, flow, http
from mitmproxy.io import FlowReader, FlowWriter
from mitmproxy.io.tnetstring import dumps
from mitmproxy.proxy import mode_specs
from mitmproxy.test import tflow

from corscope.mitm.saved import flow_state
from corscope.mitm.saved.capture import Capture, capture_of
from corscope.mitm.saved.flow_state import UnusualError, flow_of
from corscope.mitm.saved.flows import read_captures

from .flows import tcp_flow

MODES = (
    *("regular", "upstream:http://proxy.test:3128", "transparent", "socks5"),
    *("reverse:https://server.test:444", "reverse:http://127.0.0.1:1", "wireguard", "local:curl"),
)
HOSTS = ("api.test", "127.0.0.1", "::1", "bücher.test", "xn--bcher-kva.test", "a..b", "A_B", "")
NAMES = st.sampled_from(
    [b"Origin", b"origin", b"Host", b"User-Agent", b"Access-Control-Allow-Origin", b"", b"\xff: ~"]
)
VALUES = st.sampled_from(
    [b"https://page.test", b"http://page.test:8080", b"null", b"*", b" a\t", b"5:abc,", b"\xc3\xa9"]
)
HEADERS = st.lists(st.tuples(NAMES | st.binary(max_size=8), VALUES | st.binary(max_size=8)))
VERSIONS = st.sampled_from([b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0", b"HTTP/3", b""])
TIMES = st.floats(0, 2e9) | st.integers(0, 2**31)
ERRORS = st.sampled_from(
    ["", "Connection killed.", "Client disconnected.", "[Errno 111] refused", "é\n"]
)
METADATA: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"a": [1, 2.5, None, True, b"x", "ü"]},
        {"corscope": {"rule": "r", "rule_mode": "apply", "answered_by": "rule"}},
        {"corscope": {"rule": "r", "rule_mode": "shadow", "answered_by": "server"}},
        {"corscope": {"rule": None}},
        {"corscope": 7},
    ]
)


@st.composite
def flows(draw: st.DrawFn) -> http.HTTPFlow:
    """A flow as mitmproxy may have saved it, in all that corscope looks at."""
    client = connection.Client(
        peername=draw(st.sampled_from([("127.0.0.1", 1), ("::1", 2)])),
        sockname=draw(st.sampled_from([("127.0.0.1", 8080), ("::", 8080)])),
        proxy_mode=mode_specs.ProxyMode.parse(draw(st.sampled_from(MODES))),
    )
    client.tls = draw(st.booleans())
    made = tflow.tflow(client_conn=client, ws=draw(st.booleans()))
    made.request = http.Request(
        host=draw(st.sampled_from(HOSTS)),
        port=draw(st.sampled_from([80, 443, 8080, 0])),
        method=draw(st.sampled_from([b"GET", b"OPTIONS", b"put", b"\xff"])),
        scheme=draw(st.sampled_from([b"http", b"https", b""])),
        authority=draw(st.sampled_from([b"", b"api.test", b"other.test:99"])),
        path=draw(st.sampled_from([b"/", b"/a?b=1#c", b"*", b"", b"/\xff"])),
        http_version=draw(VERSIONS),
        headers=http.Headers(draw(HEADERS)),
        content=draw(st.none() | st.binary()),
        trailers=draw(st.none() | st.just(http.Headers([(b"a", b"b")]))),
        timestamp_start=draw(TIMES),
        timestamp_end=draw(st.none() | TIMES),
    )
    made.response = draw(st.none() | responses())
    made.error = draw(st.none() | st.builds(flow.Error, ERRORS, TIMES))
    made.metadata = draw(METADATA)
    made.is_replay = draw(st.sampled_from([None, "request", "response"]))
    made.id, made.timestamp_created = "a flow", 0.0
    made.client_conn.id = made.server_conn.id = "an end"
    return made


def responses() -> st.SearchStrategy[http.Response]:
    return st.builds(
        http.Response,
        http_version=VERSIONS,
        status_code=st.integers(100, 999),
        reason=st.sampled_from([b"OK", b"", b"\xff"]),
        headers=st.builds(http.Headers, HEADERS),
        content=st.none() | st.binary(),
        trailers=st.none(),
        timestamp_start=TIMES,
        timestamp_end=st.none() | TIMES,
    )


def saved(found: flow.Flow) -> bytes:
    buffer = io.BytesIO()
    FlowWriter(buffer).add(found)
    return buffer.getvalue()


def record(found: flow.Flow) -> bytes:
    """What follows the length."""
    return saved(found).partition(b":")[2]


def as_mitmproxy_reads_it(content: bytes) -> Capture:
    [read] = FlowReader(io.BytesIO(content)).stream()
    assert isinstance(read, http.HTTPFlow)
    return capture_of(read)


@given(flows())
def test_a_flow_tells_the_same_as_to_mitmproxys_own_reader(made: http.HTTPFlow) -> None:
    found = flow_of(record(made))
    assert found is not None
    assert capture_of(found) == as_mitmproxy_reads_it(saved(made))


BYTES = st.sampled_from(b"0123456789:,;#^!~]}") | st.integers(0, 255)


@given(flows(), st.lists(st.tuples(st.floats(0, 1), BYTES), min_size=1, max_size=3))
def test_a_mangled_flow_never_tells_anything_else(
    made: http.HTTPFlow, changes: list[tuple[float, int]]
) -> None:
    """Where both can read it; it may also be that only one can, or none."""
    whole = bytearray(record(made))
    for place, byte in changes:
        whole[round(place * (len(whole) - 1))] = byte
    try:
        theirs = as_mitmproxy_reads_it(b"%d:%b" % (len(whole) - 1, bytes(whole)))
        ours = flow_of(bytes(whole))
    except Exception:  # whatever mitmproxy makes of it
        return
    assert ours is not None
    assert capture_of(ours) == theirs


def test_a_flow_of_another_protocol_is_none() -> None:
    assert flow_of(record(tcp_flow())) is None


def test_a_flow_of_an_older_version_is_left_to_mitmproxy() -> None:
    """Which knows what was called otherwise then."""
    state = tflow.tflow(resp=True).get_state()
    state["version"] = 20
    older = dumps(state)
    with pytest.raises(UnusualError, match="another version"):
        flow_of(older.partition(b":")[2])
    [found] = read_captures(io.BufferedReader(io.BytesIO(older)))
    assert found == as_mitmproxy_reads_it(older)


@pytest.mark.parametrize("length", [b"-5", b"+5", b" 5", b"1_0", b"99999999", b"", b"x"])
def test_a_length_that_leads_nowhere_is_left_to_mitmproxy(length: bytes) -> None:
    whole = record(tflow.tflow(resp=True))
    with pytest.raises(UnusualError):
        flow_of(whole.replace(b"7:content,", length + b":content,"))


def test_the_state_of_a_connection_is_read_once_for_many_flows() -> None:
    made = tflow.tflow(resp=True)
    first, second = flow_of(record(made)), flow_of(record(made))
    assert first is not None
    assert second is not None
    assert first.client_conn is second.client_conn


def test_a_long_state_of_a_connection_is_not_remembered() -> None:
    made = tflow.tflow(resp=True)
    made.client_conn.sni = "a" * flow_state.LONGEST_REMEMBERED
    first, second = flow_of(record(made)), flow_of(record(made))
    assert first is not None
    assert second is not None
    assert first.client_conn is not second.client_conn


@pytest.mark.parametrize("moment", [1e300, -1e300, float("nan"), float("inf")])
def test_a_time_that_cannot_be_spoils_nothing(moment: float) -> None:
    good, odd = tflow.tflow(resp=True), tflow.tflow(resp=True)
    odd.request.timestamp_start = moment
    content = saved(good) + saved(odd) + saved(good)
    found = list(read_captures(io.BufferedReader(io.BytesIO(content))))
    assert [each.sighting.id for each in found] == [good.id, odd.id, good.id]
    assert found[1].asked.timestamp() == 0
