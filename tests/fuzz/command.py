"""The command, run within the process: it ends with a text, never with a traceback."""

from __future__ import annotations

from collections.abc import Sequence

from click.testing import CliRunner

from corscope.cli.commands import corscope

__all__ = ["run"]


def run(arguments: Sequence[str], stdin: bytes) -> str:
    """Run `corscope ARGUMENTS…` and return all that it says."""
    done = CliRunner().invoke(corscope, list(arguments), input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in {0, 1}, done.output
    return done.output
