"""What does a rule do to an exchange?

Either it answers by itself, and no server is asked, or it edits a server's response. Within a rule
the order is policy, headers, fault. Waiting, dropping the connection and sending are left to the
adapter, and so is shadow mode: what is computed here need not be sent.
"""

from corscope.fetch.headers import append, contains, delete, get, set_header
from corscope.messages import HeaderList, Response
from corscope.rules.match import Subject
from corscope.rules.model import REDIRECT_STATUSES, Fault, HeaderEdits, Rule
from corscope.rules.template import Template, fill
from corscope.servers.answer import Answer
from corscope.servers.forwarded import answered_by, passed_on
from corscope.servers.parts import (
    ALLOW_ORIGIN,
    MAX_AGE,
    REQUEST_HEADERS,
    is_sendable,
    without_cors_headers,
)

__all__ = ["answer", "answers_by_itself", "edit"]

CACHE_CONTROL = "cache-control"


def answers_by_itself(rule: Rule, subject: Subject) -> bool:
    """Whether no server needs to be asked: the rule answers, or drops the connection."""
    if rule.fault is not None and rule.fault.abort:
        return True
    return _makes_up_status(rule) or _policy_answer(rule, subject) is not None


def answer(rule: Rule, subject: Subject, *, fresh: bool) -> Answer | None:
    """The rule's own answer; None if a server has to be asked, or the connection is dropped.

    Args:
        rule: the rule that was chosen.
        subject: what it was chosen for.
        fresh: keep the answer out of caches, unless the rule says itself how it is cached.
    """
    made_up = _makes_up_status(rule)
    made = _policy_answer(rule, subject)
    if made is None and not made_up:
        return None
    if made is None:
        head = _with_policy(rule, subject, Response(_status(rule.fault, 200), ()))
    else:
        head = Response(made.status, made.headers)
    head = _finished(rule, subject, head, fresh=fresh)
    return Answer(head.status, head.headers, made.body if made and not made_up else b"")


def edit(rule: Rule, subject: Subject, response: Response, *, fresh: bool) -> Response:
    """A server's response as the rule has it; the same response if the rule leaves it alone."""
    if rule.policy is None and rule.headers is None and not _makes_up_status(rule):
        return response
    if rule.policy is not None:
        broken = Response(_status(rule.fault, response.status), response.headers)
        response = _with_policy(rule, subject, broken)
    elif _makes_up_status(rule):
        response = Response(response.status, without_cors_headers(response.headers))
    return _finished(rule, subject, response, fresh=fresh)


def _makes_up_status(rule: Rule) -> bool:
    fault = rule.fault
    return fault is not None and (fault.status is not None or fault.redirect is not None)


def _policy_answer(rule: Rule, subject: Subject) -> Answer | None:
    if rule.policy is None or rule.dialect is None:
        return None
    return answered_by(rule.dialect, rule.policy, subject.request)


def _with_policy(rule: Rule, subject: Subject, response: Response) -> Response:
    """What the policy makes of a response; a forwarded preflight keeps the backend's status."""
    if rule.policy is None or rule.dialect is None:
        return response
    return passed_on(rule.dialect, rule.policy, subject.request, response)


def _finished(rule: Rule, subject: Subject, response: Response, *, fresh: bool) -> Response:
    headers = response.headers
    if rule.headers is not None:
        headers = _edited(rule.headers, subject, headers)
    if rule.fault is not None and rule.fault.redirect is not None:
        headers = set_header(headers, "location", rule.fault.redirect)
    if fresh:
        headers = _uncached(rule, subject, headers)
    return Response(_status(rule.fault, response.status), headers)


def _status(fault: Fault | None, status: int) -> int:
    if fault is None:
        return status
    if fault.redirect is not None:
        return fault.status if fault.status in REDIRECT_STATUSES else 302
    return status if fault.status is None else fault.status


def _edited(edits: HeaderEdits, subject: Subject, headers: HeaderList) -> HeaderList:
    for name in edits.remove:
        headers = delete(headers, name)
    for name, template in edits.set:
        value = _filled(template, subject)
        headers = delete(headers, name) if value is None else set_header(headers, name, value)
    for name, template in edits.add:
        value = _filled(template, subject)
        headers = headers if value is None else append(headers, name, value)
    return headers


def _filled(template: Template, subject: Subject) -> str | None:
    """The value; None if there is nothing to fill in, or what there is would end the line."""
    filled = fill(
        template,
        {
            "origin": subject.origin,
            "method": subject.method,
            "headers": get(subject.request.headers, REQUEST_HEADERS),
            "host": subject.host,
        },
    )
    return filled if filled is not None and is_sendable(filled) else None


def _uncached(rule: Rule, subject: Subject, headers: HeaderList) -> HeaderList:
    """Keep an answer out of the caches that would show the rule's next change too late."""
    if rule.policy is not None and rule.policy.max_age is not None:
        return headers
    name, value = (MAX_AGE, "0") if subject.kind == "preflight" else (CACHE_CONTROL, "no-store")
    if rule.headers is not None and _touches(rule.headers, name):
        return headers
    if subject.kind == "preflight" and not contains(headers, ALLOW_ORIGIN):
        return headers  # nothing is allowed, so nothing is cached
    return set_header(headers, name, value)


def _touches(edits: HeaderEdits, name: str) -> bool:
    edited = (*edits.remove, *(known for known, _ in (*edits.set, *edits.add)))
    return name in {known.lower() for known in edited}
