"""Many requests at once over each of several HTTP/2 connections, some of them given up.

Each is unique, and has to be found in the journal; as `test_load` does over HTTP/1.1.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from h2.errors import ErrorCodes

from tests.live.proxy import Proxy
from tests.live.test_http2 import Http2
from tests.support.mitmdump import Entry

from .conftest import Count
from .figures import times
from .test_load import backend

pytestmark = pytest.mark.live

CONNECTIONS = times(4, 20)
ROUNDS = times(2, 60)
OF_EACH = 5
"""So many requests of each kind are under way on a connection at once."""

HOST = "api.test"
OUTCOMES_AFTER = 4.0
ASKING = (("access-control-request-method", "PUT"), ("access-control-request-headers", "x-token"))


def converse(port: int, number: int) -> list[tuple[str, str]]:
    """Send rounds of requests over one connection; each one's token and kind."""
    with Http2(port, HOST) as client:
        return [each for turn in range(ROUNDS) for each in one_round(client, f"c{number}-{turn}")]


def one_round(client: Http2, name: str) -> Iterator[tuple[str, str]]:
    tokens = {kind: [f"{name}-{kind}-{n}" for n in range(OF_EACH)] for kind in KINDS}
    for stream in [client.send(f"/slow/{token}") for token in tokens["given-up"]]:
        client.h2.reset_stream(stream, ErrorCodes.CANCEL)
    asked = {token: client.send(f"/get/{token}") for token in tokens["get"]}
    for token in tokens["put"] + tokens["lost"]:
        asked[token] = client.send(f"/put/{token}", *ASKING, method="OPTIONS")
    answered(client, asked)
    sent = {t: client.send(f"/put/{t}", ("x-token", "1"), method="PUT") for t in tokens["put"]}
    answered(client, sent)
    client.events.clear()
    for kind in KINDS:
        yield from ((token, kind) for token in tokens[kind])


def answered(client: Http2, asked: dict[str, int]) -> None:
    """Each got the answer to its own request."""
    for token, stream in asked.items():
        head = client.headers(stream)
        assert head[0] == (":status", "200")
        assert ("x-token", token) in head


KINDS = ("get", "put", "lost", "given-up")


def test_every_exchange_of_many_streams_is_journalled_once_with_its_outcome(
    tmp_path: Path, figure: Count
) -> None:
    with backend() as port, Proxy(tmp_path, f"upstream:http://127.0.0.1:{port}") as proxy:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            rounds = pool.map(lambda number: converse(proxy.port, number), range(CONNECTIONS))
            sent = dict(each for found in rounds for each in found)
        time.sleep(OUTCOMES_AFTER)
        state = proxy.control()["state"]
        journal = proxy.journal()
    assert (state["subjects"], state["touches"], state["in_flight"]) == (0, 0, 0)
    assert counted(journal, "preflight") == Counter(
        token for token, kind in sent.items() if kind in {"put", "lost"}
    )
    assert counted(journal, "actual") == Counter(t for t, kind in sent.items() if kind != "lost")
    last = {line["id"]: line["outcome"] for line in journal if line["type"] == "outcome"}
    lines = [line for line in journal if line["type"] == "exchange"]
    for line in lines:
        kind = sent[token_of(line)]
        if line["kind"] == "preflight":
            assert last[line["id"]] == ("followed" if kind == "put" else "not-followed")
        # mitmproxy fetches the answer all the same where it was just connecting to the server.
        assert line["reason"] != "client-gone" or kind == "given-up"
    figure(
        f"{CONNECTIONS} HTTP/2 connections with {4 * OF_EACH} streams at once, some given up: each"
        " exchange is journalled once, each preflight with its outcome",
        f"{len(lines):,} exchanges, {len(last):,} of them preflights",
    )


def token_of(line: Entry) -> str:
    return str(line["url"]).rpartition("/")[2]


def counted(journal: list[Entry], kind: str) -> Counter[str]:
    """How often each token has a line of this kind."""
    return Counter(
        token_of(line) for line in journal if line["type"] == "exchange" and line["kind"] == kind
    )
