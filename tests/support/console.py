"""mitmproxy's own console in a terminal of 40 lines, which keeps what is on it as text.

A pseudo-terminal carries the keys there, and what comes back goes through an emulator: what it
shows is what a person would see.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pyte

from .mitmdump import SCRIPT, START_SECONDS, STOP_SECONDS, wait_until

__all__ = ["Console"]

LINES, COLUMNS = 40, 120
SECONDS = 20.0
TABS = ("Request", "Response", "Detail")


class Console:
    """Runs while used as a context manager."""

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, object] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = [
            *(str(Path(sys.executable).with_name("mitmproxy")), "-s", str(SCRIPT)),
            *("--listen-host", "127.0.0.1", "--listen-port", "0"),
        ]
        own = {"confdir": folder / "confdir", "cors_web": "false"}
        for name, value in (own | dict(options or {})).items():
            self._command += ["--set", f"{name}={value}"]
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._environment = dict(environment or {})
        self._ended = False
        self.raw = bytearray()  # all that the terminal was told
        self.port = 0

    def __enter__(self) -> Self:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            self._command,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"} | self._environment,
        )
        os.close(inner)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = wait_until(self._listening, START_SECONDS, "mitmproxy's console")
        except BaseException:
            self._process.kill()
            self.quit()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.quit()

    def text(self) -> str:
        """What is on the screen."""
        with self._lock:
            return "\n".join(self._screen.display)

    def flowing(self) -> str:
        """What is on the screen without borders and line breaks, to look for whole sentences."""
        return re.sub(r"[\s│]+", " ", self.text())

    def home(self) -> None:
        """Go back to the list of flows, from wherever this is."""
        while (view := self._view()) != ("Flows", False):
            self.press("q")
            wait_until(lambda seen=view: self._view() != seen, SECONDS, "the view below")  # type: ignore[misc]

    def _view(self) -> tuple[str, bool]:
        """The title on top, and whether a viewer lies over it: one q too many would end it all."""
        text = self.text()
        return text.partition("\n")[0].strip(), "Data viewer" in text

    def tab(self, name: str) -> None:
        """Show this tab of a flow."""
        while (active := wait_until(self._active_tab, SECONDS, "the tabs")) != name:
            self.press("\t")
            wait_until(lambda seen=active: self._active_tab() != seen, SECONDS, "another tab")  # type: ignore[misc]

    def _active_tab(self) -> str:
        """The one tab whose name is coloured as the title above is; none while that is drawn."""
        with self._lock:
            title = self._screen.buffer[0][0]
            for row, line in enumerate(self._screen.display):
                places = {name: line.find(name) for name in TABS}
                if -1 not in places.values():
                    cells = {name: self._screen.buffer[row][at] for name, at in places.items()}
                    active = [n for n, c in cells.items() if (c.fg, c.bg) == (title.fg, title.bg)]
                    return active[0] if len(active) == 1 else ""
        return ""

    def press(self, keys: str) -> None:
        """Type these keys."""
        os.write(self._terminal, keys.encode())

    def command(self, command: str) -> None:
        """Give a command at the prompt."""
        self.prompt(command)
        self.press("\r")

    def prompt(self, text: str) -> None:
        """Open the prompt and type, but give no command yet."""
        self.press(":")
        wait_until(lambda: "\n: " in self.text(), SECONDS, "the prompt")
        self.press(text)

    def shows(self, *wanted: str) -> str:
        """Wait until all these texts are there, however lines are broken; returns the screen.

        A screen comes in several pieces: what stands by one text may not have been drawn yet.
        """
        try:
            wait_until(
                lambda: all(text in self.flowing() for text in wanted),
                SECONDS,
                f"{' and '.join(map(repr, wanted))} on the screen",
            )
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.text()}") from None
        return self.text()

    def leaves(self, gone: str) -> None:
        """Wait until this text isn't on the screen any more."""
        wait_until(lambda: gone not in self.text(), SECONDS, f"{gone!r} to leave the screen")

    def quit(self) -> int:
        """Ask it to end; returns its exit status."""
        if not self._ended:
            self._ended = True
            self._process.terminate()
            self._process.wait(STOP_SECONDS)
            self._reader.join()
            os.close(self._terminal)
        return int(self._process.returncode)

    def _listening(self) -> int:
        if self._process.poll() is not None:
            raise AssertionError(f"mitmproxy did not start:\n{self.text()}")
        port = re.search(r"\[127\.0\.0\.1:([1-9]\d*)\]", self.text())
        return int(port[1]) if port else 0

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._terminal, 65_536)
            except OSError:  # Linux's way to say that nobody is at the other end any more
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)
