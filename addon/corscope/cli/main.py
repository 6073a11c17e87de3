"""Where does the command `corscope` begin?

Here, before anything is imported that may be missing: the script for mitmproxy needs neither
click nor rich, so a copy that was never installed may lack them.
"""

import errno
import io
import os
import sys
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    _fit_streams()
    try:
        from corscope.cli.commands import corscope

        corscope(prog_name="corscope")  # which imports the command that is asked for
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in {"click", "rich", "mitmproxy"}:
            raise
        sys.exit(
            f"corscope: the command needs the Python package {package}, which is missing in "
            f"{sys.executable}: install it with `pip install {package}`, or corscope with "
            "`pip install .` in its folder"
        )
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries once more, and complains
        sys.exit(f"corscope: the output can't be written: {error.strerror}")


def _fit_streams() -> None:
    """Let any text be written and read, whatever the system's encoding lacks or bytes are odd."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 (as long as we run)
    for stream, errors in (
        (sys.stdout, "backslashreplace"),  # Windows' code pages lack most letters
        (sys.stderr, "backslashreplace"),
        (sys.stdin, "replace"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
