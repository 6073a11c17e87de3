"""The journal through kills, full disks, rotations and company: what was answered is in it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from corscope.cli.arguments.records import read_records
from corscope.journal.lines.read import exchange_of, outcome_of
from tests.live.proxy import Proxy
from tests.live.wire import RawServer
from tests.support.mitmdump import wait_until

from .asking import Clients, answered_ids, open_server
from .conftest import Count
from .figures import times

if sys.platform == "win32":
    pytest.skip("no signal kills there, and no open file can be moved", allow_module_level=True)

import resource

OPTIONS = {"cors_urls": "full", "flow_detail": 0}  # so that the ids show, and mitmdump prints less
WAIT = 30.0

Line = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        open_server(running)
        yield running


def whole(content: bytes) -> list[Line]:
    """The lines, each of which has to be valid and to read back."""
    lines: list[Line] = [json.loads(line) for line in content.split(b"\n") if line]
    for line in lines:
        if line["type"] == "exchange":
            exchange_of(line)
        elif line["type"] == "outcome":
            outcome_of(line)
    return lines


def read_on(path: Path, start: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(start)
        return stream.read()


# Kills


@dataclass
class Kills:
    """What was counted while proxies were killed."""

    kills: int = 0
    answers: int = 0
    lines: int = 0
    cut: int = 0


def kill_over_and_over(folder: Path, mode: str, kills: int) -> Kills:
    """All runs append to one file; what a kill has cut off stays alone on its line."""
    chance, counted, done, is_cut = random.Random(folder.name), Kills(), 0, False
    folder.mkdir()
    for number in range(kills):
        with (
            Proxy(folder, mode, OPTIONS) as proxy,
            Clients(proxy.port, str(number)) as clients,
        ):
            clients.wait_for(chance.randint(1, 200), 10 * WAIT)
            time.sleep(chance.uniform(0.0, 0.01))
            proxy.stop(signal.SIGKILL)
        written = read_on(proxy.journal_path, done)
        assert written.startswith(b"\n{" if is_cut else b"{")
        complete, _, rest = written.rpartition(b"\n")
        entries = whole(complete)
        assert clients.answered <= set(answered_ids(entries))
        done, is_cut = done + len(written), bool(rest)
        counted.kills += 1
        counted.answers += len(clients.answered)
        counted.lines += len(entries)
        counted.cut += is_cut
    return counted


def test_what_was_answered_is_in_the_journal_though_the_proxy_is_killed(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """Several proxies at once, each with its journal, so that they are in each other's way."""
    lanes, kills = times(1, 4), times(2, 50)
    with ThreadPoolExecutor(lanes) as pool:
        running = [
            pool.submit(kill_over_and_over, tmp_path / f"{lane}", server.mode, kills)
            for lane in range(lanes)
        ]
        counted = [lane.result() for lane in running]
    answers, cut = sum(lane.answers for lane in counted), sum(lane.cut for lane in counted)
    figure(
        "`kill -9` under load: what was answered is in the journal, and every line is whole",
        f"{sum(lane.kills for lane in counted)} kills, {answers:,} answers: 0 missing; "
        f"{sum(lane.lines for lane in counted):,} lines, {cut} cut off by a kill",
    )


# A disk that fills


class SmallDisk:
    """A disk of its own, for whom the system lets mount one."""

    why = "No space left on device"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.jsonl"
        self._folder = folder

    def __enter__(self) -> Self:
        if self._mount("size=64m", "none").returncode != 0:
            pytest.skip("no disk can be mounted here")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self._folder)], check=True)

    def fill(self, room: int, _: int) -> None:
        """Leave room for so many bytes, in whole pages; it is refused if more came meanwhile."""

        def shrink() -> bool:
            used = shutil.disk_usage(self._folder).used
            return self._mount(f"remount,size={used + room}").returncode == 0

        wait_until(shrink, WAIT, f"the disk has room for {room} bytes more")

    def free(self, _: int) -> None:
        """Make room again."""
        assert self._mount("remount,size=64m").returncode == 0

    def _mount(self, options: str, *device: str) -> subprocess.CompletedProcess[bytes]:
        command = ["mount", "-t", "tmpfs", "-o", options, *device, str(self._folder)]
        return subprocess.run(command, check=False, capture_output=True)


