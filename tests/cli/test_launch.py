"""Finding programs, and starting them: mitmproxy's own, and browsers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Self

import pytest

import corscope
from corscope.mitm.start import browser as browser_module
from corscope.mitm.start import installed
from corscope.mitm.start.browser import BrowserError, RunningBrowser
from corscope.mitm.start.chromium import spki_hash
from corscope.mitm.start.installed import Browser, find_browsers
from corscope.mitm.start.launch import LaunchError, build_command, find_program, script_path
from tests.support.mitmdump import Mitmdump, wait_until


class TestPrograms:
    def test_the_running_pythons_own_goes_before_the_one_on_path(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own, other = _program(tmp_path / "own"), _program(tmp_path / "other")
        monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
        monkeypatch.setenv("PATH", str(other.parent))
        monkeypatch.setattr(sys, "executable", str(own.parent / "python"))
        assert find_program("dump") == own
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
        assert find_program("dump") == other
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(LaunchError, match=r"mitmdump was found neither .* `pip install"):
            find_program("dump")

    def test_the_installed_script_goes_before_the_checkouts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert script_path() == Path(corscope.__file__).parents[1] / "cors.py"
        package = tmp_path / "corscope"
        (package / "script").mkdir(parents=True)
        monkeypatch.setattr(corscope, "__file__", str(package / "__init__.py"))
        with pytest.raises(LaunchError, match="install corscope again"):
            script_path()
        (package / "script" / "cors.py").touch()
        assert script_path() == package / "script" / "cors.py"

    def test_options_are_written_as_mitmproxy_reads_them(self) -> None:
        command = build_command("dump", {"a": True, "b": [Path("x y"), "z"], "c": 1}, ["-p", "0"])
        assert command[1:3] == ["-s", str(script_path())]
        options = ["--set", "a=true", "--set", "b=x y", "--set", "b=z", "--set", "c=1"]
        assert command[3:] == [*options, "-p", "0"]


def _program(folder: Path) -> Path:
    folder.mkdir()
    program = folder / ("mitmdump.exe" if sys.platform == "win32" else "mitmdump")
    program.touch(mode=0o755)
    return program


class TestFinding:
    def test_on_path_each_browser_is_found_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("firefox", "firefox-esr", "google-chrome-stable"):
            (tmp_path / name).touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        found = list(installed._from_path())
        assert [each.name for each in found] == ["Chrome", "Firefox"]
        assert [each.family for each in found] == ["chromium", "firefox"]

    def test_on_windows_they_are_in_the_program_folders(self, tmp_path: Path) -> None:
        edge = tmp_path / r"Microsoft\Edge\Application\msedge.exe"
        edge.parent.mkdir(parents=True, exist_ok=True)
        edge.touch()
        found = list(installed._from_windows({"ProgramFiles(x86)": str(tmp_path)}))
        assert found == [Browser("Edge", edge)]

    def test_on_macos_they_are_in_the_users_applications_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        firefox = tmp_path / "Applications/Firefox.app/Contents/MacOS/firefox"
        firefox.parent.mkdir(parents=True)
        firefox.touch()
        assert Browser("Firefox", firefox) in list(installed._from_macos())


def test_a_browser_that_cannot_be_started_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    missing = Browser("Chromium", tmp_path / "nowhere")
    with (
        pytest.raises(BrowserError, match="nowhere can't be started"),
        RunningBrowser(missing, ("127.0.0.1", 1), "about:blank") as running,
    ):
        pytest.fail(f"it runs: {running.pid}")
    assert not missing.path.exists()


class _Proxy:
    """Answers every request with an empty page and remembers what was asked for."""

    def __init__(self) -> None:
        asked = self.asked = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = ("127.0.0.1", int(self._server.server_address[1]))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _headless(folder: Path, name: str) -> Browser:
    """Wrap an installed browser so that it needs no screen; skip where it isn't here."""
    found = {browser.name: browser for browser in find_browsers()}
    if name not in found:
        if os.environ.get("CORSCOPE_REQUIRE_BROWSERS") == "1":
            pytest.fail(f"CORSCOPE_REQUIRE_BROWSERS=1, but there is no {name}")
        pytest.skip(f"needs {name}")
    wrapper = folder / "browser"
    wrapper.write_text(f'#!/bin/sh\nexec "{found[name].path}" --headless "$@"\n')
    wrapper.chmod(0o755)
    return Browser(name, wrapper)


@pytest.mark.browser
@pytest.mark.skipif(sys.platform == "win32", reason="the headless wrapper is a shell script")
@pytest.mark.parametrize("name", ["Chromium", "Firefox"])
def test_a_started_browser_uses_the_proxy_for_loopback_too_and_leaves_nothing(
    tmp_path: Path, name: str
) -> None:
    """`http://localhost:8765/` is asked of the proxy, with the profile's and the flags' help."""
    chosen, url = _headless(tmp_path, name), "http://localhost:8765/x"
    with _Proxy() as proxy, RunningBrowser(chosen, proxy.address, url) as it:
        wait_until(lambda: url in proxy.asked, 60, f"{name} to ask")
        profile = it._profile
        assert it.exit_status() is None
    assert not profile.exists()
    assert not _processes_with(str(profile))


