"""Which random cases does this run try?"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime

__all__ = ["seed"]


def seed() -> int:
    """What `CORSCOPE_SEED` says, else another one each time.

    CI has one for each day, so that a change is told from chance there and yet all gets its turn.
    """
    if given := os.environ.get("CORSCOPE_SEED"):
        return int(given)
    return int(f"{datetime.now(UTC):%Y%m%d}") if os.environ.get("CI") else secrets.randbelow(10**9)
