"""From text to rules, and every mistake on the way: `rules.load`."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.rules.glob import HostName, UrlGlob
from corscope.rules.load import MAX_BYTES, Source, load
from corscope.rules.model import Fault, HeaderEdits, Match, Mode, Place, Rule, Ruleset
from corscope.rules.problems import Problem, RulesError, Severity
from corscope.rules.template import parse_template
from corscope.servers.policy import Policy
from corscope.servers.standard import STANDARD
from tests.rules.mistakes import MISTAKES, Mistake, rule

GOOD = rule('match.host = "a.test"\nfault.status = 401')


def check_filter(expression: str) -> None:
    if expression == "~bad":
        raise ValueError("there is no ~bad")


def read(*texts: str | bytes) -> Ruleset:
    sources = [
        Source(f"{number}.toml", text if isinstance(text, bytes) else text.encode())
        for number, text in enumerate(texts)
    ]
    return load(sources, check_filter)


def problems(*texts: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(RulesError) as caught:
        read(*texts)
    return caught.value.problems


def test_every_key_is_read() -> None:
    text = """
[[rule]]
name = "all"
description = "d"
enabled = false
mode = "shadow"
[rule.match]
url = "https://a.test/*"
host = ["*.A.test", "localhost:8080"]
origin = "https://app.test"
method = ["PUT", "DELETE"]
kind = "actual"
status = ["5xx", 404]
filter = "~hq x"
[rule.policy]
like = "standard"
allow_origins = ["https://app.test"]
allow_origin_regex = "a"
allow_methods = "request"
allow_headers = ["x-a"]
expose_headers = "*"
allow_credentials = true
max_age = 0
preflight = "forward"
[rule.headers]
remove = "x-a"
set = { "X-B" = "{origin}" }
add = { "X-C" = ["1", "2"], "X-D" = "3" }
[rule.fault]
status = 500
delay = 1
"""
    (found,) = read(text).rules
    assert found == Rule(
        name="all",
        description="d",
        enabled=False,
        mode=Mode.SHADOW,
        place=Place("0.toml", 2),
        match=Match(
            url=(UrlGlob("https", "a.test", "/*"),),
            host=(HostName("*.a.test", None), HostName("localhost", "8080")),
            origin=("https://app.test",),
            method=("PUT", "DELETE"),
            kind=("actual",),
            status=(range(500, 600), range(404, 405)),
            filter=("~hq x",),
        ),
        dialect=STANDARD,
        policy=Policy(
            allow_origins=("https://app.test",),
            allow_origin_regex="a",
            allow_methods="request",
            allow_headers=("x-a",),
            expose_headers="*",
            allow_credentials=True,
            max_age=0,
            forward_preflight=True,
        ),
        headers=HeaderEdits(
            remove=("x-a",),
            set=(("X-B", parse_template("{origin}")),),
            add=(
                ("X-C", parse_template("1")),
                ("X-C", parse_template("2")),
                ("X-D", parse_template("3")),
            ),
        ),
        fault=Fault(status=500, delay=1.0),
    )


def test_what_is_left_out_has_its_default() -> None:
    (found,) = read(GOOD).rules
    assert found == Rule(
        name="r",
        match=Match(host=(HostName("a.test", None),)),
        place=Place("0.toml", 1),
        fault=Fault(status=401),
    )


def test_rules_stand_in_the_order_of_files_and_of_lines() -> None:
    ruleset = read(GOOD + GOOD.replace('"r"', '"s"'), GOOD.replace('"r"', '"q"'))
    assert [found.name for found in ruleset.rules] == ["r", "s", "q"]
    assert ruleset.files == ("0.toml", "1.toml")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.sentence)
def test_a_mistake_is_refused_with_its_place(mistake: Mistake) -> None:
    found = problems(rule(mistake.wrong))
    assert {problem.severity for problem in found} == {Severity.ERROR}
    assert len(found) == 1, "one mistake is told once"
    assert found[0].path.startswith(mistake.at)
    assert found[0].rule == "r"
    assert found[0].line is not None
    assert mistake.says in str(found[0])
    assert found[0].hint, "whoever made it is told the way out"


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.sentence)
def test_its_twin_is_taken(mistake: Mistake) -> None:
    assert len(read(rule(mistake.right)).rules) == 1


def test_all_mistakes_of_all_files_are_told_at_once_in_their_order() -> None:
    texts = [rule(mistake.wrong) for mistake in MISTAKES]
    names = (text.replace('"r"', f'"{number}"') for number, text in enumerate(texts))
    found = problems(*names)
    assert [problem.file for problem in found] == [f"{n}.toml" for n in range(len(texts))]


def test_several_mistakes_in_one_rule_are_told_at_once() -> None:
    text = rule('match.host = 1\nmatch.status = 1\npolicy.max_age = ""\nfault.delay = -1\nx = 1')
    assert [(found.line, found.path) for found in problems(text)] == [
        (3, "match.host"),
        (4, "match.status"),
        (5, "policy.max_age"),
        (6, "fault.delay"),
        (7, "x"),
    ]


@pytest.mark.parametrize(
    ("data", "line", "column", "says"),
    [
        pytest.param(b"a = [1,\r\n\r\n", 1, 7, "at the end of the file", id="truncated"),
        pytest.param(b'[[rule]]\nname = "a', 2, 9, "is no TOML: ", id="truncated in a string"),
        pytest.param(b'a = """\nb\n', 2, 1, "Unterminated string", id="in one of many lines"),
        pytest.param(b"[[rule]]\nname =", 2, 6, "Invalid value", id="before a value"),
        pytest.param(b"\n[rule.policy", 2, 12, "table declaration", id="in a table's name"),
        pytest.param(b"[[rule]]\nname = = 1", 2, 8, "Invalid value", id="a syntax error"),
        pytest.param(b"\n[[rule]]\nname = 'a'\nname = 'b'", 4, None, "overwrite", id="a key twice"),
        pytest.param(b"\n\n\x80", 3, 1, "is not UTF-8: byte 0x80", id="no UTF-8"),
        pytest.param(b"\0\1\xe9", 1, 3, "is it a TOML file?", id="binary data"),
        pytest.param(b"# caf\xe9", 1, 6, "Windows-1252 or Latin-1 now", id="Windows-1252"),
        pytest.param(
            "\ufeff# \u00e9\n# \u00e9 ".encode() + b"\xe9", 2, 5, "byte 0xe9", id="Latin-1"
        ),
        pytest.param(gzip.compress(b"[[rule]]"), 1, 2, "unpack it", id="packed"),
        pytest.param("[[rule]]".encode("utf-16"), 1, 1, "it is UTF-16 now", id="UTF-16"),
        pytest.param(
            "# \u00e9".encode("utf-16-le"), 1, 5, "it is UTF-16 now", id="UTF-16 without a mark"
        ),
        pytest.param(b'a = "\0"', 1, 6, "is no TOML", id="a NUL"),
        pytest.param(
            b"a = 1\n" + "[[rule]]".encode("utf-16-le"),
            2,
            2,
            "save it as UTF-8",
            id="UTF-16 behind",
        ),
        pytest.param(b"\na = " + b"[" * 100_000, 2, 105, "nested too deeply", id="deep arrays"),
        pytest.param(b"a = " + b"{a=" * 100_000, 1, 305, "too deeply", id="deep tables"),
        pytest.param(
            b"a = '[' # [\r\n[b]\r\nc = [\r\n" + b"[\n" * 9999, 103, 1, "deeply", id="over lines"
        ),
        pytest.param(b"\na" + b".a" * 10**6 + b" = 1", 2, 1, "too deeply", id="deep keys"),
        pytest.param(b"[a" + b' . "a"' * 10**5 + b"]", 1, 2, "too deeply", id="in quotes"),
        pytest.param(b"b = 1\na = " + b"9" * 5000, 2, 5, "Exceeds the limit", id="a huge number"),
        pytest.param(b"#" * (MAX_BYTES + 1), None, None, "is larger than", id="a huge file"),
        pytest.param(b"rule = 1", 1, 1, "must be an array of tables", id="rule is no table"),
        pytest.param(b"[rule]\nname = 'a'", 1, 1, "write [[rule]]", id="a single bracket"),
        pytest.param(b"rule = [1]", 1, 9, "must be a table, not an integer", id="a rule is none"),
        pytest.param(b"[[rules]]", 1, 1, "did you mean [[rule]]?", id="the wrong word"),
        pytest.param(b"[match]", 1, 1, "write [rule.match]", id="a table outside of its rule"),
        pytest.param(
            b'mode = "shadow"', 1, 1, "write it below a [[rule]]", id="a key outside of its rule"
        ),
        pytest.param(b"[[rule]]", 1, 1, "has no name", id="a rule without anything"),
    ],
)
def test_bad_files(data: bytes, line: int | None, column: int | None, says: str) -> None:
    told = problems(data)
    assert says in "\n".join(map(str, told))
    assert all(each.hint for each in told)
    assert told[0].line == line
    assert column is None or told[0].column == column


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("key =", "write the value that is missing"),
        ("a = [", "close each bracket"),
        ("a = yes", "write strings in quotes"),
        ("a = 'b", "close it with the quotes"),
        ('a = """b', "close it with the quotes"),
        ('a = "\\q"', "write two backslashes"),
        ("a = [1 2]", "write a comma between its items"),
        ("a = {b = 1", "} behind them"),
        ("a b", 'key = "value"'),
        ("[rule.policy", "begins with [rule.match]"),
        ("[[rule]", "begins with [[rule]]"),
        ("a = 1 b = 2", "one key a line"),
        ("a = 1\na = 2", "write each key once"),
        ("[a]\n[a]", "write each table once"),
        ("a = {b = 1, b = 2}", "write each key once"),
        ("a = {b = 1,}", "leave out the comma before the }"),
        ("a = {b = 1, }", "leave out the comma before the }"),
        ("a = {b = 1,\n c = 2}", "on one line, or below a [table]"),
        ("a = {b = 1,\r\n c = 2}", "on one line, or below a [table]"),
        ("a = {b = 1, # one\n c = 2}", "on one line, or below a [table]"),
        ("a = 0600", "without the leading 0"),
        ("a = [1, -01]", "without the leading 0"),
        ("a = True", "true or false, in small letters"),
        ("a = None", "leave the key out"),
        (f"a = {'9' * 5000}", "a number of a few digits"),
        ("a\u00a0= 1", "here stands U+00A0, NO-BREAK SPACE"),
        ("a = \u201cb\u201d", "here stands U+201C, LEFT DOUBLE QUOTATION MARK"),
        ("= 1", "begin the line with a key"),
        ("a.ü = 1", "put any other in quotes"),
        ('a = "\\ud800"', "https://toml.io/"),
    ],
)
def test_what_is_no_toml_has_a_way_out_too(text: str, hint: str) -> None:
    (told,) = problems(text)
    assert hint in told.hint


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(b"# nothing yet", id="only a comment"),
        pytest.param(b"#" * MAX_BYTES, id="a file just small enough"),
        pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="a byte order mark"),
        pytest.param(GOOD.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(b"# " + b"a.b, " * 10**5, id="many short dotted words"),
        pytest.param(b"# " + b"a" * 10**6, id="one very long word"),
        pytest.param(b"rule = []", id="an empty list of rules"),
    ],
)
def test_odd_but_good_files(data: bytes) -> None:
    assert read(data).warnings == ()


