"""Serves a proxy before the same application many times over.

With each of the configurations that stand on the first line of standard input, and as often
without any. Writes the ports as one line of JSON, and ends when standard input does.

    python -m tests.servers.real.proxies.serve nginx    <  {"configs": ["add_header …", …]}
    {"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from . import backend, configurations

START_SECONDS = 30.0


def main() -> None:
    """Serve until standard input ends."""
    server = configurations.SERVERS[sys.argv[1]]
    configs: list[str] = json.loads(sys.stdin.readline())["configs"]
    behind = f"127.0.0.1:{backend.start()}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        groups = [[config] for config in configs] if server.is_alone else [configs]
        real: list[dict[str, object]] = []
        for number, group in enumerate(groups):
            sites = [configurations.Site(config, behind) for config in group]
            real += _started(stack, server, sites, folder / str(number))
        plain = [configurations.Site(server.without, behind) for _ in configs]
        bare = _started(stack, server, plain, folder / "bare")
        told = {"real": real, "bare": [each["port"] for each in bare]}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def _started(
    stack: ExitStack,
    server: configurations.Server,
    sites: Sequence[configurations.Site],
    folder: Path,
) -> list[dict[str, object]]:
    """The ports of sites that one process serves; its words instead where it doesn't start."""
    if not sites:
        return []
    ports = _free_ports(len(sites))
    folder.mkdir()
    file = folder / server.file
    file.write_text(server.text(folder, list(zip(ports, sites, strict=True))), encoding="utf-8")
    process = stack.enter_context(_running(server.command(folder)))
    if _answers(process, server, folder, ports[-1]):
        return [{"port": port} for port in ports]
    words = (folder / "words").read_text(encoding="utf-8", errors="replace")
    return [{"error": words}] * len(sites)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody has, all held until the last is found."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in held]


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    folder = Path(command[-1]).parent
    home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    with (folder / "words").open("wb") as words:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            env={**os.environ, **home},
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _answers(
    process: subprocess.Popen[bytes], server: configurations.Server, folder: Path, port: int
) -> bool:
    """Wait until the last port of its configuration answers; false if that wasn't taken."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if server.is_refused((folder / "words").read_bytes()):
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
        with closing(connection), suppress(OSError):
            connection.request("GET", "/ok")
            if connection.getresponse().status != server.early:
                return True
        time.sleep(0.01)
    return False


if __name__ == "__main__":
    main()
