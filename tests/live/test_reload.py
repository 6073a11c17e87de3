"""Rule files that change, break or vanish while mitmproxy runs."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.mitmdump import Entry, wait_until

from .proxy import Proxy
from .wire import RawServer, Reply, ask, reply

SECOND = 1.0  # within which a saved file is to count
SLACK = 4.0  # for a machine that does other things as well

Save = Callable[[Path, str], None]
Spoil = Callable[[Path], None]


def rule(number: int | str) -> str:
    return (
        f'[[rule]]\nname = "{number}"\nmatch.host = "api.test"\nheaders.set.X-Rule = "{number}"\n'
    )


class Bench:
    """A running proxy with one rule file."""

    def __init__(self, proxy: Proxy, rules: Path) -> None:
        self.proxy = proxy
        self.rules = rules

    def answer(self) -> Reply:
        return self.proxy.ask(ask("http://api.test/"))

    def settle(self) -> Entry:
        """The last load, once it is a good one: a look may fall between two steps of a test."""
        wait_until(lambda: self.proxy.loads()[-1]["applied"], 15.0, "good rules")
        return self.proxy.loads()[-1]

    def in_force(self) -> bytes:
        """What the rule in force puts into an answer."""
        return b"".join(line.partition(b": ")[2] for line in self.answer().lines("X-Rule"))


@pytest.fixture(scope="module")
def running(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("reload")
    rules = folder / "rules.toml"
    rules.write_text("", "utf-8")
    server.answers["http://api.test/"] = reply()
    with Proxy(folder, server.mode, {"cors_rules": rules}) as proxy:
        yield Bench(proxy, rules)


@pytest.fixture
def bench(running: Bench) -> Bench:
    """The bench with the rule "first" in force."""
    if running.rules.is_dir():
        running.rules.rmdir()
    running.proxy.next_load(lambda: running.rules.write_text(rule("first"), "utf-8"))
    running.settle()
    assert running.in_force() == b"first"
    return running


def in_place(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def by_renaming(path: Path, text: str) -> None:
    """As vim, emacs and the JetBrains editors save."""
    draft = path.with_name(".rules.toml.swp")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def with_a_backup(path: Path, text: str) -> None:
    """As editors do that move the old file away first."""
    path.replace(path.with_name("rules.toml~"))
    path.write_text(text, "utf-8")


def bit_by_bit(path: Path, text: str) -> None:
    """As a slow tool does: the file is truncated, and grows."""
    with path.open("w", encoding="utf-8") as file:
        for char in text:
            file.write(char)
            file.flush()


@pytest.mark.parametrize("save", [in_place, by_renaming, with_a_backup, bit_by_bit])
def test_a_saved_file_counts_within_a_second(bench: Bench, save: Save) -> None:
    save(bench.rules, rule("second"))
    began = time.monotonic()
    while bench.in_force() != b"second":
        assert time.monotonic() - began < SECOND + SLACK
    assert bench.proxy.loads()[-1]["count"] == 1


def test_the_same_size_at_the_same_second_is_a_change_too(bench: Bench) -> None:
    for name in ("one", "two", "six"):
        assert bench.proxy.next_load(lambda n=name: in_place(bench.rules, rule(n)))["applied"]  # type: ignore[misc]
        assert bench.in_force() == name.encode()


BROKEN = {
    "half a string": rule("second") + 'name = "half',
    "a wrong type": rule("second") + 'enabled = "yes"',
    "an unknown key": rule("second") + "colour = 1",
    "no match": '[[rule]]\nname = "second"\nfault.status = 500',
    "a split header": rule('second"\nheaders.add.X-A = "a\\r\\nSet-Cookie: b'),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_changes_nothing_and_is_reported(bench: Bench, text: str) -> None:
    load = bench.proxy.next_load(lambda: in_place(bench.rules, text))
    assert (load["applied"], load["count"]) == (False, 1)
    assert load["files"] == [str(bench.rules)]
    assert load["errors"]
    for error in load["errors"]:
        assert error["file"] == str(bench.rules)
        assert error["line"] >= 1
        assert error["message"]
        bench.proxy.told(re.escape(error["message"]))
    bench.proxy.told("not applied; the 1 before stay in force")
    assert bench.in_force() == b"first"
    assert bench.proxy.next_load(lambda: in_place(bench.rules, rule("mended")))["applied"]
    assert bench.in_force() == b"mended"


def test_every_mistake_is_reported_at_once(bench: Bench) -> None:
    text = rule("first") + 'colour = 1\n[[rule]]\nname = 3\nmatch.hots = "a"\nfault.status = 99\n'
    load = bench.proxy.next_load(lambda: in_place(bench.rules, text))
    assert {error["line"] for error in load["errors"]} >= {5, 7, 8, 9}


def remove(path: Path) -> None:
    path.unlink()


def binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 16)


def ten_megabytes(path: Path) -> None:
    path.write_bytes(b"# a log file, perhaps\n" * 480_000)


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def test_the_log_has_room_for_other_things_than_a_thousand_mistakes(bench: Bench) -> None:
    bench.rules.write_text("[[rule]]\n" * 1000, "utf-8")
    wait_until(lambda: not bench.proxy.loads()[-1]["applied"], 15.0, "the load")
    wait_until(lambda: "`corscope check` lists them all" in bench.proxy.log(), 5.0, "the log")
    assert len(bench.proxy.loads()[-1]["errors"]) >= 1000


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (remove, "No such file"),
        (dangling, "No such file"),
        (binary, "is not UTF-8"),
        (ten_megabytes, "4,194,304 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    bench: Bench, spoil: Spoil, message: str
) -> None:
    load = bench.proxy.next_load(lambda: spoil(bench.rules))
    assert (load["applied"], load["count"]) == (False, 1)
    assert message in load["errors"][0]["message"]
    assert bench.in_force() == b"first"
    bench.rules.unlink(missing_ok=True)


def test_rules_can_be_read_again_and_listed(bench: Bench) -> None:
    load = bench.proxy.next_load(lambda: bench.proxy.control(command="cors.reload"))
    assert load["applied"]
    listed = bench.proxy.control(command="cors.rules")["result"]
    assert listed == [f"first (apply; {bench.rules}:1)"]


def test_reading_again_reports_a_mistake_again(bench: Bench) -> None:
    bench.proxy.next_load(lambda: in_place(bench.rules, "x = 1"))
    load = bench.proxy.next_load(lambda: bench.proxy.control(command="cors.reload"))
    assert not load["applied"]
    assert bench.in_force() == b"first"


def test_the_option_may_name_other_files_while_running(bench: Bench, tmp_path: Path) -> None:
    """A mistake in the new ones keeps the old rules, as always; naming none switches them off."""
    proxy, other = bench.proxy, tmp_path / "other.toml"

    def name(*paths: Path) -> None:
        proxy.control(options={"cors_rules": [str(path) for path in paths]})

    try:
        load = proxy.next_load(lambda: name(other))
        assert (load["applied"], load["count"]) == (False, 1)
        assert bench.in_force() == b"first"
        assert proxy.next_load(lambda: in_place(other, rule("other")))["applied"]
        assert bench.in_force() == b"other"
        load = proxy.next_load(lambda: name())
        assert (load["files"], load["count"], load["applied"]) == ([], 0, True)
        assert bench.in_force() == b""
    finally:
        name(bench.rules)
    assert bench.in_force() == b"first"


def test_a_folder_of_rule_files(server: RawServer, tmp_path: Path) -> None:
    """Files come, go and change; what isn't `*.toml` doesn't count; one bad file keeps all."""
    folder = tmp_path / "rules"
    folder.mkdir()
    in_place(folder / "20.toml", rule("twenty"))
    server.answers["http://api.test/"] = reply()
    with Proxy(tmp_path, server.mode, {"cors_rules": folder}) as proxy:
        bench = Bench(proxy, folder)
        assert bench.in_force() == b"twenty"
        in_place(folder / "notes.txt", "no TOML")
        load = proxy.next_load(lambda: in_place(folder / "10.toml", rule("ten")))
        assert [Path(file).name for file in load["files"]] == ["10.toml", "20.toml"]
        assert bench.in_force() == b"ten"
        assert not proxy.next_load(lambda: in_place(folder / "30.toml", "broken ="))["applied"]
        assert bench.in_force() == b"ten"
        assert proxy.next_load((folder / "30.toml").unlink)["applied"]
        assert proxy.next_load((folder / "10.toml").unlink)["count"] == 1
        assert bench.in_force() == b"twenty"
        load = proxy.next_load((folder / "10.toml").mkdir)
        assert (load["applied"], load["errors"][0]["file"]) == (False, str(folder / "10.toml"))
        assert bench.in_force() == b"twenty"
        load = proxy.next_load(lambda: shutil.rmtree(folder))
        assert (load["applied"], load["count"]) == (False, 1)
        assert bench.in_force() == b"twenty"


def test_what_is_recorded_does_not_wait_for_rules_that_take_long_to_read(
    server: RawServer, tmp_path: Path
) -> None:
    """As on a network disk that doesn't answer; here they are many."""
    rules = tmp_path / "rules.toml"
    rules.write_text(rule("first"), "utf-8")
    with Proxy(tmp_path, server.mode, {"cors_rules": rules}) as proxy:
        journal = proxy.journal_path
        rules.write_text("".join(map(rule, range(40_000))), "utf-8")
        time.sleep(SECOND)  # they are being read
        for number in range(3):
            journal.replace(journal.with_name(f"moved-{number}"))
            wait_until(journal.exists, SLACK, "the journal to be made anew")
        assert "40000 in force" not in proxy.log(), "they took no time, so nothing is shown"
        proxy.told("CORS rules: 40000 in force", 120)


def test_a_folder_in_the_place_of_a_file_is_a_folder_of_rules(bench: Bench) -> None:
    """The option names a path; that it was a file before is no mistake, but it is told."""

    def replace() -> None:
        draft = bench.rules.with_name("draft")
        draft.mkdir()
        bench.rules.unlink()
        draft.replace(bench.rules)

    bench.proxy.next_load(replace)
    assert bench.settle()["count"] == 0
    bench.proxy.told("CORS rules: 0 in force")
