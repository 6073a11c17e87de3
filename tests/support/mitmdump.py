"""A real mitmdump with the corscope script, on a free loopback port, its journal at hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.support.contract import departures

__all__ = ["SCRIPT", "Entry", "Mitmdump", "wait_until"]

SCRIPT = Path(__file__).parents[2] / "addon" / "cors.py"

START_SECONDS = 60.0  # generous: a loaded machine imports mitmproxy slowly
STOP_SECONDS = 20.0

MOST_CHECKED = 5_000  # lines of a journal: those of a load are alike

Entry = dict[str, Any]  # one journal line; its keys are those of the journal's documentation
Found = TypeVar("Found")


def wait_until(probe: Callable[[], Found | None], timeout: float, what: str) -> Found:
    """Poll until the probe gives something true and return that; fail after the timeout."""
    deadline = time.monotonic() + timeout
    while True:
        if found := probe():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(0.02)


class Mitmdump:
    """Runs while used as a context manager; leaving it fails if the process had died before.

    ``options`` are mitmproxy options by name, each given as ``--set name=value``. The journal,
    the configuration folder and the log lie in ``folder``, which must be the test's own.
    ``script=None`` gives a mitmdump without corscope, to compare with.
    """

    def __init__(
        self,
        folder: Path,
        mode: str = "regular",
        options: Mapping[str, object] | None = None,
        script: Path | None = SCRIPT,
    ) -> None:
        self.journal_path = folder / "journal.jsonl"
        self.log_path = folder / "mitmdump.log"
        self._command = _command(folder, mode, script, options or {}, self.journal_path)
        self.port = 0
        self._read: tuple[int, int, list[Entry]] = (0, 0, [])

    def __enter__(self) -> Self:
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        try:
            self.port = wait_until(self._listening_port, START_SECONDS, "mitmdump to listen")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        code = self._process.poll()
        self._end()
        if code is not None and kind is None:
            raise AssertionError(f"mitmdump had died with status {code}:\n{self.log()}")
        if kind is None:
            self.check_journal()

    def check_journal(self) -> None:
        """Whatever the test was about, its journal is as it is promised to be."""
        if self.journal_path.is_file():
            with self.journal_path.open("rb") as stream:
                lines = list(islice(stream, MOST_CHECKED))
            wrong = departures(entry for line in lines if (entry := _entry(line)))
            assert not wrong, "\n".join(wrong[:10])

    @property
    def pid(self) -> int:
        """The process id, for tests that look at memory or open files."""
        return self._process.pid

    def log(self) -> str:
        """Everything written to stdout and stderr up to now."""
        return self.log_path.read_text("utf-8", "replace")

    def journal(self) -> list[Entry]:
        """Return the journal's complete lines, parsed; a line still being written is left out."""
        # What was read before isn't parsed once more: some proxies serve hundreds of tests.
        file, upto, entries = self._read
        if not self.journal_path.exists():
            return []
        with self.journal_path.open("rb") as stream:
            now = os.fstat(stream.fileno())
            if now.st_ino != file or now.st_size < upto:  # another file, or begun anew
                upto, entries = 0, []
            stream.seek(upto)
            *complete, _ = stream.read().split(b"\n")
        upto += sum(len(line) + 1 for line in complete)
        entries = [*entries, *map(json.loads, complete)]
        self._read = (now.st_ino, upto, entries)
        return entries.copy()

    def wait_for(self, predicate: Callable[[Entry], object], timeout: float = 15.0) -> Entry:
        """Return the first journal line the predicate holds for, as soon as there is one."""
        found = wait_until(
            lambda: [entry for entry in self.journal() if predicate(entry)],
            timeout,
            "a journal line",
        )
        return found[0]

    def _listening_port(self) -> int:
        if self._process.poll() is not None:
            raise AssertionError(f"mitmdump did not start:\n{self.log()}")
        listening = re.search(r"proxy.* listening at 127\.0\.0\.1:(\d+)", self.log())
        return int(listening[1]) if listening else 0

    def _end(self) -> None:
        """Terminate by pid, so that the script can finish its journal, and wait for the end."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"mitmdump did not stop when asked to:\n{self.log()}") from None


def _entry(line: bytes) -> Entry | None:
    """A line's object; None where a test has cut it off, or has written something else there."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "type" in found else None


def _command(
    folder: Path, mode: str, script: Path | None, options: Mapping[str, object], journal: Path
) -> list[str]:
    """Build the command line; port 0 lets the system choose, so that no two tests collide."""
    settings: dict[str, object] = {"confdir": folder / "confdir"}
    if script is not None:
        # Few tests look at the page, and the ports after its own are soon used up.
        settings |= {"cors_journal": journal, "cors_web": False}
    settings |= options
    mitmdump = Path(sys.executable).with_name("mitmdump")
    command = [str(mitmdump), "--listen-host", "127.0.0.1", "--listen-port", "0", "--mode", mode]
    if script is not None:
        command += ["-s", str(script)]
    for name, value in settings.items():
        command += ["--set", f"{name}={_option_text(value)}"]
    return command


def _option_text(value: object) -> str:
    """Write an option's value as mitmproxy reads it: booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
