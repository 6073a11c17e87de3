"""What do the servers written in Go have in common, and how is their code written?

Follows https://pkg.go.dev/net/http: a header is a list of lines by canonical name, sent in the
order of names. Middleware sets its lines first; what the application then sets replaces them, but
for `Vary`, to which both add lines, unless the application sets that too: `replaces_vary` says so.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from corscope.fetch.headers import is_token
from corscope.messages import HeaderList
from corscope.servers.complaints import function_complaints
from corscope.servers.own_vary import without_replaced_vary
from corscope.servers.parts import VARY
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.policy import ECHO, Policy, listed

__all__ = [
    "Code",
    "added_to",
    "canonical",
    "code_with_imports",
    "function_complaints",
    "is_matched",
    "listed",
    "literal",
    "origin_function",
    "sorted_by_name",
    "struct",
    "trimmed",
]

_WIDTH: Final = 80


def sorted_by_name(headers: HeaderList) -> HeaderList:
    """The lines as net/http sends them: by name, those of one name in their order."""
    return tuple(sorted(headers, key=lambda pair: pair[0].lower()))


def added_to(policy: Policy, headers: HeaderList, own: HeaderList) -> HeaderList:
    """A middleware's lines and then the application's, as they are sent."""
    headers = without_replaced_vary(policy, headers, own)
    names = {name.lower() for name, _ in own} - {VARY}
    kept = tuple(pair for pair in headers if pair[0] not in names)
    return sorted_by_name(kept + own)


def canonical(name: str) -> str:
    """A header's name as http.CanonicalHeaderKey has it; one that is no token stays."""
    if not is_token(name):
        return name
    return "-".join(word[:1].upper() + word[1:].lower() for word in name.split("-"))


def trimmed(text: str) -> str:
    """A header's text as strings.TrimSpace leaves it, which reads the bytes as UTF-8."""
    read = text.encode("latin-1").decode("utf-8", "surrogateescape").strip()
    return read.encode("utf-8", "surrogateescape").decode("latin-1")


def is_matched(policy: Policy, origin: str) -> bool:
    """What the function says that the policy's regex, or "request", is written as."""
    pattern = policy.allow_origin_regex
    if pattern is None:
        return policy.allow_origins == ECHO
    return matches_regex(pattern, origin, "search", flags=re.ASCII)


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of Go as it is to stand in the text, and the packages that it needs."""

    text: str
    imports: tuple[str, ...] = ()

    def returning_error(self) -> "Code":
        """A function of an origin as one that could also fail."""
        text = f"func(origin string) (bool, error) {{ return {self.text}(origin), nil }}"
        return Code(text, self.imports)


def origin_function(policy: Policy) -> Code | None:
    """A function that allows what the regex does, or, for "request", all origins."""
    if policy.allow_origin_regex is not None:
        text = f"regexp.MustCompile({_raw(policy.allow_origin_regex)}).MatchString"
        return Code(text, ("regexp",))
    if policy.allow_origins == ECHO:
        return Code("func(string) bool { return true }")
    return None


def literal(value: object) -> str:
    """Write a list of strings, a string, a number or a boolean."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, tuple):
        items = [literal(item) for item in value]
        on_one_line = f"[]string{{{', '.join(items)}}}"
        if len(on_one_line) <= _WIDTH:
            return on_one_line
        return "[]string{\n" + "".join(f"\t\t{item},\n" for item in items) + "\t}"
    return json.dumps(value, ensure_ascii=False)


def struct(name: str, options: Mapping[str, object]) -> str:
    """Write a struct with those of its fields that aren't None."""
    lines = [f"\t{n}: {literal(value)},\n" for n, value in options.items() if value is not None]
    return f"{name}{{\n{''.join(lines)}}}" if lines else f"{name}{{}}"


def _raw(text: str) -> str:
    return literal(text) if "`" in text else f"`{text}`"


def code_with_imports(text: str, options: Mapping[str, object], *packages: str) -> str:
    """The text under the imports that it and the options need."""
    used = {name for value in options.values() if isinstance(value, Code) for name in value.imports}
    standard = [f'import "{name}"\n' for name in sorted(used)]
    return "".join((*standard, *(f'import "{name}"\n' for name in packages), "\n", text))
