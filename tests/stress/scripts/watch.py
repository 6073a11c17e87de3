"""A script for mitmdump that watches from inside, and writes down what it saw as it ends.

How long the loop is held between two turns of a timer, in the processor's time and not the clock's,
so that a busy machine tells the same; and what corscope still holds when nothing is under way.
"""

import asyncio
import json
import time
from pathlib import Path

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader

EVERY = 0.01


class Watch:
    def load(self, loader: Loader) -> None:
        loader.add_option("watch_file", str, "", "Where to write what was seen.")

    def running(self) -> None:
        self._held: list[float] = []
        self._corscope = ctx.master.addons.get("corscope")
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(EVERY)
            now = time.thread_time()
            self._held.append(now - last)
            last = now

    def done(self) -> None:
        self._task.cancel()
        held = sorted(self._held)
        seen = {"held_p99": held[int(len(held) * 0.99)], "held_most": held[-1], "left": {}}
        if self._corscope is not None:
            recorder = self._corscope._recorder
            seen["left"] = {
                "subjects": len(self._corscope._treatments),
                "touches": len(recorder.touches),
                "in_flight": len(recorder.journal.in_flight),
            }
        Path(ctx.options.watch_file).write_text(json.dumps(seen), "utf-8")


addons = [Watch()]
