"""The questions that docs/journal.md asks of a journal with DuckDB, and their answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from benchmarks.duck import journal_lines, questions

Line = dict[str, Any]
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """A session of two thousand lines, in which all is of CORS."""
    return [json.loads(line) for line in journal_lines(2_000)]


@pytest.fixture(scope="module")
def ask(lines: list[Line], tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ask a question of the documentation, by the beginning of its sentence."""
    file: Path = tmp_path_factory.mktemp("journal") / "cors.jsonl"
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    file.write_text(f'{text}{{"v": 1, "type": "exch', "utf-8")  # as a crash leaves it
    asked = questions()
    database = duckdb.connect()
    database.execute(next(iter(asked.values())).replace("cors.jsonl", file.as_posix()))

    def asking(said: str) -> list[tuple[Any, ...]]:
        [sql] = [sql for sentence, sql in asked.items() if sentence.startswith(said)]
        return database.execute(sql).fetchall()

    return asking


def exchanges(lines: list[Line], **wanted: str) -> list[Line]:
    return [line for line in lines if line["type"] == "exchange" and wanted.items() <= line.items()]


def most(counted: Counter[tuple[Any, Any, Any]]) -> list[tuple[Any, ...]]:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(*key, count) for key, count in ordered[:20]]


def test_which_endpoint_and_reason_block_most_by_origin(ask: Ask, lines: list[Line]) -> None:
    blocked = exchanges(lines, verdict="blocked")
    counted = Counter(
        (line["origin"], line["url"].partition("?")[0], line["reason"]) for line in blocked
    )
    assert len(counted) > 20
    assert ask("Which endpoint") == most(counted)


def test_which_preflights_were_not_followed(ask: Ask, lines: list[Line]) -> None:
    last = {line["id"]: line["outcome"] for line in lines if line["type"] == "outcome"}
    counted = Counter(
        (line["origin"], line["method"], line["reason"])
        for line in exchanges(lines, kind="preflight")
        if last.get(line["id"]) == "not-followed"
    )
    found = ask("Which preflights")
    assert sum(counted.values()) > 20
    assert Counter({row[:3]: row[3] for row in found}) == counted
    assert [row[3] for row in found] == sorted((row[3] for row in found), reverse=True)


def test_how_long_preflights_keep_each_page_waiting(ask: Ask, lines: list[Line]) -> None:
    waited: dict[str, list[int]] = {}
    for line in exchanges(lines, kind="preflight"):
        waited.setdefault(line["origin"], []).append(line["waited_ms"])
    found = ask("How long")
    assert found
    for origin, count, middle, longest in found:
        assert (count, middle) == (len(waited[origin]), median(waited[origin]))
        assert middle <= longest <= max(waited[origin])
