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

__all__ = ["Complaint", "Dialect", "Evidence", "Export", "Setting", "SettingKind"]

SettingKind = Literal["boolean", "integer", "string", "strings"]


class Evidence(Enum):
    """How we know that a dialect answers as the real server does."""

    PROVED = "proved"
    """A test compares it with the library itself."""

    DOCUMENTED = "documented"
    """It follows the documentation; the server can't be run in a test."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that only this dialect knows; `default` is what the library does without it.

    A string that has `choices` is one of them.
    """

    name: str
    kind: SettingKind
    default: SettingValue
    doc: str
    choices: tuple[str, ...] = ()

    def of(self, policy: Policy) -> SettingValue:
        """Its value in a policy."""
        return dict(policy.settings).get(self.name, self.default)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a server does not take a policy.

    Attributes:
        field: the policy's field at fault.
        message: what is wrong with it.
        hint: what to write instead.
        at_start: whether the real server refuses to start with it; otherwise there is no way to
            write such a policy for this server.
    """

    field: str
    message: str
    hint: str
    at_start: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """A policy as this server's own configuration or code.

    Attributes:
        file: the name of a file that such a thing stands in: `server.js`, `nginx.conf`.
        text: what is to be pasted there.
        warnings: what the server can't express, or does otherwise.
    """

    file: str
    text: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one server library turns a policy into headers.

    Attributes:
        name: as rule files write it.
        title: what the server is called.
        version: which version is imitated.
        source: where its behaviour can be read.
        evidence: how its behaviour is known.
        preflight: the answer to a preflight; None if this server takes the request for none, or
            passes it on to the application.
        actual: an application's response as this server sends it. The application's own CORS
            headers are treated as that server treats them; Vary is added to, not replaced, unless
            the server really replaces it. The status changes where the server refuses.
        complaints: why this server can't have a policy; nothing if it can.
        forwarded: an application's answer to a preflight as this server sends it where it passes
            preflights on; None where it can't, so that nothing real is to be followed.
        refused: what it answers itself even where it passes preflights on; None to pass it on.
        defaults: what fields that aren't set mean to it, as far as fields can say that.
        export: a policy, of which there are no complaints, as its configuration.
        settings: the further settings that it knows.
        handed_off: those of them that are set where another server's policy is written for it,
            since that other server does what these say.
        surprises: what people don't expect of it, a sentence each.
    """

    name: str
    title: str
    version: str
    source: str
    evidence: Evidence
    preflight: Callable[[Policy, Request], Answer | None]
    actual: Callable[[Policy, Request, Response], Response]
    complaints: Callable[[Policy], tuple[Complaint, ...]]
    defaults: Policy = Policy()  # noqa: RUF009 (it is frozen)
    export: Callable[[Policy], Export] | None = None
    forwarded: Callable[[Policy, Request, Response], Response] | None = None
    refused: Callable[[Policy, Request], Answer | None] | None = None
    settings: tuple[Setting, ...] = ()
    handed_off: tuple[tuple[str, SettingValue], ...] = ()
    surprises: tuple[str, ...] = ()
