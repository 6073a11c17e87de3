"""A pasted console message finds its reason."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from corscope.explain.pasted.asides import (
    ASIDES,
    BAD_PORT,
    FIRST_ASIDES,
    LAST_ASIDES,
    LOGIN,
    UNANSWERED,
)
from corscope.explain.pasted.paste import (
    BLOCKED,
    ISSUES,
    OF_ORIGIN,
    OLDER,
    PANEL,
    Found,
    found_in,
    known_names,
    named,
)
from corscope.fetch.consoles.firefox import FIREFOX
from corscope.fetch.consoles.printed import console_messages
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import CATALOGUE, Failure, Kind, Reason, chromium_name, firefox_name

ENGINES = (Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
KINDS: tuple[Kind, ...] = ("actual", "preflight")

MISSING = (
    "Access to fetch at 'https://api.test/x' from origin 'https://app.test' has been blocked by "
    "CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
)
FIREFOX_SAYS = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
    "https://api.test/x. (Reason: {})."
)
NO_MATCH = "CORS header \u2018Access-Control-Allow-Origin\u2019 does not match \u2018{}\u2019"

DETAILS = {
    Reason.ALLOW_ORIGIN_REPEATED: "https://a.test, https://b.test",
    Reason.ALLOW_ORIGIN_LIST: "https://a.test, https://b.test",
    Reason.ALLOW_ORIGIN_INVALID: "a.test",
    Reason.ALLOW_ORIGIN_MISMATCH: "https://b.test",
    Reason.METHOD_NOT_ALLOWED: "PUT",
    Reason.HEADER_NOT_ALLOWED: "x-tenant",
    Reason.REDIRECT_NOT_HTTP: "ftp:",
    Reason.REDIRECT_BAD_PORT: "25",
}


def found(message: str) -> Found:
    result = found_in(message)
    assert result is not None
    return result


def sentence(engine: Engine, kind: Kind, reason: Reason, *, is_xhr: bool = False) -> str:
    """The first message that the engine prints, or nothing."""
    targets = {Reason.REDIRECT_NOT_HTTP: "ftp://b.test/", Reason.MIXED_CONTENT: "http://b.test/"}
    is_redirect = reason.startswith("redirect-")
    scene = Scene(
        "https://api.test/x",
        "https://app.test",
        {Reason.NO_RESPONSE: None, Reason.PREFLIGHT_REDIRECT: 302}.get(reason, 403),
        targets.get(reason, "https://b.test/" if is_redirect else None),
        "https://app.test",
        "https://api.test/x",
    )
    said = console_messages(engine, kind, Failure(reason, DETAILS.get(reason)), scene)
    return (
        said[0].replace("to fetch", "to XMLHttpRequest") if said and is_xhr else "".join(said[:1])
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", Reason)
def test_each_sentence_finds_its_reason(reason: Reason, engine: Engine, kind: Kind) -> None:
    said = sentence(engine, kind, reason)
    if said:
        assert reason in found(said).reasons
        assert reason in found(sentence(engine, kind, reason, is_xhr=True)).reasons


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", Reason)
def test_decorations_do_not_matter(reason: Reason, engine: Engine, kind: Kind) -> None:
    said = sentence(engine, kind, reason)
    if not said:
        return
    expected = found(said).reasons
    straight = said.replace("\u2018", "'").replace("\u2019", "'")
    wrapped = "\n  ".join(said[at : at + 40] for at in range(0, len(said), 40))
    for pasted in (
        f"[Error] {said} (anonymous) (app.js, line 12)",
        f"app.js:12 {said}\n(anonymous) @ app.js:12",
        f"> {straight}",
        f"\u201c{said}\u201d",
        said.upper(),
        wrapped,
    ):
        assert found(pasted).reasons == expected


UNEQUAL = (
    "Access to fetch at 'https://api.test/x' from origin 'https://app.test' has been blocked by "
    "CORS policy: The 'Access-Control-Allow-Origin' header has a value 'https://b.test' that is "
    "not equal to the supplied origin."
)


@pytest.mark.parametrize(
    "pasted",
    [
        UNEQUAL,
        UNEQUAL.replace("'", "&#39;"),
        UNEQUAL.replace("'", "&#x27;"),
        UNEQUAL.replace("'", "`"),
        UNEQUAL.replace("'", "\\u2019"),
        UNEQUAL.replace("'", "\\u0027"),
        quote(UNEQUAL, safe=""),
        quote_plus(UNEQUAL),
        "2026-11-30T06:15:01.123Z "
        + UNEQUAL.replace(" header has", "\x1b[1m header\x1b[0;22m has"),
        f'[7:7:1130/061501.1:INFO:CONSOLE(1)] "{UNEQUAL}", source: https://app.test/ (1)',
        json.dumps([{"level": "SEVERE", "message": f"https://app.test/ - {UNEQUAL}"}]),
    ],
)
def test_the_values_come_along_however_a_log_dresses_them(pasted: str) -> None:
    result = found(pasted)
    assert result.reasons == (Reason.ALLOW_ORIGIN_MISMATCH,)
    assert result.values == {
        "detail": "https://b.test",
        "origin": "https://app.test",
        "url": "https://api.test/x",
    }


@pytest.mark.parametrize("dress", [json.dumps, html.escape])
@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_in_json_or_html_finds_its_reason(
    reason: Reason, dress: Callable[[str], str]
) -> None:
    for engine in ENGINES:
        if said := sentence(engine, "actual", reason):
            assert found(dress(said)).reasons == found(said).reasons


def test_what_firefoxs_network_panel_shows_is_known() -> None:
    """In the column of what was transferred, and in a box above the headers."""
    assert set(PANEL.values()) == set(FIREFOX)
    for shown, category in PANEL.items():
        expected = {reason for reason in Reason if firefox_name(reason) == category}
        assert expected <= set(found(shown).reasons)
        told = f"Response body is not available to scripts (Reason: {shown})"
        assert found(told).reasons == found(shown).reasons


@pytest.mark.parametrize("message", FIRST_ASIDES)
def test_what_only_sounds_like_a_browsers_sentence_is_told_apart(message: str) -> None:
    rest = (
        ", Origin is not allowed by Access-Control-Allow-Origin, the page is being unloaded, etc."
    )
    assert found(message + rest) == Found(aside=FIRST_ASIDES[message])


@pytest.mark.parametrize(
    ("message", "reasons"),
    [
        ("No 'Access-Control-Allow-Origin' header is present", {Reason.ALLOW_ORIGIN_MISSING}),
        ("must not be the wildcard", {Reason.WILDCARD_WITH_CREDENTIALS}),
        ("It does not have HTTP ok", {Reason.PREFLIGHT_STATUS}),
        ("Request header field x-tenant is not", {Reason.HEADER_NOT_ALLOWED}),
        ("preflight response did not succeed). Status code: 401", {Reason.PREFLIGHT_STATUS}),
        ("Cannot parse Access-Control-Allow-Methods resp", {Reason.ALLOW_METHODS_INVALID}),
        ("Redirect is not allowed for", {Reason.PREFLIGHT_REDIRECT}),
        ("Credential is not supported", {Reason.WILDCARD_WITH_CREDENTIALS}),
    ],
)
def test_a_part_is_enough_where_no_other_has_it(message: str, reasons: set[Reason]) -> None:
    assert set(found(message).reasons) - {Reason.NO_RESPONSE} == reasons


@pytest.mark.parametrize(("reason", "older"), OLDER)
def test_what_older_browsers_printed_is_known(reason: Reason, older: str) -> None:
    assert found(f"XMLHttpRequest cannot load https://a.test/. {older} x").reasons == (reason,)


@pytest.mark.parametrize("template", OF_ORIGIN)
def test_what_edge_printed_of_an_origin_is_known(template: str) -> None:
    said = template.format(origin="http://a.test", again="http://a.test")
    result = found(f"SEC7120: [CORS] {said} for cross-origin resource at 'http://api.test/'.")
    assert {Reason.ALLOW_ORIGIN_MISSING, Reason.ALLOW_ORIGIN_MISMATCH} <= set(result.reasons)
    assert result.values["origin"] == "http://a.test"


@pytest.mark.parametrize(("title", "names"), ISSUES.items())
def test_a_title_of_the_issues_panel_finds_what_it_is_for(
    title: str, names: tuple[str, ...]
) -> None:
    expected = {reason for name in names for reason in named(name)}
    assert expected
    assert set(found(title.replace("'", "\u2019")).reasons) == expected


@pytest.mark.parametrize(("reason", "shown"), BLOCKED)
def test_what_a_network_panel_shows_finds_its_reason(reason: Reason, shown: str) -> None:
    assert reason in found(f"({shown})").reasons
    assert found(f"GET https://api.test/x {shown}").reasons == (reason,)


@pytest.mark.parametrize("message", LAST_ASIDES)
def test_what_may_stand_around_a_message_counts_last(message: str) -> None:
    assert found(f"I see: {message}") == Found(aside=LAST_ASIDES[message])
    assert found(f"{message} It does not have HTTP ok").reasons == (Reason.PREFLIGHT_STATUS,)


def test_the_values_come_along() -> None:
    message = MISSING.replace("No 'A", "Method PATCH is not allowed by A").replace(
        "Access-Control-Allow-Origin' header is present on the requested resource.",
        "Access-Control-Allow-Methods in preflight response.",
    )
    expected = {"detail": "PATCH", "origin": "https://app.test", "url": "https://api.test/x"}
    assert found(message).values == expected
    assert found("Header Access-Control-Allow-Headers has an invalid value: a b \nc").values == {
        "detail": "a b"
    }
    assert found("Header Access-Control-Allow-Headers has an invalid value:").values == {
        "detail": ""
    }
    refused = "Origin https://app.test is not allowed by Access-Control-Allow-Origin. "
    assert found(f"{refused}Status code: 404").values == {
        "origin": "https://app.test",
        "status": "404",
    }


API = "https://api.test/a/v1?q=1"


@pytest.mark.parametrize(
    ("message", "values"),
    [
        (MISSING.replace("https://api.test/x", API), {"url": API, "origin": "https://app.test"}),
        (
            MISSING.replace("/x'", "/x' (redirected from 'http://api.test/x')"),
            {
                "url": "https://api.test/x",
                "first_url": "http://api.test/x",
                "origin": "https://app.test",
            },
        ),
        (
            f"XMLHttpRequest cannot load {API}. No 'Access-Control-Allow-Origin' header is present "
            "on the requested resource. Origin 'http://localhost:4200' is therefore not allowed "
            "access. The response had HTTP status code 500.",
            {"url": API, "origin": "http://localhost:4200", "status": "500"},
        ),
        (
            f"Failed to load {API}: Response for preflight does not have HTTP ok status.",
            {"url": API},
        ),
        (
            FIREFOX_SAYS.replace("https://api.test/x", API).format(
                "CORS preflight response did not succeed"
            ),
            {"url": API},
        ),
    ],
)
def test_so_do_origin_and_url_that_stand_around_it(message: str, values: dict[str, str]) -> None:
    assert found(message).values == values
    wrapped = "\n".join(message[at : at + 33] for at in range(0, len(message), 33))
    if "load" not in message:
        assert found(wrapped).values == values


@pytest.mark.parametrize(
    ("value", "reasons"),
    [
        ("https://b.test", {Reason.ALLOW_ORIGIN_MISMATCH}),
        ("b.test", {Reason.ALLOW_ORIGIN_INVALID}),
        ("", {Reason.ALLOW_ORIGIN_INVALID}),
        ("https://a.test https://b.test", {Reason.ALLOW_ORIGIN_LIST}),
        ("http://\ufffd.test", {Reason.ALLOW_ORIGIN_INVALID, Reason.ALLOW_ORIGIN_MISMATCH}),
        ("a.test, b.test", {Reason.ALLOW_ORIGIN_LIST, Reason.ALLOW_ORIGIN_REPEATED}),
    ],
)
def test_the_value_tells_reasons_apart_that_firefox_does_not(
    value: str, reasons: set[Reason]
) -> None:
    assert set(found(FIREFOX_SAYS.format(NO_MATCH.format(value))).reasons) == reasons


@pytest.mark.parametrize(
    ("status", "reasons"),
    [
        (403, (Reason.PREFLIGHT_STATUS,)),
        (302, (Reason.PREFLIGHT_REDIRECT, Reason.PREFLIGHT_STATUS)),
        (502, (Reason.PREFLIGHT_STATUS, Reason.NO_RESPONSE)),
    ],
)
def test_so_does_the_status(status: int, reasons: tuple[Reason, ...]) -> None:
    message = f"Preflight response is not successful. Status code: {status}"
    assert found(message).reasons == reasons


def test_of_several_messages_the_cause_counts() -> None:
    cause = FIREFOX_SAYS.format("Did not find method in CORS header 'Access-Control-Allow-Methods'")
    follow_up = FIREFOX_SAYS.format("CORS request did not succeed")
    for pasted in (f"{cause}\n{follow_up}", f"{follow_up} Status code: (null).\n{cause}"):
        assert found(pasted).reasons == (Reason.METHOD_NOT_ALLOWED,)
    assert Reason.CONNECTION_DROPPED in found(follow_up).reasons


@pytest.mark.parametrize(
    "message",
    [
        FIREFOX_SAYS.format("CORS request did not succeed") + " Status code: (null).",
        FIREFOX_SAYS.format("CORS request failed"),
        "CORS Failed",
        "https://developer.mozilla.org/docs/Web/HTTP/CORS/Errors/CORSDidNotSucceed",
    ],
)
def test_where_firefox_got_no_answer_that_is_likelier_than_any_reason(message: str) -> None:
    """Measured: so it tells of a closed port, an unknown host and a port that speaks no TLS."""
    result = found(message)
    assert result.aside == UNANSWERED
    assert Reason.CONNECTION_DROPPED in result.reasons


def test_what_firefox_says_after_a_cause_is_no_reason_of_its_own() -> None:
    cause = FIREFOX_SAYS.format("CORS preflight response did not succeed")
    follow_up = FIREFOX_SAYS.format("CORS request did not succeed")
    assert found(f"{cause}\n{follow_up}").aside is None


@pytest.mark.parametrize(
    "message",
    [
        "GET http://localhost:6000/ net::ERR_UNSAFE_PORT",
        "Not allowed to use restricted network port 6000: http://localhost:6000/",
    ],
)
def test_a_bad_port_is_likelier_asked_for_than_redirected_to(message: str) -> None:
    assert found(message).aside == BAD_PORT
    assert found(message).reasons == (Reason.REDIRECT_BAD_PORT,)


@pytest.mark.parametrize("message", ASIDES)
def test_what_names_no_cause_is_told_so(message: str) -> None:
    assert found(f"app.js:7 {message}.") == Found(aside=ASIDES[message])
    assert found(f"{MISSING} {message}").reasons[0] is Reason.ALLOW_ORIGIN_MISSING


@pytest.mark.parametrize(
    "message",
    [
        "The resource has been blocked.",
        "It does not have the attribute.",
        "This is not supported.",
        "The page at https://a.test/ was loaded, but the content must be used when it is equal to",
    ],
)
def test_everyday_words_are_no_hint(message: str) -> None:
    assert found_in(message) is None


NETWORKS = (
    "InsecureLocalNetwork",
    "InvalidLocalNetworkAccess",
    "LocalNetworkAccessPermissionDenied",
    "InsecurePrivateNetwork",
    "UnexpectedPrivateNetworkAccess",
    "PreflightMissingAllowPrivateNetwork",
    "PreflightInvalidAllowPrivateNetwork",
)
"""What Chromium calls what CORS headers don't mend, by now or in earlier versions."""


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "Access to fetch at 'http://localhost/' from origin 'https://a.test' has been blocked "
            "by CORS policy: Permission was denied for this request to access the `loopback` "
            "address space.",
            "local network access",
        ),
        (
            "Access to fetch at 'http://10.0.0.1/' from origin 'http://a.test' has been blocked by "
            "CORS policy: The request client is not a secure context and the resource is in "
            "more-private address space `private`.",
            "local network access",
        ),
        (
            "Response to preflight request doesn't pass access control check: No "
            "'Access-Control-Allow-Private-Network' header was present in the preflight response "
            "for this private network request targeting the `local` address space.",
            "local network access",
        ),
        (
            "Access to fetch at 'http://a.test/' from origin 'http://b.test' has been blocked by "
            "CORS policy: Request had a target IP address space of `local` yet the resource is in "
            "address space `unknown`.",
            "script has named a targetAddressSpace",
        ),
        ("InvalidLocalNetworkAccess", "script has named a targetAddressSpace"),
        ("Server did not send the correct CORS headers.", "a login by FedCM has got no token"),
        ("IdentityCredentialError: Error retrieving a token.", "the browser's console can"),
        (
            "The fetch of the id assertion endpoint resulted in a network error: ERR_FAILED\n"
            "Server did not send the correct CORS headers.",
            "a login by FedCM has got no token",
        ),
        *((name, "local network access") for name in NETWORKS),
        (
            'The FetchEvent for "https://a.test/" resulted in a network error response: an '
            '"opaque" response was used for a request whose type is not no-cors',
            "service worker",
        ),
        ("TypeError: Response served by service worker is opaque", "service worker"),
        ("DisallowedByMode", "the page's own origin"),
        ("NoCorsRedirectModeNotFollow", "no redirect followed"),
        ("CORSDisabled", "switched off"),
        ("CORSOriginHeaderNotAdded", "couldn't add the Origin"),
        ("CORSAllowHeaderFromPreflightDeprecation", "list it by name"),
        ("GET https://a.test/x.js net::ERR_BLOCKED_BY_CLIENT", "an extension"),
        ("GET https://a.test/ net::ERR_CERT_AUTHORITY_INVALID", "certificate"),
        ("GET https://a.test/ net::ERR_CONNECTION_REFUSED", "can't be reached"),
        ("Failed to load resource: Could not connect to the server.", "can't be reached"),
        ("GET https://a.test/ net::ERR_SSL_PROTOCOL_ERROR", "don't agree on TLS"),
        ("GET https://a.test/ net::ERR_PROXY_CONNECTION_FAILED", "mitmproxy runs"),
        (
            "XMLHttpRequest cannot load http://a.test/. The request was redirected to "
            "'http://b.test/', which is disallowed for cross-origin requests that require "
            "preflight.",
            "an old Chromium",
        ),
        (
            "Redirect from 'http://a.test/' to 'http://b.test/' has been blocked by CORS policy: "
            "Request requires preflight, which is disallowed to follow cross-origin redirect.",
            "an old Chromium",
        ),
        (
            "CSRF Failed: Origin checking failed - https://a.test does not match any trusted "
            "origins.",
            "CSRF_TRUSTED_ORIGINS",
        ),
        *(
            (said, "a server, no browser, refuses its own configuration")
            for said in (
                "java.lang.IllegalArgumentException: When allowCredentials is true, allowedOrigins "
                'cannot contain the special value "*" since that cannot be set on the '
                '"Access-Control-Allow-Origin" response header. To allow credentials to a set of '
                'origins, list them explicitly or consider using "allowedOriginPatterns" instead.',
                "System.InvalidOperationException: The CORS protocol does not allow specifying a "
                "wildcard (any) origin and credentials at the same time. Configure the CORS policy "
                "by listing individual origins if credentials needs to be supported.",
                "panic: [CORS] Insecure setup, 'AllowCredentials' is set to true, and "
                "'AllowOrigins' is set to a wildcard.",
                "ValueError: Cannot use supports_credentials in conjunction withan origin string "
                "of '*'. See: http://www.w3.org/TR/cors/#resource-requests",
                "ValueError: Cannot allow credentials with wildcard allowed origins",
            )
        ),
        (
            "info: Microsoft.AspNetCore.Cors.Infrastructure.CorsService[5]\n      CORS policy "
            "execution failed.",
            "a server has refused",
        ),
        (
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote "
            "resource at https://a.test/x. This can be fixed by moving the resource to the same "
            "domain or enabling CORS.",
            "later versions of Firefox name the cause",
        ),
        ("Error: Not allowed by CORS\n    at origin (server.js:12:9)", "a server has refused"),
        ("Disallowed CORS origin, headers", "a server has refused"),
        (
            "WebSocket connection to 'wss://api.test/' failed: Error during WebSocket handshake: "
            "Unexpected response code: 403",
            "corscope why websocket-refused",
        ),
        (
            "Firefox can\u2019t establish a connection to the server at wss://api.test/.",
            "corscope why websocket-refused",
        ),
        (
            'Blocked a frame with origin "https://a.test" from accessing a frame with origin '
            '"https://b.test". Protocols, domains, and ports must match.',
            "postMessage",
        ),
        (
            "HttpErrorResponse {headers: HttpHeaders, status: 0, statusText: 'Unknown Error'}",
            "for every cause",
        ),
        ('Fetch API cannot load file:///x. URL scheme "file" is not supported.', "as a file"),
    ],
)
def test_what_is_not_mended_by_headers_is_told_so(message: str, words: str) -> None:
    assert words in str(found(message).aside)
    assert found(message).reasons == ()