class Limit:
    """A limit to the size of files, which everybody has; it may end within a line and a page.

    It holds for mitmdump's own output as well, which stays smaller.
    """

    why = "File too large"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.jsonl"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def fill(self, room: int, pid: int) -> None:
        """Leave room for so many bytes."""
        self._limit(pid, self.path.stat().st_size + room)

    def free(self, pid: int) -> None:
        """Make room again."""
        self._limit(pid, resource.RLIM_INFINITY)

    def _limit(self, pid: int, size: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs tmpfs and prlimit")
@pytest.mark.parametrize("kind", [SmallDisk, Limit])
def test_a_disk_that_fills_and_comes_back(
    server: RawServer, tmp_path: Path, figure: Count, kind: type[SmallDisk | Limit]
) -> None:
    """What is missing is counted, and told once; all else is there, and whole."""
    chance, rounds = random.Random(6), times(1, 20)
    folder = tmp_path / "disk"
    folder.mkdir()
    with kind(folder) as disk:
        with (
            Proxy(tmp_path, server.mode, OPTIONS | {"cors_journal": disk.path}) as proxy,
            Clients(proxy.port, "full", count=4, pause=0.01) as clients,
        ):
            for number in range(rounds):
                clients.wait_for(20)
                fill_and_free(proxy, clients, disk, chance.randrange(20_000), number + 1)
        lines = whole(disk.path.read_bytes())
    missing = [line["lines"] for line in lines if line["type"] == "gap"]
    told = map(int, re.findall(r"is written again; missing: (\d+) lines?\n", proxy.log()))
    lost = clients.answered - set(answered_ids(lines))
    assert sum(told) == sum(missing) >= len(lost) > 0
    assert clients.refused == []
    figure(
        f"A disk that fills and comes back ({disk.why}): traffic goes on, no line is cut, "
        "what is missing is counted",
        f"{rounds} times full, {len(clients.answered):,} answers, {len(lost):,} of them missing, "
        "and no fewer lines counted",
    )


def fill_and_free(
    proxy: Proxy, clients: Clients, disk: SmallDisk | Limit, room: int, number: int
) -> None:
    def told(text: str) -> None:
        wait_until(lambda: proxy.log().count(text) == number, WAIT, f"{number} times: {text}")

    disk.fill(room, proxy.pid)
    told(f"can't be written ({disk.why})")
    clients.wait_for(100)
    content = disk.path.read_bytes()
    assert content.endswith(b"}\n")
    disk.free(proxy.pid)
    told("is written again; missing: ")


# A file that is moved


def renamed(path: Path) -> None:
    """As logrotate does with `nocreate`."""
    path.rename(next_name(path))


def renamed_and_made(path: Path) -> None:
    """As it does with `create`."""
    path.rename(next_name(path))
    path.touch()


def next_name(path: Path) -> Path:
    return path.with_name(f"{path.name}.{len(list(path.parent.glob(f'{path.name}.*')))}")


def with_its_folder(path: Path) -> None:
    """The whole folder moves away, and an empty one takes its place."""
    folder = path.parent
    folder.rename(folder.with_name(f"{folder.name}-{len(list(folder.parent.iterdir()))}"))
    folder.mkdir()


MOVES = (renamed, renamed_and_made, with_its_folder)


def test_a_journal_that_is_moved_away_is_begun_anew(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """Each line is in one of the files, and the last ones at the path."""
    journal, rounds = tmp_path / "log" / "journal.jsonl", times(1, 50)
    journal.parent.mkdir()
    with (
        Proxy(tmp_path, server.mode, OPTIONS | {"cors_journal": journal}) as proxy,
        Clients(proxy.port, "moved", count=4) as clients,
    ):
        for move in MOVES * rounds:
            wait_for_lines(journal)
            move(journal)
        wait_for_lines(journal)
    lines = [line for path in tmp_path.glob("log*/*") for line in whole(path.read_bytes())]
    found = Counter(answered_ids(lines))
    assert clients.answered <= set(found)
    assert set(found.values()) == {1}
    figure(
        "The journal renamed, renamed and made anew, or moved with its folder, under load",
        f"{len(MOVES) * rounds} times, {len(clients.answered):,} answers: 0 missing, none twice",
    )


def wait_for_lines(journal: Path) -> None:
    wait_until(lambda: journal.exists() and journal.stat().st_size > 0, WAIT, "lines at the path")


def test_a_journal_that_is_deleted_is_begun_anew(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """What was in the file when it was deleted is gone; all that comes later is in the next."""
    rounds, lines = times(5, 100), []
    with (
        Proxy(tmp_path, server.mode, OPTIONS) as proxy,
        Clients(proxy.port, "deleted", count=4) as clients,
    ):
        for _ in range(rounds):
            wait_for_lines(proxy.journal_path)
            with proxy.journal_path.open("rb") as stream:
                proxy.journal_path.unlink()
                size = os.fstat(stream.fileno()).st_size
                lines += whole(stream.read(size).rpartition(b"\n")[0])
        wait_for_lines(proxy.journal_path)
    lines += whole(proxy.journal_path.read_bytes())
    assert clients.answered <= set(answered_ids(lines))
    assert "can't be written" not in proxy.log()
    figure(
        "The journal deleted under load: what comes later is in a new one",
        f"{rounds} times, {len(clients.answered):,} answers: 0 missing",
    )


def test_a_journal_that_is_emptied_goes_on_from_there(server: RawServer, tmp_path: Path) -> None:
    """As logrotate does with `copytruncate`, which may lose what comes between its two steps."""
    with (
        Proxy(tmp_path, server.mode, OPTIONS) as proxy,
        Clients(proxy.port, "emptied", count=4) as clients,
    ):
        for _ in range(times(5, 100)):
            wait_for_lines(proxy.journal_path)
            os.truncate(proxy.journal_path, 0)
            clients.wait_for(5)
    content = proxy.journal_path.read_bytes()
    assert content.startswith(b"{")
    assert answered_ids(whole(content))


# Company


def test_two_proxies_may_write_one_journal(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """Each line is one write at the end of the file, so that none is cut by another's."""
    journal, number = tmp_path / "journal.jsonl", times(150, 10_000)
    with ExitStack() as stack:
        clients = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            options = OPTIONS | {"cors_journal": journal}
            proxy = stack.enter_context(Proxy(tmp_path / name, server.mode, options))
            clients.append(stack.enter_context(Clients(proxy.port, name, count=4)))
        for each in clients:
            each.wait_for(number, 100 * WAIT)
    lines = whole(journal.read_bytes())
    found = Counter(answered_ids(lines))
    answered = clients[0].answered | clients[1].answered
    assert answered <= set(found)
    assert set(found.values()) == {1}
    assert [line["type"] for line in lines].count("start") == 2
    problems: list[str] = []
    entries = list(read_records([str(journal)], problems.append))
    assert (len(entries), problems) == (len(found), [])
    preflights = [entry for entry in entries if entry.exchange.kind == "preflight"]
    assert all(entry.outcome is not None for entry in preflights)
    figure(
        "Two proxies write one journal",
        f"{len(answered):,} answers, {len(lines):,} lines: 0 missing, none cut",
    )
