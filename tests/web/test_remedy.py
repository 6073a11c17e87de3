"""What is kept of remedies is what would be made anew."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.journal.store import Entry
from corscope.servers.handoff import hand_off
from corscope.servers.libraries.express import EXPRESS
from corscope.servers.standard import STANDARD
from corscope.web.remedy import least_rule, needed_policy, remedy
from tests.explain.exchanges import AGENTS, of_cases


def made_anew(entry: Entry) -> str | None:
    try:
        return rule_from(entry.exchange, entry.outcome)
    except NoRuleError:
        return None


def test_the_smallest_rule_is_each_exchanges_own() -> None:
    """Twice, and mixed, as exchanges that are alike come between others."""
    found = [Entry(each) for agent in AGENTS for each in of_cases(agent)]
    random.Random(1).shuffle(found)
    for entry in found:
        later = replace(entry.exchange, id="later", time=entry.exchange.time + timedelta(hours=1))
        made = made_anew(entry)
        assert least_rule(entry) == made
        assert least_rule(Entry(later)) == made


def test_the_configuration_is_that_of_each_exchanges_own_policy() -> None:
    for exchange in of_cases():
        made = hand_off(needed_policy(exchange), STANDARD, EXPRESS)
        assert remedy(exchange, EXPRESS).export == made
