"""What does a server allow?

The fields are those that CORS libraries have in common; what one of them adds is in `settings`.
None means that the field was not set: each library then has a default of its own.
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["ECHO", "WILDCARD", "Policy", "SettingValue", "listed"]

WILDCARD: Final = "*"
ECHO: Final = "request"
"""The word for sending back whatever was asked for."""

SettingValue = bool | int | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a server allows, independent of how it says so.

    Attributes:
        allow_origins: a string is the single-value form (`*`, `request`, or one origin that is
            sent to everybody); a tuple is a list of origins and patterns.
        allow_origin_regex: a further way to be allowed, as that server understands it.
        allow_methods: `*`, `request`, or a list.
        allow_headers: `*`, `request`, or a list.
        expose_headers: `*`, or a list.
        allow_credentials: whether credentialed requests are allowed.
        max_age: how long a preflight's answer may be cached, in seconds.
        forward_preflight: preflights go to the backend, and only its CORS headers are replaced.
        settings: what only this dialect knows, by name.
    """

    allow_origins: str | tuple[str, ...] | None = None
    allow_origin_regex: str | None = None
    allow_methods: str | tuple[str, ...] | None = None
    allow_headers: str | tuple[str, ...] | None = None
    expose_headers: str | tuple[str, ...] | None = None
    allow_credentials: bool | None = None
    max_age: int | None = None
    forward_preflight: bool = False
    settings: tuple[tuple[str, SettingValue], ...] = ()


def listed(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """A field as the list that a library takes; what isn't set is empty."""
    return (value,) if isinstance(value, str) else value or ()
