"""Takes corscope out of a running mitmdump and puts it back: a script for `-s`, before corscope's.

SIGUSR1 has it read a file, which the option `benchmark_switch` names, for what is to hold, and then
delete it, which tells that it holds. To be sent only while no flow is under way.
"""

import asyncio
import signal
from pathlib import Path
from typing import Any, Final

from mitmproxy import addonmanager, ctx, http

SOON: Final = 0.1
LINE: Final = b"x" * 2_399 + b"\n"


class Idle:
    """An addon with the hooks that corscope has for each exchange, which do nothing."""

    name = "benchmark-idle"

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Nothing."""

    def request(self, flow: http.HTTPFlow) -> None:
        """Nothing."""

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Nothing."""


class IdleAtTheEnd:
    """The same for the half of corscope that stands right before what saves flows."""

    name = "benchmark-idle-at-the-end"

    def __init__(self, addons: list[object]) -> None:
        self.addons = addons

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Nothing."""

    def response(self, flow: http.HTTPFlow) -> None:
        """Nothing."""


class Writing(IdleAtTheEnd):
    """One that also writes a line as long as corscope's for each exchange of CORS."""

    def __init__(self, addons: list[object], file: Path) -> None:
        super().__init__(addons)
        self.file = file.open("ab", buffering=0)

    def response(self, flow: http.HTTPFlow) -> None:
        """Write."""
        if "Origin" in flow.request.headers:
            self.file.write(LINE)


class Switch:
    """Changes the chain; what it was is kept from the first time on."""

    def __init__(self) -> None:
        self.scripts: list[Any] = []

    def load(self, loader: addonmanager.Loader) -> None:
        """Declare the option."""
        loader.add_option("benchmark_switch", str, "", "Where to read what is to hold.")

    def running(self) -> None:
        """Begin to obey; not before corscope has taken its places, which it does after this."""
        self.beginning = asyncio.create_task(self._begin())

    async def _begin(self) -> None:
        while ctx.master.addons.get("corscope-recorder") is None:
            await asyncio.sleep(SOON)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.switch)
        self.switch()

    def switch(self) -> None:
        """Let hold what is asked for: `corscope`, `writing`, `idle` or `alone`."""
        asked = Path(ctx.options.benchmark_switch)
        what = asked.read_text()
        manager = ctx.master.addons
        loader, recorder = manager.get("scriptloader"), manager.get("corscope-recorder")
        self.scripts = self.scripts or list(loader.addons)
        own = next(each for each in self.scripts if hasattr(each.ns, "script_addons"))
        save = manager.get("save")
        own.ns.addons = [manager.get("corscope") if what == "corscope" else Idle()]
        loader.addons = [each for each in self.scripts if each is not own or what != "alone"]
        at_the_end = {
            "corscope": recorder,
            "writing": Writing([save], asked.with_name("lines")),
            "idle": IdleAtTheEnd([save]),
            "alone": save,
        }[what]
        chain: list[Any] = manager.chain
        place = next(n for n, each in enumerate(chain) if _calls(each, save))
        chain[place] = at_the_end
        asked.unlink()


def _calls(addon: object, save: object) -> bool:
    return addon is save or save in getattr(addon, "addons", ())


addons = [Switch()]
