"""How tests read a configuration: within this process, or as a user does, with little memory."""

import subprocess
import sys
from pathlib import Path

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source
from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy
from corscope.servers.registry import find
from tests.cli.conftest import environment

APP = "https://app.test"
OWN = Policy(allow_origins=(APP,))
KEEPING = (("keep_own", True),)


def read(name: str, file: str, text: str) -> list[Found]:
    return list(IMPORTERS[name](Source(file, text)))


def dialect(name: str) -> Dialect:
    found = find(name)
    assert found is not None
    return found


def in_little_memory(file: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = f'ulimit -v 2000000; exec "{sys.executable}" -m corscope import "$0" --from "$1"'
    return subprocess.run(
        ["sh", "-c", command, str(file), name],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        cwd=file.parent,
        check=False,
    )
