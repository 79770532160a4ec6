"""Makes HTML that code in the user's kernel has displayed fit to stand in an answer.

What is left of it is text and its order: tables, lists, headings. No class, style, id or picture,
so nothing can be fetched, laid over the page or taken for a part of it. Sanitised by nh3, which
parses as browsers do.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markupsafe import Markup

from gemini_magic.render.prose import link_allowed
from gemini_magic.text import visible
from gemini_magic.turn.shown import Displayed

MOST = 200_000
"""Characters of HTML that stand in an answer: a page lays a table out in one go."""

PROSE = frozenset({"text/markdown", "text/latex"})
ELSEWHERE = "JupyterLab shows it with the extension"

_DEEP = 2_000  # elements inside of each other: a parser's time grows with their square
_TAG = re.compile(r"<(?P<end>/?)(?!(?:br|hr|wbr|col|img|input|meta|link)\b)[a-zA-Z]")

_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption code col colgroup dd del details dfn div dl dt em h1 h2 h3 "
        "h4 h5 h6 hr i ins kbd li mark ol p pre q s samp section small span strong sub summary sup "
        "table tbody td tfoot th thead tr u ul var wbr",
    )
)
_UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "title", "textarea", "head", "svg", "math"}
    | {"iframe", "object", "embed"}
)
_ATTRIBUTES = {
    "*": set[str](),
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "col": {"span"},
    "ol": {"start"},
    "details": {"open"},
}
# By its letters, since what it is taken for decides how it is shown, not what it may do.
_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9:-]*)")
_ACTS = re.compile(r"""<[^<>]*[\s/"']on\w+\s*=|javascript:""", re.I)
_STYLED = re.compile(r"<style[^<>]*>[^<]*#", re.I)
_AROUND = frozenset({"style", "html", "head", "body", "meta", "title"})
_SCRIPTS = frozenset({"script", "iframe", "object", "embed", "frame", "frameset", "applet"})
_BLOCKS = frozenset(
    {"p", "div", "li", "tr", "table", "ul", "ol", "dl", "dt", "dd", "pre", "br", "hr", "caption"}
    | {"h1", "h2", "h3", "h4", "h5", "h6"}
)


def too_much(html: str) -> bool:
    """Whether ``html`` is too long or too deep to be read in time."""
    depth = 0
    for tag in _TAG.finditer(html[:MOST]):
        depth = max(0, depth - 1) if tag["end"] else depth + 1
        if depth > _DEEP:
            return True
    return len(html) > MOST


def clean(html: str) -> Markup:
    """``html`` without all that acts or is fetched; links keep http, https and mailto.

    Nothing is left of what is `too_much`.
    """
    import nh3

    if too_much(html):
        return Markup("")

    def attribute(tag: str, name: str, value: str) -> str | None:
        return value if name != "href" or link_allowed(value) else None

    cleaned = nh3.clean(
        visible(html),
        tags=set(_TAGS),
        clean_content_tags=set(_UNSEEN),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return Markup(cleaned)


def frame(html: str) -> str:
    """What ``html`` needs to be seen whole: "live", "still", or "" for what `clean` leaves of it.

    A page of its own with scripts, one without (forms, pictures, vectors, a style for single
    elements, as pandas' Styler makes it, or too much), or none.
    """
    tags = {name.lower() for name in _NAME.findall(html)}
    if tags & _SCRIPTS or _ACTS.search(html):
        return "live"
    return "still" if tags - _TAGS - _AROUND or _STYLED.search(html) or too_much(html) else ""


def words(shown: Displayed) -> str:
    """The HTML that was shown as plain text; the cells of a table stand in columns."""
    if shown.mime_type != "text/html" or too_much(shown.data):
        return ""
    reader = _Words()
    reader.feed(str(clean(shown.data)))
    reader.close()
    return reader.text()


def told(shown: Displayed, caption: str) -> tuple[str, str]:
    """What a form of text says of it: a line, and its words where the result does not say them."""
    if shown.mime_type in PROSE and shown.data:
        return "", visible(shown.data) if shown.only else ""
    text = words(shown) if shown.only else ""
    if not shown.data:
        return caption, ""
    if shown.frame:
        return f"{caption}; {ELSEWHERE}", text
    return ("", text) if shown.mime_type == "text/html" else (caption, "")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = [""]
        self._rows: list[list[str]] = []
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th") and self._rows:
            span = dict(attrs).get("colspan") or "1"
            self._rows[-1] += [""] * (int(span) if span.isdigit() and int(span) < 100 else 1)
            self._cell = True
        elif tag in _BLOCKS and not self._cell:
            self._end()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False
        elif tag == "table":
            self._end()
        elif tag in _BLOCKS and not self._cell:
            self._line()

    def handle_data(self, data: str) -> None:
        if self._cell and self._rows and self._rows[-1]:
            self._rows[-1][-1] += " ".join(data.split())
        elif data.strip():
            self._lines[-1] += " ".join(data.split()) + " "

    def text(self) -> str:
        self._end()
        return "\n".join(line.rstrip() for line in self._lines if line.strip())

    def _line(self) -> None:
        if self._lines[-1].strip():
            self._lines.append("")

    def _end(self) -> None:
        self._line()
        rows, self._rows, self._cell = self._rows, [], False
        width = max((len(row) for row in rows), default=0)
        columns = [max(len(row[at]) for row in rows if at < len(row)) for at in range(width)]
        for row in rows:
            cells = (cell.rjust(columns[at]) for at, cell in enumerate(row))
            self._lines[-1:] = ["  ".join(cells), ""]
