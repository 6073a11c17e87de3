"""What is said of a connection that didn't come about."""

from __future__ import annotations

import pytest

from corscope.explain.connections import unreached_text, untrusted_text

EVIL = "\x1b[2J\r\n\x9b31m\x85"


@pytest.mark.parametrize(
    ("cause", "known", "fix"),
    [
        ("dns", "dns: ", "mend the host's name in the page, or let it be known here."),
        ("refused", "refused: ", "start the server, or mend its address."),
        ("timeout", "timeout: ", "see whether the server runs, and whether a firewall stands"),
        ("unreachable", "unreachable: ", "see whether this machine is on the server's network."),
        ("closed", "closed: ", "see whether the server runs, and whether its address is right."),
        (None, "", "see whether the server runs, and whether its address is right."),
    ],
)
def test_each_cause_has_its_own_way_out(cause: str | None, known: str, fix: str) -> None:
    line = unreached_text("api.test:443", cause, "it's off")
    assert line.startswith(f"No CORS error: no connection to api.test:443 ({known}it's off), ")
    assert f"Fix: {fix}" in line


def test_no_value_from_the_wire_steers_the_terminal() -> None:
    assert unreached_text(EVIL, None, EVIL).isprintable()
    assert untrusted_text(EVIL).isprintable()
