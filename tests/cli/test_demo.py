"""The demo, started as a user starts it and pressed in a real Chromium."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from corscope.cli.demo.cases import CASES
from tests.cli.conftest import Command, environment
from tests.cli.demo_driver import PICTURES, Demo, DemoPage, take_pictures
from tests.support.chromium import Chromium
from tests.support.mitmdump import wait_until

pytestmark = pytest.mark.live

ALLOWED = "Allowed"

HEADINGS = {
    "works": ALLOWED,
    "open-to-everyone": ALLOWED,
    "no-allow-origin": "Blocked: allow-origin-missing",
    "sent-all-the-same": "Blocked: allow-origin-missing",
    "opaque": ALLOWED,
    "wrong-origin": "Blocked: allow-origin-mismatch",
    "trailing-slash": "Blocked: allow-origin-mismatch",
    "cookies-allowed": ALLOWED,
    "wildcard-with-cookies": "Blocked: wildcard-with-credentials",
    "wildcard-methods-with-cookies": "Blocked: method-not-allowed",
    "credentials-spelling": "Blocked: allow-credentials-not-true",
    "preflight-passes": ALLOWED,
    "json-asks": ALLOWED,
    "preflight-remembered": ALLOWED,
    "preflight-login": "Blocked: preflight-status",
    "method-not-allowed": "Blocked: method-not-allowed",
    "header-not-allowed": "Blocked: header-not-allowed",
    "error-without-headers": "Blocked: allow-origin-missing",
    "header-not-exposed": ALLOWED,
    "redirect-elsewhere": "Blocked: allow-origin-mismatch",
    "backend-down": "Blocked: no-response",
    "two-origins": "Blocked: allow-origin-repeated",
    "preflight-redirect": "Blocked: preflight-redirect",
    "mended-by-rule": ALLOWED,
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def page(demo: Demo, chromium: Chromium) -> Iterator[DemoPage]:
    with DemoPage(chromium, demo) as opened:
        yield opened


def test_every_case_has_an_expectation() -> None:
    assert [case.id for case in CASES] == list(HEADINGS)


@pytest.mark.browser
@pytest.mark.parametrize("case", HEADINGS)
def test_what_script_saw_agrees_with_what_corscope_said(page: DemoPage, case: str) -> None:
    shown = page.press(case)
    assert shown.heading == HEADINGS[case]
    assert shown.script == shown.corscope == ("allowed" if shown.heading == ALLOWED else "blocked")
    assert ("Fix: " in shown.text) == (shown.heading != ALLOWED or case == "header-not-exposed")


@pytest.mark.browser
def test_the_page_names_the_errors_as_browsers_do(page: DemoPage) -> None:
    text = page.press("method-not-allowed").text
    assert "MethodDisallowedByPreflightResponse" in text
    assert "CORSMethodNotFound" in text


@pytest.mark.browser
def test_a_remembered_preflight_is_sent_once(page: DemoPage) -> None:
    lines = page.press("preflight-remembered").text.splitlines()
    assert len([line for line in lines if line.startswith("OPTIONS for DELETE http")]) == 1
    assert len([line for line in lines if line.startswith("DELETE http")]) == 2


@pytest.mark.browser
def test_json_is_asked_for_and_post_need_not_be_listed(page: DemoPage) -> None:
    text = page.press("json-asks").text
    assert "OPTIONS for POST" in text
    assert "Access-Control-Allow-Methods" not in text


@pytest.mark.browser
def test_a_request_that_is_kept_from_script_was_carried_out(page: DemoPage) -> None:
    """The API has answered with 200: CORS keeps the answer back, not the request."""
    text = page.press("sent-all-the-same").text
    assert "OPTIONS" not in text
    assert "→ 200: blocked" in text
    assert "An opaque answer: nothing of it" in page.press("opaque").text


@pytest.mark.browser
def test_a_saved_rule_file_counts_at_the_next_press(demo: Demo, page: DemoPage) -> None:
    """The one thing that the demo asks the reader to try."""
    rules = Path(demo.address("rule file"))
    before = rules.read_text("utf-8")
    try:
        rules.write_text(before.replace('allow_methods = ["PUT"]', "allow_methods = []"), "utf-8")
        wait_until(
            lambda: page.press("mended-by-rule").heading == "Blocked: method-not-allowed",
            10,
            "the changed rule",
        )
    finally:
        rules.write_text(before, "utf-8")
    wait_until(lambda: page.press("mended-by-rule").heading == ALLOWED, 10, "the rule as it was")


@pytest.mark.browser
def test_all_can_be_sent_at_once_on_a_small_screen(demo: Demo, chromium: Chromium) -> None:
    with DemoPage(chromium, demo, size=(360, 740)) as small:
        small.evaluate("sendAll({currentTarget: document.querySelector('#send-all')})")
        assert small.evaluate("document.querySelectorAll('.result:not([hidden])').length") == len(
            CASES
        )
        assert small.evaluate("document.documentElement.scrollWidth") <= 360
        assert small.console == []


@pytest.mark.browser
def test_a_browser_that_goes_past_the_proxy_is_told_so(demo: Demo, chromium: Chromium) -> None:
    with DemoPage(chromium, demo, bypass="<-loopback>, 127.0.0.1") as direct:
        shown = direct.press("works")
        assert (shown.script, shown.corscope) == ("allowed", "nothing")
        assert demo.address("proxy").removeprefix("http://") in direct.trouble()


@pytest.mark.browser
def test_the_pictures_of_readme_and_docs_can_be_taken(
    demo: Demo, chromium: Chromium, tmp_path: Path
) -> None:
    take_pictures(chromium, demo, tmp_path / "images")
    for name in PICTURES:
        assert (tmp_path / "images" / name).read_bytes().startswith(b"\x89PNG")


def test_the_journal_is_for_the_page_alone(demo: Demo) -> None:
    """No CORS headers, no other host name, and nothing of it on the API's origin."""
    said = f"{demo.address('page')}said/abc"
    with urllib.request.urlopen(said) as answer:
        assert json.load(answer) == {"exchanges": []}
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert _status(said, Host="rebound.example") == 421
    assert _status(f"{demo.address('API')}/said/abc") == 404
    assert _status(f"{demo.address('API')}/setting") == 404