def _processes_with(text: str) -> str:
    """The processes that have this in their command line."""
    if shutil.which("pgrep") is None:
        return ""
    return subprocess.run(["pgrep", "-f", text], capture_output=True, text=True, check=False).stdout


def test_on_windows_firefox_is_told_to_stay_as_long_as_the_browser_that_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its launcher would end at once, and the profile be deleted below the browser's feet."""
    running = RunningBrowser(Browser("Firefox", tmp_path / "firefox.exe"), None, "about:blank")
    running._profile = tmp_path
    assert "--wait-for-browser" not in running._command()
    monkeypatch.setattr(sys, "platform", "win32")
    assert "--wait-for-browser" in running._command()


@pytest.mark.skipif(sys.platform == "win32", reason="the stubborn browser is a shell script")
def test_a_browser_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "_STOP_SECONDS", 0.2)
    stubborn = tmp_path / "browser"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\necho up > up\nwhile :; do sleep 0.05; done\n")
    stubborn.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with RunningBrowser(Browser("Chromium", stubborn), ("127.0.0.1", 1), "about:blank") as it:
        wait_until((tmp_path / "up").exists, 10, "the browser")
    assert it.exit_status() == -9


def test_chromium_is_told_the_proxys_key_as_its_flag_wants_it(tmp_path: Path) -> None:
    """The hash is the one openssl gives for the same public key."""
    from mitmproxy.certs import CertStore

    CertStore.from_store(tmp_path, "mitmproxy", 2048)
    certificate = tmp_path / "mitmproxy-ca-cert.pem"
    pipeline = (
        f"openssl x509 -in '{certificate}' -pubkey -noout | openssl pkey -pubin -outform der"
        " | openssl dgst -sha256 -binary | openssl enc -base64"
    )
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl")
    expected = subprocess.run(["sh", "-c", pipeline], capture_output=True, text=True, check=True)
    assert spki_hash(certificate) == expected.stdout.strip()


ANSWER_ALL = """
from pathlib import Path
from mitmproxy.http import Response

def request(flow):
    with Path(__file__).with_name("asked").open("a") as asked:
        asked.write(flow.request.url + "\\n")
    flow.response = Response.make(200, b"<title>here</title>")
"""


@pytest.mark.browser
@pytest.mark.live
@pytest.mark.skipif(sys.platform == "win32", reason="the headless wrapper is a shell script")
@pytest.mark.parametrize("trusting", [True, False])
@pytest.mark.parametrize("name", ["Chromium", "Firefox"])
def test_a_browser_that_knows_the_proxys_certificate_opens_https(
    tmp_path: Path, name: str, trusting: bool
) -> None:
    """The twin without it shows that nothing else makes the page open."""
    browser = _headless(tmp_path, name)
    if name == "Firefox":
        _need_certutil()
    (tmp_path / "answer.py").write_text(ANSWER_ALL)
    options = {
        "scripts": tmp_path / "answer.py",
        "connection_strategy": "lazy",
        "upstream_cert": False,
    }
    with Mitmdump(tmp_path, script=None, options=options) as proxy:
        authority = tmp_path / "confdir" / "mitmproxy-ca-cert.pem"
        address, url = ("127.0.0.1", proxy.port), "https://secure.test/x"
        with RunningBrowser(browser, address, url, authority if trusting else None) as running:
            assert running.advice is None
            wait_until(
                lambda: url in _asked(tmp_path) or "TLS handshake failed" in proxy.log(),
                60,
                "the browser to open the page, or to refuse it",
            )
    assert (url in _asked(tmp_path)) == trusting


def _need_certutil() -> None:
    if shutil.which("certutil") is None:
        if os.environ.get("CORSCOPE_REQUIRE_BROWSERS") == "1":
            pytest.fail("CORSCOPE_REQUIRE_BROWSERS=1, but there is no certutil of NSS's")
        pytest.skip("needs NSS's certutil (Debian: apt install libnss3-tools)")


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")
@pytest.mark.parametrize("certutil", ["", "#!/bin/sh\nexit 1\n"], ids=["none", "another's"])
def test_without_nsss_certutil_firefox_runs_and_what_to_do_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certutil: str
) -> None:
    for name, text in (("firefox", "#!/bin/sh\nsleep 60\n"), ("certutil", certutil)):
        if text:
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: _if_there(tmp_path / name))
    firefox = Browser("Firefox", tmp_path / "firefox")
    authority = tmp_path / "mitmproxy-ca-cert.pem"
    with RunningBrowser(firefox, ("127.0.0.1", 1), "about:blank", authority) as running:
        assert running.advice is not None
        assert "http://mitm.it" in running.advice


def _if_there(program: Path) -> str | None:
    return str(program) if program.exists() else None


def _asked(folder: Path) -> str:
    file = folder / "asked"
    return file.read_text() if file.exists() else ""
