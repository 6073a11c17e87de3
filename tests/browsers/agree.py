"""Run many random cases in real browsers, and tell each in which the journal is wrong.

`python -m tests.browsers.agree N=20000 SEED=7 ENGINES=firefox,webkit`; each is optional. N is the
number of cases an engine; a seed that isn't given is drawn. With `TABLE=1` the hand-picked cases
run too. A run of all engines with the table writes docs/agreement.md. The exit status is 1 where
anything disagrees.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.browsers.agreement import ENGINES, play
from tests.browsers.agreement_doc import DOCUMENT, Tally, document, group_of
from tests.browsers.case import Case
from tests.browsers.cases import CASES
from tests.browsers.generator import generate
from tests.browsers.report import told

AT_A_TIME = 2000
"""Cases that one browser and one mitmdump get before they are started afresh."""

USAGE = "usage: python -m tests.browsers.agree [N=1500] [SEED=…] [ENGINES=a,b] [TABLE=1]"


def main(words: Sequence[str]) -> int:
    """Run what the words say, in one engine after another."""
    given = dict(word.partition("=")[::2] for word in words)
    if not set(given) <= {"N", "SEED", "ENGINES", "TABLE"}:
        _say(USAGE)
        return 2
    seed = int(given.get("SEED") or secrets.randbelow(10**9))
    random = generate(seed, int(given.get("N") or 1500))
    table = CASES if given.get("TABLE") == "1" else ()
    engines = (given.get("ENGINES") or ",".join(ENGINES)).split(",")
    _say(f"SEED={seed} N={len(random)}")
    tallies = [_agree(engine, [*table, *random]) for engine in engines]
    if table and set(engines) == set(ENGINES):
        today = datetime.now(UTC).date().isoformat()
        DOCUMENT.write_text(document(tallies, table, random, seed, today), encoding="utf-8")
    return int(any(tally.disagreements for tally in tallies))


def _agree(engine: str, cases: Sequence[Case]) -> Tally:
    """Run the cases in this engine and tell what disagrees."""
    began, resolved, version = time.monotonic(), 0, ""
    disagreeing: Counter[str] = Counter()
    for start in range(0, len(cases), AT_A_TIME):
        with tempfile.TemporaryDirectory() as folder, ENGINES[engine]() as browser:
            record = play(browser, cases[start : start + AT_A_TIME], Path(folder))
        for case, paragraph in told(record):
            _say(f"{engine}: {paragraph}\n")
            disagreeing[group_of(case)] += 1
        if "Traceback" in record.log:
            _say(record.log)
            disagreeing["log"] += 1
        resolved += sum(run.seen.ok for run in record.runs.values())
        version = record.version
    wrong = disagreeing.total()
    took = time.monotonic() - began
    summary = f"{len(cases)} cases, {resolved} of them resolved, {wrong} disagree, {took:.0f} s"
    _say(f"{engine} {version}: {summary}")
    return Tally(engine, version, len(cases), resolved, wrong, disagreeing)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
