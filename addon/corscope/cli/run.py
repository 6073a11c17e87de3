"""How is mitmproxy started with corscope in it? `corscope run` does it with few words.

Which program and which script is decided in `mitm.start.launch`; here are the arguments, the
browser beside it, and the exit status.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

import click

from corscope.cli.arguments.browsers import browser_choice, choose_browser
from corscope.mitm.start.browser import BrowserError, RunningBrowser
from corscope.mitm.start.launch import PROGRAMS, LaunchError, Ui, build_command
from corscope.mitm.start.way_in import (
    NoWayInError,
    authority,
    no_room_for_authority,
    options_of,
    way_in,
)

__all__ = ["port_is_open", "run"]

_START_SECONDS = 60.0

_TELLING = frozenset({"--version", "--options", "--commands"})
"""With these mitmproxy tells of itself, and makes nothing."""

_EXISTING = click.Path(exists=True, path_type=Path)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--ui",
    type=click.Choice(list(PROGRAMS)),
    default="console",
    show_default=True,
    help="mitmweb, mitmproxy or mitmdump.",
)
@click.option("--rules", multiple=True, type=_EXISTING, help="Rule file or folder; repeatable.")
@click.option("--journal", type=click.Path(dir_okay=False), help="Append every exchange to it.")
@browser_choice(default=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[MITMPROXY OPTIONS]...")
def run(
    ui: Ui,
    rules: tuple[Path, ...],
    journal: str | None,
    browser: bool,
    browser_name: str | None,
    arguments: tuple[str, ...],
) -> NoReturn:
    """Start mitmproxy with corscope in it.

    Options that aren't listed here are handed on to mitmproxy, such as -p 8888 or
    --mode reverse:http://localhost:3000.
    """
    options: dict[str, object] = {}
    if rules:
        options["cors_rules"] = [path.resolve() for path in rules]
    if journal is not None:
        options["cors_journal"] = Path(journal).resolve()
    try:
        command = build_command(ui, options, arguments)
        _check_folder(arguments)
        if browser:
            sys.exit(_run_with_browser(command, arguments, browser_name))
    except (LaunchError, BrowserError, NoWayInError) as error:
        raise click.ClickException(str(error)) from error
    if sys.platform == "win32":  # os.exec* returns to the prompt at once there
        sys.exit(_wait(subprocess.Popen(command)))  # noqa: S603 - our own command
    os.execv(command[0], command)  # noqa: S606 - the same


def _check_folder(arguments: tuple[str, ...]) -> None:
    """Say what mitmproxy would say with the stack of its calls, as where a home is read-only."""
    if _TELLING.intersection(arguments):
        return
    with suppress(NoWayInError):  # what is wrong with the arguments it says itself
        if why := no_room_for_authority(options_of(arguments)):
            raise LaunchError(why)


def _run_with_browser(command: list[str], arguments: tuple[str, ...], name: str | None) -> int:
    """Open the browser once the proxy listens, and close it when the proxy has ended."""
    chosen = choose_browser(name)
    if chosen is None:
        raise BrowserError("no browser was found; leave --browser out and set the proxy by hand")
    options = options_of(arguments)
    way = way_in(options)
    if port_is_open(way.host, way.port):
        raise LaunchError(f"port {way.port} is in use by another program; choose one with -p PORT")
    process = subprocess.Popen(command)  # noqa: S603 - our own command
    _end_it_when_asked_to_end(process)
    with ExitStack() as stack:
        if _wait_for_port(process, way.host, way.port):
            running = RunningBrowser(chosen, way.proxy, way.url, authority(options))
            if advice := stack.enter_context(running).advice:
                click.echo(advice, err=True)
        return _wait(process)


def _end_it_when_asked_to_end(process: subprocess.Popen[bytes]) -> None:
    """Let SIGTERM and a closed terminal end the proxy, whereupon the browser is closed."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has only one
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # not by nohup
            signal.signal(number, lambda *_: process.terminate())


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for the proxy; Ctrl-C reaches it too, and ending is its affair."""
    while True:
        with suppress(KeyboardInterrupt):
            return process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], host: str, port: int) -> bool:
    """Wait until the proxy listens; False where it ended before, having said why."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if port_is_open(host, port):
            return True
        time.sleep(0.1)
    return False


def port_is_open(host: str, port: int) -> bool:
    """Tell whether something listens on this port."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
