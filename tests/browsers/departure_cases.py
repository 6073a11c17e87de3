"""Cases that show where an engine leaves the standard, for departures that no other case shows."""

from __future__ import annotations

from collections.abc import Mapping

from tests.browsers.case import (
    ANY,
    BEARER,
    GET,
    JSON,
    LOCAL_API,
    LOCAL_PAGE,
    OWN,
    PAGE,
    PUT,
    Case,
    Hop,
    allow,
    answer,
    credentials,
    expose,
    headers,
    methods,
    redirect,
)

__all__ = ["DEPARTING"]

OTHER = "http://other.test/{case}/1"
THERE = "http://api.test/{case}/2"
LEAVE = answer(ANY, methods("*"), headers("*, authorization"))
FINE = answer(ANY, ("X-Total", "9"))


def _with(name: str, value: str) -> Mapping[str, object]:
    return {"headers": {name: value}}


def _announced(id_: str, name: str, value: str) -> Case:
    """A GET with one header, whether it is announced by a preflight or not."""
    return Case(f"departing: {id_}", None, FINE, LEAVE, _with(name, value))


DEPARTING = (
    _announced("a Range past 64 bits", "Range", "bytes=0-18446744073709551616"),
    _announced("a Range whose unit is in upper case", "Range", "BYTES=0-1"),
    _announced("an Accept with a byte past ASCII", "Accept", "caf\xe9"),
    _announced("a Content-Type with an empty parameter", "Content-Type", "text/plain; ;"),
    Case(
        "departing: neither the method nor the headers",
        "InvalidAllowHeadersPreflightResponse",
        None,
        answer(ANY, methods("GET"), headers("@ @")),
        {"method": "PUT", "headers": {"X-A": "1"}},
    ),
    Case(
        "departing: a client hint that is led to another origin",
        None,
        redirect(OTHER, ANY),
        LEAVE,
        _with("DPR", "2"),
        then=(Hop(OTHER, FINE, LEAVE),),
    ),
    Case(
        "departing: Locations that agree",
        None,
        answer(ANY, ("Location", OTHER), ("Location", OTHER), status=302),
        then=(
            Hop(OTHER, FINE),
            Hop("http://other.test/{case}/1,%20http://other.test/{case}/1", FINE),
        ),
    ),
    Case(
        "departing: a Location past ASCII",
        None,
        redirect("/{case}/caf\xe9/\xc3\xa9", ANY),
        then=(
            Hop("http://api.test/{case}/caf%E9/%C3%A9", FINE),
            Hop("http://api.test/{case}/caf%C3%AF%C2%BF%C2%BD/%C3%83%C2%A9", FINE),
        ),
    ),
    Case("departing: an empty Location", None, redirect("", ANY), init=GET),
    Case(
        "departing: an empty Location on a preflight",
        "PreflightInvalidStatus",
        None,
        redirect("", ANY),
        PUT,
    ),
    Case(
        "departing: Authorization within the origin that it was led to",
        None,
        redirect(OTHER, ANY),
        LEAVE,
        BEARER,
        then=(
            Hop(OTHER, redirect("/{case}/2", allow("null")), LEAVE),
            Hop("http://other.test/{case}/2", answer(ANY), LEAVE),
        ),
    ),
    Case(
        "departing: a POST of JSON that is twice a GET by 301",
        None,
        redirect(OTHER, ANY, status=301),
        LEAVE,
        JSON,
        then=(
            Hop(OTHER, redirect(THERE, ANY, status=301), LEAVE),
            Hop(THERE, FINE, LEAVE),
        ),
    ),
    Case(
        "departing: script wants no redirect, and there is no Location",
        None,
        answer(ANY, status=302),
        init={"redirect": "error"},
    ),
    Case(
        "departing: a PUT that is led to a user and a password",
        "RedirectContainsCredentials",
        redirect("http://u:p@other.test/{case}/1", ANY),
        answer(ANY, methods("PUT")),
        PUT,
        then=(Hop(OTHER, FINE, LEAVE),),
    ),
    Case(
        "departing: from here to here with a user and a password",
        "net::ERR_ABORTED",
        redirect("http://u:p@page.test/{case}/1"),
        url=f"{PAGE}/{{case}}",
        then=(Hop(f"{PAGE}/{{case}}/1", redirect(THERE)), Hop(THERE, answer(OWN))),
    ),
    Case(
        "departing: without CORS to a user and a password",
        "net::ERR_ABORTED",
        redirect("http://u:p@other.test/{case}/1"),
        init={"mode": "no-cors", "method": "POST"},
        url=LOCAL_API,
        page=LOCAL_PAGE,
        then=(Hop(OTHER, FINE),),
    ),
    Case(
        "departing: from here, a PUT that is led to a user and a password",
        "RedirectContainsCredentials",
        redirect("http://u:p@other.test/{case}/1"),
        init=PUT,
        url=f"{PAGE}/{{case}}",
        then=(Hop(OTHER, FINE, LEAVE),),
    ),
    Case(
        "departing: everything exposed, and something malformed",
        None,
        answer(ANY, expose("*"), expose("@"), ("X-Total", "9")),
    ),
    Case(
        "departing: from here twice, with the page's own credentials",
        None,
        redirect(LOCAL_API + "/1"),
        url=f"{LOCAL_PAGE}/{{case}}",
        page=LOCAL_PAGE,
        then=(
            Hop(LOCAL_API + "/1", redirect(LOCAL_API + "/2", allow(LOCAL_PAGE), credentials())),
            Hop(LOCAL_API + "/2", answer(allow(LOCAL_PAGE))),
        ),
    ),
)
