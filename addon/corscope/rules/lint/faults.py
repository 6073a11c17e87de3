"""Which faults change nothing, contradict themselves, or break another thing than is meant?"""

import re
from collections.abc import Iterator
from typing import Final

from corscope.rules.kinds.place import Remark
from corscope.rules.kinds.wrong import of_milliseconds
from corscope.rules.lint.ids import remark
from corscope.rules.lint.origins import has_known_suffix
from corscope.rules.locate import KeyPath
from corscope.rules.meant import is_local, with_scheme
from corscope.rules.model import REDIRECT_STATUSES, Fault, Rule
from corscope.rules.problems import shown
from corscope.rules.template import PLACEHOLDERS

__all__ = ["lint_fault"]

_STATUS: Final[KeyPath] = ("fault", "status")
_REDIRECT: Final[KeyPath] = ("fault", "redirect")
_PLACEHOLDER: Final = re.compile(r"\{(?:" + "|".join(PLACEHOLDERS) + r")\}")
_HOST: Final = re.compile(r"(?P<name>[A-Za-z0-9.-]+)(?P<port>:[0-9]+)?(?:[/?#]|$)")
_PATIENCE: Final = 100
"""Seconds. Who writes as many mostly counts in milliseconds: no person waits that long."""


def lint_fault(rule: Rule) -> Iterator[Remark]:
    """Everything about a rule's `fault`."""
    if rule.fault is not None:
        yield from _contradictory(rule.fault)
        yield from _redirect(rule.fault.redirect)
        yield from _without_location(rule, rule.fault)
        yield from _delay(rule.fault.delay)


def _contradictory(fault: Fault) -> Iterator[Remark]:
    redirects = fault.redirect is not None
    if fault == Fault():
        message = "changes nothing"
        yield remark("fault-without-use", ("fault",), None, message, "drop it, or set abort = true")
    elif fault.abort and (redirects or fault.status is not None):
        message = "leaves nothing to send a status or a redirect with"
        hint = "drop the connection, or answer"
        yield remark("fault-abort-with-answer", ("fault", "abort"), True, message, hint)
    elif redirects and fault.status is not None and fault.status not in REDIRECT_STATUSES:
        message = "is no redirect: 302 is sent instead"
        hint = "drop it, or use 307"
        yield remark("fault-status-no-redirect", _STATUS, fault.status, message, hint)


def _redirect(url: str | None) -> Iterator[Remark]:
    if url is None:
        return
    if (placeholder := _PLACEHOLDER.search(url)) is not None:
        message = f"is sent as it is: {placeholder[0]} is filled in in headers alone"
        hint = f"write status = 302 here, and headers.set = {shown({'Location': url})}"
        yield remark("fault-redirect-placeholder", _REDIRECT, url, message, hint)
    elif _begins_with_host(url):
        message = "has no scheme, so that browsers take the host for a path or a scheme"
        hint = f"write {shown(with_scheme(url))}"
        yield remark("fault-redirect-without-scheme", _REDIRECT, url, message, hint)


def _begins_with_host(url: str) -> bool:
    """Whether it isn't the name of a file, as `login.html` is."""
    found = _HOST.match(url)
    if found is None or not re.search(r"[A-Za-z0-9]", name := found["name"].lower()):
        return False
    if found["port"] or name == "localhost":
        return True
    return "." in name and (is_local(name) or has_known_suffix(name))


def _without_location(rule: Rule, fault: Fault) -> Iterator[Remark]:
    """A status that redirects to no place; the server's own answer may name one."""
    if fault.status not in REDIRECT_STATUSES or fault.redirect is not None or rule.match.status:
        return
    lines = () if rule.headers is None else (*rule.headers.set, *rule.headers.add)
    if not any(name.lower() == "location" for name, _ in lines):
        message = "redirects to no place, so that browsers follow nothing"
        hint = 'write redirect = "https://login.example.com/", say'
        yield remark("fault-status-without-location", _STATUS, fault.status, message, hint)


def _delay(delay: float) -> Iterator[Remark]:
    if delay >= _PATIENCE:
        message = "is in seconds, and longer than people wait"
        yield remark("fault-delay-long", ("fault", "delay"), delay, message, of_milliseconds(delay))
