"""Why there is nothing to explain about a request."""

import pytest

from corscope.explain.no_exchange import why_no_exchange
from corscope.messages import HeaderList, Request

URL = "https://api.test/x"


@pytest.mark.parametrize(
    ("headers", "answered", "told"),
    [
        pytest.param((), True, "no Origin header", id="no Origin"),
        pytest.param((("Origin", "https://api.test"),), True, "same-origin", id="its own origin"),
        pytest.param((("Origin", "https://a.test"),), False, "no verdict yet", id="no answer"),
    ],
)
def test_what_is_missing_is_told(headers: HeaderList, answered: bool, told: str) -> None:
    assert told in why_no_exchange(Request("GET", URL, headers), answered=answered)


def test_a_hostile_origin_is_escaped() -> None:
    headers = (("Origin", "\x1b[2J"), ("Sec-Fetch-Site", "same-origin"))
    assert "\x1b" not in why_no_exchange(Request("GET", URL, headers), answered=True)
