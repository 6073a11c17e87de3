"""Which mitmdumps are compared, and how is each started?

All have mitmproxy's defaults, say nothing (`-q`), and differ in nothing but what a side names. One
process serves a regular proxy and a reverse one, for HTTP/2.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load import ORIGIN
from benchmarks.processes import ROOT, free_port, running, until_listening

__all__ = [
    "ALONE",
    "MANY",
    "MODIFY",
    "ONE",
    "POLICY",
    "SCRIPT",
    "WATCHING",
    "Proxy",
    "Side",
    "mitmdumps",
]

ALONE: Final = "mitmdump alone"
SCRIPT: Final = "five-line script"
MODIFY: Final = "modify_headers"
WATCHING: Final = "corscope watching"
ONE: Final = "corscope, one rule"
MANY: Final = "corscope, {rules:,} rules"

ADDON: Final = ROOT / "addon" / "cors.py"
FIVE_LINES: Final = """
def response(flow):
    flow.response.headers["Access-Control-Allow-Origin"] = "*"
    flow.response.headers["Access-Control-Allow-Methods"] = "GET, PUT"
    flow.response.headers["Access-Control-Allow-Headers"] = "content-type, x-request-id"
    flow.response.headers["Access-Control-Max-Age"] = "600"
"""
MODIFIED: Final = ("--modify-headers", "/~s/Access-Control-Allow-Origin/*")
STREAMED: Final = """
def responseheaders(flow):
    if flow.response.headers.get("content-type", "").startswith("text/event-stream"):
        flow.response.stream = True
"""
POLICY: Final = f"""policy.allow_origins = [
    "{ORIGIN}", "https://admin.example", "http://localhost:3000"
]
policy.allow_methods = ["PUT"]
policy.allow_headers = ["content-type", "x-request-id"]
"""


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared: a name, mitmdump's further arguments, and the journal that it writes."""

    name: str
    arguments: tuple[str | Path, ...] = ()
    journal: Path | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that runs.

    Attributes:
        name: the side that it is.
        pid: its process.
        port: where it is a regular proxy.
        reverse: where it stands before the backend, with TLS and HTTP/2; 0 for nowhere.
        journal: the journal that it writes.
    """

    name: str
    pid: int
    port: int
    reverse: int = 0
    journal: Path | None = None


def rules(count: int, hosts: int) -> str:
    """A rule file with so many rules over so many hosts; the backend's own stands last."""
    others = (
        f"[[rule]]\nname = 'rule {number}'\nmatch.url = 'https://api{number % hosts}.example/"
        f"{number}/*'\n{POLICY}"
        for number in range(count - 1)
    )
    own = f"[[rule]]\nname = 'the backend'\nmatch.host = '127.0.0.1'\n{POLICY}"
    return "\n".join([*others, own])


def sides(folder: Path, many: int, hosts: int) -> list[Side]:
    """All sides; what they read and write is below the folder."""
    script, one, all_rules = folder / "five.py", folder / "one.toml", folder / "many.toml"
    script.write_text(FIVE_LINES)
    one.write_text(rules(1, 1))
    all_rules.write_text(rules(many, hosts))
    return [
        Side(ALONE),
        Side(SCRIPT, ("-s", script)),
        Side(MODIFY, MODIFIED),
        corscope(WATCHING, folder / "watching.jsonl"),
        corscope(ONE, folder / "one.jsonl", one),
        corscope(MANY.format(rules=many), folder / "many.jsonl", all_rules),
    ]


def corscope(name: str, journal: Path | None, rule_file: Path | None = None) -> Side:
    """A side with corscope as it is by default, on any port for its page."""
    arguments: list[str | Path] = ["-s", ADDON, "--set", "cors_web_port=0"]
    if journal:
        arguments += ["--set", f"cors_journal={journal}"]
    if rule_file:
        arguments += ["--set", f"cors_rules={rule_file}"]
    return Side(name, tuple(arguments), journal)


def streaming(folder: Path) -> tuple[str | Path, ...]:
    """What has mitmdump pass bodies and event streams on as they come."""
    script = folder / "streamed.py"
    script.write_text(STREAMED)
    return ("--set", "stream_large_bodies=1m", "-s", script)


@contextmanager
def mitmdumps(
    folder: Path, backend: int, of: Iterable[Side], common: Sequence[str | Path] = ()
) -> Iterator[list[Proxy]]:
    """Start a mitmdump for each side, all at once, and wait until each listens."""
    command = Path(sys.executable).with_name("mitmdump")
    with ExitStack() as stack:
        started = []
        for side in of:
            port, reverse = free_port(), free_port()
            words: list[str | Path] = [command, "-q", "--set", f"confdir={folder / 'confdir'}"]
            words += ["--mode", f"regular@127.0.0.1:{port}"]
            words += ["--mode", f"reverse:http://127.0.0.1:{backend}@127.0.0.1:{reverse}"]
            process = stack.enter_context(running([*words, *common, *side.arguments]))
            started.append((process, Proxy(side.name, process.pid, port, reverse, side.journal)))
            if len(started) == 1:
                until_listening(process, port)  # it makes the certificate that all share
        for process, proxy in started:
            until_listening(process, proxy.port)
            until_listening(process, proxy.reverse)
        for process, proxy in started:  # or another one has taken its port meanwhile
            if process.poll() is not None:
                raise RuntimeError(f"{proxy.name} ended with {process.returncode}")
        yield [proxy for _, proxy in started]
