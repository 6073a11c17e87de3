"""`cors.browser` in a running mitmproxy: a browser that uses it at once, and goes with it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest

from corscope.mitm.start.installed import find_browsers
from tests.support.mitmdump import SCRIPT, wait_until

from .proxy import Proxy
from .wire import RawServer, ask, reply

OPEN_A_BROWSER = """
from mitmproxy import ctx, http

def request(flow):
    if "?" in flow.request.path:
        ctx.master.commands.call_strings("cors.browser", [flow.request.path.partition("?")[2]])
        flow.response = http.Response.make(200, "opened")
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the browsers are shell scripts")


def path_with(folder: Path, name: str) -> str:
    """A PATH on which this browser needs no screen, and is the first."""
    found = {browser.name.lower(): browser.path for browser in find_browsers()}
    if name not in found:
        if os.environ.get("CORSCOPE_REQUIRE_BROWSERS") == "1":
            pytest.fail(f"CORSCOPE_REQUIRE_BROWSERS=1, but there is no {name}")
        pytest.skip(f"needs {name}")
    (folder / name).write_text(f'#!/bin/sh\nexec "{found[name]}" --headless "$@"\n')
    (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def profiles() -> Iterator[Path]:
    """Where profiles are made: with a short name, as Chromium's sockets there need one."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """A browser that does nothing; gives its process id, once it runs."""
    file, program = tmp_path / "pid", tmp_path / "firefox"
    program.write_text(f"#!/bin/sh\necho $$ > {file}\nexec sleep 300\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return lambda: int(
        wait_until(lambda: file.read_text("utf-8") if file.exists() else "", 60, "the browser")
    )


def has_gone(browser: int, folder: Path) -> bool:
    """Whether it and its profile are no more."""
    with suppress(ProcessLookupError):
        os.kill(browser, 0)
        return False
    return not list(folder.glob("corscope-browser-*"))


# Before any server's threads are there: what is forked of threads may hang.


@pytest.mark.usefixtures("hang_up_counts")
def test_a_console_that_fails_where_its_terminal_has_gone_ends_its_browser(
    tmp_path: Path, waiting: Callable[[], int]
) -> None:
    script = tmp_path / "open.py"
    script.write_text(
        "from mitmproxy import ctx\n"
        "def running():\n"
        "    ctx.master.commands.call_strings('cors.browser', ['firefox'])\n",
        "utf-8",
    )
    child = pexpect.spawn(
        str(Path(sys.executable).with_name("mitmproxy")),
        [
            *("-s", str(SCRIPT), "-s", str(script), "--listen-host", "127.0.0.1", "-p", "0"),
            *("--set", f"confdir={tmp_path}", "--set", "cors_web=false"),
        ],
        env={**os.environ, "TERM": "xterm-256color"},
        timeout=60,
    )
    try:
        child.expect("Firefox is opened")
        browser = waiting()
        os.close(child.child_fd)
        child.closed = True  # or it would be closed again, whosever it is then
        wait_until(lambda: not child.isalive(), 20, "mitmproxy to end")
        assert has_gone(browser, tmp_path)
    finally:
        child.terminate(force=True)


# In a mitmdump


@pytest.mark.browser
@pytest.mark.parametrize("name", ["chromium", "firefox"])
def test_a_browser_opens_https_through_the_proxy_and_ends_with_it(
    server: RawServer,
    tmp_path: Path,
    profiles: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """Twice: each has caches of its own, so the second asks for the page again.

    And neither asks for anything else: what a browser does for itself would stand among the flows.
    """
    server.answers["http://secure.test/x"] = reply("Cache-Control: max-age=600")
    monkeypatch.setenv("PATH", path_with(tmp_path, name))
    monkeypatch.setenv("TMPDIR", str(profiles))
    server.heads.clear()
    with Proxy(tmp_path, server.mode, {"upstream_cert": False}) as proxy:
        for times in (1, 2):
            answer = proxy.control(
                command="cors.browser", arguments=[name, "https://secure.test/x"]
            )
            assert "error" not in answer
            wait_until(lambda n=times: _asked(server) == n, 60, f"{name} to ask")  # type: ignore[misc]
        assert len(list(profiles.glob("corscope-browser-*"))) == 2
    assert list(profiles.glob("corscope-browser-*")) == []
    asked = {head.split(b" ")[1] for head in server.heads}
    assert asked <= {b"/x", b"/favicon.ico"}


def _asked(server: RawServer) -> int:
    return sum(head.startswith(b"GET /x ") for head in server.heads)


def test_a_mistyped_browser_is_answered_with_those_that_are_there(
    server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "firefox").write_text("#!/bin/sh\n")
    (tmp_path / "firefox").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with Proxy(tmp_path, server.mode) as proxy:
        wrong = proxy.control(command="cors.browser", arguments=["firefix"])
    assert wrong["error"] == 'no browser "firefix": did you mean "firefox"?'


def test_a_browser_that_ends_at_once_is_told(
    server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "firefox").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "firefox").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with Proxy(tmp_path, server.mode) as proxy:
        assert "error" not in proxy.control(command="cors.browser", arguments=["firefox"])
        proxy.told(r"Firefox ended at once \(status 3\): is there a screen\?")


@pytest.mark.usefixtures("hang_up_counts")
def test_a_closed_terminal_ends_the_browser_too(
    server: RawServer, tmp_path: Path, waiting: Callable[[], int]
) -> None:
    """It doesn't hear of that itself: what Ctrl-C does is mitmproxy's affair alone."""
    with Proxy(tmp_path, server.mode) as proxy:
        assert "error" not in proxy.control(command="cors.browser", arguments=["firefox"])
        browser = waiting()
        assert proxy.stop(signal.SIGHUP) == -signal.SIGHUP
    assert has_gone(browser, tmp_path)


@pytest.mark.browser
@pytest.mark.parametrize("name", ["chromium", "firefox"])
def test_a_reverse_proxy_is_opened_as_the_server_that_it_stands_for(
    server: RawServer,
    tmp_path: Path,
    profiles: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    (tmp_path / "ask.py").write_text(OPEN_A_BROWSER)
    monkeypatch.setenv("PATH", path_with(tmp_path, name))
    monkeypatch.setenv("TMPDIR", str(profiles))
    server.heads.clear()
    mode = f"reverse:http://127.0.0.1:{server.port}"
    with Proxy(tmp_path, mode, scripts=[tmp_path / "ask.py"]) as proxy:
        assert proxy.ask(ask(f"http://api.test/?{name}")).body == b"opened"
        wait_until(lambda: b"GET / " in b"".join(server.heads), 60, f"{name} to ask")
