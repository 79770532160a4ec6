"""Readers of rendered HTML: strict about what is in it, and what a person sees of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"img", "br", "hr"}
TAGS = {
    *("div", "p", "details", "summary", "pre", "code", "span", "a", "img", "br", "hr", "ol", "ul"),
    *("li", "blockquote", "em", "strong", "s", "h1", "h2", "h3", "h4", "h5", "h6", "table"),
    *("thead", "tbody", "tr", "th", "td"),
    # In what code has displayed.
    *("abbr", "b", "caption", "colgroup", "dd", "del", "dfn", "dl", "dt", "i", "ins", "kbd"),
    *("mark", "q", "samp", "section", "small", "sub", "sup", "tfoot", "u", "var"),
}
ATTRIBUTES = {
    "a": {"href", "rel", "title"},
    "img": {"class", "src", "alt", "width", "height", "style"},
    "div": {"class", "style", "dir", "data-turn", "data-status"},
    "details": {"class", "style", "open", "data-outcome", "data-where"},
    "ol": {"start"},
    **{name: {"class", "style"} for name in ("p", "pre", "summary", "span")},
    **{name: {"style"} for name in ("th", "td")},
    **{f"h{level}": {"class"} for level in range(1, 7)},
}
_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]*={0,2}")
_LINK = re.compile(r"(https?://|mailto:).+", re.I | re.S)


class Reader(HTMLParser):
    """Reads HTML strictly: every tag closed in order, nothing that is not on the lists.

    ``problems`` in words; ``text`` as shown; ``tags`` as (name, attributes) in order.
    """

    def __init__(self, tags: set[str], attributes: dict[str, set[str]]) -> None:
        super().__init__(convert_charrefs=True)
        self._allowed, self._attributes = tags, attributes
        self._open: list[str] = []
        self._text: list[str] = []
        self.problems: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    @property
    def text(self) -> str:
        return "".join(self._text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self._allowed:
            self.problems.append(f"tag {tag}")
        if len(dict(attrs)) != len(attrs):
            self.problems.append(f"an attribute twice on {tag}")
        for name, value in attrs:
            self._attribute(tag, name, value or "")
        if tag not in VOID:
            self._open.append(tag)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name not in self._attributes.get(tag, set()):
            self.problems.append(f"attribute {name} on {tag}")
        if name == "href" and not _LINK.fullmatch(value):
            self.problems.append(f"link to {value!r}")
        if name == "src" and not _DATA.fullmatch(value):
            self.problems.append(f"picture from {value[:60]!r}")
        if name == "style" and re.search(r"url|expression|import|@", value):
            self.problems.append(f"style {value!r}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.problems.append(f"<{tag}/>")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> inside {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        self.problems.append(f"declaration {decl!r}")

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"instruction {data!r}")

    def unknown_decl(self, data: str) -> None:
        self.problems.append(f"declaration {data!r}")

    def close(self) -> None:
        super().close()
        if self._open:
            self.problems.append(f"left open: {self._open}")


def read(html: str, extra_attributes: dict[str, set[str]] | None = None) -> Reader:
    """``html`` read to its end."""
    reader = Reader(TAGS, {**ATTRIBUTES, **(extra_attributes or {})})
    reader.feed(html)
    reader.close()
    return reader
