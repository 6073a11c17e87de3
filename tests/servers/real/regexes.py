"""Regexes as people write them for origins, and as nobody does: what engines differ in."""

from __future__ import annotations

from random import Random

from .asked import ORIGINS

__all__ = ["REGEX_ORIGINS", "generate_regex"]

REGEX_ORIGINS = (
    *ORIGINS,
    *("https://x-y.test", "https://a1.test", "https://a_b.test", "https://aaa.test", "file://"),
    *("http://[::1]:3000", "https://a.test:65535", "https://a@b.test", "https://a&b.test"),
    *('https://a"b.test', "https://a'b.test", "https://a`b.test", "https://a$b.test"),
    *("https://a;b.test", "https://{.test", "https://a%41.test", "https://A-Z.test", "*"),
)

_USUAL = (
    *("https", "http", "://", r":\/\/", "app", "sub", "one", "localhost", ".test", r"\.test"),
    *(r"\d+", r"\w+", "[a-z]+", "[a-z0-9-]+", "[^.]+", "[^/]+", ".*", ".+", ".*?", r"\S+"),
    *(r"[\w-]+", r"[\w.-]+", r"(:\d+)?", "(?:app|one)", r"(?:[a-z]+\.)+", "s?", "/", "3000"),
)
_SELDOM = (
    *(r"\D", r"\W", "[A-Z]", r"[^\W\d]", r"\.", r"\-", r"\:", r"\@", r"\,", "-", "x{2}"),
    *("[ap]{1,3}", "p{1,}", r"\b", r"\B", "s*", r"\x61", "[.]", "[*]", "[]a]", r"[a\]]", "[^]b]"),
    *("_", "=", "!", "%", "~", "@", "&", "#", " ", '"', "'", "`", ",", ";", "<", r"\$", r"\\"),
    *("{", "}", "{a}", "]", "a{,3}", "a{2}?", "$", "^", "()", "(|a)", "|a", "a|", r"\/"),
    *("(?=h)", "(?!z)", "(?<=p)", "(?<!z)", "(?#x)", "(?>a)", "a++", "a{1,2}+", r"(a)\1"),
    *("(?i)", "(?i:APP)", "(?-i:a)", "(?s:.)", "(?x: a)", "(?P<n>a)", "(?P<n>a)(?P=n)"),
    *(r"\A", r"\Z", r"\a", r"[\a]", r"\t", r"\0", r"\101", r"\u0061", r"\U00000061", r"[\b]"),
    *("${EMPTY}", "{$EMPTY}", "$EMPTY", "#{EMPTY}", "{{EMPTY}}", "%{EMPTY}", "%EMPTY%"),
    *("[[:alpha:]]", "[a[b]", "[a&&b]", "[-[a]", "(a)(?(1)b|c)", r"\N{LATIN SMALL LETTER A}"),
)
_ROUND = ("{}", "{}", "^{}", "{}$", "^{}$", "^https://{}$", r"^https?://(?:{})\.test$")


def generate_regex(random: Random) -> str:
    """Give one; it needn't be one to Python, nor to any server."""
    pool = random.choice((_USUAL, _USUAL + _SELDOM))
    inner = "".join(random.choice(pool) for _ in range(random.randint(1, 5)))
    flags = random.choice(("(?i)", "(?s)", "(?im)")) if "(?i)" in inner else ""
    return flags + random.choice(_ROUND).replace("{}", inner.replace("(?i)", ""))
