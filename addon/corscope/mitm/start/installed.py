"""Which browsers are on this machine?"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

__all__ = ["Browser", "Family", "find_browsers"]

Family = Literal["chromium", "firefox"]

_ON_PATH: Final[Mapping[str, tuple[str, ...]]] = {
    "Chromium": ("chromium", "chromium-browser"),
    "Chrome": ("google-chrome", "google-chrome-stable", "chrome"),
    "Edge": ("microsoft-edge", "microsoft-edge-stable", "msedge"),
    "Firefox": ("firefox", "firefox-esr"),
}

_ON_MACOS: Final[Mapping[str, str]] = {
    "Chromium": "Chromium.app/Contents/MacOS/Chromium",
    "Chrome": "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Edge": "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Firefox": "Firefox.app/Contents/MacOS/firefox",
}

_ON_WINDOWS: Final[Mapping[str, str]] = {
    "Chromium": r"Chromium\Application\chrome.exe",
    "Chrome": r"Google\Chrome\Application\chrome.exe",
    "Edge": r"Microsoft\Edge\Application\msedge.exe",
    "Firefox": r"Mozilla Firefox\firefox.exe",
}

_PROGRAM_FOLDERS: Final = ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")


@dataclass(frozen=True, slots=True)
class Browser:
    """An installed browser."""

    name: str
    path: Path

    @property
    def family(self) -> Family:
        """Which of the two ways to set a proxy it understands."""
        return "firefox" if self.name == "Firefox" else "chromium"


def find_browsers() -> list[Browser]:
    """Find the installed browsers, the one that explains CORS errors best first."""
    if sys.platform == "darwin":
        found = _from_macos()
    elif sys.platform == "win32":
        found = _from_windows(os.environ)
    else:
        found = _from_path()
    return list(found)


def _from_path() -> Iterator[Browser]:
    for name, programs in _ON_PATH.items():
        for program in programs:
            if path := shutil.which(program):
                yield Browser(name, Path(path))
                break


def _from_macos() -> Iterator[Browser]:
    for name, place in _ON_MACOS.items():
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            if (folder / place).is_file():
                yield Browser(name, folder / place)
                break


def _from_windows(environment: Mapping[str, str]) -> Iterator[Browser]:
    folders = [environment[name] for name in _PROGRAM_FOLDERS if name in environment]
    for name, place in _ON_WINDOWS.items():
        for folder in folders:
            if (Path(folder) / place).is_file():
                yield Browser(name, Path(folder) / place)
                break
