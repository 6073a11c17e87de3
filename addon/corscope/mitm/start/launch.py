"""How is a mitmproxy program started with the corscope script?

Finds the program and the script and builds the command; starting it is the caller's part.
"""

import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, get_args

import corscope

__all__ = ["PROGRAMS", "LaunchError", "Ui", "build_command", "find_program", "script_path"]

Ui = Literal["web", "console", "dump"]

PROGRAMS: Final[Mapping[Ui, str]] = {"web": "mitmweb", "console": "mitmproxy", "dump": "mitmdump"}
assert tuple(PROGRAMS) == get_args(Ui)


class LaunchError(Exception):
    """A program or the script isn't where it should be; the message says what to install."""


def script_path() -> Path:
    """Return the script for `mitmproxy -s`: the installed copy, or the checkout's addon/cors.py."""
    package = Path(corscope.__file__).resolve().parent
    candidates = (package / "script" / "cors.py", package.parent / "cors.py")
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    looked = " nor ".join(str(candidate) for candidate in candidates)
    raise LaunchError(f"the script is neither {looked}: install corscope again")


def find_program(ui: Ui) -> Path:
    """Find the program that belongs to the running Python, else the one on PATH.

    Preferring its own keeps a virtual environment that isn't activated from being mixed with
    another mitmproxy.
    """
    name = PROGRAMS[ui]
    folders = dict.fromkeys((str(Path(sys.executable).parent), sysconfig.get_path("scripts")))
    for folder in folders:
        if own := shutil.which(name, path=folder):
            return Path(own)
    if on_path := shutil.which(name):
        return Path(on_path)
    raise LaunchError(
        f"{name} was found neither beside {sys.executable} nor on PATH: "
        "install it with `pip install mitmproxy`"
    )


def build_command(
    ui: Ui, options: Mapping[str, object], arguments: Sequence[str] = ()
) -> list[str]:
    """Build the command line: the script, options as `--set name=value`, then the arguments.

    An option that holds a list is given as often as it has items; booleans in lower case.
    """
    command = [str(find_program(ui)), "-s", str(script_path())]
    for name, value in options.items():
        for item in value if isinstance(value, list | tuple) else (value,):
            text = str(item).lower() if isinstance(item, bool) else str(item)
            command += ["--set", f"{name}={text}"]
    return [*command, *arguments]