ONLY_HTTP = "Cross origin requests are only supported for"
IN_CHROMIUM = (
    "Access to XMLHttpRequest at '{}' from origin 'http://a.test' has been blocked by CORS policy: "
    f"{ONLY_HTTP} protocol schemes: chrome, data, http, https."
)
IN_FIREFOX = FIREFOX_SAYS.replace("https://api.test/x", "{}").replace(
    "(Reason: {})", "(Reason: CORS request not http)"
)


@pytest.mark.parametrize(
    "message",
    [
        IN_CHROMIUM,
        'Fetch API cannot load {}. URL scheme "localhost" is not supported.',
        'Fetch API cannot load {}. URL scheme must be "http" or "https" for CORS request.',
        f"XMLHttpRequest cannot load {{}}. {ONLY_HTTP} HTTP.",
        f"{ONLY_HTTP} HTTP.\nFetch API cannot load {{}} due to access control checks.",
        f"{ONLY_HTTP} HTTP. (a.js, line 7)\n[Error] XMLHttpRequest cannot load {{}} due to access "
        "control checks.",
        IN_FIREFOX,
    ],
)
def test_a_url_that_lacks_its_scheme_is_told_apart_from_a_redirect(message: str) -> None:
    """Measured in all three browsers."""
    lacking = found(message.format("localhost:3000/items"))
    assert "write http://" in str(lacking.aside)
    assert lacking.reasons == ()
    of_a_file = found(message.format("file:///C:/data.json"))
    assert "opened as a file" in str(of_a_file.aside)
    assert of_a_file.reasons == ()


