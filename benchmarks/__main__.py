"""Run the benchmarks: `python -m benchmarks`, or some of them by name; `--help` lists them.

Each prints what it finds as soon as it is done; `--write` puts it into docs/benchmarks.md too.
"""

import argparse
import importlib
import logging
import sys
from typing import Final

from benchmarks.section import Section, document, markdown

__all__ = ["NAMES", "main"]

NAMES: Final = ("layer", "peers", "core", "growth", "offline", "duck")
"""The modules that measure, in the order of the page."""


def main() -> None:
    """Run what was asked for; exits with 1 where a goal is missed."""
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
    missed = False
    for name in asked.names or NAMES:
        section: Section = importlib.import_module(f"benchmarks.{name}").section(quick=asked.quick)
        sys.stdout.write(f"{markdown(section)}\n")
        sys.stdout.flush()
        if asked.write:
            document(section)
        # What a quick run measures says nothing of a goal.
        missed |= not asked.quick and not all(goal.holds for goal in section.goals)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
