"""The benchmarks that need a load generator read it right, and hold figures against goals."""

import os
import socket
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks import chain, core, layer, peers
from benchmarks.__main__ import main
from benchmarks.backend import answer
from benchmarks.load import Load, LoadError, h2load_says, read_body, read_events, wrk_says
from benchmarks.processes import serving
from benchmarks.rounds import Found, in_turn, measured, probe, shares
from benchmarks.section import Goal, Section, Spread, document
from benchmarks.sides import ALONE, MANY, MODIFY, ONE, SCRIPT, WATCHING, Proxy, corscope, rules
from corscope.messages import Request
from corscope.rules.load import Source
from corscope.rules.load import load as load_rules
from corscope.rules.match import choose_at_request, subject_of

WRK = """Running 1m test @ http://127.0.0.1:8900
  8 threads and 8 connections
  Latency Distribution
     50%    4.81ms
     75%    5.02ms
     90%    6.11ms
     99%  750.00us
  1549 requests in 1.02s, 2.11MB read
Requests/sec:   1518.63
"""
H2LOAD = """Application protocol: h2
finished in 1.00s, 588.00 req/s, 735.30KB/s
requests: 588 total, 620 started, 588 done, 588 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 588 2xx, 0 3xx, 0 4xx, 0 5xx
"""
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="CPU time of a process: Linux only")


def test_what_wrk_prints_is_read() -> None:
    load = wrk_says(WRK)
    assert (load.exchanges, load.seconds) == (1549, 1.02)
    assert (load.p50, load.p99) == pytest.approx((0.00481, 0.00075))
    assert load.per_second == pytest.approx(1518.6, abs=0.1)


@pytest.mark.parametrize(
    "text",
    [
        WRK + "  Non-2xx or 3xx responses: 3\n",
        WRK + "  Socket errors: connect 0, read 2, write 0, timeout 0\n",
        WRK.replace("1549 requests", "0 requests"),
        "",
    ],
)
def test_a_run_of_wrk_with_an_error_is_no_run(text: str) -> None:
    with pytest.raises(LoadError):
        wrk_says(text)


def test_what_h2load_prints_is_read() -> None:
    assert h2load_says(H2LOAD, 1) == Load(588, 1)


@pytest.mark.parametrize(
    "text",
    [
        H2LOAD.replace("0 errored", "1 errored"),
        H2LOAD.replace("588 2xx, 0 3xx, 0 4xx", "587 2xx, 0 3xx, 1 4xx"),
        H2LOAD.replace("protocol: h2", "protocol: http/1.1"),
        H2LOAD.replace("588 succeeded", "0 succeeded"),
        "",
    ],
)
def test_a_run_of_h2load_with_an_error_is_no_run(text: str) -> None:
    with pytest.raises(LoadError):
        h2load_says(text, 1)


@pytest.mark.parametrize(("how", "status"), [((), 1), (("--quick",), 0)])
def test_a_missed_goal_counts_unless_too_little_was_measured(
    monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...], status: int
) -> None:
    missed = Section("The core", "", (), (Goal("all", "1", "0", holds=False),))
    monkeypatch.setattr(core, "section", lambda *, quick: missed)  # noqa: ARG005
    monkeypatch.setattr(sys, "argv", ["benchmarks", "core", *how])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == status


def test_a_benchmark_that_cannot_run_here_is_told_of_and_keeps_no_other_from_running(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "layer", "peers", "core", "--quick"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "layer can't run here",
        "peers can't run here",
    ]
    assert "## The core" in capsys.readouterr().out


def test_the_backend_permits_the_origin_that_asks() -> None:
    plain, cors = (
        answer(b"GET /items/1 HTTP/1.1\r\nHost: x"),
        answer(b"GET / HTTP/1.1\r\norigin: o"),
    )
    preflight = answer(
        b"OPTIONS / HTTP/1.1\r\nOrigin: o\r\nAccess-Control-Request-Headers: x-id\r\nAccept: */*"
    )
    assert b"Access-Control-" not in plain
    assert b"\r\nAccess-Control-Allow-Origin: o\r\n" in cors
    assert preflight.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nAccess-Control-Allow-Headers: x-id\r\n" in preflight
    assert all(text.count(b"\r\n\r\n") == 1 for text in (plain, cors, preflight))


def test_a_proxy_that_hangs_up_before_an_answer_ends_the_benchmark() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        read = pool.submit(read_body, server.getsockname()[1], 1, 1_000)
        connection, _ = server.accept()
        connection.recv(1 << 16)
        connection.close()
        with pytest.raises(LoadError, match="of 1000 bytes came 0"):
            read.result(timeout=30)


def test_the_backend_streams_bodies_and_events() -> None:
    with serving() as port:
        assert read_body(port, port, 200_001) > 0
        delays = read_events(port, port, 20)
    assert len(delays) == 20
    assert delays == sorted(delays)
    assert all(delay > 0 for delay in delays)


def test_each_side_has_its_turn_in_each_round_and_the_first_changes() -> None:
    turns: list[tuple[int, str]] = []

    def measure(proxy: Proxy, number: int) -> int:
        turns.append((number, proxy.name))
        return number

    found = in_turn([Proxy(name, 0, 0) for name in "abc"], 3, measure)
    assert found == {"a": [0, 1, 2], "b": [0, 1, 2], "c": [0, 1, 2]}
    assert "".join(name for _, name in turns) == "abcbcacab"


