"""Which engine asks, and where it leaves the standard."""

import pytest

from corscope.fetch.engines import DEPARTURES, Departure, Engine, departs, engine_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)"
KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        pytest.param(f"{WINDOWS} {KHTML} Chrome/156.0.0.0 Safari/537.36", "chromium", id="Chrome"),
        pytest.param(
            f"{WINDOWS} {KHTML} HeadlessChrome/156.0.0.0 Safari/537.36", "chromium", id="headless"
        ),
        pytest.param(f"X11 {KHTML} Chromium/156.0 Safari/537.36", "chromium", id="Chromium"),
        pytest.param(
            f"{WINDOWS} {KHTML} Chrome/156.0.0.0 Safari/537.36 Edg/156.0", "chromium", id="Edge"
        ),
        pytest.param(
            "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
            "firefox",
            id="Firefox",
        ),
        pytest.param(
            "Mozilla/5.0 (Android 16; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0",
            "firefox",
            id="Firefox on Android",
        ),
        pytest.param(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/26.0 Safari/605.1.15",
            "webkit",
            id="Safari",
        ),
        pytest.param(
            f"{IPHONE} AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile Safari/604.1",
            "webkit",
            id="Chrome on iOS",
        ),
        pytest.param(
            f"{IPHONE} AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/153.0 Mobile Safari/604.1",
            "webkit",
            id="Firefox on iOS",
        ),
        pytest.param(
            "Mozilla/5.0 (Windows NT 10.0; rv:11.0) like Gecko", "unknown", id="Internet Explorer"
        ),
        pytest.param("curl/8.14.1", "unknown", id="curl"),
        pytest.param("iPhone", "unknown", id="an app on iOS"),
        pytest.param("", "unknown", id="an empty one"),
        pytest.param(None, "unknown", id="none"),
    ],
)
def test_the_user_agent_tells(user_agent: str | None, expected: str) -> None:
    headers = () if user_agent is None else (("user-agent", user_agent),)
    assert engine_of(headers) == expected


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        pytest.param('"Chromium";v="156", "Not A Brand";v="24"', Engine.CHROMIUM, id="Chromium's"),
        pytest.param('"Not A Brand";v="24"', Engine.WEBKIT, id="others don't"),
    ],
)
def test_the_client_hint_outweighs_the_user_agent(brands: str, expected: Engine) -> None:
    """Script may set User-Agent and developer tools replace it, but nobody else sends this hint."""
    user_agent = f"{IPHONE} AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile Safari/604.1"
    assert engine_of((("User-Agent", user_agent), ("Sec-CH-UA", brands))) is expected


def test_every_departure_is_documented_and_the_unknown_engine_has_none() -> None:
    assert set(DEPARTURES) == set(Departure)
    for departure, entry in DEPARTURES.items():
        assert all((entry.engines, entry.standard, entry.instead, entry.seen_in))
        assert not departs(Engine.UNKNOWN, departure)
        assert {engine for engine in Engine if departs(engine, departure)} == entry.engines
