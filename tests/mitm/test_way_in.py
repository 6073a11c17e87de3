"""Where a browser finds a proxy that is yet to be started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from corscope.mitm.start.way_in import (
    NoWayInError,
    WayIn,
    authority,
    no_room_for_authority,
    options_of,
    way_in,
)


@pytest.fixture
def confdir(tmp_path: Path) -> Sequence[str]:
    """Arguments that keep the user's own configuration out."""
    return ("--set", f"confdir={tmp_path}")


@pytest.mark.parametrize(
    ("arguments", "host", "port", "is_proxy"),
    [
        ("", "127.0.0.1", 8080, True),
        ("-p 9000", "127.0.0.1", 9000, True),
        ("-p9000", "127.0.0.1", 9000, True),
        ("--listen-port=9000 -q", "127.0.0.1", 9000, True),
        ("--set listen_port=9000 --anticache", "127.0.0.1", 9000, True),
        ("--listen-host 0.0.0.0", "127.0.0.1", 8080, True),
        ("--listen-host 192.0.2.1", "192.0.2.1", 8080, True),
        ("--mode upstream:http://proxy.test:3128@9000", "127.0.0.1", 9000, True),
        ("--mode reverse:http://localhost:3000", "127.0.0.1", 8080, False),
        ("-m reverse:http://localhost:3000@9000 -p 9001", "127.0.0.1", 9000, False),
        ("--set mode=reverse:http://localhost:3000 -p 9000", "127.0.0.1", 9000, False),
        ("-m socks5 -m reverse:http://localhost@9000", "127.0.0.1", 9000, False),
        ("-m reverse:http://localhost@9000 -m regular@9001", "127.0.0.1", 9001, True),
    ],
)
def test_the_way_in_is_where_mitmproxy_listens(
    confdir: Sequence[str], arguments: str, host: str, port: int, is_proxy: bool
) -> None:
    found = way_in(options_of([*confdir, *arguments.split()]))
    assert found == WayIn(host, port, is_proxy)
    assert found.proxy == ((host, port) if is_proxy else None)
    assert found.url == ("about:blank" if is_proxy else f"http://{host}:{port}/")


def test_mitmproxys_configuration_file_counts_but_not_before_a_flag(
    confdir: Sequence[str], tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text('listen_port: 9000\nmode: ["regular"]\n', "utf-8")
    assert way_in(options_of(confdir)).port == 9000
    assert way_in(options_of([*confdir, "-p", "9001"])).port == 9001


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("-p abc", "invalid int value: 'abc'"),
        ("--set listen_port=abc", "abc"),
        ("--set", "expected one argument"),
        ("-p 0", "choose one with -p PORT"),
        ("--mode regular@0", "choose one with -p PORT"),
        ("--mode nope", "mode nope: unknown mode"),
        ("--mode socks5", "regular, upstream and reverse; running: socks5"),
        ("--mode wireguard --mode socks5", "running: wireguard, socks5"),
        ("-n", "running: none"),
    ],
)
def test_where_there_is_none_it_is_said_why(
    confdir: Sequence[str], arguments: str, says: str
) -> None:
    with pytest.raises(NoWayInError, match=says):
        way_in(options_of([*confdir, *arguments.split()]))


def test_the_certificate_is_in_the_folder_of_the_configuration(
    confdir: Sequence[str], tmp_path: Path
) -> None:
    options = options_of(confdir)
    assert authority(options) is None
    (tmp_path / "mitmproxy-ca-cert.pem").touch()
    assert authority(options) == tmp_path / "mitmproxy-ca-cert.pem"


def test_the_proxys_certificate_needs_a_folder_that_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, says in (("new/folder", None), ("file/folder", "is no folder")):
        told = no_room_for_authority(options_of(["--set", f"confdir={tmp_path / name}"]))
        assert (told is None) if says is None else (told is not None and says in told)
