"""Look for inputs that are too much: `python -m tests.fuzz [--seconds N] [TARGET…]`.

Each target runs in a process of its own, guided by which lines of corscope an input reaches. What
breaks a target is kept, and told with the command that tries it again: `--replay TARGET FILE`.
Ends with 1 if anything was found, with 2 where atheris is missing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.fuzz.mutation import WORDS, changed
from tests.fuzz.registry import NAMES, fuzz_one_of, seed_folders, seeds

INTO: Final = Path(__file__).parents[2] / ".fuzz"
SLOW: Final = 10
"""Seconds that no input may take; most take a thousandth of one."""
LARGEST: Final = 20_000
MEGABYTES: Final = 1_500
NO_ATHERIS: Final = 2


def main(arguments: Sequence[str]) -> int:
    """Run the targets one after the other, and return what the process ends with."""
    options = _options(arguments)
    if options.replay is not None:
        fuzz_one_of(options.targets[0])(options.replay.read_bytes())
        return 0
    try:
        import atheris
    except ModuleNotFoundError:
        _say("atheris is missing: pip install '.[fuzz]' brings it, on Linux")
        return NO_ATHERIS
    with atheris.instrument_imports(include=["corscope"], enable_loader_override=False):
        for name in options.targets:
            fuzz_one_of(name)
    broken = [name for name in options.targets if not _run(name, options)]
    _say(f"{len(options.targets)} targets, broken: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--tries", type=int, metavar="N", help="in place of a time")
    parser.add_argument("--seed", type=int, default=0, help="0 for another one each time")
    parser.add_argument("--into", type=Path, default=INTO, metavar="FOLDER", help="for the finds")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try this input only")
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(NAMES):
        parser.error(f"no target {', '.join(unknown)}: there are {', '.join(NAMES)}")
    if options.replay is not None and len(options.targets) != 1:
        parser.error("--replay needs the one target whose input the file is")
    options.targets = options.targets or list(NAMES)
    return options


def _run(name: str, options: argparse.Namespace) -> bool:
    """Fuzz a target in a child of this process; returns whether nothing was found."""
    _say(f"{name}: {f'{options.tries} tries' if options.tries else f'{options.seconds} s'}")
    if (child := os.fork()) == 0:
        _fuzz(name, options)  # ends the process
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    found = sorted(options.into.glob(f"found/{name}-*"), key=lambda path: path.stat().st_mtime)
    if code and found:
        _say(f"{name}: found {found[-1]}\n    python -m tests.fuzz {name} --replay {found[-1]}")
    elif code:
        _say(f"{name}: ended with {code}")
    return code == 0


def _fuzz(name: str, chosen: argparse.Namespace) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    into = chosen.into
    grown = into / "grown" / name
    grown.mkdir(parents=True, exist_ok=True)
    (into / "found").mkdir(exist_ok=True)
    words = into / "words"
    words.write_text("".join(f'"{_escaped(each)}"\n' for each in WORDS), "ascii")
    options = {
        **({"runs": chosen.tries} if chosen.tries else {"max_total_time": chosen.seconds}),
        "seed": chosen.seed,
        "timeout": SLOW,
        "rss_limit_mb": MEGABYTES,
        "max_len": LARGEST,
        "dict": words,
        "artifact_prefix": f"{into / 'found' / name}-",
        "verbosity": 0,
        "print_final_stats": 1,
    }
    folders = [str(folder) for folder in (grown, *seed_folders(name))]
    others = [seed.path.read_bytes() for seed in seeds() if seed.target == name]

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        """By bytes and by words in turns: either finds what the other hardly comes to."""
        return changed(data, others, seed)[:most] if seed % 2 else atheris.Mutate(data, most)

    atheris.Setup(
        [name, *(f"-{option}={value}" for option, value in options.items()), *folders],
        fuzz_one_of(name),
        custom_mutator=mutate,
    )
    atheris.Fuzz()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _escaped(word: str) -> str:
    return "".join(rf"\x{ord(char):02x}" for char in word)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
