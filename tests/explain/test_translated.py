"""Firefox's messages in other languages, as its language packs have them, find their category."""

from __future__ import annotations

import time

import pytest

from corscope.explain.pasted.asides import UNANSWERED
from corscope.explain.pasted.paste import found_in
from corscope.explain.pasted.translated import translated
from corscope.fetch.reasons import Reason

GERMAN = (
    "Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das "
    "Lesen der externen Ressource auf https://api.test/x. (Grund: {})."
)
FRENCH = (
    "Blocage d\u2019une requête multiorigine (Cross-Origin Request)\xa0: la politique «\xa0Same "
    "Origin\xa0» ne permet pas de consulter la ressource distante située sur https://api.test/x. "
    "Raison\xa0: {}."
)
JAPANESE = (
    "クロスオリジン要求をブロックしました: 同一生成元ポリシーにより、https://api.test/x "
    "にあるリモートリソースの読み込みは拒否されます (理由: {})。"
)
KOREAN = (
    "교차 출처 요청 차단: 동일 출처 정책으로 인해 https://api.test/x에 있는 원격 리소스를 "
    "차단했습니다. (원인: {})."
)
TURKISH = (
    "Çapraz Köken İsteği Engellendi: Ayn\u0131 Köken İlkesi, https://api.test/x üzerindeki uzak "
    "kaynağ\u0131n okunmas\u0131na izin vermiyor. (Sebep: {}.)"
)
ORIGIN = "Access-Control-Allow-Origin"
HEADERS = "Access-Control-Allow-Headers"
METHODS = "Access-Control-Allow-Methods"

MESSAGES = (
    (
        GERMAN.format(f"CORS-Kopfzeile '{ORIGIN}' fehlt") + " Statuscode: 404.",
        *("CORSMissingAllowOrigin", "404", Reason.ALLOW_ORIGIN_MISSING),
    ),
    (
        JAPANESE.format(f"複数の CORS ヘッダー \u2018{ORIGIN}\u2019 は許可されない"),
        *("CORSMultipleAllowOriginNotAllowed", "", Reason.ALLOW_ORIGIN_REPEATED),
    ),
    (
        FRENCH.format(
            f"l\u2019en-tête CORS «\xa0{ORIGIN}\xa0» ne correspond pas à «\xa0https://b.test\xa0»"
        ),
        *("CORSAllowOriginNotMatchingOrigin", "https://b.test", Reason.ALLOW_ORIGIN_MISMATCH),
    ),
    (
        KOREAN.format(
            f"CORS 헤더 \u2018{ORIGIN}\u2019이 \u2018*\u2019이면 자격 증명이 지원되지 않음"
        ),
        *("CORSNotSupportingCredentials", "", Reason.WILDCARD_WITH_CREDENTIALS),
    ),
    (
        TURKISH.format(
            "CORS üst bilgisi \u2018Access-Control-Allow-Credentials\u2019ta \u2018true\u2019 "
            "değeri bekleniyordu"
        ),
        *("CORSMissingAllowCredentials", "", Reason.ALLOW_CREDENTIALS_NOT_TRUE),
    ),
    (
        FRENCH.format(f"méthode manquante dans l\u2019en-tête «\xa0{METHODS}\xa0»"),
        *("CORSMethodNotFound", "", Reason.METHOD_NOT_ALLOWED),
    ),
    (
        TURKISH.format(
            f"CORS üst bilgisi \u2018{METHODS}\u2019ta geçersiz \u2018GET; PUT\u2019 jetonu"
        ),
        *("CORSInvalidAllowMethod", "GET; PUT", Reason.ALLOW_METHODS_INVALID),
    ),
    (
        GERMAN.format(f"ungültiges Token 'x tenant' in CORS-Kopfzeile '{HEADERS}'"),
        *("CORSInvalidAllowHeader", "x tenant", Reason.ALLOW_HEADERS_INVALID),
    ),
    (
        GERMAN.format(
            f"Kopfzeile 'x-tenant' ist aufgrund der Kopfzeile '{HEADERS}' aus der "
            "CORS-Preflight-Antwort nicht zulässig"
        ),
        *("CORSMissingAllowHeaderFromPreflight", "x-tenant", Reason.HEADER_NOT_ALLOWED),
    ),
    (
        "已封鎖跨來源請求: 同源政策不允許讀取 https://api.test/x 的遠端資源。\uff08原因: CORS "
        f"'{ORIGIN}' 檔頭不符合「null」\uff09。",
        *("CORSAllowOriginNotMatchingOrigin", "null", Reason.ALLOW_ORIGIN_MISMATCH),
    ),
)


