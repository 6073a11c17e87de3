"""How is a number of things written, where it may be one?"""

__all__ = ["counted"]


def counted(number: int, noun: str) -> str:
    """Write the number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
