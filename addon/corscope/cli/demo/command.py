"""The subcommand `corscope demo`: its options, and how it ends."""

import asyncio
from contextlib import suppress

import click

from corscope.cli.arguments.browsers import browser_choice, choose_browser
from corscope.cli.demo.servers import DemoError
from corscope.cli.demo.stage import Wishes, put_on
from corscope.mitm.start.browser import BrowserError
from corscope.mitm.start.launch import PROGRAMS, LaunchError, Ui

__all__ = ["demo"]


@click.command()
@click.option(
    "--ui",
    type=click.Choice(list(PROGRAMS)),
    default="dump",
    show_default=True,
    help="Which of mitmproxy's programs runs: mitmweb, mitmproxy or mitmdump.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65531),
    help="The page's port; the API and the proxy take the next ones.  [default: free ones]",
)
@browser_choice(default=True)
@click.option("--keep", is_flag=True, help="Keep the folder with the rule file and the journal.")
def demo(ui: Ui, port: int | None, browser: bool, browser_name: str | None, keep: bool) -> None:
    """Show classic CORS failures, one button each.

    Starts a page and an API on this machine, mitmproxy with corscope between them, and a browser
    that uses it. The page shows what script saw beside what corscope said.
    """
    try:
        chosen = choose_browser(browser_name) if browser else None
        with suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(put_on(Wishes(ui, port, chosen, keep)))
    except (DemoError, BrowserError, LaunchError) as error:
        raise click.ClickException(str(error)) from error
