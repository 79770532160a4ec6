"""The pages as a reader gets them: their fenced blocks with what is said of each, their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
# Those that include another file are read as that file.
PAGES = tuple(
    sorted(path for path in DOCS.glob("*.md") if "{include}" not in path.read_text())
) + tuple(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))

_MARK = re.compile(r"<!-- ((?:not )?executed.*?) -->", re.DOTALL)
_ADDRESS = re.compile(r'(?:src|srcset|href)="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the comment ``<!-- executed ... -->`` above."""

    page: Path
    line: int
    language: str
    text: str
    mark: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text())


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of ``page`` in a language, in order."""
    found, mark = [], ""
    for token in tokens(page):
        if token.type == "fence" and token.info and not token.info.startswith("{"):
            line = 0 if token.map is None else token.map[0] + 1
            found.append(Block(page, line, token.info, token.content, mark))
        said = _MARK.search(token.content) if token.type == "html_block" else None
        mark = said[1] if said else ""
    return found


def links(page: Path) -> Iterator[str]:
    """The addresses that ``page`` links to or shows."""
    for token in tokens(page):
        if token.type == "html_block":
            yield from _ADDRESS.findall(token.content)
        if token.type == "fence" and token.info.startswith(("{image}", "{include}")):
            yield token.info.split()[1]
        for child in token.children or ():
            if child.type == "html_inline":
                yield from _ADDRESS.findall(child.content)
            address = child.attrGet("href") or child.attrGet("src")
            if address is not None:
                yield str(address)


def anchors(page: Path) -> set[str]:
    """The anchors that a code host, and the site, make of the headings of ``page``."""
    found = tokens(page)
    names = (after.content for token, after in pairwise(found) if token.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in names}


def spoken(page: Path) -> list[str]:
    """What stands between backticks in the text and the tables of ``page``."""
    return [
        child.content
        for token in tokens(page)
        for child in token.children or ()
        if child.type == "code_inline"
    ]
