"""The page beside a real mitmproxy: where it is served, and where not."""

from __future__ import annotations

import os
import re
import socket
import sys
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

import pexpect
import pytest

from tests.support.mitmdump import SCRIPT, wait_until

from .proxy import Proxy
from .wire import RawServer, ask, reply

if sys.platform == "linux":
    import resource

URL = re.compile(r"CORS page: (http://127\.0\.0\.1:(\d+)/[\w-]+/)( \(port \d+ is taken\))?")
START_SECONDS = 60.0


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as response:
        return str(response.read().decode())


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


# Before any server's threads are there: what is forked of threads may hang.


def test_mitmweb_has_it_too(tmp_path: Path) -> None:
    arguments = ["--no-web-open-browser", "--set", "web_port=0"]
    child = _spawned("mitmweb", tmp_path, arguments)
    try:
        child.expect(URL.pattern)
        assert "corscope" in fetched(child.match[1])
    finally:
        child.terminate(force=True)


def test_mitmproxy_tells_the_address_in_its_status_bar(tmp_path: Path) -> None:
    child = _spawned("mitmproxy", tmp_path, [])
    try:
        child.expect(URL.pattern)
        assert "corscope" in fetched(child.match[1])
    finally:
        child.terminate(force=True)


def _spawned(program: str, folder: Path, arguments: list[str]) -> pexpect.spawn:
    return pexpect.spawn(
        str(Path(sys.executable).with_name(program)),
        [
            *("-s", str(SCRIPT), "--listen-host", "127.0.0.1", "--listen-port", "0"),
            *("--set", f"confdir={folder}", "--set", "cors_web_port=0", *arguments),
        ],
        env={**os.environ, "TERM": "xterm-256color", "PYTHONUNBUFFERED": "1"},
        dimensions=(40, 200),
        encoding="utf-8",
        timeout=START_SECONDS,
    )


# mitmdump


def test_the_log_has_the_address_and_the_page_what_passed(
    server: RawServer, tmp_path: Path
) -> None:
    server.answers["http://api.test/page"] = reply()
    options = {"cors_web": True, "cors_web_port": 0}
    with Proxy(tmp_path, server.mode, options) as proxy:
        assert proxy.ask(ask("http://api.test/page")).status == 200
        url = URL.search(proxy.told(URL.pattern))
        assert url is not None
        entry = proxy.exchange("http://api.test/page")
        assert "http://api.test/page" in fetched(f"{url[1]}exchange/{entry['id']}")
        assert f"127.0.0.1:{proxy.port}" in fetched(f"{url[1]}view/exchanges")


def test_a_taken_port_leads_to_the_next_and_the_log_says_so(
    server: RawServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Proxy(tmp_path, server.mode, {"cors_web": True, "cors_web_port": port}) as proxy:
            url = URL.search(proxy.told(URL.pattern))
            assert url is not None
            assert port < int(url[2]) < port + 20
            assert url[3] == f" (port {port} is taken)"
            assert "corscope" in fetched(url[1])


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="lists sockets as Linux does")
def test_cors_web_false_opens_no_socket(server: RawServer, tmp_path: Path) -> None:
    for name in ("without", "with"):
        (tmp_path / name).mkdir()
    with Proxy(tmp_path / "without", server.mode, {"cors_web": False}) as proxy:
        assert _listening(proxy.pid) == {proxy.port}
        assert "CORS page" not in proxy.log()
    with Proxy(tmp_path / "with", server.mode, {"cors_web": True, "cors_web_port": 0}) as proxy:
        proxy.told(URL.pattern)
        assert len(_listening(proxy.pid)) == 2


def _listening(pid: int) -> set[int]:
    """The TCP ports that a process listens at."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row for row in rows if row[3] == "0A" and row[9] in inodes]
    return {int(row[1].rpartition(":")[2], 16) for row in listening}


def test_the_page_comes_and_goes_with_its_option(server: RawServer, tmp_path: Path) -> None:
    with Proxy(tmp_path, server.mode, {"cors_web": False}) as proxy:
        port = free_port()
        proxy.control(options={"cors_web_port": port, "cors_web": True})
        url = URL.search(proxy.told(URL.pattern))
        assert url is not None
        assert int(url[2]) == port
        assert "corscope" in fetched(url[1])
        proxy.control(options={"cors_web": False})
        wait_until(lambda: not is_listening(port), 15, "the page to be gone")
        assert proxy.port


def test_who_looks_hears_that_the_rule_files_have_changed(
    server: RawServer, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("# none yet\n", "utf-8")
    options = {"cors_web": True, "cors_web_port": 0, "cors_rules": rules}
    with Proxy(tmp_path, server.mode, options) as proxy:
        url = URL.search(proxy.told(URL.pattern))
        assert url is not None
        with urllib.request.urlopen(f"{url[1]}events", timeout=30) as events:
            assert events.readline() == b"event: reset\n"
            rules.write_text("[[rule]]\n", "utf-8")
            wait_until(lambda: events.readline() == b"event: rules\n", 15, "the event")
        assert "What was read last has mistakes" in fetched(f"{url[1]}rules/list")


def test_ending_mitmdump_doesnt_wait_for_who_looks(server: RawServer, tmp_path: Path) -> None:
    with Proxy(tmp_path, server.mode, {"cors_web": True, "cors_web_port": 0}) as proxy:
        url = URL.search(proxy.told(URL.pattern))
        assert url is not None
        with urllib.request.urlopen(f"{url[1]}events", timeout=30) as events:
            assert events.readline() == b"event: reset\n"
            proxy.stop()
            assert "Traceback" not in proxy.log()
            assert "Task was destroyed" not in proxy.log()


# Where there is no descriptor left


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets the limits of another process")
def test_whom_it_has_no_descriptor_for_it_lets_wait(server: RawServer, tmp_path: Path) -> None:
    """Nothing is logged at each turn of the proxy's loop, nor is the loop kept busy."""
    url = "http://api.test/later"
    server.answers[url] = reply()
    with Proxy(tmp_path, server.mode, {"cors_web": True, "cors_web_port": 0}) as proxy:
        page, port = URL.search(proxy.told(URL.pattern)).group(1, 2)  # type: ignore[union-attr]
        before = resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (60, before[1]))
        with ExitStack() as held:
            for _ in range(80):
                held.enter_context(socket.create_connection(("127.0.0.1", int(port)), 20))
            started = _processor_seconds(proxy.pid)
            time.sleep(2)
            assert _processor_seconds(proxy.pid) - started < 0.5
        resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, before)
        assert "corscope" in fetched(page)
        assert proxy.ask(ask(url)).status == 200
        assert "Too many open files" not in proxy.log()


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
