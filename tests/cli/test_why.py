"""`corscope why`: from what a browser prints to the reason."""

from __future__ import annotations

import pytest

from corscope.explain.articles.catalogue import FINDINGS, REASONS
from corscope.explain.entry import entry_text, heading
from corscope.fetch.reasons import Reason
from corscope.journal.remarks.findings import FindingId

from .conftest import Command

MESSAGE = (
    "Access to fetch at 'https://api.test/x' from origin 'https://app.test' has been blocked by "
    "CORS policy: Method PATCH is not allowed by Access-Control-Allow-Methods in preflight "
    "response."
)


def test_without_text_all_are_listed(corscope: Command) -> None:
    done = corscope("why")
    listed = [heading(each.id) for each in (*REASONS.values(), *FINDINGS.values())]
    assert done.stdout.splitlines() == listed
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "name", ["method-not-allowed", "MethodDisallowedByPreflightResponse", "CORSMethodNotFound"]
)
def test_a_name_gives_the_entry(corscope: Command, name: str) -> None:
    done = corscope("why", name)
    assert done.stdout == entry_text(Reason.METHOD_NOT_ALLOWED) + "\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_finding_is_found_by_its_id(corscope: Command) -> None:
    done = corscope("why", "Vary-Origin-Missing")
    assert done.stdout == entry_text(FindingId.VARY_ORIGIN_MISSING) + "\n"


def test_a_name_that_a_reason_and_a_finding_share_gives_both(corscope: Command) -> None:
    done = corscope("why", "mixed-content")
    both = (entry_text(Reason.MIXED_CONTENT), entry_text(FindingId.MIXED_CONTENT))
    assert done.stdout == "\n\n".join(both) + "\n"


@pytest.mark.parametrize("arguments", [[MESSAGE], MESSAGE.split(), ["-"]])
def test_a_message_gives_the_entry_with_its_values(corscope: Command, arguments: list[str]) -> None:
    done = corscope("why", *arguments, stdin=MESSAGE.encode())
    assert done.returncode == 0
    values = {"detail": "PATCH", "origin": "https://app.test", "url": "https://api.test/x"}
    assert done.stdout == entry_text(Reason.METHOD_NOT_ALLOWED, values) + "\n"


def test_what_is_likelier_than_any_reason_is_told_before_them(corscope: Command) -> None:
    did_not = "(Reason: CORS request did not succeed). Status code: (null)."
    done = corscope("why", f"Cross-Origin Request Blocked: … at https://api.test/x. {did_not}")
    first, second, *_ = done.stdout.split("\n\n")
    assert first.startswith("This says that Firefox got no answer: mostly the server can't be ")
    assert second.startswith("Else it may be any of ")
    assert second.endswith(" reasons:")
    assert "\n\nconnection-dropped: " in done.stdout


def test_one_reason_is_told_behind_what_is_likelier(corscope: Command) -> None:
    done = corscope("why", "GET http://localhost:6000/ net::ERR_UNSAFE_PORT")
    first, second, third = done.stdout.split("\n\n")[:3]
    assert first.startswith("This says that no browser asks that port")
    assert second == "Else it may be this:"
    assert third.startswith("redirect-bad-port: ")


def test_another_language_is_told_by_its_header(corscope: Command) -> None:
    said = (
        "Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet "
        "das Lesen der externen Ressource auf https://api.test/x. (Grund: {})."
    )
    missing = "CORS-Kopfzeile 'Access-Control-Allow-Origin' fehlt"
    done = corscope("why", f"{said.format(missing)} Statuscode: 404.")
    assert done.returncode == 0
    assert done.stdout.startswith("By the header or status in it, this is Firefox's message in ")
    assert "\n\nallow-origin-missing: " in done.stdout
    refused = corscope("why", said.format("CORS-Anfrage schlug fehl"))
    assert refused.returncode == 1
    assert "give the address of its [Learn more]" in refused.stderr


@pytest.mark.parametrize(
    "text",
    [
        "https://developer.mozilla.org/docs/Web/HTTP/CORS/Errors/CORSMethodNotFound?utm_source=x",
        '{"corsErrorStatus": {"corsError": "MethodDisallowedByPreflightResponse"}}',
        "TypeError: Failed to fetch (CORSMethodNotFound)",
    ],
)
def test_a_browsers_name_is_found_in_what_is_around_it(corscope: Command, text: str) -> None:
    """What is around it tells no value."""
    assert corscope("why", text).stdout == entry_text(Reason.METHOD_NOT_ALLOWED, {}) + "\n"


def test_several_reasons_are_all_told(corscope: Command) -> None:
    done = corscope("why", "MultipleAllowOriginValues")
    assert done.stdout.startswith("This may be any of 2 reasons:\n\nallow-origin-repeated: ")
    assert "\n\nallow-origin-list: " in done.stdout


def test_what_names_no_cause_is_told_so(corscope: Command) -> None:
    done = corscope("why", "TypeError: Failed to fetch")
    assert done.returncode == 0
    assert done.stdout.startswith("This says what script gets for every cause")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("allow-orgin-mising", "did you mean allow-origin-missing"),
        ("PreflightInvalidStaus", "did you mean PreflightInvalidStatus"),
        ("vary-orign-missing", "did you mean vary-origin-missing"),
        ("hello", "`corscope why` lists all"),
        ("", "`corscope why` lists all"),
        ("\x1b[2J" + "x" * 10_000, "`corscope why` lists all"),
    ],
)
def test_what_is_not_known_is_told_with_what_is_near(
    corscope: Command, text: str, advice: str
) -> None:
    done = corscope("why", text)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith('Error: nothing is known of "')
    assert advice in done.stderr
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 500


def test_input_that_is_no_text_is_told(corscope: Command) -> None:
    done = corscope("why", "-", stdin=b"\xff\xfe\x00")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_an_option_that_is_not_there_is_told(corscope: Command) -> None:
    done = corscope("why", "--nothing")
    assert done.returncode == 2
    assert "No such option" in done.stderr


def test_its_help_says_what_to_give(corscope: Command) -> None:
    assert "pasted from the console" in " ".join(corscope("why", "--help").stdout.split())
