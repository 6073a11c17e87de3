"""Rules under a writer that doesn't stop: what is in force is one complete good set at every moment."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.proxy import Proxy
from tests.live.wire import RawServer, ask, reply
from tests.support.mitmdump import wait_until

from .conftest import Count
from .figures import times

RULES = 5  # in each file
SAVES_A_SECOND = 50
TORN_SECONDS = 0.15  # a save that took the writer longer may have been seen half done
SECOND, SLACK = 1.0, 4.0  # to count in, and for a machine that does other things as well
WAIT = 30.0

Save = Callable[[Path, str], None]


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        for number in range(RULES):
            running.answers[f"http://api.test/{number}"] = reply()
        yield running


def rules(version: int, file: str = "a") -> str:
    """So many rules, each with the version in its name and in what it does."""
    return "".join(
        f'[[rule]]\nname = "{file}{number}-v{version}"\n'
        f'match.url = "http://api.test/{number}"\nheaders.set.X-Version = "{version}"\n'
        for number in range(RULES)
    )


BROKEN = [
    '[[rule]]\nname = "half',
    "[[rule]]\nmatch = 7",
    "\x00\x01\x02",
    '[[rule]]\nname = "n"\nmatch.host = "api.test"\ncolour = "red"\n',
]
