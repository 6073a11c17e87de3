"""Which recorded exchange does `--id` name? By its id, or by the beginning of it."""

from collections.abc import Sequence
from typing import Final

import click

from corscope.explain.escape import escaped
from corscope.journal.exchange import Exchange
from corscope.servers.registry import nearest

__all__ = ["listed", "with_id"]

_LISTED: Final = 20


def with_id(found: Sequence[Exchange], id_: str) -> Exchange:
    """The exchange of this id, or the only one whose id begins so.

    Raises:
        click.ClickException: there is none, or more than one; it lists them.
    """
    meant = [each for each in found if each.id.startswith(id_)]
    exact = [each for each in meant if each.id == id_]
    if exact or len(meant) == 1:
        return (exact or meant)[-1]
    if meant:
        raise click.ClickException(
            f'{len(meant)} exchanges have an id that begins with "{escaped(id_)}":\n{listed(meant)}'
        )
    near = nearest(id_, (each.id for each in found))
    hint = f"did you mean {escaped(near)}?" if near else "there are:"
    raise click.ClickException(f'no exchange has the id "{escaped(id_)}"; {hint}\n{listed(found)}')


def listed(exchanges: Sequence[Exchange]) -> str:
    """The last of them, an id and a line each."""
    lines = [f"  {escaped(each.id)}  {_told(each)}" for each in exchanges[-_LISTED:]]
    left_out = len(exchanges) - len(lines)
    return "\n".join(
        [*([f"  ({left_out} earlier ones aren't listed)"] if left_out else []), *lines]
    )


def _told(exchange: Exchange) -> str:
    judgement = exchange.judgement
    asked = f"{escaped(exchange.method)} {escaped(exchange.url)} from {escaped(exchange.origin)}"
    kind = "preflight for " if exchange.kind == "preflight" else ""
    reason = f": {judgement.reason}" if judgement.reason else ""
    return f"{judgement.verdict}: {kind}{asked}{reason}"
