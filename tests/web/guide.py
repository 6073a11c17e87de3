"""docs/cors.md as the page has it: made with a parser that the addon itself can do without.

Run as a program, it writes the page's template anew:

    make guide
"""

from __future__ import annotations

import sys
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["GUIDE", "TEMPLATE", "guide_html"]

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "cors.md"
TEMPLATE = ROOT / "addon" / "corscope" / "web" / "templates" / "guide.html"

_HEAD = "{# Written by `make guide` from docs/cors.md. #}\n"
_WIDE = '<div class="scrolls" role="region" aria-label="Table" tabindex="0">\n'


def guide_html(text: str) -> str:
    """The guide as a template: without pictures, which aren't shipped, and local links."""
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = [_fitted(token) for token in _without_pictures(markdown.parse(text))]
    html = markdown.renderer.render(tokens, markdown.options, {})
    html = html.replace("<table>", f"{_WIDE}<table>").replace("</table>", "</table>\n</div>")
    return f'{_HEAD}<article class="guide">\n{{% raw %}}\n{html}{{% endraw %}}\n</article>\n'


def _without_pictures(tokens: list[Token]) -> list[Token]:
    """Drop paragraphs of nothing but a picture."""
    pictures = {
        at
        for at, token in enumerate(tokens)
        if token.type == "inline" and [child.type for child in token.children or ()] == ["image"]
    }
    dropped = {at + by for at in pictures for by in (-1, 0, 1)}
    return [token for at, token in enumerate(tokens) if at not in dropped]


def _fitted(token: Token) -> Token:
    """One level below the page's own heading; links to other sites only."""
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{int(token.tag[1:]) + 1}"
    if token.type == "inline":
        token.children = [piece for child in _linked(token.children or []) for piece in child]
    return token


def _linked(children: list[Token]) -> list[list[Token]]:
    pieces: list[list[Token]] = []
    local = ""
    for child in children:
        if child.type == "link_open":
            target = str(child.attrGet("href"))
            local = "" if "://" in target else f"docs/{target}"
            child.attrs |= {"rel": "noreferrer noopener", "target": "_blank"}
        if not local or child.type not in {"link_open", "link_close"}:
            pieces.append([child])
        elif child.type == "link_close":
            pieces.append([_text(" ("), _code(local), _text(")")])
    return pieces


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _code(content: str) -> Token:
    return Token("code_inline", "code", 0, content=content)


def main() -> None:
    TEMPLATE.write_text(guide_html(GUIDE.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{TEMPLATE}\n")


if __name__ == "__main__":
    main()