def test_an_unreadable_file_is_told_with_the_others() -> None:
    sources = [Source("a.toml", None, "permission denied"), Source("b.toml", b"x = 1")]
    with pytest.raises(RulesError) as caught:
        load(sources)
    assert str(caught.value).splitlines() == [
        "a.toml: can't be read: permission denied. Hint: check the path, and who may read it",
        "b.toml:1:1: x = 1: is no key that is known here. "
        "Hint: a rule file has [[rule]] alone, and all else below it",
    ]


def test_a_name_is_unique_over_all_files() -> None:
    (told,) = problems(GOOD, "\n" + GOOD)
    assert str(told) == (
        '1.toml:3:1: rule "r": name = "r": is the name of another rule, in 0.toml:1. '
        "Hint: give each rule a name of its own"
    )


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            "policy.max_age = 1",
            'has no match. Hint: write match = { host = "api.example.com" }, say',
        ),
        ("match = {}", 'match: needs url or host. Hint: write host = "api.example.com", say'),
        ('match.kind = "both"', 'kind = "both": must be "preflight" or "actual". Hint: leave it'),
        ('match.url = "/api/*"', 'Hint: write "*/api/*", or "https://api.example.com/api/*" say'),
        ('match.url = "https:/a.example/*"', 'has no scheme. Hint: write "https://a.example/*"'),
        ('match.url = "http//a.example"', 'Hint: write "http://a.example/*"'),
        ('match.url = "//a.example/*"', 'Hint: write "https://a.example/*"'),
        ('match.url = "localhost:8080/*"', 'Hint: write "http://localhost:8080/*"'),
        ('match.url = "[::1]/*"', 'Hint: write "http://[::1]/*"'),
        ('match.host = "a.test, b.test"', 'is no host. Hint: write ["a.test", "b.test"]'),
        ('match.host = "::1"', 'is no host. Hint: write "[::1]"'),
        ('mode = "dry-run"', 'mode = "dry-run": must be "apply" or "shadow". Hint: write "shadow"'),
        ('enabled = "yes"', "Hint: write true without quotes"),
        ("policy.allow_credentials = 1", "Hint: write true"),
        ('policy.allow_credentials = "maybe"', "Hint: write true or false"),
        ("policy.max_age = 10.5", "Hint: write 10"),
        ("policy.max_age = inf", "Hint: write digits alone"),
        (f"policy.max_age = '{'9' * 99}'", f"Hint: write {'9' * 9} without quotes"),
        ('policy = "express"', 'Hint: write { like = "express", allow_origins = ['),
        ("policy.preflight = true", 'not a boolean. Hint: write "answer" or "forward"'),
        ("mode = 1", 'not an integer. Hint: write "apply" or "shadow"'),
        ('match.kind = [["actual"]]', 'Hint: write "actual" without brackets'),
        ("policy.allow_origins = true", 'not a boolean. Hint: write ["…", "…"]'),
        ('policy."Access-Control-Max-Age" = 1', "Hint: did you mean max_age?"),
        ('policy.Access-Control-Allow-Origin = "*"', "Hint: did you mean allow_origins?"),
        ('policy.host = "a.example"', "Hint: it belongs into [rule.match]"),
        ("match.allow_credentials = true", "Hint: it belongs into [rule.policy]"),
        ('match.path = "/v1/*"', 'Hint: it is a part of the url: write url = "*/v1/users?page=*"'),
        ('match.query = "a=b"', "Hint: it is a part of the url"),
        ("match.port = 8080", 'Hint: write it behind the host: host = "localhost:8080"'),
        ('match.header = "x-tenant"', 'Hint: write filter = "~hq x-tenant", say'),
        ('match.headers.x = "y"', 'Hint: to match by a header write filter = "~hq x-tenant", say'),
        ('headers.Vary = "Origin"', 'Hint: headers are named in remove, set or add: set = { "Va'),
        (
            "match.status = 404\npolicy.max_age = 1",
            "match.status = 404: is only for rules with headers or fault. ",
        ),
        ("policy.nothing_like_it = [1]", "nothing_like_it = [1]: is no key that is known here. "),
        ("policy.nothing_like_it = [1]", "Hint: there are like, allow_origins, allow_origin_regex"),
        ('fault.status = "a"', "Hint: write digits alone"),
        ("fault.status = 600", "must be from 200 to 599. Hint: the nearest is 599"),
        ('fault.delay = "1.5s"', "Hint: write 1.5 without quotes"),
        ('fault.delay = "10ms"', "Hint: write digits alone"),
        ('fault.status = "4xx"', "Hint: write digits alone"),
        ("fault.delay = nan", "Hint: the nearest is 0"),
        ("fault.delay = inf", "Hint: the nearest is 600"),
        ("fault.delay = 1500", "from 0 to 600. Hint: write 1.5 if milliseconds are meant"),
        (
            'headers.set.a = ["1", "2"]',
            'headers.set.a = ["1", "2"]: must be a string, not an array',
        ),
        ('headers.set.a = ["1", "2"]', "Hint: write one string, in quotes"),
        ('headers.add = ["x: y", "z: a:b"]', 'Hint: write { x = "y", z = "a:b" }'),
        ('headers.add = "vary"', 'Hint: write { "Vary" = "Origin" }, say'),
        (
            'headers.set = { "Content-Length" = "5" }',
            'Content-Length = "5": has a name that frames',
        ),
        (
            "match.host = [[[[[1]]]], { 'a b' = {} }]",
            'match.host[1] = { "a b" = {} }: must be a string, not a table',
        ),
        ("match.host = [[[[[1]]]]]", "match.host[0] = [[[[…]]]]: must be a string"),
    ],
)
def test_the_value_and_the_way_out_are_told(lines: str, says: str) -> None:
    assert says in "\n".join(map(str, problems(rule(lines))))


