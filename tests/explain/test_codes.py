"""The codes of Internet Explorer and the first Edge are known, in any language.

The messages are those that questions on the web have, and Microsoft's list of them.
"""

from __future__ import annotations

import time

import pytest

from corscope.explain.pasted.codes import aside_of_code, reasons_of_code
from corscope.explain.pasted.paste import Found, found_in
from corscope.fetch.reasons import Reason

DENIED = "SCRIPT7002: XMLHttpRequest: Network Error 0x80070005, Access is denied."
NOTED = (
    "SEC7118: XMLHttpRequest for http://api.test/x required Cross Origin Resource Sharing (CORS)."
)
PREFLIGHT = "SEC7119: XMLHttpRequest for http://api.test/x required CORS preflight."


def found(message: str) -> Found:
    result = found_in(message)
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            "SEC7120: [CORS] El origen 'https://app.test' no encontró 'https://app.test' en el "
            "encabezado de respuesta Access-Control-Allow-Origin",
            Reason.ALLOW_ORIGIN_MISMATCH,
        ),
        (
            "SEC7121: El comodín en Access-Control-Allow-Origin no se permite con credenciales.",
            Reason.WILDCARD_WITH_CREDENTIALS,
        ),
        ("SEC7122: Das Flag für Anmeldeinformationen", Reason.ALLOW_CREDENTIALS_NOT_TRUE),
        (
            "SEC7118: http://api.test/x 的 XMLHttpRequest 需要跨域资源共享(CORS)。\n文件: login\n"
            "SEC7119: http://api.test/x 的 XMLHttpRequest 需要飞行前 CORS。\n文件: login\n"
            "SEC7123: Access-Control-Allow-Headers 列表中不存在请求标头 content-type。\n"
            "SCRIPT7002: XMLHttpRequest: 网络错误 0x80070005, 拒绝访问。",
            Reason.HEADER_NOT_ALLOWED,
        ),
        ("SEC7124", Reason.METHOD_NOT_ALLOWED),
        ("SEC7126: Umleitungen sind nicht zulässig", Reason.PREFLIGHT_REDIRECT),
        ("SEC7128", Reason.ALLOW_ORIGIN_REPEATED),
        (
            "SEC7129: Multiple Access-Control-Allow-Credentials headers are not allowed for CORS "
            "response.",
            Reason.ALLOW_CREDENTIALS_NOT_TRUE,
        ),
    ],
)
def test_a_code_names_the_reason_in_any_language(message: str, reason: Reason) -> None:
    assert reason in found(message).reasons
    assert found(f"{NOTED}\n{message}\n{DENIED}").reasons == found(message).reasons


def test_an_english_sentence_behind_it_has_the_values() -> None:
    said = (
        "SEC7123: Request header x-tenant was not present in the Access-Control-Allow-Headers list."
    )
    assert found(f"{NOTED}\n{said}\n{DENIED}").values["detail"] == "x-tenant"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (NOTED, "only that a page asked another origin"),
        (f"{NOTED}\n{PREFLIGHT}", "only that a page asked another origin"),
        (f"{NOTED}\n{DENIED}", "only that Internet Explorer or old Edge refused"),
        (DENIED, "only that Internet Explorer or old Edge refused"),
        ("SCRIPT7002: XMLHttpRequest: 网络错误 0x80070005, 拒绝访问。", "only that Internet Ex"),
        ("SCRIPT5: Access is denied.", "only that Internet Explorer or old Edge refused"),
        ("SCRIPT7002: XMLHttpRequest: Network Error 0x2efd, Could not", "got no answer"),
        ("SCRIPT7002: XMLHttpRequest: Network Error 0x2f7d, Could not", "no secure connection"),
        ("SEC7125: XMLHttpRequest for http://api.test/x caused a response", "couldn't read"),
        ("SEC7127: Redirect was blocked for CORS request.", "didn't follow a redirect"),
    ],
)
def test_what_names_no_cause_is_told_so(message: str, said: str) -> None:
    told = found(message)
    assert not told.reasons
    assert told.aside is not None
    assert said in told.aside


@pytest.mark.parametrize("text", ["", "SEC7130", "SEC71181", "XSEC7120", "0x80070005", "SCRIPT438"])
def test_no_other_code_is_known(text: str) -> None:
    assert reasons_of_code(text) == ()
    assert aside_of_code(text) is None


@pytest.mark.parametrize("part", ["SCRIPT7002 ", "SCRIPT7002 0x", "SEC7118 ", "SEC7130 "])
def test_it_takes_time_linear_in_the_length(part: str) -> None:
    began = time.perf_counter()
    aside_of_code(part * (200_000 // len(part)))
    reasons_of_code(part * (200_000 // len(part)))
    assert time.perf_counter() - began < 5
