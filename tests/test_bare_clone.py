"""The script runs where nothing but mitmproxy is installed, and so does the installed package.

Each test makes an environment of its own, which takes a network and half a minute. The variable
CORSCOPE_BARE_VENV names one that holds only mitmproxy, made before, and is used in its place.
"""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import Answer, OriginServer

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[1]
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"

OURS = ("corscope", "tomli", "rich")


def _environment(folder: Path, *packages: str) -> Path:
    """Make a virtual environment with these packages; return where its programs are."""
    venv.create(folder, with_pip=True)
    _pip(folder / SCRIPTS, "install", *packages)
    return folder / SCRIPTS


def _pip(programs: Path, *arguments: str) -> str:
    command = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _clone(target: Path) -> Path:
    """Copy what git knows, as it is now: a module that was never added is missed here."""
    if (ROOT / ".git").exists() and shutil.which("git") is not None:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "addon"], cwd=ROOT, capture_output=True, check=True
        )
        for name in map(os.fsdecode, listed.stdout.rstrip(b"\0").split(b"\0")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    else:  # an unpacked archive
        shutil.copytree(ROOT / "addon", target / "addon")
    return target / "addon" / "cors.py"


def _records_an_exchange(mitmdump: Path, script: Path, folder: Path) -> None:
    """Send a cross-origin request through this mitmdump and find its line in the journal."""
    url = "http://api.test/bare"
    answer = Answer(headers=(("Access-Control-Allow-Origin", "https://other.test"),))
    folder.mkdir()
    with (
        OriginServer({("GET", url): answer}) as origin,
        _started(mitmdump, Mitmdump(folder, mode=origin.upstream_mode, script=script)) as proxy,
    ):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port)
        connection.request("GET", url, headers={"Origin": "https://app.test"})
        assert connection.getresponse().read() == b"body"
        line = proxy.wait_for(lambda entry: entry["type"] == "exchange")
        connection.close()
    assert (line["url"], line["verdict"]) == (url, "blocked")
    assert line["reason"] == "allow-origin-mismatch"


def _started(mitmdump: Path, proxy: Mitmdump) -> Mitmdump:
    """Let the environment's mitmdump run in place of the tests' own."""
    proxy._command[0] = str(mitmdump)
    return proxy


@pytest.fixture(autouse=True)
def _nothing_leaks_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)


def test_a_clone_needs_nothing_but_mitmproxy(tmp_path: Path) -> None:
    given = os.environ.get("CORSCOPE_BARE_VENV")
    programs = Path(given) / SCRIPTS if given else _environment(tmp_path / "venv", "mitmproxy")
    installed = _pip(programs, "list", "--format=freeze").lower()
    there = [name for name in OURS if f"{name}==" in installed]
    assert there == [], "this environment is to hold mitmproxy and what it brings, no more"
    script = _clone(tmp_path / "clone")
    _records_an_exchange(programs / "mitmdump", script, tmp_path / "run")


def test_the_installed_package_brings_its_script_and_rule_files(tmp_path: Path) -> None:
    """As `pip install .` and `mitmdump -s "$(corscope path)"`."""
    programs = _environment(tmp_path / "venv", str(ROOT))
    new = ("new", "policy", "single-page-app", "-o", "rules.toml")
    subprocess.run([programs / "corscope", *new], cwd=tmp_path, check=True)
    assert (tmp_path / "rules.toml").read_text("utf-8").startswith("# A single-page app")
    told = subprocess.run(
        [programs / "corscope", "path"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    script = Path(told.stdout.strip())
    assert script.is_relative_to((tmp_path / "venv").resolve())
    assert [path.name for path in script.parent.glob("*.py")] == ["cors.py"]
    _records_an_exchange(programs / "mitmdump", script, tmp_path / "run")
