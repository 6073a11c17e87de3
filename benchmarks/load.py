"""How many requests does a proxy carry? Drives wrk, h2load, and a reader of streams.

The two generators are processes of their own; what they print is read here, and a run with an error
in it is no run: it raises.
"""

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "CONNECTIONS",
    "H2_CONNECTIONS",
    "H2_STREAMS",
    "IN_FLIGHT",
    "ORIGIN",
    "Load",
    "LoadError",
    "h2load",
    "h2load_says",
    "read_body",
    "read_events",
    "wrk",
    "wrk_says",
]

CONNECTIONS: Final = 8
H2_CONNECTIONS: Final = 4
H2_STREAMS: Final = 8
IN_FLIGHT: Final = H2_CONNECTIONS * H2_STREAMS
"""So many requests at most are under way when a run's time is up."""

ORIGIN: Final = "https://app.example"
AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36"
)
LONGEST: Final = 60
"""wrk takes whole seconds only, and tells what it has when it is interrupted before."""

SCRIPT: Final = Path(__file__).with_name("requests.lua")
UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class LoadError(Exception):
    """A run in which something went wrong, so that its figures would be of something else."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load generator counted: whole exchanges, in so many seconds; latencies in seconds."""

    exchanges: int
    seconds: float
    p50: float | None = None
    p99: float | None = None

    @property
    def per_second(self) -> float:
        """Exchanges a second."""
        return self.exchanges / self.seconds


def wrk(proxy: int, kind: str, backend: int, seconds: float, connections: int, seed: int) -> Load:
    """Requests of a kind in HTTP/1.1 through a proxy."""
    words = ["wrk", f"-t{connections}", f"-c{connections}", f"-d{LONGEST}s", "--latency"]
    words += ["-s", str(SCRIPT), f"http://127.0.0.1:{proxy}"]
    words += ["--", kind, f"http://127.0.0.1:{backend}", str(seed)]
    return wrk_says(_run(words, seconds))


def h2load(port: int, kind: str, seconds: float, urls: Path) -> Load:
    """Requests in HTTP/2 to a reverse proxy with TLS."""
    headers = {"user-agent": AGENT, "accept": "*/*", "accept-language": "en-US,en;q=0.9"}
    if kind == "cors":
        headers |= {"origin": ORIGIN, "referer": f"{ORIGIN}/", "sec-fetch-mode": "cors"}
        headers |= {"sec-fetch-site": "cross-site", "sec-fetch-dest": "empty"}
    else:
        headers |= {"sec-fetch-mode": "no-cors", "sec-fetch-site": "same-origin"}
        headers |= {"sec-fetch-dest": "image"}
    urls.write_text(
        "".join(f"https://127.0.0.1:{port}/items/{number}?page=2\n" for number in range(50))
    )
    words = [
        "h2load",
        "-t1",
        f"-c{H2_CONNECTIONS}",
        f"-m{H2_STREAMS}",
        f"-D{round(seconds * 1000)}ms",
    ]
    words += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    return h2load_says(_run([*words, "-i", str(urls)]), seconds)


def _run(words: list[str], interrupted_after: float | None = None) -> str:
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # noqa: S603
        if interrupted_after is not None:
            time.sleep(interrupted_after)
            process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    text = said.decode()
    if process.returncode:
        raise LoadError(f"{words[0]} ended with {process.returncode}: {text}")
    return text


def wrk_says(text: str) -> Load:
    """Read what wrk prints.

    Raises:
        LoadError: an answer was no success, a connection failed, or there was no answer.
    """
    for wrong in ("Non-2xx or 3xx responses", "Socket errors"):
        if wrong in text:
            raise LoadError(f"wrk had errors:\n{text}")
    found = re.search(r"(\d+) requests in ([\d.]+)([a-z]+),", text)
    if not found or found[1] == "0":
        raise LoadError(f"wrk got no answer:\n{text}")
    seconds = float(found[2]) * UNITS[found[3]]
    return Load(int(found[1]), seconds, _percentile(text, "50"), _percentile(text, "99"))


def _percentile(text: str, which: str) -> float | None:
    found = re.search(rf"^\s+{which}%\s+([\d.]+)([a-z]+)$", text, re.MULTILINE)
    return float(found[1]) * UNITS[found[2]] if found else None


def h2load_says(text: str, seconds: float) -> Load:
    """Read what h2load prints.

    Raises:
        LoadError: an answer was no success, another protocol was spoken, or there was no answer.
    """
    counts = re.search(
        r"^requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", text, re.M
    )
    codes = re.search(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text, re.M)
    if not counts or not codes or "Application protocol: h2\n" not in text:
        raise LoadError(f"h2load got no answer in HTTP/2:\n{text}")
    if not int(counts[1]) or any(map(int, [*counts.groups()[1:], *codes.groups()[1:]])):
        raise LoadError(f"h2load had errors:\n{text}")
    return Load(int(counts[1]), seconds)


def read_body(proxy: int, backend: int, size: int) -> float:
    """Read a large body through a proxy, and tell the seconds that it took.

    Raises:
        LoadError: it wasn't whole.
    """
    begun = time.monotonic()
    room, seen = bytearray(1 << 18), 0
    with _asking(proxy, backend, f"/big?{size}") as stream:
        begin = b""
        while b"\r\n\r\n" not in begin and (more := stream.recv(1 << 16)):
            begin += more
        seen = len(begin.partition(b"\r\n\r\n")[2])
        while seen < size and (count := stream.recv_into(room)):
            seen += count
    if seen != size or not begin.startswith(b"HTTP/1.1 200 "):
        raise LoadError(f"of {size} bytes came {seen}, after {begin[:80]!r}")
    return time.monotonic() - begun


def read_events(proxy: int, backend: int, count: int) -> list[float]:
    """Read an event stream through a proxy, and tell how many seconds each event was under way.

    Raises:
        LoadError: an event is missing, or they were held back until the end.
    """
    delays: list[float] = []
    received = b""
    with _asking(proxy, backend, f"/events?{count}") as stream:
        while len(delays) < count and (more := stream.recv(1 << 16)):
            now = time.monotonic_ns()
            *whole, received = (received + more).split(b"\n\n")
            sent = [re.search(rb"data: (\d+)$", event) for event in whole]
            delays += [(now - int(each[1])) / 1e9 for each in sent if each]
    if len(delays) != count:
        raise LoadError(f"of {count} events came {len(delays)}")
    return sorted(delays)


@contextmanager
def _asking(proxy: int, backend: int, path: str) -> Iterator[socket.socket]:
    """Ask through a proxy, from a page of another origin."""
    host = f"127.0.0.1:{backend}"
    request = (
        f"GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\n"
        f"Accept: */*\r\nOrigin: {ORIGIN}\r\nReferer: {ORIGIN}/\r\nSec-Fetch-Mode: cors\r\n"
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: empty\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", proxy), 60) as stream:
        stream.sendall(request.encode())
        yield stream
