"""Serves one of Debian's proxies before the same application many times over.

With each of the configurations that stand on the first line of standard input, and as often
without any. Writes the ports as one line of JSON, and ends when standard input does.

    python -m tests.servers.real.debian.serve nginx    <  {"configs": ["add_header …", …]}
    {"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import backend, proxies

START_SECONDS = 30.0


def main() -> None:
    """Serve until standard input ends."""
    server = proxies.SERVERS[sys.argv[1]]
    configs: list[str] = json.loads(sys.stdin.readline())["configs"]
    behind = f"127.0.0.1:{backend.start()}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        groups = [[config] for config in configs] if server.is_alone else [configs]
        real: list[dict[str, object]] = []
        for number, group in enumerate(groups):
            sites = [proxies.Site(config, behind) for config in group]
            real += _started(stack, server, sites, folder / str(number))
        plain = [proxies.Site(server.without, behind) for _ in configs]
        bare = _started(stack, server, plain, folder / "bare")
        told = {"real": real, "bare": [each["port"] for each in bare]}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def _started(
    stack: ExitStack, server: proxies.Server, sites: Sequence[proxies.Site], folder: Path
) -> list[dict[str, object]]:
    """The ports of sites that one process serves; its words instead where it doesn't start."""
    if not sites:
        return []
    ports = _free_ports(len(sites))
    folder.mkdir()
    file = folder / server.file
    file.write_text(server.text(folder, list(zip(ports, sites, strict=True))), encoding="utf-8")
    process = stack.enter_context(_running(server.command(folder)))
    if _listens(process, ports[-1]):
        return [{"port": port} for port in ports]
    process.wait()
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


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait for the last port of its configuration; false if the process ends before."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return True
    return False


if __name__ == "__main__":
    main()
