"""Which rule files are there to begin from, and how does one become the user's own?"""

from pathlib import Path

import click

import corscope
from corscope.cli.arguments.kinds import output_option
from corscope.cli.output import as_word, columns, print_file, write_file
from corscope.rules.gallery import Kind, Starter, fill_in, find_starter, index, read_starter

__all__ = ["index_text", "new", "starters"]


@click.command()
@click.argument("kind", type=click.Choice([kind.name.lower() for kind in Kind]))
@click.argument("name", required=False)
@click.option("--host", metavar="HOST", help="Your API's host, or its origin if that isn't https.")
@click.option("--origin", metavar="ORIGIN", help="Your page's origin.")
@output_option()
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
def new(
    kind: str,
    name: str | None,
    host: str | None,
    origin: str | None,
    output: Path | None,
    force: bool,
) -> None:
    """Copy a rule file to begin from, with your hosts in it; without NAME, list them.

    A policy is what a server commonly allows. A bug is a classic mistake, to see what the browser
    says of it, with the fix beside it.
    """
    found = starters(Kind[kind.upper()])
    if name is None:
        _list(found)
        return
    try:
        text = fill_in(find_starter(name, found), host, origin)
    except ValueError as error:
        raise click.ClickException(_of_other_kind(kind, name) or str(error)) from error
    if output is None:
        print_file(text)
        return
    write_file(output, text, force=force)
    click.echo(f"{output} written: corscope run --rules {as_word(output)}")


def _of_other_kind(kind: str, name: str) -> str | None:
    """What to say of a name that the other kind has; None where it hasn't either."""
    for other in Kind:
        stem = name.removesuffix(".toml")
        word = other.name.lower()
        if word != kind and any(starter.name == stem for starter in starters(other)):
            return f'there is no {kind} "{stem}", but a {word}: corscope new {word} {stem}'
    return None


def _list(found: tuple[Starter, ...]) -> None:
    for line in columns([(starter.name, starter.title) for starter in found]):
        click.echo(line)


def starters(kind: Kind) -> tuple[Starter, ...]:
    """All files of a kind, by name.

    Raises:
        click.ClickException: they aren't where they should be.
    """
    files = sorted((_gallery() / kind.value).glob("*.toml"))
    return tuple(read_starter(file.stem, file.read_text(encoding="utf-8")) for file in files)


def index_text() -> str:
    """What the README of `rules/` has to say."""
    return index(starters(Kind.POLICY), starters(Kind.BUG))


def _gallery() -> Path:
    """The installed copy, or the checkout's rules/."""
    package = Path(corscope.__file__).resolve().parent
    candidates = (package / "gallery", package.parents[1] / "rules")
    for candidate in candidates:
        if (candidate / Kind.BUG.value).is_dir():
            return candidate
    looked = " nor ".join(str(candidate) for candidate in candidates)
    raise click.ClickException(f"the rule files are neither in {looked}: install corscope again")
