"""What is this reason, name or console message? `corscope why` looks it up in the catalogue.

Finding is done in `explain.paste`, wording in `explain.entry`; here are only the ways in and out.
"""

import difflib
import sys

import click

from corscope.explain.entry import entry_text, heading
from corscope.explain.escape import escaped
from corscope.explain.paste import Found, found_in, known_names, named
from corscope.fetch.reasons import Reason

__all__ = ["why"]

_LONGEST_NAME = 100


@click.command()
@click.argument("text", nargs=-1)
def why(text: tuple[str, ...]) -> None:
    """Explain a reason by its name, or by what a browser printed in its console.

    TEXT is a reason's id, the name that Chromium's DevTools or Firefox have for it, or a message
    pasted from the console of Chromium, Firefox or Safari, all of it or a part. A single - reads it
    from the standard input, which spares quoting it. Without TEXT, all reasons are listed.
    """
    if not text:
        for reason in Reason:
            click.echo(heading(reason))
        return
    asked = sys.stdin.read() if text == ("-",) else " ".join(text)
    reasons = named(asked)
    found = Found(reasons) if reasons else found_in(asked)
    if found is None:
        raise click.ClickException(_unknown(asked))
    if found.aside is not None:
        click.echo(f"This says {found.aside}.")
        return
    if len(found.reasons) > 1:
        click.echo(f"This may be any of {len(found.reasons)} reasons:\n")
    click.echo("\n\n".join(entry_text(reason, found.values) for reason in found.reasons))


def _unknown(asked: str) -> str:
    spelled = known_names()
    near = difflib.get_close_matches(asked.strip()[:_LONGEST_NAME].lower(), spelled)
    named_so = " or ".join(spelled[name] for name in near)
    advice = f"did you mean {named_so}?" if near else "`corscope why` lists all reasons"
    return f'nothing is known of "{escaped(asked.strip())}": {advice}'
