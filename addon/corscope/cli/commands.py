"""Which subcommands are there? The group, and those that are only a line or two."""

import click

from corscope import __version__
from corscope.cli.check import check
from corscope.cli.check_log import check_log
from corscope.cli.demo.command import demo
from corscope.cli.dialects import dialects, diff_dialects
from corscope.cli.explain import explain
from corscope.cli.export import export
from corscope.cli.imports.command import import_config
from corscope.cli.infer import infer_policy
from corscope.cli.new import new
from corscope.cli.report import report
from corscope.cli.repro import repro_command
from corscope.cli.run import run
from corscope.cli.what_if import rule_from_recorded, what_if_recorded
from corscope.cli.why import why
from corscope.mitm.launch import LaunchError, script_path
from corscope.rules.schema import schema_text

__all__ = ["corscope"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="corscope")
def corscope() -> None:
    """Show what the browser does with every CORS answer, why, and change it.

    corscope is an addon for mitmproxy. `corscope demo` shows what it does, `corscope run` starts
    mitmproxy with it; the other commands work without a proxy.
    """


@corscope.command(short_help="Print where mitmproxy's script is.")
def path() -> None:
    """Print where the script is: mitmproxy -s "$(corscope path)"."""
    try:
        click.echo(str(script_path()))
    except LaunchError as error:
        raise click.ClickException(str(error)) from error


@corscope.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    click.echo(schema_text().rstrip())


for command, briefly in (
    (check, "Check rule files."),
    (check_log, "Fail a pipeline on what a journal holds."),
    (demo, "Show classic CORS failures, one button each."),
    (dialects, "List the servers that a policy can be like."),
    (diff_dialects, "Tell what two servers answer otherwise."),
    (explain, "Explain the CORS exchanges in saved traffic."),
    (export, "Write a rule's policy for a real server."),
    (import_config, "Make a rule of a server's configuration."),
    (infer_policy, "Guess the policy of a backend from traffic."),
    (new, "Copy a rule file to begin from."),
    (report, "Write what was recorded as one file."),
    (repro_command, "Write a program that plays a failure back."),
    (rule_from_recorded, "Write the smallest rule that mends an exchange."),
    (run, "Start mitmproxy with corscope in it."),
    (what_if_recorded, "Tell how verdicts would change under rules."),
    (why, "Explain a reason, or a browser's message."),
):
    command.short_help = briefly  # whole in the list of commands
    corscope.add_command(command)
