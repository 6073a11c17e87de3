"""How does an article look as a page of the documents? `make reasons` writes them all."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.explain.articles.article import APP, Article, ArticleId
from corscope.explain.articles.catalogue import FINDINGS, REASONS, article
from corscope.explain.entry import example_lines, example_words, names_and_sentences
from corscope.fetch.reasons import CATALOGUE, Reason
from corscope.servers.policy import Policy
from corscope.servers.registry import find

__all__ = ["reason_pages"]

_SERVERS: Final = {"express": "js", "nginx": "nginx", "starlette": "python"}
"""The dialects that a fix is written for, and how their code is marked."""

_ASKED_BY: Final = {
    CATALOGUE[Reason.ALLOW_ORIGIN_MISSING].section: (
        f"curl -i -H 'Origin: {APP}' https://api.example/items"
    ),
    CATALOGUE[Reason.PREFLIGHT_STATUS].section: (
        f"curl -i -X OPTIONS -H 'Origin: {APP}' -H 'Access-Control-Request-Method: PUT' "
        "-H 'Access-Control-Request-Headers: authorization' https://api.example/items"
    ),
}
"""How a person asks the server what the browser asks, by the section that judges the answer."""

_INDEX: Final = "README.md"
_WRITTEN_BY: Final = "<!-- Written by `make reasons` from addon/corscope/explain/articles. -->"


def reason_pages() -> Mapping[str, str]:
    """Every page's text by its file name, and the index that lists them."""
    pages = {_file(each.id): _text(_page(each)) for each in REASONS.values()}
    for finding in FINDINGS.values():
        shared = pages.get(_file(finding.id))
        own = _text(_page(finding)) if shared is None else shared + _text(_as_finding(finding))
        pages[_file(finding.id)] = own
    return {_INDEX: _text(_index()), **pages}


def _file(id_: ArticleId) -> str:
    return f"{id_}.md"


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _index() -> Iterator[str]:
    yield "# Reasons and findings"
    yield ""
    yield _WRITTEN_BY
    yield ""
    yield "What corscope says of an exchange, a page each. `corscope why ID` prints the same; it"
    yield "finds a reason also by the name or the message of a browser. How CORS works is told in"
    yield "[cors.md](../cors.md)."
    for title, articles in (("Reasons", REASONS), ("Findings", FINDINGS)):
        yield ""
        yield f"## {title}"
        about = "why a browser blocks" if title == "Reasons" else "remarks that are no verdict"
        yield f"| id | {about} |"
        yield "|---|---|"
        for each in articles.values():
            yield f"| [`{each.id}`]({_file(each.id)}) | {each.title} |"


def _page(told: Article) -> Iterator[str]:
    words = example_words(told.id)
    yield f"# {told.title}"
    yield ""
    yield _WRITTEN_BY
    yield ""
    kind = "A reason" if isinstance(told.id, Reason) else "A finding"
    yield f"{kind}: `{told.id}`. How CORS works as a whole is told in [cors.md](../cors.md)."
    yield ""
    yield "## What happened"
    yield f"{_sentence(words.what)}"
    yield ""
    yield "## What the standard says"
    yield f"{told.standard} ([the section]({told.section}))"
    yield ""
    yield "## How to fix it"
    yield _sentence(words.fix)
    if told.policy is not None:
        yield from _configurations(told.policy)
    yield ""
    yield from _how_to_see(told)
    yield from _printed(told)
    if told.harmless is not None:
        yield ""
        yield "## When it is harmless"
        yield told.harmless
    yield ""
    yield "## See also"
    for id_ in told.see:
        yield f"- [{article(id_).title}]({_file(id_)})"
    yield "- [How CORS works](../cors.md)"


def _as_finding(finding: Article) -> Iterator[str]:
    """What a page that a reason and a finding share says of the finding."""
    words = example_words(finding.id)
    yield ""
    yield "## As a finding"
    yield f"{finding.title}: {words.what}. {finding.standard}"
    yield ""
    yield f"{_sentence(words.fix)} {finding.harmless or ''}".rstrip()


def _sentence(clause: str) -> str:
    """A clause as a sentence; a URL that begins it stays as it is."""
    is_url = "://" in clause.partition(" ")[0]
    begins = clause if is_url else clause[0].upper() + clause[1:]
    return begins if begins.endswith(".") else f"{begins}."


def _configurations(policy: Policy) -> Iterator[str]:
    """The policy as each server's own configuration."""
    for name, language in _SERVERS.items():
        dialect = find(name)
        assert dialect is not None
        assert dialect.export is not None
        exported = dialect.export(replace(policy, settings=dialect.handed_off))
        yield ""
        yield f"{dialect.title}, `{exported.file}`:"
        yield f"```{language}"
        yield exported.text.strip()
        yield "```"


def _how_to_see(told: Article) -> Iterator[str]:
    yield "## How to see it"
    yield "The header lines that matter, `>` the request's and `<` the answer's:"
    yield "```"
    yield from example_lines(told)
    yield "```"
    if isinstance(told.id, Reason) and told.section in _ASKED_BY:
        yield "Without a browser:"
        yield "```sh"
        yield _ASKED_BY[told.section]
        yield "```"


def _printed(told: Article) -> Iterator[str]:
    told_by = tuple(names_and_sentences(told))
    if not told_by:
        return
    yield ""
    yield "## What each browser prints"
    for browser, names, sentences in told_by:
        called = ", on a preflight ".join(f"`{each}`" for each in names)
        yield f"- {browser}, as {called}" if called else f"- {browser}"
        yield from (f"  > {sentence}" for sentence in sentences)
