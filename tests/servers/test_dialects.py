"""What holds for every dialect, whatever the policy and whoever asks."""

from random import Random

import pytest

from corscope.messages import HeaderList, Request, Response
from corscope.rules.load import Source, load
from corscope.rules.write import rule_text
from corscope.servers.dialect import Dialect
from corscope.servers.parts import is_sendable
from corscope.servers.registry import dialects

from .real.asked import ASKED, Asked, generate_asked
from .real.policies import POLICIES, generate_policies

every_dialect = pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)

OWN: HeaderList = (("Access-Control-Allow-Origin", "https://own.test"), ("Vary", "Accept"))


def request_of(asked: Asked) -> Request:
    return Request(asked.method, f"https://api.test{asked.path}", asked.headers)


@every_dialect
def test_nothing_trips_it(dialect: Dialect) -> None:
    """What it sends can always be sent, and it takes any policy that it has no complaint about."""
    random = Random(1)
    for policy in (*POLICIES, *generate_policies(random, dialect, 100)):
        if dialect.complaints(policy):
            continue
        for asked in (*ASKED, *generate_asked(random, 5)):
            request = request_of(asked)
            made = dialect.preflight(policy, request)
            got = dialect.actual(policy, request, Response(200, OWN))
            for headers in (made.headers if made else (), got.headers):
                assert all(is_sendable(value) for _, value in headers)


@every_dialect
def test_a_rule_file_holds_its_policies(dialect: Dialect) -> None:
    """Each policy is a rule that loads, and loads as what it was."""
    fitting = [policy for policy in POLICIES if not dialect.complaints(policy)]
    for policy in fitting:
        text = rule_text("it", {"host": "api.test"}, policy, dialect)
        [rule] = load([Source("it.toml", text.encode())]).rules
        assert (rule.policy, rule.dialect) == (policy, dialect)
    assert fitting
