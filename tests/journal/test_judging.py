"""What was judged once is judged the same again, whatever else the answer and the URL say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corscope.journal import judging
from corscope.journal.judging import ENGINES, Got, Past, judged, judged_everywhere
from corscope.journal.lines.masking import masked_url
from corscope.journal.wire import view
from corscope.messages import Request, Response

ORIGINS = st.sampled_from(["https://a.test", "http://a.test", "null", "https://b.test:8443"])
URLS = st.sampled_from(
    [
        *("https://api.test/1", "https://api.test/2?q=1", "http://api.test/1", "https://a.test/"),
        *("http://localhost/1", "https://api.test:99/"),
    ]
)
ASKED = st.lists(
    st.sampled_from(
        [
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "x-a"),
            ("Access-Control-Request-Headers", "authorization,x-a"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Mode", "no-cors"),
            ("X-A", "1"),
            ("If-None-Match", "1"),
            (
                "User-Agent",
                "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
            ),
        ]
    ),
    max_size=4,
)
ANSWERS = st.lists(
    st.sampled_from(
        [
            ("Access-Control-Allow-Origin", "*"),
            ("access-control-allow-origin", "https://a.test"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Methods", "{"),
            ("Access-Control-Allow-Headers", "x-a"),
            ("Access-Control-Allow-Headers", "*"),
            ("Location", "http://other.test/"),
            ("Location", "/here"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("ETag", "1"),
        ]
    ),
    max_size=6,
)
STATUSES = st.sampled_from([200, 204, 302, 304, 307, 404, 407, 500])
METHODS = st.sampled_from(["OPTIONS", "GET", "PUT"])


@given(METHODS, URLS, ORIGINS, ASKED, STATUSES, ANSWERS, st.sampled_from([0, 1, 20]))
def test_what_is_remembered_is_what_would_be_judged(
    method: str,
    url: str,
    origin: str,
    asked: list[tuple[str, str]],
    status: int,
    answer: list[tuple[str, str]],
    hop: int,
) -> None:
    wire = view(Request(method, url, (("Origin", origin), *asked)))
    got = Got(Response(status, tuple(answer)), past=Past(hop))
    own, everywhere = judged_everywhere(wire, got, masked_url)
    assert own == judged(wire, got, masked_url)
    assert everywhere.keys() == set(ENGINES)
    assert everywhere == judging._judged_by_engine(wire, got, own, masked_url)


def test_long_values_are_not_remembered() -> None:
    before = len(judging._MEMO)
    request = Request("GET", "https://api.test/", (("Origin", "https://a.test"),))
    long = (("Access-Control-Allow-Origin", "a" * 100_000),)
    judged_everywhere(view(request), Got(Response(200, long)), masked_url)
    assert len(judging._MEMO) == before
