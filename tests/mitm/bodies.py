"""What is left of a HAR without its bodies."""

from __future__ import annotations

from typing import Any

__all__ = ["without_bodies"]


def without_bodies(value: Any) -> Any:
    """What stands under "text" is a body."""
    if isinstance(value, list):
        return [without_bodies(item) for item in value]
    if isinstance(value, dict):
        return {
            key: "" if key == "text" and isinstance(inner, str) else without_bodies(inner)
            for key, inner in value.items()
        }
    return value
