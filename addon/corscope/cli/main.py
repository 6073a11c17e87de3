"""Where does the command `corscope` begin?

Here, before anything is imported that may be missing: the script for mitmproxy needs neither
click nor rich, so a copy that was never installed may lack them.
"""

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # Windows' code pages lack most letters
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
