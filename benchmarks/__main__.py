"""Run the benchmarks: `python -m benchmarks`, or some of them by name; `--help` lists them.

Each prints what it finds as soon as it is done; `--write` puts it into docs/benchmarks.md too.
"""

import argparse
import importlib
import logging
import sys
from typing import Final

from benchmarks.section import CannotRunError, Section, document, markdown

__all__ = ["NAMES", "main"]

NAMES: Final = ("layer", "chain", "peers", "core", "hooks", "growth", "offline", "duck")
"""The modules that measure, in the order of the page."""

logger = logging.getLogger(__name__)


def main() -> None:
    """Run what was asked for; exits with 1 where a goal is missed or a benchmark can't run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; default all"
    )
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="little of each, to see that it runs")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    is_well = [_run(name, quick=asked.quick, write=asked.write) for name in asked.names or NAMES]
    sys.exit(0 if all(is_well) else 1)


def _run(name: str, *, quick: bool, write: bool) -> bool:
    """Run one; returns whether it could be, and reaches its goals."""
    try:
        section: Section = importlib.import_module(f"benchmarks.{name}").section(quick=quick)
    except CannotRunError as error:
        logger.warning("%s can't run here: %s", name, error)
        return False
    sys.stdout.write(f"{markdown(section)}\n")
    sys.stdout.flush()
    if write:
        document(section)
    # What a quick run measures says nothing of a goal.
    return quick or all(goal.holds for goal in section.goals)


if __name__ == "__main__":
    main()
