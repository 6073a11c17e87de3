"""Which browser does the user want opened? The options that `run` and `demo` share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from corscope.mitm.start.browser import BrowserError
from corscope.mitm.start.installed import Browser, find_browsers

__all__ = ["browser_choice", "choose_browser"]

_NAMES = ("chromium", "chrome", "edge", "firefox")

Function = TypeVar("Function", bound=Callable[..., Any])


def browser_choice(*, default: bool) -> Callable[[Function], Function]:
    """Add --browser/--no-browser and --browser-name."""

    def add(function: Function) -> Function:
        named = click.option(
            "--browser-name", type=click.Choice(_NAMES), help="Which one; default: the first found."
        )
        wanted = click.option(
            "--browser/--no-browser",
            default=default,
            show_default=True,
            help="Open a browser, with a fresh profile, that uses the proxy.",
        )
        return wanted(named(function))

    return add


def choose_browser(name: str | None) -> Browser | None:
    """Return the browser named, which must be there, or the first one found, if any."""
    found = find_browsers()
    if name is None:
        return found[0] if found else None
    for browser in found:
        if browser.name.lower() == name:
            return browser
    others = ", ".join(browser.name.lower() for browser in found) or "none"
    raise BrowserError(f"{name} was not found on this machine; found: {others}")
