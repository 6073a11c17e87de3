"""How is it told why the browser asked leave with a preflight?"""

from collections.abc import Iterable, Mapping
from typing import Final

from corscope.explain.escape import escaped
from corscope.fetch.safelist import UnsafeRule
from corscope.journal.why import Why

__all__ = ["RULE_WORDS", "why_text"]

RULE_WORDS: Final[Mapping[str, str]] = {
    UnsafeRule.NAME: "{header} is not safelisted",
    UnsafeRule.VALUE_LENGTH: "{header} is longer than what is safelisted, 128 bytes",
    UnsafeRule.UNSAFE_BYTE: "{header} has a character that is not safelisted",
    UnsafeRule.LANGUAGE_BYTE: "{header} has a character that is not safelisted",
    UnsafeRule.CONTENT_TYPE: "{header} is not safelisted",
    UnsafeRule.RANGE_FORM: "{header} is no single range with a beginning",
    UnsafeRule.CLIENT_HINT_FORM: "{header} is no well-formed client hint",
    UnsafeRule.TOTAL_LENGTH: "{header} is one of headers that have more than 1,024 bytes together",
}

_UNSEEN: Final = {
    "upload-listener": "script listens to the upload's progress or streams the body",
    "redirect": "it had asked before the redirect too",
}


def why_text(whys: Iterable[Why]) -> str:
    """Clauses that follow a "because"; values stand in them only where they can't be secret."""
    return ", ".join(map(_clause, whys))


def _clause(why: Why) -> str:
    if why.what in _UNSEEN:
        return _UNSEEN[why.what]
    name = escaped(why.name or "")
    if why.what == "method":
        return f"{name} is no safelisted method"
    if why.rule is None:
        return f"{name} may have a value that is not safelisted"
    header = name if why.value is None else f"{name}: {escaped(why.value)}"
    return RULE_WORDS[why.rule].format(header=header)
