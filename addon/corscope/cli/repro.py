"""How can others see this failure? `corscope repro` writes a program that plays it back.

What the program says and does is decided in `explain.repro`; here the fetch is found.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from corscope.cli.arguments.chosen import listed, with_id
from corscope.cli.arguments.kinds import FILE, output_option
from corscope.cli.arguments.records import entries_of, read_records
from corscope.cli.output import as_word, print_file, write_file
from corscope.explain.line import exchange_text
from corscope.explain.repro.program import ReproError, repro
from corscope.fetch.check import CredentialsMode
from corscope.journal.exchange import Exchange

__all__ = ["repro_command"]

MOST: Final = 100_000
"""So many exchanges are kept to choose from, the last ones."""


@click.command("repro")
@click.argument("file", type=FILE)
@click.option("--id", "id_", metavar="ID", help="The exchange, by the beginning of its id.")
@click.option("--last", is_flag=True, help="The last that failed; where none did, the last one.")
@click.option(
    "--credentials",
    type=click.Choice(("omit", "include")),
    help="The credentials mode; default: the one that showed.",
)
@output_option("Where the program is written.", Path("repro.py"))
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
def repro_command(
    file: str,
    id_: str | None,
    last: bool,
    credentials: str | None,
    output: Path | None,
    force: bool,
) -> None:
    """Write a program that plays a recorded failure back, on any machine and in any browser.

    FILE is a journal, a flow file of mitmproxy, or a HAR of a browser. The program is one file of
    Python that needs nothing else, and holds no secrets.
    """
    if id_ is not None and last:
        raise click.UsageError("--id and --last each name an exchange; give one of them")
    found = [entry.exchange for entry in entries_of(read_records([file]), MOST)]
    chosen = _chosen(found, id_, last=last)
    try:
        text = repro(chosen, found, CredentialsMode(credentials) if credentials else None)
    except ReproError as error:
        raise click.ClickException(f"this can't be reproduced: {error}") from error
    if output is None:
        print_file(text)
        return
    write_file(output, text, force=force, is_private=True)
    click.echo(exchange_text(chosen))
    click.echo(f"{output} written: python {as_word(output)}")


def _chosen(found: Sequence[Exchange], id_: str | None, *, last: bool) -> Exchange:
    if not found:
        raise click.ClickException("no CORS exchange is in there")
    if id_ is not None:
        return with_id(found, id_)
    failed = _failed(found)
    if last or len(failed) == 1:
        return (failed or found)[-1]
    told = f"{len(failed)} exchanges failed" if failed else "no exchange failed"
    raise click.ClickException(f"{told}; --id ID names one:\n{listed(failed or found)}")


def _failed(found: Sequence[Exchange]) -> Sequence[Exchange]:
    """Those that are blocked; where there are none, those that are if credentials are included."""
    verdicts = ("blocked", "conditional")
    by_verdict = ([x for x in found if x.judgement.verdict == verdict] for verdict in verdicts)
    return next(filter(None, by_verdict), [])
