"""https://html.spec.whatwg.org/multipage/browsers.html#embedder-policies"""

import pytest

from corscope.fetch.embedder_policy import EmbedderPolicy, is_adhered_to, obtain_an_embedder_policy
from corscope.fetch.engines import Engine
from corscope.fetch.origin import TupleOrigin, origin_of_url

PAGE = TupleOrigin("https", "page.example")
NONE, CREDENTIALLESS, REQUIRE_CORP = EmbedderPolicy


def obtained(*lines: str, of: TupleOrigin = PAGE, engine: Engine = Engine.UNKNOWN) -> str:
    headers = tuple(("cross-origin-embedder-policy", line) for line in lines)
    return obtain_an_embedder_policy(of, headers, engine)


@pytest.mark.parametrize(
    "line",
    [
        "require-corp",
        ' require-corp; report-to="x" ',
        "require-corp;a;b=token;c=1.5;d=?0;e=:YQ==:;*f",
        'require-corp; a="a \\" and a \\\\"',
        "require-corp;  a=-12",
    ],
)
def test_a_token_and_its_parameters(line: str) -> None:
    assert obtained(line) == "require-corp"
    assert obtained(line.replace("require-corp", "credentialless")) == "credentialless"


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("",),
        ("unsafe-none",),
        ("Require-Corp",),
        ('"require-corp"',),
        ("(require-corp)",),
        ("require-corp, require-corp",),
        ("require-corp,",),
        ("require-corp", "require-corp"),
        ("require-corp", ""),
        ("require-corp x",),
        ("require-corp;",),
        ("require-corp ; a",),
        ("require-corp; A=1",),
        ("require-corp; a=@",),
        ('require-corp; a="x',),
        ('require-corp; a="\\x"',),
        ("same-origin",),
    ],
)
def test_what_is_no_such_token_counts_as_none(lines: tuple[str, ...]) -> None:
    assert obtained(*lines) == "unsafe-none"


def test_firefox_drops_empty_lines() -> None:
    assert obtained("", "require-corp", engine=Engine.FIREFOX) == "require-corp"
    assert obtained("require-corp", "x", engine=Engine.FIREFOX) == "unsafe-none"


def test_webkit_knows_one_policy() -> None:
    assert obtained("credentialless", engine=Engine.WEBKIT) == "unsafe-none"
    assert obtained("require-corp", engine=Engine.WEBKIT) == "require-corp"


@pytest.mark.parametrize(
    ("url", "policy"),
    [
        ("https://page.example", "require-corp"),
        ("http://localhost:3000", "require-corp"),
        ("http://app.localhost", "require-corp"),
        ("http://127.0.0.1", "require-corp"),
        ("http://page.example", "unsafe-none"),
        ("http://192.168.0.1", "unsafe-none"),
    ],
)
def test_only_secure_pages_have_one(url: str, policy: str) -> None:
    of = origin_of_url(url)
    assert of is not None
    assert obtained("require-corp", of=of) == policy


def test_which_may_be_in_a_frame_of_which() -> None:
    assert all(is_adhered_to(policy, NONE) for policy in EmbedderPolicy)
    for embedder in (CREDENTIALLESS, REQUIRE_CORP):
        adhering = [policy for policy in EmbedderPolicy if is_adhered_to(policy, embedder)]
        assert adhering == [CREDENTIALLESS, REQUIRE_CORP]
