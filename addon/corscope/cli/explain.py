"""What happened in what was saved? `corscope explain` says it in the words of the live log.

Which exchanges the files hold is found in `arguments`, wording them is `explain.line`'s; here are
what couldn't be read, and the exit status.
"""

from collections.abc import Callable

import click

from corscope.cli.arguments.kinds import FILE
from corscope.cli.arguments.records import read_file
from corscope.cli.progress import progress, size_of
from corscope.cli.streams import reader_has_left
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.failure import missing_texts
from corscope.explain.line import exchange_lines
from corscope.journal.exchange import Exchange
from corscope.journal.failure import Failed

__all__ = ["explain"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--engines", is_flag=True, help="Tell all three engines' verdicts each time.")
@click.option(
    "--long",
    "details",
    is_flag=True,
    help="Tell also why a preflight came, and the console's words.",
)
@click.option("--steps", is_flag=True, help="Tell the standard's steps below each exchange.")
def explain(files: tuple[str, ...], engines: bool, details: bool, steps: bool) -> None:
    """Explain the CORS exchanges in saved FILES.

    FILES are journals, flow files of mitmproxy, or HARs of browsers. Prints one line an exchange,
    as the log does live. Where Chromium, Firefox and WebKit differ, an indented line tells what
    another does, and why. A single - reads the standard input. At the end it is told what a
    journal says is missing in it, and what can't be read; with the latter the exit status is 1.
    """

    def lines(exchange: Exchange) -> str:
        return "\n".join(exchange_lines(exchange, engines=engines, details=details, steps=steps))

    asides: list[str] = []
    failed = Failed()
    complaints = 0
    for file in files:
        unread: list[str] = []
        count = _explain(file, lines, unread.append, failed)
        complaints += len(unread)
        none = f"{escaped(file, LONGEST_MESSAGE)}: no CORS exchange is in it"
        asides += unread or ([] if count else [none])
    for aside in (*asides, *missing_texts(failed)):
        click.echo(aside, err=True)
    if complaints:
        raise click.exceptions.Exit(1)


def _explain(
    file: str, lines: Callable[[Exchange], str], tell: Callable[[str], None], failed: Failed
) -> int:
    """Print a file's exchanges, and return how many there were; `tell` gets what isn't read."""
    count = 0
    with progress(file, size_of(file)) as (advance, show):
        try:
            for found in read_file(file, tell, advance, failed):
                if isinstance(found, Exchange):
                    show(lines(found))
                    count += 1
                    if reader_has_left():
                        break
        except click.ClickException as error:
            tell(error.message)
    return count