@pytest.mark.parametrize(
    "message",
    [IN_CHROMIUM.format("app://open"), f"{ONLY_HTTP} HTTP."],
)
def test_another_scheme_without_a_redirect_is_told_apart(message: str) -> None:
    """WebKit has other words for a redirect."""
    assert "neither http nor https" in str(found(message).aside)


@pytest.mark.parametrize(
    "message",
    [
        IN_CHROMIUM.format("file:///C:/data.json").replace("http://a.test", "null"),
        "Not allowed to load local resource: file:///etc/hostname",
        "Security Error: Content at http://a.test/ may not load or link to file:///etc/hostname.",
        "Unsafe attempt to load URL file:///a from frame with URL file:///b. 'file:' URLs are "
        "treated as unique security origins.",
        "NetworkError: Failed to execute 'send' on 'XMLHttpRequest': Failed to load "
        "'file:///C:/data.json'.",
        "NS_ERROR_DOM_BAD_URI: Access to restricted URI denied",
    ],
)
def test_a_file_is_told_apart(message: str) -> None:
    result = found(message)
    assert "opened as a file" in str(result.aside)
    assert result.reasons == ()


def test_of_a_file_and_a_cause_the_first_counts() -> None:
    no_file = "Not allowed to load local resource: file:///C:/icon.png"
    assert found(f"{no_file}\n{MISSING}").reasons == ()
    assert found(f"{MISSING}\n{no_file}").reasons[0] is Reason.ALLOW_ORIGIN_MISSING


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            IN_CHROMIUM.format("app://open' (redirected from 'https://api.test/x"),
            Reason.REDIRECT_NOT_HTTP,
        ),
        (f"{ONLY_HTTP} protocol schemes: data, http", Reason.REDIRECT_NOT_HTTP),
        (IN_FIREFOX.format("app://open"), Reason.REDIRECT_NOT_HTTP),
        (IN_FIREFOX.format("data:,moved"), Reason.REDIRECT_TO_LOCAL),
        ("Not allowed to load local resource: view-source:http://b.test/", "redirect-to-local"),
    ],
)
def test_a_redirect_to_another_scheme_is_one_still(message: str, reason: Reason) -> None:
    assert reason in found(message).reasons


