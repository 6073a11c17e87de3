"""Which subcommands are there?

Importing all of them takes most of a second, so only the one that is asked for is imported.
"""

import os
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Final, NoReturn

import click

from corscope import __version__

__all__ = ["corscope"]

_COMMANDS: Final = {
    "check": ("check", "check", "Check rule files."),
    "check-log": ("check_log", "check_log", "Fail a pipeline on what a journal holds."),
    "demo": ("demo.command", "demo", "Show classic CORS failures, one button each."),
    "dialects": ("dialects", "dialects", "List the servers that a policy can be like."),
    "diff-dialects": ("dialects", "diff_dialects", "Tell what two servers answer otherwise."),
    "explain": ("explain", "explain", "Explain the CORS exchanges in saved traffic."),
    "export": ("export", "export", "Write a rule's policy for a real server."),
    "import": ("imports.command", "import_config", "Make a rule of a server's configuration."),
    "infer": ("infer", "infer_policy", "Guess the policy of a backend from traffic."),
    "new": ("new", "new", "Copy a rule file to begin from."),
    "path": ("about", "path", "Print where mitmproxy's script is."),
    "report": ("report", "report", "Write what was recorded as one file."),
    "repro": ("repro", "repro_command", "Write a program that plays a failure back."),
    "rule-from": (
        "what_if",
        "rule_from_recorded",
        "Write the smallest rule that mends an exchange.",
    ),
    "run": ("run", "run", "Start mitmproxy with corscope in it."),
    "schema": ("about", "schema", "Print the JSON Schema of rule files, for editors."),
    "what-if": (
        "what_if",
        "what_if_recorded",
        "Tell how verdicts would change under rules.",
    ),
    "why": ("why", "why", "Explain a reason, or a browser's message."),
}
"""The module below `cli`, the name in it, and what the list of commands says of it."""


class _Commands(click.Group):
    """The commands of the table, each imported when it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name, briefly = _COMMANDS[cmd_name]
        command = getattr(import_module(f"corscope.cli.{module}"), name)
        assert isinstance(command, click.Command)
        command.short_help = briefly
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, briefly) for name, (*_, briefly) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = [] if args[0] in _COMMANDS else get_close_matches(args[0], _COMMANDS, n=1)
        if near and not ctx.resilient_parsing:
            raise click.UsageError(f'no command "{args[0]}": did you mean "{near[0]}"?', ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _end_by_ctrl_c()


def _end_by_ctrl_c() -> NoReturn:
    """End as what the signal itself ends: a shell that runs us in a loop then ends that too."""
    click.echo(err=True)
    if sys.platform != "win32":
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    raise click.exceptions.Exit(128 + signal.SIGINT)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="corscope")
def corscope() -> None:
    """Show what the browser does with every CORS answer, why, and change it.

    corscope is an addon for mitmproxy. `corscope demo` shows what it does, `corscope run` starts
    mitmproxy with it; the other commands work without a proxy.
    """
