"""`corscope import` of HAProxy's: what a word of its configuration says, quotes and all."""

from __future__ import annotations

import http.client
import string
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Source
from corscope.cli.imports.web_servers.haproxy_rules import rules
from tests.cli.imports.test_returned import running

CHARACTERS = [c for c in string.printable if c.isprintable()]
WORDS = [
    *(f"a\\{c}41b" for c in CHARACTERS),
    *(f'"a\\{c}41b"' for c in CHARACTERS),
    *(f'"a{c}41b"' for c in CHARACTERS if c not in '"$\\'),
    *(f"a{c}41b" for c in CHARACTERS if c not in "\"' #\\"),
    *("'a\\.b'", "a'\\.'\"\\.\"\\.b", "\\\\\\.", '"\\\\.\\"\\$"'),
]


def said(word: str, number: int) -> str:
    """A rule that answers one path by that word."""
    found = f"if {{ path /{number} }}"
    return f"http-request return status 200 content-type text/plain string {word} {found}\n"


def test_a_word_says_what_it_says_to_haproxy(tmp_path: Path) -> None:
    text = "".join(said(word, number) for number, word in enumerate(WORDS))
    read = [rule.words[7] for rule in rules(Source("haproxy.cfg", text))]
    with running(tmp_path, "haproxy", text) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for word, ours in zip(WORDS, read, strict=True):
            connection.request("GET", f"/{WORDS.index(word)}")
            assert (word, ours) == (word, connection.getresponse().read().decode("latin-1"))
        connection.close()


@pytest.mark.parametrize("regex", [r"^https://\w+\.app\.test$", r'"^https://\w+\.app\.test$"'])
def test_a_regex_keeps_its_backslashes_without_quotes_too(regex: str) -> None:
    """As people write it; the dot stood for any character then."""
    text = (
        f"acl ours hdr(Origin) -m reg {regex}\nhttp-after-response set-header "
        "Access-Control-Allow-Origin %[req.hdr(Origin)] if ours\n"
    )
    (found,) = IMPORTERS["haproxy"](Source("haproxy.cfg", f"listen site\n{text}"))
    assert found.policy.allow_origin_regex == r"^https://\w+\.app\.test$"