@pytest.mark.parametrize(
    "message", ["", " \n", "hello", "CORS", "is not allowed by", "404 (Not Found)", "{detail}", "'"]
)
def test_other_text_finds_nothing(message: str) -> None:
    assert found_in(message) is None


@pytest.mark.parametrize("text", ["'", "method ", "No 'Access-Control-Allow-Origin' header ", "{"])
def test_a_huge_text_takes_a_moment_only(text: str) -> None:
    began = time.perf_counter()
    found_in(text * (1_000_000 // len(text)))
    assert time.perf_counter() - began < 10


# Names


@pytest.mark.parametrize("reason", Reason)
def test_ids_and_names_find_their_reason(reason: Reason) -> None:
    assert named(reason) == (reason,)
    assert named(f" {reason.upper()}\n") == (reason,)
    for name in (*(chromium_name(reason, kind) for kind in KINDS), firefox_name(reason)):
        if name is not None:
            assert reason in named(name)
            assert reason in named(name.lower())


@pytest.mark.parametrize("name", ["CORSMissingAllowOrigin2", "CORSPreflightDidNotSucceed3"])
def test_firefox_numbers_its_categories(name: str) -> None:
    assert {CATALOGUE[reason].firefox for reason in named(name)} == {name[:-1]}


@pytest.mark.parametrize("name", ["", "2", "cors", "AllowOrigin", "allow-origin-missing-"])
def test_no_other_name_is_known(name: str) -> None:
    assert named(name) == ()


def test_names_are_known_as_they_are_spelled() -> None:
    assert known_names()["preflightinvalidstatus"] == "PreflightInvalidStatus"


# A login, as questions on the web have it

AT_LOGIN = "https://login.microsoftonline.com/a/oauth2/authorize?client_id=1"


@pytest.mark.parametrize(
    "begin",
    [
        f"Access to fetch at '{AT_LOGIN}' (redirected from '{{}}') from origin 'null' has been "
        "blocked by CORS policy",
        f"Failed to load {AT_LOGIN}: Redirect from '{{}}' to '{AT_LOGIN}' has been blocked by CORS "
        "policy",
    ],
)
def test_a_redirect_to_a_login_page_is_likelier_than_that_pages_headers(begin: str) -> None:
    missing = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
    told = found(f"{begin.format('https://api.test/x')}: {missing}")
    assert told.reasons[0] is Reason.ALLOW_ORIGIN_MISSING
    assert (told.values["url"], told.values["first_url"]) == (AT_LOGIN, "https://api.test/x")
    assert told.aside == LOGIN
    assert found(f"{begin.format('https://login.test/')}: {missing}").aside is None
    assert found(f"{begin.format(AT_LOGIN)}: {missing}").aside is None