@pytest.mark.parametrize(("message", "category", "value", "reason"), MESSAGES)
def test_a_message_that_names_a_header_is_told_in_any_language(
    message: str, category: str, value: str, reason: Reason
) -> None:
    assert translated(message) == (category, value)
    found = found_in(f"{message} [Weitere Informationen]\n    app.js:703:3")
    assert found is not None
    assert found.is_translated
    assert found.reasons[0] is reason


@pytest.mark.parametrize(
    ("message", "category", "value", "reason"),
    [
        (
            GERMAN.format("CORS-Anfrage schlug fehl") + " Statuscode: (null).",
            *("CORSDidNotSucceed", "", Reason.CONNECTION_DROPPED),
        ),
        (
            FRENCH.format("échec de la requête CORS") + " Code d\u2019état\xa0: (null).",
            *("CORSDidNotSucceed", "", Reason.CONNECTION_DROPPED),
        ),
        (
            "已拦截跨源请求\uff1a同源策略禁止读取位于 https://api.test/x 的远程资源。"
            "\uff08原因\uff1aCORS 请求未能成功\uff09。状态码\uff1a(null)。",
            *("CORSDidNotSucceed", "", Reason.CONNECTION_DROPPED),
        ),
        (
            GERMAN.format("CORS-Preflight-Antwort war nicht erfolgreich") + " Statuscode: 405.",
            *("CORSPreflightDidNotSucceed", "405", Reason.PREFLIGHT_STATUS),
        ),
    ],
)
def test_what_names_no_header_is_told_by_its_status(
    message: str, category: str, value: str, reason: Reason
) -> None:
    assert translated(message) == (category, value)
    found = found_in(message)
    assert found is not None
    assert found.is_translated
    assert reason in found.reasons
    assert (found.aside == UNANSWERED) == (category == "CORSDidNotSucceed")


def test_an_empty_value_is_told_from_none() -> None:
    message = GERMAN.format(f"CORS-Kopfzeile '{ORIGIN}' stimmt nicht mit '' überein")
    found = found_in(message)
    assert found is not None
    assert (found.reasons, found.values) == ((Reason.ALLOW_ORIGIN_INVALID,), {"detail": ""})


@pytest.mark.parametrize(
    "message",
    [
        GERMAN.format("CORS-Anfrage schlug fehl"),
        "CORS-Fehler bei https://api.test/x: 404",
        "https://api.test/x macht CORS: (null)",
        "https://api.test/x geht nicht (Grund: Antwort der API). Statuscode: 405.",
        GERMAN.format(
            f"Wenn '{HEADERS}' den Wert '*' hat, wird die 'Authorization'-Kopfzeile nicht "
            f"eingeschlossen. Sie muss in '{HEADERS}' stehen"
        ),
        f"My server sends '{ORIGIN}': '*' and https://api.test/x fails, with CORS",
        f"https://api.test/x '{ORIGIN}' '{METHODS}'",
        f"'{ORIGIN}' fehlt",
        f"https://api.test/x {ORIGIN} fehlt",
        "",
    ],
)
def test_what_names_no_header_or_is_no_such_message_is_left(message: str) -> None:
    assert translated(message) is None


@pytest.mark.parametrize(
    "quote", [": 404 CORS", ")CORS", "\u2018", "\u201c", "\u201e", "\xab", "\u300c", '"', "'", "' "]
)
def test_it_takes_time_linear_in_the_length(quote: str) -> None:
    began = time.perf_counter()
    translated(f"https://api.test/ {quote * 200_000}")
    assert time.perf_counter() - began < 5
