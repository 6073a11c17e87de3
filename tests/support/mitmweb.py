"""A real mitmweb with the corscope script, and the address of its interface."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path

from .mitmdump import Mitmdump, wait_until

__all__ = ["Mitmweb"]


class Mitmweb(Mitmdump):
    """As Mitmdump; `url` is what a person opens."""

    def __init__(
        self, folder: Path, mode: str = "regular", options: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(folder, mode, options)
        program = Path(self._command[0]).with_name("mitmweb")
        web = ["--no-web-open-browser", "--web-port", str(_free_port())]
        self._command = [str(program), *self._command[1:], *web]

    @property
    def url(self) -> str:
        """The interface's address, with its token where there is one."""
        listens = re.compile(r"Web server listening at (http://\S+)")
        return str(wait_until(lambda: listens.findall(self.log()), 10, "mitmweb's address")[0])


def _free_port() -> int:
    """A port that is free now: mitmweb doesn't say which one the system has chosen."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