def _status(url: str, **headers: str) -> int:
    request = urllib.request.Request(url, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    return refused.value.code


def test_ctrl_c_stops_everything_and_leaves_nothing(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        folder = Path(demo.address("rule file")).parent
        ports = [_port(demo.address(what)) for what in ("page", "API", "proxy")]
        assert folder.is_dir()
        assert demo.interrupt() == 0
    assert not folder.exists()
    assert not [port for port in ports if _is_open(port)]
    assert "Traceback" not in demo.output


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
def test_sigterm_ends_it_as_ctrl_c_does(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        folder = Path(demo.address("rule file")).parent
        demo.process.send_signal(signal.SIGTERM)
        assert demo.process.wait(30) == 0
    assert not folder.exists()


def test_keep_leaves_the_rule_file_and_the_journal(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with Demo(tmp_path, "--keep", environ={"TMPDIR": str(temporary)}) as demo:
        journal = Path(demo.address("journal"))
        demo.interrupt()
    assert json.loads(journal.read_text("utf-8").splitlines()[0])["type"] == "start"
    assert f"Kept: {journal.parent}" in demo.output


def test_a_busy_port_is_said_to_be_busy(corscope: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = corscope("demo", "--no-browser", "--port", port)
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert "--port" in done.stderr


def _beside_another_mitmdump(folder: Path, script: str) -> tuple[Path, dict[str, str]]:
    """Make a Python that takes this shell script for its mitmdump; returns its environment too."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    (programs / "mitmdump").write_text(f"#!/bin/sh\n{script}\n")
    (programs / "mitmdump").chmod(0o755)
    paths = os.pathsep.join(path for path in sys.path if path)
    return programs / "python", {"PYTHONPATH": paths}


def test_the_same_ports_can_be_used_again_at_once(tmp_path: Path) -> None:
    """Connections that have just been closed keep their port for a minute."""
    # Below the range from which systems take free ports, so that nobody gets one in between.
    port = next(
        port for port in range(21_000, 31_000, 5) if not any(map(_is_open, range(port, port + 5)))
    )
    for _ in range(2):
        with Demo(tmp_path, "--port", str(port)) as demo:
            proxy = {"http": demo.address("proxy")}
            opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxy))
            assert opener.open(f"http://127.0.0.1:{port + 1}/works/abc").status == 200


@pytest.mark.skipif(sys.platform == "win32", reason="the other mitmdump is a shell script")
def test_a_proxy_that_dies_ends_the_demo_with_its_status(tmp_path: Path) -> None:
    real = Path(sys.executable).with_name("mitmdump")
    script = f'echo $$ > "{tmp_path}/pid"; exec "{real}" "$@"'
    python, environ = _beside_another_mitmdump(tmp_path, script)
    with Demo(tmp_path, python=python, environ=environ) as demo:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        assert demo.process.wait(30) == 1
    assert "the proxy ended with status -9" in demo.output


@pytest.mark.skipif(sys.platform == "win32", reason="the other mitmdump is a shell script")
def test_a_proxy_that_does_not_start_is_told_of(tmp_path: Path) -> None:
    python, environ = _beside_another_mitmdump(tmp_path, "echo 'no such option'; exit 3")
    done = subprocess.run(
        [python, "-m", "corscope", "demo", "--no-browser"],
        env={**environment(), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "no such option" in done.stdout
    assert "mitmdump ended with status 3 before it listened" in done.stderr


def _port(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
