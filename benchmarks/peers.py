"""What does the CORS layer of other tools cost them, and what does ours?

Each tool runs twice, with its CORS layer and without, and gets the same load in turn. What is
compared is the share that is left of each tool's own speed; a proxy in another language is as fast
as it is.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.load import CONNECTIONS, Load, wrk
from benchmarks.processes import free_port, needed, running, serving, until_listening
from benchmarks.rounds import Found, in_turn, measured, probe, shares
from benchmarks.section import CannotRunError, Goal, Section, Table
from benchmarks.sides import ALONE, Proxy, Side, corscope, mitmdumps, rules
from corscope import __version__

__all__ = ["TOOLS", "goals", "section"]

FOLDER: Final = Path(__file__).parent
WORKLOADS: Final = {"CORS GET": "cors", "preflight + PUT": "put"}
GIST: Final = '''
from mitmproxy import http


class Cors:
    """What is found when one looks for it: any origin, and preflights answered."""

    def request(self, flow):
        if flow.request.method == "OPTIONS":
            flow.response = http.Response.make(200, b"", {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
                "Access-Control-Allow-Headers": "content-type, x-request-id",
                "Access-Control-Max-Age": "86400",
            })

    def response(self, flow):
        flow.response.headers["Access-Control-Allow-Origin"] = "*"


addons = [Cors()]
'''
TOOLS: Final = {
    "corscope": ("corscope, one policy rule", ALONE),
    "mitmdump, the usual script": ("mitmdump, the usual script", ALONE),
    "whistle": ("whistle, resCors", "whistle alone"),
    "mockttp": ("mockttp, cors: true", "mockttp alone"),
}
"""A tool's two sides, with its layer and without; ours first."""

logger = logging.getLogger(__name__)

Loads = dict[str, dict[str, list[Found]]]


def section(*, quick: bool) -> Section:
    """Measure; `quick` does so little that its figures say nothing."""
    needed("wrk", "node")
    if not (FOLDER / "node_modules").exists():
        raise CannotRunError("missing: whistle, mockttp. benchmarks/install brings them")
    rounds, seconds = (1, 0.5) if quick else (10, 0.7)
    with TemporaryDirectory() as name, serving() as backend:
        loads = _measure(Path(name), backend, rounds, seconds)
    return Section(
        "Peers doing the same",
        _text(rounds, seconds),
        tuple(_table(workload, found) for workload, found in loads.items()),
        tuple(goals(loads)),
    )


def _measure(folder: Path, backend: int, rounds: int, seconds: float) -> Loads:
    gist, rule = folder / "gist.py", folder / "rule.toml"
    gist.write_text(GIST)
    rule.write_text(rules(1, 1))
    ours, script = (TOOLS[tool][0] for tool in ("corscope", "mitmdump, the usual script"))
    of = [Side(ALONE), Side(script, ("-s", gist)), corscope(ours, None, rule)]
    loads: Loads = {}
    with mitmdumps(folder, backend, of) as mitmproxies, _nodes(folder) as nodes:
        proxies = [*mitmproxies, *nodes]
        in_turn(proxies, 1, _sending("put", backend, seconds))
        for workload, kind in WORKLOADS.items():
            logger.info("%s", workload)
            loads[workload] = in_turn(proxies, rounds, _sending(kind, backend, seconds))
    return loads


@contextmanager
def _nodes(folder: Path) -> Iterator[list[Proxy]]:
    """Start whistle and mockttp, each with its layer and without."""
    with ExitStack() as stack:
        started = []
        for peer in ("whistle", "mockttp"):
            for side, cors in zip(TOOLS[peer], ("cors", ""), strict=True):
                port, own = free_port(), folder / f"{peer}{cors}"
                own.mkdir()
                words: list[str | Path] = ["node", FOLDER / "peers.cjs", peer, str(port), own, cors]
                process = stack.enter_context(running(words, {"HOME": str(own)}))
                started.append((process, Proxy(side, process.pid, port)))
        for process, proxy in started:
            until_listening(process, proxy.port)
        yield [proxy for _, proxy in started]


def _sending(kind: str, backend: int, seconds: float) -> Callable[[Proxy, int], Found]:
    layered = {side for side, _ in TOOLS.values()}

    def send(proxy: Proxy, number: int) -> Found:
        if proxy.name in layered:
            probe(proxy, backend, kind)

        def run() -> Load:
            return wrk(proxy.port, kind, backend, seconds, CONNECTIONS, number)

        return measured(proxy, run, kind != "plain", CONNECTIONS)

    return send


def _per_second(found: Found) -> float:
    return found.load.per_second


def _cpu(found: Found) -> float:
    return found.cpu


def _table(workload: str, found: dict[str, list[Found]]) -> Table:
    rows = [
        (
            tool,
            f"{median(map(_per_second, found[without])):,.0f}/s",
            f"{median(map(_per_second, found[side])):,.0f}/s",
            shares(found, side, without, _per_second).text(),
            shares(found, side, without, _cpu).text(),
        )
        for tool, (side, without) in TOOLS.items()
    ]
    head = (workload, "without its layer", "with it", "requests/s kept", "CPU time an exchange")
    return Table(head, tuple(rows))


def goals(loads: Loads) -> Iterator[Goal]:
    """That ours keeps the most, peer by peer, held against the median."""
    ours, *others = TOOLS
    for workload, found in loads.items():
        kept = {
            tool: shares(found, side, without, _per_second).median
            for tool, (side, without) in TOOLS.items()
        }
        for tool in others:
            what = f"{workload}: {ours} keeps no less of its requests/s than {tool}"
            holds = kept[ours] >= kept[tool]
            yield Goal(what, f"≥ {kept[tool]:.2f}", f"{kept[ours]:.2f}", holds)


def _text(rounds: int, seconds: float) -> str:
    versions = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    return _TEXT.format(
        rounds=rounds,
        seconds=seconds,
        connections=CONNECTIONS,
        corscope=__version__,
        **versions,
    )


_TEXT: Final = """
Each tool runs twice, with what it has for CORS and without, and gets the same load, in {rounds}
rounds, {seconds:g} seconds a turn, one process after the other, each round beginning with
another: wrk with {connections} connections, the requests as for the cost of the layer. What is
kept is requests/s with the layer by those of the same tool without it in the same round; the CPU
time is that of the tool's processes, with the layer by without. A layer that answers preflights
itself saves the way to the backend, so it may keep more than all. How fast a proxy is at all is
another matter, and stands beside it.

- corscope {corscope}: mitmdump with `-s addon/cors.py` and one rule, a policy; its defaults
  otherwise. It is the only one here that judges each exchange, explains it, and shows it on its
  page.
- the usual script: mitmdump with a script that answers every OPTIONS request and sets
  `Access-Control-Allow-Origin: *` on every answer.
- whistle {whistle}: the rule `* resCors://*`; it sends preflights on and edits the answers.
- mockttp {mockttp}: `getLocal({{ cors: true }})`, everything passed through; it answers
  preflights itself.
"""
