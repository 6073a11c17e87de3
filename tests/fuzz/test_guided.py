"""A little of `make fuzz`: every target, guided by coverage, for some hundred tries."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from .registry import NAMES

ROOT = Path(__file__).parents[2]
TRIES = 500

Fuzz = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fuzz(tmp_path: Path) -> Fuzz:
    """Run `python -m tests.fuzz ARGUMENTS…`, its finds in a folder of the test's."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        places = os.pathsep.join((str(ROOT / "addon"), str(ROOT)))
        return subprocess.run(
            [sys.executable, "-m", "tests.fuzz", "--into", tmp_path, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": places, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            check=False,
        )

    return run


needs_atheris = pytest.mark.skipif(
    find_spec("atheris") is None, reason="needs atheris, of which there are wheels for Linux"
)


@needs_atheris
def test_nothing_is_found_in_some_hundred_tries(fuzz: Fuzz) -> None:
    done = fuzz("--tries", TRIES, "--seed", 1)
    assert done.returncode == 0, done.stdout + done.stderr[-5_000:]
    assert f"{len(NAMES)} targets, broken: none" in done.stdout


def test_an_input_is_tried_again_by_itself(fuzz: Fuzz) -> None:
    seed = ROOT / "tests" / "fuzz" / "corpus" / "urls" / "addresses.txt"
    assert fuzz("urls", "--replay", seed).returncode == 0


def test_what_is_no_target_is_told(fuzz: Fuzz) -> None:
    done = fuzz("url")
    assert done.returncode == 2
    assert "no target url: there are headers, urls," in done.stderr
