"""How is what was recorded told to others? `corscope report` writes a page, or Markdown.

What is in it is decided in `web.report` and `explain.markdown`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from corscope import __version__
from corscope.cli.arguments.kinds import FILE, output_option
from corscope.cli.arguments.records import kept_of, read_records
from corscope.cli.output import print_file, write_file
from corscope.cli.progress import progress
from corscope.explain.counted import counted
from corscope.explain.failure import missing_texts
from corscope.explain.markdown import report_markdown
from corscope.journal.failure import Failed
from corscope.journal.store import Entry
from corscope.web.report import report_html

__all__ = ["report"]

MOST: Final = 10_000
"""So many exchanges a report has, the last ones."""

_FORMATS: Final = {".md": "markdown", ".markdown": "markdown"}


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@output_option("Where it is written; default: standard output.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("html", "markdown")),
    help="Default: Markdown if FILE ends in .md, else HTML.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
def report(files: tuple[str, ...], output: Path | None, format_: str | None, force: bool) -> None:
    """Write what was recorded as one page for a browser, or as Markdown for a ticket.

    FILES are journals, flow files of mitmproxy, or HARs of browsers. The report has no secrets
    and needs no network. The exit status is 1 where something couldn't be read.
    """
    complaints: list[str] = []
    failed = Failed()
    kept = kept_of(read_records(files, complaints.append, failed), MOST)
    entries = tuple(kept)
    if kept.dropped:
        click.echo(f"only the last {len(entries)} exchanges are in the report", err=True)
    wanted = format_ or _FORMATS.get(output.suffix.lower() if output else "", "html")
    is_markdown = wanted == "markdown"
    missing = tuple(missing_texts(failed))
    text = report_markdown(entries, missing) if is_markdown else _html(entries, missing)
    if output is None:
        print_file(text)
    else:
        write_file(output, text, force=force, is_private=True)
        click.echo(f"{output} written: {counted(len(entries), 'exchange')}")
    for aside in (*missing, *complaints):
        click.echo(aside, err=True)
    if complaints:
        raise click.exceptions.Exit(1)


def _html(entries: Sequence[Entry], missing: Sequence[str]) -> str:
    with progress("report", len(entries), counts_bytes=False) as (advance, _):
        return report_html(entries, __version__, advance, missing)
