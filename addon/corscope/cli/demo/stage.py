"""How is the demo put on? Two origins here, mitmproxy and a browser as processes beside.

Everything is started in order and stopped in reverse, whatever happens in between; the words
for the terminal are here too.
"""

import asyncio
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from corscope.cli.demo.servers import Addresses, DemoError, Origins
from corscope.cli.demo.tail import JournalTail
from corscope.cli.run import port_is_open
from corscope.mitm.start.browser import BrowserError, RunningBrowser
from corscope.mitm.start.installed import Browser
from corscope.mitm.start.launch import PROGRAMS, Ui, build_command

__all__ = ["Wishes", "put_on"]

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.2

_CONNECTIONS: Final = re.compile(
    rb"(client|server) (dis)?connect\b|error establishing server connection"
)
"""What mitmproxy tells of every connection, and what would bury corscope's own lines."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for."""

    ui: Ui
    port: int | None
    browser: Browser | None
    keep: bool


async def put_on(wishes: Wishes) -> None:
    """Run the demo until the proxy ends or the task is cancelled."""
    _cancel_when_asked_to_end()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_folder(wishes.keep))
        origins = Origins(wishes.port)
        stack.push_async_callback(origins.close)
        addresses = origins.addresses
        rules, journal = folder / "rules.toml", folder / "journal.jsonl"
        rules.write_text(_rules(addresses), encoding="utf-8")
        origins.serve(JournalTail(journal), {"rules": str(rules)})
        _announce(addresses, rules, journal)
        command = _proxy_command(wishes, addresses, folder)
        proxy = await stack.enter_async_context(_process(command, quiet=wishes.ui != "console"))
        if wishes.ui == "console":
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the console asks about Ctrl-C itself
        await _until_listening(proxy, PROGRAMS[wishes.ui], addresses.proxy_port)
        browser = _open_browser(wishes, addresses, stack)
        await _until_ended(proxy, browser, addresses, talk=wishes.ui != "console")


def _cancel_when_asked_to_end() -> None:
    """Make SIGTERM and a closed terminal end the demo as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, AttributeError):  # Windows has neither
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="corscope-demo-"))
    try:
        yield folder
    finally:
        if keep:
            click.echo(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _rules(addresses: Addresses) -> str:
    template = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return template.replace("@API@", addresses.api).replace("@PAGE@", addresses.page)


def _proxy_command(wishes: Wishes, addresses: Addresses, folder: Path) -> list[str]:
    """Build the proxy's command; a configuration folder of its own keeps the user's out of it."""
    options: dict[str, object] = {
        "cors_rules": folder / "rules.toml",
        "cors_journal": folder / "journal.jsonl",
        "confdir": folder / "mitmproxy",
        "listen_host": "127.0.0.1",
        # What the browser sends elsewhere of its own accord is passed through unread.
        "allow_hosts": r"^(localhost|127\.0\.0\.1):",
        "listen_port": addresses.proxy_port,
    }
    if wishes.ui == "dump":
        options["flow_detail"] = 0
    if wishes.ui == "web":
        options["web_port"] = addresses.web_port
        options["web_open_browser"] = wishes.browser is not None
    return build_command(wishes.ui, options)


@asynccontextmanager
async def _process(command: list[str], *, quiet: bool) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the proxy; `quiet` passes its output on, but not what it tells of connections.

    A quiet one hears no Ctrl-C of the terminal: it is stopped from here, and what it says of
    connections that end with it is not passed on either.
    """
    if not quiet:
        process = await asyncio.create_subprocess_exec(*command)
        try:
            yield process
        finally:
            await _stop(process)
        return
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    stopping = asyncio.Event()
    passing_on = asyncio.create_task(_pass_on(process.stdout, stopping))
    try:
        yield process
    finally:
        if process.returncode is None:
            stopping.set()
        await _stop(process)
        await passing_on


async def _pass_on(output: asyncio.StreamReader, stopping: asyncio.Event) -> None:
    while line := await _line(output):
        if not stopping.is_set() and not _CONNECTIONS.search(line):
            sys.stdout.write(line.decode("utf-8", "replace"))
            sys.stdout.flush()


async def _line(output: asyncio.StreamReader) -> bytes:
    """Read a line; one that is longer than the buffer comes in parts."""
    try:
        return await output.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as long:
        return await output.read(long.consumed)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Let the proxy end by itself, which writes the journal's last lines; then insist."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _until_listening(process: asyncio.subprocess.Process, program: str, port: int) -> None:
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while not await asyncio.to_thread(port_is_open, "127.0.0.1", port):
        if process.returncode is not None:
            raise DemoError(
                f"{program} ended with status {process.returncode} before it listened; what it "
                "said is above"
            )
        if asyncio.get_running_loop().time() > deadline:
            raise DemoError(f"{program} does not listen after {_START_SECONDS:g} seconds")
        await asyncio.sleep(_LOOK_SECONDS)


def _open_browser(
    wishes: Wishes, addresses: Addresses, stack: AsyncExitStack
) -> RunningBrowser | None:
    """Open the page, or say how; a browser that can't be started doesn't end the demo."""
    talk = wishes.ui != "console"
    if wishes.browser is not None:
        proxy = ("127.0.0.1", addresses.proxy_port)
        try:
            running = stack.enter_context(
                RunningBrowser(wishes.browser, proxy, f"{addresses.page}/")
            )
        except BrowserError as error:
            click.echo(f"{error}", err=True)
        else:
            if talk:
                click.echo(f"The page is open in {wishes.browser.name}. Ctrl-C ends the demo.\n")
            return running
    if talk:
        click.echo(_by_hand(addresses))
    return None


async def _until_ended(
    proxy: asyncio.subprocess.Process,
    browser: RunningBrowser | None,
    addresses: Addresses,
    *,
    talk: bool,
) -> None:
    """Wait for the proxy's end; on the way, say so once when the browser is gone."""
    while proxy.returncode is None:
        status = browser.exit_status() if browser is not None else None
        if status is not None:
            browser = None
            if talk:
                click.echo(f"The browser has ended (status {status}).\n{_by_hand(addresses)}")
        await asyncio.sleep(_LOOK_SECONDS)
    if proxy.returncode:
        raise DemoError(f"the proxy ended with status {proxy.returncode}; what it said is above")


def _announce(addresses: Addresses, rules: Path, journal: Path) -> None:
    click.echo(
        f"corscope demo\n"
        f"  page       {addresses.page}/\n"
        f"  API        {addresses.api}\n"
        f"  proxy      http://127.0.0.1:{addresses.proxy_port}\n"
        f"  rule file  {rules}\n"
        f"  journal    {journal}\n"
    )


def _by_hand(addresses: Addresses) -> str:
    proxy = f"127.0.0.1:{addresses.proxy_port}"
    return (
        f"Open {addresses.page}/ in a browser that uses the proxy {proxy} for loopback\n"
        "addresses too, which no browser does by itself:\n"
        f"  Chromium, Chrome, Edge: start with --proxy-server=http://{proxy}\n"
        '    "--proxy-bypass-list=<-loopback>" --user-data-dir=(a new folder)\n'
        f"  Firefox: Settings, Network Settings, Manual proxy configuration: {proxy};\n"
        "    and in about:config network.proxy.allow_hijacking_localhost = true\n"
        "Ctrl-C ends the demo.\n"
    )