@pytest.mark.parametrize("table", ["match", "policy", "headers", "fault"])
@pytest.mark.parametrize("inner", ["match", "policy", "headers", "fault"])
def test_what_belongs_above_a_table_is_not_said_to_be_missing(table: str, inner: str) -> None:
    """TOML takes `policy.like = …` below `[rule.match]` for a part of it."""
    given = {
        "match": 'match.host = "a.example"',
        "policy": 'policy.allow_origins = ["https://app.example"]',
        "headers": 'headers.remove = "Vary"',
        "fault": "fault.status = 401",
    }
    above = [line for name, line in given.items() if name not in {table, inner}]
    header = f"[rule.{table}]\n{given[table].partition('.')[2]}"
    told = problems(rule("\n".join([*above, header, given[inner], "enabled = false"])))
    assert [problem.path for problem in told] == [f"{table}.{inner}", f"{table}.enabled"]
    assert told[0].hint.endswith(f"write [rule.{inner}] above this")
    assert told[1].hint.endswith("write it right below [[rule]]")


def test_of_a_long_value_only_the_beginning_is_told() -> None:
    host = "match.host = { " + ", ".join(f"a{number} = 1" for number in range(10_000)) + " }"
    (told,) = problems(rule(f"{host}\n{'fault.status = 401'}"))
    assert told.value is not None
    assert told.value.startswith("{ a0 = 1, a1 = 1")
    assert len(told.value) < 70


