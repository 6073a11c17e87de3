"""Every mistake that `load` refuses, each beside its passing twin.

`test_load` reads them as rule files, `test_schema` holds the JSON Schema against them.
"""

from typing import NamedTuple

__all__ = ["MISTAKES", "Mistake", "rule"]


class Mistake(NamedTuple):
    """A rule's lines with a mistake and without; `at` is the key at fault, `says` what is told."""

    sentence: str
    wrong: str
    right: str
    at: str
    says: str
    seen_by_schema: bool = True


HOST = 'match.host = "api.example.com"'
FAULT = "fault.status = 401"
BOTH = f"{HOST}\n{FAULT}"


def rule(lines: str) -> str:
    """A file with one rule named r."""
    return f'[[rule]]\nname = "r"\n{lines}\n'


def _match(sentence: str, wrong: str, right: str, says: str, *, schema: bool = True) -> Mistake:
    key = wrong.partition(" ")[0]
    other = "" if key in {"host", "url"} else f"{HOST}\n"
    lines = f"{other}{FAULT}\nmatch.{{}}"
    return Mistake(sentence, lines.format(wrong), lines.format(right), f"match.{key}", says, schema)


def _policy(sentence: str, wrong: str, right: str, says: str, *, schema: bool = True) -> Mistake:
    lines = f"{HOST}\n[rule.policy]\nallow_credentials = false\n{{}}"
    at = f"policy.{wrong.partition(' ')[0]}"
    return Mistake(sentence, lines.format(wrong), lines.format(right), at, says, schema)


def _headers(sentence: str, wrong: str, right: str, at: str, says: str) -> Mistake:
    lines = f"{HOST}\nheaders.{{}}"
    return Mistake(sentence, lines.format(wrong), lines.format(right), at, says)


def _fault(sentence: str, wrong: str, right: str, says: str) -> Mistake:
    lines = f"{HOST}\nfault.{{}}"
    at = f"fault.{wrong.partition(' ')[0]}"
    seen = "nan" not in wrong  # JSON has no such number
    return Mistake(sentence, lines.format(wrong), lines.format(right), at, says, seen)


_RULE = [
    Mistake("an unknown key", f"{BOTH}\nnmae = 1", BOTH, "nmae", "did you mean name?"),
    Mistake(
        "a key of another table",
        f"{BOTH}\nmax_age = 1",
        f"{BOTH}\npolicy.max_age = 1",
        "max_age",
        "belongs into [rule.policy]",
    ),
    Mistake(
        "a number for a flag",
        f"{BOTH}\nenabled = 1",
        f"{BOTH}\nenabled = false",
        "enabled",
        "must be a boolean, not an integer",
    ),
    Mistake(
        "a quoted flag",
        f'{BOTH}\nenabled = "true"',
        f"{BOTH}\nenabled = true",
        "enabled",
        "write true without quotes",
    ),
    Mistake(
        "a mode that there isn't",
        f'{BOTH}\nmode = "Shadow"',
        f'{BOTH}\nmode = "shadow"',
        "mode",
        'did you mean "shadow"?',
    ),
    Mistake(
        "a number as text",
        f"{BOTH}\ndescription = 1",
        f'{BOTH}\ndescription = ""',
        "description",
        'write "1" in quotes',
    ),
    Mistake("no match", FAULT, BOTH, "", "has no match"),
    Mistake("no table for match", f"match = 1\n{FAULT}", BOTH, "match", "must be a table"),
    Mistake("nothing to do", HOST, BOTH, "", "needs policy, headers or fault"),
    Mistake("an empty fault", f"{HOST}\n[rule.fault]", BOTH, "fault", "needs status, redirect,"),
    Mistake(
        "empty headers",
        f"{HOST}\n[rule.headers]",
        f'{HOST}\nheaders.remove = "x"',
        "headers",
        "needs remove, set or add",
    ),
    Mistake(
        "no host and no url",
        f'match.method = "PUT"\n{FAULT}',
        f'match.method = "PUT"\n{BOTH}',
        "match",
        "needs url or host",
    ),
    Mistake(
        "a status for a policy alone",
        f"{HOST}\nmatch.status = 404\npolicy.allow_origins = []",
        f'{HOST}\nmatch.status = 404\npolicy.allow_origins = []\nheaders.remove = "x"',
        "match.status",
        "only for rules with headers or fault",
    ),
]