def test_a_share_is_that_of_the_same_round() -> None:
    found = {"alone": _found(100, 50, 10), "ours": _found(90, 50, 8)}
    share = shares(found, "ours", "alone", lambda each: each.load.per_second)
    assert share == Spread(0.9, 0.8, 1.0)


@linux_only
@pytest.mark.parametrize(
    ("journalled", "lines", "fits"),
    [(True, 10, True), (True, 12, True), (True, 9, False), (True, 13, False), (False, 0, True)],
)
def test_a_turn_counts_only_with_its_exchanges_in_the_journal(
    tmp_path: Path, journalled: bool, lines: int, fits: bool
) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"type":"exchange"}\n' * 5)

    def send() -> Load:
        with journal.open("a") as stream:
            stream.write('{"type":"exchange"}\n{"type":"outcome"}\n' * lines)
        return Load(10, 1)

    proxy = Proxy("ours", os.getpid(), 0, 0, journal)
    if fits:
        assert measured(proxy, send, journalled, 2).cpu > 0
    else:
        with pytest.raises(LoadError, match=f"10 exchanges, {lines} in the journal"):
            measured(proxy, send, journalled, 2)


def test_the_last_of_many_rules_is_the_backends() -> None:
    ruleset = load_rules([Source("rules.toml", rules(100, 20).encode())])
    headers = (("Origin", "https://app.example"), ("Access-Control-Request-Method", "PUT"))
    subject = subject_of(Request("OPTIONS", "http://127.0.0.1:9/items/1?page=2", headers))
    rule = choose_at_request(ruleset, subject, lambda _: True)
    assert len(ruleset.rules) == 100
    assert rule is not None
    assert rule is ruleset.rules[-1]


def test_the_goals_of_the_layer_are_held_against_the_median() -> None:
    many = MANY.format(rules=10_000)
    sides = {ALONE: 100, SCRIPT: 99, MODIFY: 98, WATCHING: 96, ONE: 95, many: 94}
    loads = {
        workload: {side: _found(rate, rate, 1) for side, rate in sides.items()}
        for workload in layer.WORKLOADS
    }
    goals = {goal.what: goal.holds for goal in layer.goals(loads, many)}
    assert goals == {
        "watching, GET, not CORS: requests/s": False,
        "watching, HTTP/2 GET, not CORS: requests/s": False,
        "watching, CORS GET: requests/s": True,
        "watching, CORS GET, every URL new: requests/s": True,
        "watching, preflight + PUT: requests/s": True,
        "watching, HTTP/2 CORS GET: requests/s": True,
        "many rules beside one, CORS GET: requests/s": True,
        "CPU time of a preflight answered by a rule, beside one forwarded": False,
    }


@linux_only
def test_corscope_is_taken_out_of_a_running_proxy_and_put_back(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    written = []
    with (
        serving() as backend,
        chain.switched(corscope("one", journal), tmp_path, backend) as proxy,
    ):
        for mode in ("alone", "corscope", "idle", "writing", "corscope"):
            chain.put(proxy, tmp_path, mode)
            probe(proxy, backend, "cors")
            written.append(journal.read_text().count('"type":"exchange"'))
    assert written == [0, 1, 1, 1, 2]
    assert (tmp_path / "lines").read_text().count("\n") == 1


def test_the_goals_of_the_layer_hold_within_one_process_as_its_median_says() -> None:
    watched = {mode: _found(100, 100, 100) for mode in chain.MODES}
    slower = watched | {"corscope": _found(94, 94, 99)}
    seen = dict.fromkeys((*chain.WATCHED, *chain.RULED), slower)
    assert not any(goal.holds for goal in chain.goals(seen))
    seen = dict.fromkeys((*chain.WATCHED, *chain.RULED), watched)
    assert [goal.holds for goal in chain.goals(seen)] == [True] * 6 + [False]


def test_peers_are_compared_by_what_each_keeps_of_its_own() -> None:
    rates = {"corscope, one policy rule": 95, ALONE: 100, "mitmdump, the usual script": 99}
    rates |= {"whistle, resCors": 900, "whistle alone": 1000}
    rates |= {"mockttp, cors: true": 480, "mockttp alone": 500}
    found = {side: _found(rate, rate) for side, rate in rates.items()}
    assert [goal.holds for goal in peers.goals({"CORS GET": found})] == [False, True, False]


def test_the_picture_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="comes with the extra `bench`")
    from benchmarks.bars import bars

    figures = {side: {"GET": Spread(0.9, 0.8, 1.1)} for side in ("one side", "another side")}
    drawn = bars("a title", figures)
    assert drawn == bars("a title", figures)
    document(Section("Pictured", "Text.", (), (), "drawn.svg", drawn), tmp_path / "page.md")
    text = "".join(ET.parse(tmp_path / "drawn.svg").getroot().itertext())
    assert all(words in text for words in ("a title", "GET", "one side", "another side"))
    assert "![Pictured](drawn.svg)" in (tmp_path / "page.md").read_text()


def _found(*rates: float) -> list[Found]:
    """Rounds with so many requests a second, and as much CPU time as that leaves for each."""
    return [Found(Load(int(rate), 1), 1 / rate) for rate in rates]