@pytest.mark.parametrize("name", ['""', '"a\\nb"', '"a\\u001b"', "3", "[]"])
def test_a_name_is_one_line_of_text(name: str) -> None:
    assert [told.path for told in problems(GOOD.replace('"r"', name))] == ["name"]


def test_the_same_file_twice_is_its_names_twice() -> None:
    with pytest.raises(RulesError):
        load([Source("a.toml", GOOD.encode()), Source("a.toml", GOOD.encode())])


def test_a_rule_without_a_usable_name_is_counted() -> None:
    (told,) = problems(GOOD + GOOD.replace('name = "r"', "name = 3"))
    assert told.rule == "#2"


def test_a_message_is_one_line_whatever_the_file_holds() -> None:
    text = rule('match.host = "a"\nfault.status = "\\u001b[31m\\n\\u202e' + "x" * 500 + '"')
    (told,) = problems(text)
    assert str(told).isprintable()
    assert len(str(told)) < 200


def test_warnings_come_with_the_errors() -> None:
    warned = 'match.host = "a.example"\npolicy.allow_origins = "*"'
    told = problems(rule(warned), rule("x = 1").replace('"r"', '"s"'))
    assert {found.severity for found in told} == {Severity.ERROR, Severity.WARNING}
    assert "0.toml:4:1: warning: rule" in str(told[0])


