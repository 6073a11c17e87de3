"""Where does the command `corscope` begin?

Here, before anything is imported that may be missing: the script for mitmproxy needs neither
click nor rich, so a copy that was never installed may lack them.
"""

import errno
import os
import sys

from corscope.cli.streams import fit_streams

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    fit_streams()
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