_MATCH = [
    _match("an unknown key below", "knid = 1", 'kind = "actual"', "did you mean kind?"),
    _match("an empty text", 'host = ""', 'host = "a"', "must not be empty"),
    _match("an empty list", "method = []", 'method = ["PUT"]', "must not be empty"),
    _match("an empty text in a list", 'origin = ["a", ""]', 'origin = ["a", "b"]', "be empty"),
    _match("a number for a host", "host = 8080", 'host = "8080"', 'write "8080" in quotes'),
    _match("a URL for a host", 'host = "https://a.test/x"', 'host = "a.test"', 'write "a.test"'),
    _match("a host with a path", 'host = "a.test/x"', 'host = "a.test"', "not a URL"),
    _match("a host with a blank", 'host = "a b"', 'host = "a"', "is no host"),
    _match("a bare IPv6 address", 'host = "::1"', 'host = "[::1]"', 'write "[::1]"'),
    _match("one with half its brackets", 'host = "[::1"', 'host = "[::1]"', 'write "[::1]"'),
    _match("a word for a port", 'host = "a:http"', 'host = "a:80"', "has no port"),
    _match(
        "a host in its own script",
        'host = "bücher.example"',
        'host = "xn--bcher-kva.example"',
        'browsers send "xn--bcher-kva.example"',
    ),
    _match(
        "a label too long for any script",
        f'host = "é{"x" * 70}"',
        'host = "xn--a"',
        "in punycode",
    ),
    _match("a number for a filter", "filter = 1", 'filter = "1"', "must be a string"),
    _match("a URL without scheme", 'url = "a.test/*"', 'url = "*://a.test/*"', "has no scheme"),
    _match("a URL without path", 'url = "http://a"', 'url = "http://a/*"', 'write "http://a/*"'),
    _match(
        "a URL of any scheme without path", 'url = "*://a"', 'url = "*://a/*"', 'write "*://a/*"'
    ),
    _match(
        "a URL without host before another",
        'url = "http:///x?u=http://a/"',
        'url = "http://*/x?u=http://a/"',
        "has no host",
    ),
    _match("a scheme alone", 'url = "https://"', 'url = "https://*/*"', 'write "https://*/*"'),
    _match("a URL without host", 'url = "http:///x"', 'url = "http://*/x"', "has no host"),
    _match(
        "a URL in its own script",
        'url = "http://bücher.example/"',
        'url = "http://xn--bcher-kva.example/"',
        "isn't ASCII",
    ),
    _match("a method with a blank", 'method = "PUT "', 'method = "PUT"', "is no token"),
    _match("a kind that there isn't", 'kind = "post"', 'kind = "preflight"', "must be"),
    _match("a status class upper-case", 'status = "5XX"', 'status = "5xx"', "is no status"),
    _match("a status of two digits", "status = 99", "status = 200", "from 200 to 599"),
    _match("an informational status", 'status = "1xx"', 'status = "2xx"', "from 200 to 599"),
    _match("a huge status", f"status = {'9' * 99}", 'status = "404"', "a huge number"),
    _match("a flag for a status", "status = [404, true]", "status = [404]", "not a boolean"),
    _match("a fraction of a status", "status = 404.5", "status = 404", "not a float"),
    _match("a date for an origin", "origin = 1979-05-27", 'origin = "a"', "not a date or time"),
    _match(
        "a filter that isn't one", 'filter = "~bad"', 'filter = "~good"', "no ~bad", schema=False
    ),
]

_POLICY = [
    _policy("an unknown dialect", 'like = "standrad"', 'like = "standard"', '"standard"?'),
    _policy(
        "another dialect's setting",
        "always = true",
        'like = "nginx"\nalways = true',
        'only like = "nginx" has it',
    ),
    _policy("an unknown key of a policy", "alow_origins = 1", "max_age = 1", "allow_origins?"),
    _policy(
        "a number for origins", "allow_origins = 1", "allow_origins = []", "a string or an array"
    ),
    _policy("an empty origin", 'allow_origins = ""', 'allow_origins = "*"', "must not be empty"),
    _policy(
        "an origin with CR LF", r'allow_origins = ["a\r\nb"]', 'allow_origins = ["null"]', "split"
    ),
    _policy("a fixed origin with LF", r'allow_origins = "a\nb"', 'allow_origins = "null"', "split"),
    _policy(
        "request in a list",
        'allow_origins = ["request"]',
        'allow_origins = "request"',
        "list",
        schema=False,
    ),
    _policy(
        "no regex",
        'allow_origin_regex = "("',
        'allow_origin_regex = "a"',
        "is no regex",
        schema=False,
    ),
    _policy(
        "a regex beside a single value",
        'allow_origin_regex = "a"\nallow_origins = "*"',
        'allow_origin_regex = "a"\nallow_origins = []',
        "never looked at",
        schema=False,
    ),
    _policy(
        "methods in one text",
        'allow_methods = "PUT, X"',
        'allow_methods = ["PUT", "X"]',
        '["PUT", "X"]',
    ),
    _policy(
        "a method that is no token", 'allow_methods = ["P T"]', "allow_methods = []", "is no token"
    ),
    _policy(
        "headers in one text", 'allow_headers = "x-a"', 'allow_headers = ["x-a"]', 'write ["x-a"]'
    ),
    _policy(
        "a header that is no token",
        'allow_headers = ["x:a"]',
        'allow_headers = "*"',
        "is no header name",
    ),
    _policy(
        "exposed on request", 'expose_headers = "request"', 'expose_headers = "*"', 'must be "*"'
    ),
    _policy("a quoted number", 'max_age = "600"', "max_age = 600", "write 600 without quotes"),
    _policy("a fraction of a second", "max_age = 0.5", "max_age = 0", "must be an integer"),
    _policy("a flag for a number", "max_age = true", "max_age = -1", "not a boolean"),
    _policy("a negative age", "max_age = -2", "max_age = -1", "must be from -1"),
    _policy(
        "a preflight that there isn't", 'preflight = "ask"', 'preflight = "forward"', '"answer" or'
    ),
]

