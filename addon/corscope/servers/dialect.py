"""What is a dialect?

A dialect is how one server library turns a policy into headers: a record of what is imitated and
how well that is known, and three functions. Each is a module of this room that ends in one
`Dialect`; `registry` lists them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from corscope.messages import Request, Response
from corscope.servers.answer import Answer
from corscope.servers.policy import Policy, SettingValue

__all__ = ["Complaint", "Dialect", "Evidence", "Setting", "SettingKind"]

SettingKind = Literal["boolean", "integer", "string", "strings"]


class Evidence(Enum):
    """How we know that a dialect answers as the real server does."""

    PROVED = "proved"
    """A test compares it with the library itself."""

    DOCUMENTED = "documented"
    """It follows the documentation; the server can't be run in a test."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that only this dialect knows; `default` is what the library does without it."""

    name: str
    kind: SettingKind
    default: SettingValue
    doc: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a server does not take a policy; `field` is the policy's field at fault."""

    field: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one server library turns a policy into headers.

    Attributes:
        name: as rule files write it.
        version: which version is imitated.
        source: where its behaviour can be read.
        evidence: how its behaviour is known.
        preflight: the answer to a preflight; None if this server takes the request for none, or
            passes it on to the application.
        actual: an application's response as this server sends it. The application's own CORS
            headers are treated as that server treats them; Vary is added to, not replaced, unless
            the server really replaces it. The status changes where the server refuses.
        complaints: why this server refuses to start with a policy; nothing if it does start.
        settings: the further settings that it knows.
    """

    name: str
    version: str
    source: str
    evidence: Evidence
    preflight: Callable[[Policy, Request], Answer | None]
    actual: Callable[[Policy, Request, Response], Response]
    complaints: Callable[[Policy], tuple[Complaint, ...]]
    settings: tuple[Setting, ...] = ()
