"""What did the stress tests count? One row a claim, written into docs/reliability.md on request."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

__all__ = ["PAGE", "is_full", "times", "write"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"

_TABLE: Final = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)


def is_full() -> bool:
    """Whether this is the long run, `make stress`; other runs do a little of each."""
    return os.environ.get("CORSCOPE_STRESS") == "full"


def times(few: int, many: int) -> int:
    """How often to do a thing: a few times in every run, many times in the long one."""
    return many if is_full() else few


def write(figures: dict[str, str], page: Path = PAGE) -> None:
    """Put the figures into the page's table; those of claims that weren't tested now stay."""
    text = page.read_text("utf-8")
    found = _TABLE.search(text)
    assert found is not None, f"{page} has no place for figures"
    known = dict(re.findall(r"^\| (.+?) \| (.+) \|$", found[0], re.MULTILINE))
    day = datetime.now(UTC).date().isoformat()
    versions = f"Python {platform.python_version()}, mitmproxy {metadata.version('mitmproxy')}"
    stamp = f"{day}, {platform.system()}, {os.cpu_count()} cores, {versions}"
    known |= {claim: f"{figure} | {stamp}" for claim, figure in figures.items()}
    rows = [
        f"| {claim} | {rest} |"
        for claim, rest in known.items()
        if not claim.startswith(("-", "claim"))
    ]
    table = "\n".join(["| claim | seen | when and where |", "|---|---|---|", *rows])
    page.write_text(_TABLE.sub(lambda _: f"{table}\n", text), "utf-8")
