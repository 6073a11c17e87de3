"""What may stand in a name of HTTP: https://www.rfc-editor.org/rfc/rfc9110#name-tokens"""

from __future__ import annotations

from string import ascii_letters, digits

__all__ = ["TCHARS"]

TCHARS = f"{ascii_letters}{digits}!#$%&'*+-.^_`|~"
"""All characters of the name of a method or a header."""