_HEADERS = [
    _headers("an unknown key of headers", "remve = 1", 'remove = "x"', "headers.remve", "no key"),
    _headers("an empty table", "set = {}", 'set = { a = "" }', "headers.set", "not be empty"),
    _headers("a list of pairs", "set = []", 'set.a = "b"', "headers.set", "must be a table"),
    _headers(
        "a name with a blank", 'set."a b" = ""', 'set.a = ""', 'headers.set."a b"', "no header name"
    ),
    _headers(
        "a name with CR LF",
        r'add."a\r\nb" = ""',
        'add.a = ""',
        r'headers.add."a\r\nb"',
        "no header name",
    ),
    _headers("an empty name", 'set."" = ""', 'set.a = ""', 'headers.set.""', "must not be empty"),
    _headers(
        "a colon in a name", 'remove = "a:"', 'remove = "a"', "headers.remove", "no header name"
    ),
    _headers(
        "a value with CR LF",
        r'set.a = "b\r\nc: d"',
        'set.a = "b"',
        "headers.set.a",
        "split the response",
    ),
    _headers(
        "a value with CR",
        r'set.a = "b\rc"',
        r'set.a = "b\tc"',
        "headers.set.a",
        "split the response",
    ),
    _headers(
        "a value with LF",
        'add.a = """b\nc"""',
        'add.a = "b"',
        "headers.add.a",
        "split the response",
    ),
    _headers(
        "a value with NUL",
        r'add.a = ["\u0000"]',
        r'add.a = ["\u0001"]',
        "headers.add.a[0]",
        "split",
    ),
    _headers(
        "a value beyond Latin-1", 'set.a = "€"', 'set.a = "é"', "headers.set.a", "must be Latin-1"
    ),
    _headers(
        "a number as value", "set.a = 1", 'set.a = "1"', "headers.set.a", 'write "1" in quotes'
    ),
    _headers(
        "two values to set", 'set.a = ["b"]', 'add.a = ["b"]', "headers.set.a", "without brackets"
    ),
    _headers(
        "a framing header set",
        'set.Content-Length = "1"',
        'set.X-Length = "1"',
        "headers.set.Content-Length",
        "frames",
    ),
    _headers(
        "a framing header removed",
        'remove = "transfer-encoding"',
        'remove = "te-st"',
        "headers.remove",
        "frames",
    ),
    _headers("a lone brace", 'set.a = "{"', 'set.a = "{{"', "headers.set.a", "has a lone"),
    _headers(
        "an unknown placeholder",
        'set.a = "{orgin}"',
        'set.a = "{origin}"',
        "headers.set.a",
        "no placeholder",
    ),
]

_FAULT = [
    _fault("an unknown key of a fault", "dealy = 1", "delay = 1", "did you mean delay?"),
    _fault("an informational answer", "status = 101", "status = 200", "from 200 to 599"),
    _fault("a status beyond", "status = 600", "status = 599", "from 200 to 599"),
    _fault("a quoted status", 'status = "401"', "status = 401", "write 401 without quotes"),
    _fault("a redirect with CR LF", r'redirect = "/\r\nSet-Cookie: a"', 'redirect = "/"', "split"),
    _fault("a redirect with a blank", 'redirect = "/a b"', 'redirect = "/a%20b"', "write %20"),
    _fault("a negative delay", "delay = -0.1", "delay = 0", "from 0 to 600"),
    _fault("an endless delay", "delay = inf", "delay = 600", "from 0 to 600"),
    _fault("a delay that is no number", "delay = nan", "delay = 1.5", "from 0 to 600"),
    _fault("a flag for a delay", "delay = true", "delay = 1", "must be a number"),
    _fault("a number for abort", "abort = 1", "abort = true", "must be a boolean"),
]

MISTAKES = [*_RULE, *_MATCH, *_POLICY, *_HEADERS, *_FAULT]
