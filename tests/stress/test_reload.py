"""Rules under a writer that doesn't rest: what is in force is one complete good set throughout."""

from __future__ import annotations

import os
import random
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, Self

import pytest

from tests.live.proxy import Proxy
from tests.live.wire import RawServer, ask, reply
from tests.support.mitmdump import wait_until

from .conftest import Count
from .figures import times

RULES = 5  # in each file
PAUSE = 0.02  # between two saves
TORN = 0.15  # seconds; what takes the writer longer may be seen, and count, half done
WAIT = 30.0

LISTING = """
from mitmproxy import ctx, http


def request(flow: http.HTTPFlow) -> None:
    if flow.request.host == "rules.test":
        flow.response = http.Response.make(200, "\\n".join(ctx.master.commands.call("cors.rules")))
"""

BROKEN = (
    '[[rule]]\nname = "half',
    "[[rule]]\nmatch = 7",
    "\x00\x01\x02",
    '[[rule]]\nname = "n"\nmatch.host = "api.test"\ncolour = "red"\n',
)

Save = Callable[[Path, str], None]
P = ParamSpec("P")


def rules(version: int, file: str = "a") -> str:
    """So many rules, each with the version in its name and in what it does."""
    return "".join(
        f'[[rule]]\nname = "{file}{number} v{version}"\n'
        f'match.url = "http://api.test/{file}{number}"\nheaders.set.X-Version = "{version}"\n'
        for number in range(RULES)
    )


def names(version: int, files: str = "a") -> frozenset[str]:
    return frozenset(f"{file}{number} v{version}" for file in files for number in range(RULES))


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        for file in "abc":
            for number in range(RULES):
                running.answers[f"http://api.test/{file}{number}"] = reply()
        yield running


class Watched(Proxy):
    """A proxy that permissions bind, root's too, and that tells the rules in force at a moment."""

    def __init__(self, folder: Path, mode: str, path: Path) -> None:
        listing = folder / "listing.py"
        listing.write_text(LISTING, "utf-8")
        super().__init__(folder, mode, {"cors_rules": path}, scripts=[listing])
        if os.geteuid() == 0 and shutil.which("setpriv"):
            bound = "--bounding-set=-dac_override,-dac_read_search"
            self._command = ["setpriv", bound, *self._command]

    def in_force(self) -> frozenset[str]:
        """The names of the rules in force, all at one moment."""
        listed = self.ask(ask("http://rules.test/", origin=None)).body.decode()
        return frozenset(re.sub(r" \(.*", "", line) for line in listed.split("\n") if line)

    def versions_of(self, rule: str) -> list[int]:
        """What this rule, one time or more, puts into an answer."""
        lines = self.ask(ask(f"http://api.test/{rule}")).lines("X-Version")
        return [int(line.partition(b":")[2]) for line in lines]


@dataclass
class Witness:
    """Looks at the rules in force over and over, and compares them with what was saved whole.

    Attributes:
        saved: the names of the rules of each version that was good; before it is saved.
        seen: the versions that were in force, in order.
        wrong: what was in force and shouldn't have been.
    """

    proxy: Watched
    saved: dict[int, frozenset[str]]
    seen: list[int] = field(default_factory=list)
    wrong: list[object] = field(default_factory=list)
    looks: int = 0

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except (OSError, LookupError, ValueError) as error:
                self.wrong.append(error)
            self._stop.wait(0.005)

    def _look(self) -> None:
        self.looks += 1
        listed = self.proxy.in_force()
        version = int(min(listed, default="v-1").rpartition("v")[2])
        if listed != self.saved.get(version):
            self.wrong.append((version, sorted(listed)))
        put = self.proxy.versions_of(f"a{self.looks % RULES}")
        self.seen += [version, *put]
        if len(put) != 1 or put[0] not in self.saved:
            self.wrong.append(put)


# Ways to save


