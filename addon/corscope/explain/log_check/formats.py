"""How is a checked journal reported: for people, for programs, for a CI's pages?

Text for terminals, JSON, JUnit's XML for test reports, SARIF 2.1.0 for code scanning. In each,
values from the wire are escaped.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from corscope.explain.articles.catalogue import FINDINGS, REASONS
from corscope.explain.counted import counted
from corscope.explain.entry import entry_text
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.log_check.check import Problem, Tally, Wanted

__all__ = ["FORMATS"]


def _text(tally: Tally, _version: str) -> str:
    """A problem a paragraph, and the sum at the end."""
    lines = [line for problem in tally.places for line in _paragraph(tally, problem)]
    return "\n".join([*lines, _summary(tally)]) + "\n"


def _paragraph(tally: Tally, problem: Problem) -> Iterator[str]:
    yield f"{_place(tally, problem)}: {problem.id}: {_message(problem)}{_times(tally, problem)}"
    if problem.fix:
        yield f"    Fix: {problem.fix}"


def _message(problem: Problem) -> str:
    asked = f"{escaped(problem.method)} {escaped(problem.url)} from {escaped(problem.origin)}"
    preflight = "preflight for " if problem.kind == "preflight" else ""
    return f"{preflight}{asked}: {problem.says}"


def _place(tally: Tally, problem: Problem) -> str:
    file, number = tally.places[problem]
    return f"{escaped(file, LONGEST_MESSAGE)}:{number}"


def _times(tally: Tally, problem: Problem) -> str:
    count = tally.counts[problem]
    return f" ({count} times)" if count > 1 else ""


def _summary(tally: Tally) -> str:
    looked_at = counted(tally.exchanges, "exchange")
    if not tally.matches:
        return f"{looked_at}: nothing that is {_either(tally.wanted)}"
    by_id = ", ".join(f"{count} {id_}" for id_, count in tally.by_id().most_common())
    more = f"; {tally.untold} more of other kinds aren't listed" if tally.untold else ""
    return f"{tally.matches} of {looked_at} with a problem: {by_id}{more}"


def _either(wanted: Wanted) -> str:
    *others, last = sorted(wanted.fail_on)
    return f"{', '.join(others)} or {last}" if others else last


def _json(tally: Tally, version: str) -> str:
    """One object; the wire's values as they are, escaped as JSON does."""
    content = {
        "version": version,
        "fail_on": sorted(tally.wanted.fail_on),
        "ignore": sorted(tally.wanted.ignore),
        "exchanges": tally.exchanges,
        "matches": tally.matches,
        "untold": tally.untold,
        "failed": tally.failed.count,
        "missing_lines": tally.failed.lines,
        "problems": [_object(tally, problem) for problem in tally.places],
    }
    return json.dumps(content, indent=2) + "\n"


def _object(tally: Tally, problem: Problem) -> Mapping[str, object]:
    file, number = tally.places[problem]
    return {
        "id": problem.id,
        "level": problem.level,
        "kind": problem.kind,
        "method": problem.method,
        "url": problem.url,
        "origin": problem.origin,
        "says": problem.says,
        "fix": problem.fix or None,
        "count": tally.counts[problem],
        "file": file,
        "line": number,
    }


def _junit(tally: Tally, version: str) -> str:
    """A failed test for each problem; where there is none, one that passes."""
    failures = len(tally.places)
    counts = {"tests": str(failures or 1), "failures": str(failures), "errors": "0"}
    root = Element("testsuites", {"name": "corscope", **counts})
    suite = SubElement(root, "testsuite", {"name": "corscope check-log", **counts, "skipped": "0"})
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", {"name": "corscope", "value": version})
    named: Counter[tuple[str, str]] = Counter()
    for problem in tally.places:
        _failed_test(suite, tally, problem, named)
    if not failures:
        name = f"nothing is {_either(tally.wanted)}"
        SubElement(suite, "testcase", {"classname": "corscope", "name": name})
    SubElement(suite, "system-out").text = _summary(tally)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _failed_test(
    suite: Element, tally: Tally, problem: Problem, named: Counter[tuple[str, str]]
) -> None:
    """Each has a name of its own: of those with one name, GitLab shows the first alone."""
    asked = f"{escaped(problem.method)} {escaped(problem.url)} from {escaped(problem.origin)}"
    suite_name, name = f"corscope.{escaped(problem.id)}", f"{problem.kind}: {asked}"
    named[suite_name, name] += 1
    if (number := named[suite_name, name]) > 1:
        name += f" ({number})"
    test = SubElement(suite, "testcase", {"classname": suite_name, "name": name})
    message = f"{problem.says}{_times(tally, problem)}"
    failure = SubElement(test, "failure", {"type": escaped(problem.id), "message": message})
    failure.text = f"{_place(tally, problem)}\n{problem.fix}".rstrip()


_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def _sarif(tally: Tally, version: str) -> str:
    """https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

    A rule has its `help` too, which GitHub's code scanning wants.
    """
    ids = list(dict.fromkeys(problem.id for problem in tally.places))
    run = {
        "tool": {
            "driver": {"name": "corscope", "version": version, "rules": [*map(_rule, ids)]},
        },
        "columnKind": "utf16CodeUnits",
        "results": [_result(tally, problem, ids.index(problem.id)) for problem in tally.places],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(id_: str) -> Mapping[str, object]:
    told = REASONS.get(id_) or FINDINGS.get(id_)
    if told is None:  # a journal of a later corscope, or a verdict
        text = {"text": f"CORS: {escaped(id_)}"}
        return {"id": id_, "shortDescription": text, "fullDescription": text, "help": text}
    return {
        "id": id_,
        "shortDescription": {"text": told.title},
        "fullDescription": {"text": told.standard},
        "help": {"text": entry_text(told.id)},
        "helpUri": told.section,
    }


def _result(tally: Tally, problem: Problem, rule_index: int) -> Mapping[str, Any]:
    file, number = tally.places[problem]
    fix = f" Fix: {problem.fix}" if problem.fix else ""
    return {
        "ruleId": problem.id,
        "ruleIndex": rule_index,
        "level": problem.level,
        "message": {"text": f"{_message(problem)}{_times(tally, problem)}.{fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(file)},
                    "region": {"startLine": number},
                }
            }
        ],
        "occurrenceCount": tally.counts[problem],
    }


def _uri(file: str) -> str:
    """A path as a URI, relative where it is; a drive's letter would else be taken for a scheme."""
    path = file.replace("\\", "/")
    drive = path[:2] if path[1:2] == ":" else ""
    is_whole = drive or path.startswith("/")
    root = "file://" if path.startswith("/") else "file:///" if is_whole else ""
    return f"{root}{drive}{quote(path[len(drive) :])}"


FORMATS: Final[Mapping[str, Callable[[Tally, str], str]]] = {
    "text": _text,
    "json": _json,
    "junit": _junit,
    "sarif": _sarif,
}
"""The formats by name; each takes what was found, and corscope's version."""
