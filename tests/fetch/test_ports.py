"""https://fetch.spec.whatwg.org/#port-blocking"""

import pytest

from corscope.fetch.ports import is_bad_port


@pytest.mark.parametrize("port", [0, 1, 25, 587, 6000, 6697, 10080])
def test_bad_ports(port: int) -> None:
    assert is_bad_port(port)


@pytest.mark.parametrize("port", [None, 2, 24, 26, 80, 443, 8080, 10081, 65535])
def test_other_ports(port: int | None) -> None:
    assert not is_bad_port(port)
