"""What do the rules in force do to a request and its answer? Found out once for what is alike."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from corscope.fetch.headers import contains
from corscope.journal.alike.memo import Memo, is_small
from corscope.journal.exchange import Missing
from corscope.messages import Request, Response
from corscope.rules.apply import answer, answers_by_itself, edit
from corscope.rules.match import Subject, choose_at_request, choose_at_response, subject_of
from corscope.rules.model import Mode, Rule, Ruleset
from corscope.servers.answer import Answer

__all__ = ["CONDITIONAL", "InForce", "Treatment"]

CONDITIONAL: Final = ("If-None-Match", "If-Modified-Since")
"""By these a browser asks whether the copy that it has is still good."""

MOST_REQUESTS: Final = 2_000
ANSWERS_PER_REQUEST: Final = 4

FilterMatches = Callable[[str], bool]


def _matches_none(_text: str) -> bool:
    return False


@dataclass(slots=True, eq=False)
class InForce:
    """A set of rules, and how requests were treated by it.

    Attributes:
        ruleset: the rules.
        fresh: whether what they touch is kept out of caches.
        looks_at_flows: whether any has a filter, which may tell apart what is alike.
        waits_for_status: whether any asks for the answer's status.
    """

    ruleset: Ruleset
    fresh: bool
    looks_at_flows: bool = field(init=False)
    waits_for_status: bool = field(init=False)
    _treatments: "Memo[Request, Treatment]" = field(default_factory=lambda: Memo(MOST_REQUESTS))

    def __post_init__(self) -> None:
        self.looks_at_flows = any(rule.match.filter for rule in self.ruleset.rules)
        self.waits_for_status = any(rule.match.status for rule in self.ruleset.rules)

    def treatment(
        self, request: Request, filter_matches: FilterMatches = _matches_none
    ) -> "Treatment":
        """How a request is treated, and whatever is answered to it.

        Args:
            request: the request.
            filter_matches: whether a filter matches its flow; only for rules that look at flows.
        """
        return self._treatments.get(request) or self._new(request, filter_matches)

    def _new(self, request: Request, filter_matches: FilterMatches) -> "Treatment":
        is_conditional = any(contains(request.headers, name) for name in CONDITIONAL)
        made = Treatment(self, subject_of(request), is_conditional, filter_matches)
        is_kept = not self.looks_at_flows and is_small(request.headers, request.url)
        return self._treatments.put(request, made) if is_kept else made


@dataclass(slots=True, eq=False)
class Treatment:
    """One request's, or that of all which are the same as it."""

    in_force: InForce
    subject: Subject
    is_conditional: bool
    filter_matches: FilterMatches
    _is_chosen: bool = False
    _rule: Rule | None = None
    _answer: tuple[Rule, Answer | None] | None = None
    _answers_by_itself: bool | None = None
    _edits: "Memo[Response, tuple[Rule | None, Response]]" = field(
        default_factory=lambda: Memo(ANSWERS_PER_REQUEST)
    )

    def rule(self) -> Rule | None:
        """The rule that matches the request, among those that don't ask for a status."""
        if not self._is_chosen:
            ruleset = self.in_force.ruleset
            self._rule = choose_at_request(ruleset, self.subject, self.filter_matches)
            self._is_chosen = True
        return self._rule

    def answering(self) -> Rule | None:
        """The rule that answers in the server's stead, if one does."""
        rule = self.rule()
        if rule is None or rule.mode is not Mode.APPLY:
            return None
        if self._answers_by_itself is None:
            self._answers_by_itself = answers_by_itself(rule, self.subject)
        return rule if self._answers_by_itself else None

    def answer(self, rule: Rule) -> Answer | None:
        """What that rule answers."""
        if self._answer is None or self._answer[0] is not rule:
            self._answer = rule, answer(rule, self.subject, fresh=self.in_force.fresh)
        return self._answer[1]

    def without_server(self, rule: Rule) -> Response | Missing | None:
        """What the browser gets where the rule answers or hangs up; None if a server is asked."""
        if rule.fault is not None and rule.fault.abort:
            return Missing.DROPPED
        made = self.answer(rule)
        return None if made is None else Response(made.status, made.headers)

    def edited(self, response: Response) -> tuple[Rule | None, Response]:
        """The rule that matches now that the server has answered, and what it makes of that."""
        found = self._edits.get(response)
        if found is None:
            found = self._edited(response)
            if is_small(response.headers):
                self._edits.put(response, found)
        return found

    def _edited(self, response: Response) -> tuple[Rule | None, Response]:
        rule = self._rule_for(response.status)
        if rule is None:
            return None, response
        return rule, edit(rule, self.subject, response, fresh=self.in_force.fresh)

    def _rule_for(self, status: int) -> Rule | None:
        """The rule that matches now; the one from before where nothing new can tell."""
        in_force = self.in_force
        if not in_force.waits_for_status and not in_force.looks_at_flows:
            return self.rule()
        return choose_at_response(in_force.ruleset, self.subject, status, self.filter_matches)