def is_read_or_refused(data: str | bytes) -> bool:
    try:
        read(data)
    except RulesError as error:
        errors = [each for each in error.problems if each.severity is Severity.ERROR]
        assert all(each.hint for each in errors)
        return all(str(problem).isprintable() for problem in error.problems)
    return True


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert is_read_or_refused(data)


words = st.sampled_from(
    ["rule", "name", "match", "host", "status", "policy", "allow_origins", "headers", "set", "x"]
)
values = st.recursive(
    st.sampled_from(['"a"', '"*"', "404", "true", "1.5", "[]", "{}", '""', "1979-05-27"]),
    lambda inner: st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=3,
)
lines = st.one_of(
    st.tuples(words, values).map(" = ".join),
    st.lists(words, min_size=1, max_size=2).map(lambda path: f"[rule.{'.'.join(path)}]"),
    st.just("[[rule]]"),
)


@given(st.lists(lines, max_size=8).map("\n".join))
def test_no_toml_breaks_the_reader(text: str) -> None:
    assert is_read_or_refused(text)


def test_a_setting_of_another_dialect_is_said_to_be_its() -> None:
    policy = '[[rule]]\nname = "r"\nmatch.host = "a.test"\npolicy = { like = "nginx", %s }\n'
    (told,) = problems(policy % "options_success_status = 200")
    assert str(told).endswith('Hint: only like = "express" or "fastify" has it')