def in_place(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def by_renaming(path: Path, text: str) -> None:
    """As vim, emacs and the JetBrains editors save."""
    draft = path.with_name(f".{path.name}.swp")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def with_a_backup(path: Path, text: str) -> None:
    """As editors do that move the old file away first."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}~"))
    path.write_text(text, "utf-8")


def bit_by_bit(path: Path, text: str) -> None:
    """As a slow tool does; on its way lie files that are good, but not whole."""
    with path.open("w", encoding="utf-8") as file:
        for line in text.splitlines(keepends=True):
            file.write(line)
            file.flush()
            time.sleep(0.001)


SAVES: tuple[Save, ...] = (in_place, by_renaming, with_a_backup, bit_by_bit)


@dataclass
class Writer:
    """Saves 50 times a second; knows the versions that are good, and its slowest save.

    Attributes:
        saved: the names of the rules of each good version.
        saves: how often it has saved.
        slowest: how long the slowest save took.
        waited: how long it took at most until a last version was in force.
    """

    saved: dict[int, frozenset[str]] = field(default_factory=dict)
    saves: int = 0
    slowest: float = 0.0
    waited: float = 0.0

    def next(self, files: str = "a") -> int:
        """The number of the next good version, which has these files."""
        version = len(self.saved)
        self.saved[version] = names(version, files)
        return version

    def save(self, write: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Save, and pause."""
        began = time.monotonic()
        write(*args, **kwargs)
        took = time.monotonic() - began
        self.saves += 1
        self.slowest = max(self.slowest, took)
        time.sleep(max(0.0, PAUSE - took))

    def until_seen(self, witness: Witness) -> None:
        """Wait until the last good version is in force."""
        began, version = time.monotonic(), len(self.saved) - 1
        wait_until(lambda: version in witness.seen, WAIT, f"version {version}")
        self.waited = max(self.waited, time.monotonic() - began)


def until_refused(proxy: Proxy, known: int) -> None:
    """Wait for a load after this many that is told of as not applied."""
    wait_until(lambda: len(proxy.loads()) > known, WAIT, "a load")
    last = proxy.loads()[-1]
    assert not last["applied"]
    assert last["errors"][0]["message"] in proxy.log()


def test_one_file_saved_fifty_times_a_second_half_of_it_broken(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """In bursts that end with a broken file, which is told of, and then with a good one."""
    chance, path, writer, looks = random.Random(6), tmp_path / "rules.toml", Writer(), Looks()
    in_place(path, rules(writer.next()))
    with Watched(tmp_path, server.mode, path) as proxy:
        for burst in range(times(4, 120)):
            save, writer.slowest = SAVES[burst % len(SAVES)], 0.0
            with Witness(proxy, writer.saved) as witness:
                for _ in range(25):
                    writer.save(save, path, rules(writer.next()))
                    writer.save(save, path, chance.choice(BROKEN))
                known = len(proxy.loads())
                writer.save(save, path, f"broken {burst} =")
                until_refused(proxy, known)
                writer.save(save, path, rules(writer.next()))
                writer.until_seen(witness)
            looks.add(witness, writer)
        assert proxy.log().count("CORS rules: ") <= 3 * len(proxy.loads())
    figure(
        "A rule file saved 50 times a second, half of it broken, in four ways",
        looks.text(writer),
    )


@dataclass
class Looks:
    """What all witnesses have seen; not of a burst in which a save itself took too long."""

    count: int = 0

    def add(self, witness: Witness, writer: Writer) -> None:
        if writer.slowest < TORN:
            self.count += witness.looks
            assert witness.wrong == []
            assert witness.seen == sorted(witness.seen)

    def text(self, writer: Writer) -> str:
        assert self.count > 0
        return (
            f"{writer.saves:,} saves, {self.count:,} looks: none saw a mix, a part or nothing; "
            f"the last version counted within {writer.waited:.1f} s"
        )


def save_set(save: Save, folder: Path, version: int, files: str, broken: str = "") -> None:
    """Save these files of a folder one after another, and remove what else is there."""
    for file in "abc":
        path = folder / f"{file}.toml"
        if file in files:
            save(path, broken if broken and file == files[-1] else rules(version, file))
        else:
            path.unlink(missing_ok=True)


def test_a_folder_whose_files_change_come_and_go(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """What is saved together counts together: all files of one version, or all of another."""
    chance, folder, writer, looks = random.Random(7), tmp_path / "rules", Writer(), Looks()
    folder.mkdir()
    save_set(in_place, folder, writer.next("ab"), "ab")
    with Watched(tmp_path, server.mode, folder) as proxy:
        for burst in range(times(4, 120)):
            save, writer.slowest = SAVES[burst % len(SAVES)], 0.0
            with Witness(proxy, writer.saved) as witness:
                for _ in range(20):
                    files = chance.choice(["a", "ab", "ac", "abc"])
                    writer.save(save_set, save, folder, writer.next(files), files)
                    files = chance.choice(["a", "ab", "ac", "abc"])
                    writer.save(save_set, save, folder, -1, files, chance.choice(BROKEN))
                writer.save(save_set, save, folder, writer.next("abc"), "abc")
                writer.until_seen(witness)
            looks.add(witness, writer)
    figure(
        "A folder of rule files, changed, removed and added 50 times a second", looks.text(writer)
    )


def switch(link: Path, target: Path) -> None:
    draft = link.with_name("draft")
    draft.symlink_to(target)
    draft.replace(link)


def test_a_link_that_is_switched_between_two_folders(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """As deployments do it: however long writing takes, no half of it is ever in sight."""
    link, writer, looks = tmp_path / "current", Writer(), Looks()
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    save_set(in_place, folders[0], writer.next("ab"), "ab")
    switch(link, folders[0])

    def turn(number: int, files: str, broken: str = "") -> None:
        folder = folders[number % 2]
        version = -1 if broken else writer.next(files)
        save_set(in_place, folder, version, files, broken)
        switch(link, folder)

    with Watched(tmp_path, server.mode, link) as proxy:
        for _ in range(times(2, 60)):
            with Witness(proxy, writer.saved) as witness:
                for number in range(1, 41):
                    files, broken = (
                        ("abc" if number % 3 else "ab"),
                        BROKEN[number % 4] * (number % 2),
                    )
                    writer.save(turn, number, files, broken)
                writer.until_seen(witness)
            writer.slowest = 0.0  # no save shows half done here
            looks.add(witness, writer)
    figure("A link to a folder of rule files, switched 50 times a second", looks.text(writer))


# What stands in the way of reading


def no_permission(path: Path) -> None:
    path.chmod(0)


def folder_of_a_broken_file(path: Path) -> None:
    path.unlink()
    path.mkdir()
    in_place(path / "a.toml", BROKEN[0])


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def nothing(path: Path) -> None:
    path.unlink()


def clear(path: Path) -> None:
    """Make the place free again."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def test_what_stands_in_the_way_of_reading_changes_nothing_and_is_told(
    server: RawServer, tmp_path: Path, figure: Count
) -> None:
    """The file gives way to something else, and comes back as another version."""
    path, writer, looks = tmp_path / "rules.toml", Writer(), Looks()
    obstacles = (no_permission, folder_of_a_broken_file, pipe, dangling, nothing)
    rounds = times(1, 20)
    by_renaming(path, rules(writer.next()))
    with Watched(tmp_path, server.mode, path) as proxy, Witness(proxy, writer.saved) as witness:
        for obstruct in obstacles * rounds:
            known = len(proxy.loads())
            obstruct(path)
            until_refused(proxy, known)
            clear(path)
            by_renaming(path, rules(writer.next()))
            writer.until_seen(witness)
    looks.add(witness, writer)
    figure(
        "A rule file replaced by a folder, a pipe or a dangling link, removed, or made unreadable",
        f"{len(obstacles) * rounds} times, each told of; {looks.text(writer)}",
    )
