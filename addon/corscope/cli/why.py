"""What is this reason, name or console message? `corscope why` looks it up in the catalogue.

Finding is done in `explain.pasted`, wording in `explain.entry`; here are only the ways in and out.
"""

import difflib
import sys
from collections.abc import Mapping, Sequence

import click

from corscope.explain.articles.catalogue import FINDINGS, REASONS, ArticleId
from corscope.explain.entry import entry_text, heading
from corscope.explain.escape import escaped
from corscope.explain.pasted.paste import (
    found_in,
    known_names,
    likelier,
    named,
    named_finding,
)

__all__ = ["why"]

_LONGEST_NAME = 100


@click.command()
@click.argument("text", nargs=-1)
def why(text: tuple[str, ...]) -> None:
    """Explain a reason or a finding by its name, or by what a browser printed in its console.

    TEXT is an id, the name that Chromium's DevTools or Firefox have for it, or a message
    pasted from the console of Chromium, Firefox or Safari, all of it or a part. A single - reads it
    from the standard input, which spares quoting it. Without TEXT, all are listed. The exit status
    is 1 where nothing is known of it.
    """
    if not text:
        for each in (*REASONS.values(), *FINDINGS.values()):
            click.echo(heading(each.id))
        return
    asked = sys.stdin.read() if text == ("-",) else " ".join(text)
    if ids := _of_name(asked):
        _show(ids, None, likelier(ids))
        return
    found = found_in(asked)
    if found is None:
        raise click.ClickException(_unknown(asked))
    if found.aside is not None and not found.reasons:
        click.echo(f"This says {found.aside}.")
        return
    if found.is_translated:
        click.echo(
            "By the header or status in it, this is Firefox's message in another language:\n"
        )
    _show(found.reasons, found.values, found.aside)


def _of_name(asked: str) -> tuple[ArticleId, ...]:
    """What has this id or name; a reason and a finding may share one."""
    finding = named_finding(asked)
    return named(asked) if finding is None else (*named(asked), finding)


def _show(ids: Sequence[ArticleId], values: Mapping[str, str] | None, aside: str | None) -> None:
    if aside is not None:
        click.echo(f"This says {aside}.\n")
    begin = "This" if aside is None else "Else it"
    if len(set(ids)) > 1:
        click.echo(f"{begin} may be any of {len(ids)} reasons:\n")
    elif aside is not None:
        click.echo(f"{begin} may be this:\n")
    click.echo("\n\n".join(entry_text(id_, values) for id_ in ids))


_ADVICE = (
    "`corscope why` lists all. Of what Firefox prints in other languages than English, only what "
    "names a header or a status can be found; else give the address of its [Learn more], or what "
    'stands in the network panel, as "CORS Failed"'
)


def _unknown(asked: str) -> str:
    spelled = known_names()
    near = difflib.get_close_matches(asked.strip()[:_LONGEST_NAME].lower(), spelled)
    named_so = " or ".join(spelled[name] for name in near)
    advice = f"did you mean {named_so}?" if near else _ADVICE
    return f'nothing is known of "{escaped(asked.strip())}": {advice}'
