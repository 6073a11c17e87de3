"""The real mitmdump of these tests: with further scripts and arguments, and with a control."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.mitmdump import SCRIPT, STOP_SECONDS, Entry, Mitmdump, wait_until

from .wire import Client, Reply, ask

__all__ = ["CONTROL", "Proxy", "bound", "exchanges"]

CONTROL = Path(__file__).with_name("scripts") / "control.py"
WAIT = 15.0


class Proxy(Mitmdump):
    """A mitmdump with the control script, further scripts and further arguments.

    With `is_bound`, permissions bind it even where root runs the tests.
    """

    def __init__(
        self,
        folder: Path,
        mode: str = "regular",
        options: Mapping[str, object] | None = None,
        *,
        script: Path | None = SCRIPT,
        scripts: Iterable[Path] = (CONTROL,),
        arguments: Iterable[str] = (),
        is_bound: bool = False,
    ) -> None:
        lazy = {"connection_strategy": "lazy"}
        super().__init__(folder, mode, lazy | dict(options or {}), script)
        for further in scripts:
            self._command += ["-s", str(further)]
        self._command += arguments
        if is_bound:
            self._command = [*bound(), *self._command]
        self._stopped = False

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if self._stopped:
            if kind is None:
                self.check_journal()
            return
        super().__exit__(kind, *rest)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end in this way, and return its exit status."""
        os.kill(self.pid, how)
        self._stopped = True
        return self._process.wait(STOP_SECONDS)

    def ask(self, data: bytes) -> Reply:
        """Send these bytes on a connection of their own, and return what comes."""
        with Client(self.port) as client:
            return client.send(data).reply()

    def control(self, **asked: Any) -> dict[str, Any]:
        """Run a command, set options, and return the result and the addon's state."""
        body = json.dumps(asked).encode()
        told = self.ask(ask("http://control.test/", method="POST", origin=None, body=body))
        answer: dict[str, Any] = json.loads(told.body)
        return answer

    def exchange(self, url: str, timeout: float = WAIT) -> Entry:
        """The journal's first exchange with this URL, as soon as it is there."""
        return self.wait_for(lambda entry: entry.get("url") == url, timeout)

    def told(self, pattern: str, timeout: float = WAIT) -> str:
        """Wait for the log to match this pattern, and return all that does."""
        return wait_until(
            lambda: "".join(found[0] for found in re.finditer(pattern, self.log())),
            timeout,
            f"the log: {pattern}",
        )

    def loads(self) -> list[Entry]:
        """The journal's lines about rule files."""
        return [entry for entry in self.journal() if entry["type"] == "rules"]

    def next_load(self, change: Callable[[], object]) -> Entry:
        """Make a change to the rule files; the line of the load that it leads to."""
        known = len(self.loads())
        change()
        wait_until(lambda: len(self.loads()) > known, WAIT, "the rules to be read")
        return self.loads()[known]


def bound() -> list[str]:
    """What to put before a command so that permissions bind it; skips the test where none does."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such permissions")
    if os.geteuid() != 0:
        return []
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if (
        shutil.which(command[0]) is None
        or subprocess.run([*command, "true"], check=False).returncode
    ):
        pytest.skip("permissions don't bind root here")
    return command


def exchanges(entries: Iterable[Entry]) -> list[Entry]:
    """The exchanges among the journal's lines."""
    return [entry for entry in entries if entry["type"] == "exchange"]
