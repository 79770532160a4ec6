"""Writes the model's Markdown as safe HTML: parsed by markdown-it, escaped by construction.

Raw HTML stays text, links keep http, https and mailto, a picture is written as a link (nothing is
ever fetched), math is left as it was typed for MathJax, and a dollar that is no math is fenced off
so that prices do not become formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from gemini_magic.render.highlight import highlighted
from gemini_magic.text import visible

MAX_CHARS = 200_000
"""Longer texts are shown as they are: dense Markdown takes the parser 1 s for each 100 kB."""

_MAX_BRACKETS = 5_000  # each "[" without an end costs the parser 0.04 ms
_MAX_DEPTH = 40
_MAX_ROWS = 3_000  # of tables: a page takes half a millisecond to lay out each
_ALLOWED = re.compile(r"(?:https?://|mailto:)[^\s]+", re.I)
# TeX that makes links, reads or writes files, loads code, sets HTML attributes, or makes commands
# of other characters: shown as code, never typeset.
_ACTING_TEX = re.compile(
    r"\\(?:href|url|require|html\w*|class|cssId|style|data|includegraphics|unicode|input|write"
    r"|[gex]?def|let|newcommand|renewcommand|newenvironment|csname|include|import|usepackage"
    r"|InputIfFileExists|IfFileExists|lstinputlisting|verbatiminput|openin|openout|read|immediate"
    r"|special|directlua|catcode|expandafter)(?![a-zA-Z])|\^\^"
)
_MATH_MARK = re.compile(r"\$|\\(?=[()\[\]]|begin|end)")


_PREFORMATTED = (
    "font-family:var(--jp-code-font-family,monospace);white-space:pre-wrap;overflow-wrap:anywhere;"
    "line-height:1.3"  # widgets in VS Code set lines twice as far apart
)


def link_allowed(url: str) -> bool:
    """Whether a link may keep ``url``: http, https or mailto, nothing else, no relative one."""
    return _ALLOWED.fullmatch(url) is not None


def acting_tex(tex: str) -> bool:
    """Whether ``tex`` could do more than draw a formula."""
    return _ACTING_TEX.search(tex) is not None


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's own name
        return link_allowed(url)


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""``\( \)`` and ``\[ \]`` kept as typed; CommonMark would take the backslash away."""
    start = state.pos
    opening = state.src[start : start + 2]
    if opening not in (r"\(", r"\["):
        return False
    closing = r"\)" if opening == r"\(" else r"\]"
    missing: set[tuple[int, str]] = state.env.setdefault("math_without_end", set())
    if (id(state.tokens), closing) in missing:
        return False
    end = state.src.find(closing, start + 2)
    if end < 0:
        missing.add((id(state.tokens), closing))  # searched once, not once for every opening
        return False
    if not silent:
        token = state.push("bracket_math", "", 0)
        token.content = state.src[start : end + 2]
    state.pos = end + 2
    return True


@cache
def parser() -> MarkdownIt:
    """The one Markdown parser: CommonMark, tables, strikethrough, math; raw HTML off."""
    made = _Parser("commonmark", {"html": False, "maxNesting": _MAX_DEPTH})
    made.enable(["table", "strikethrough"])
    made.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_digits=False,
        allow_space=False,
        allow_blank_lines=False,
        double_inline=True,
    )
    made.use(amsmath_plugin)
    made.inline.ruler.before("escape", "bracket_math", _bracket_math)
    for name, rule in _RULES.items():
        made.add_render_rule(name, rule)
    return made


@lru_cache(maxsize=8)
def parsed(text: str) -> tuple[list[Token], dict[str, Any]] | None:
    """Tokens and environment of ``text``, None when it is too long or nested too deeply.

    So are tables of thousands of rows: a page lays a table out in one go.

    Beyond ``maxNesting`` the parser drops content, and deep HTML breaks other people's parsers.
    Kept for the next form of the same answer; not to be changed.
    """
    if len(text) > MAX_CHARS or text.count("[") > _MAX_BRACKETS:
        return None
    if sum("|" in line for line in text.split("\n")) > _MAX_ROWS:
        return None
    env: dict[str, Any] = {}
    tokens = parser().parse(text, env)
    for token in tokens:
        if token.nesting == 1 and token.level >= _MAX_DEPTH - 1:
            return None
        for child in token.children or ():
            if child.level > _MAX_DEPTH:
                return None
    return tokens, env


def html(text: str) -> Markup:
    """``text`` (Markdown) as HTML; what cannot be parsed in bounds as preformatted text."""
    text = visible(text).strip("\n")
    found = parsed(text)
    if found is None:
        return preformatted(text)
    tokens, env = found
    unused = _unused_definitions(tokens, env)
    body = Markup(parser().renderer.render(tokens, parser().options, env))
    if unused:
        body += Markup("<p>{}</p>\n").format(Markup("<br>\n").join(unused))
    return body


def settled(text: str) -> int:
    """Where the last block of ``text`` begins, in characters: more text changes nothing before it.

    Only a link whose definition comes later would be drawn otherwise.
    """
    if len(text) > MAX_CHARS:
        return 0
    tokens: list[Token] = []
    parser().block.parse(text, parser(), {}, tokens)
    starts = [t.map[0] for t in tokens if t.level == 0 and t.nesting >= 0 and t.map]
    last = starts[-1] if len(starts) > 1 else 0
    return sum(len(line) + 1 for line in text.split("\n")[:last])


def preformatted(text: str) -> Markup:
    """``text`` in a ``<pre>``, wrapped where the page has its end."""
    return Markup('<pre style="{}">{}</pre>\n').format(_PREFORMATTED, text)


def _unused_definitions(tokens: Sequence[Token], env: dict[str, Any]) -> list[str]:
    """Link definitions no link used: Markdown hides them, but they were sent."""
    used = {
        str(child.attrs.get("href") or child.attrs.get("src"))
        for token in tokens
        for child in token.children or ()
        if child.type in ("link_open", "image")
    }
    given = [*env.get("references", {}).items()]
    given += [(again["label"], again) for again in env.get("duplicate_refs", ())]
    return [
        f"[{label}]: {found['href']} {found.get('title') or ''}".rstrip()
        for label, found in given
        if found["href"] not in used
    ]


_Rule = Callable[[Any, Sequence[Token], int, Any, Any], str]  # the parser binds the renderer


def _inert(text: str) -> Markup:
    """Escaped text in which no dollar or backslash starts a formula (each alone in a span)."""
    pieces: list[Markup] = []
    at = 0
    for mark in _MATH_MARK.finditer(text):
        pieces.append(escape(text[at : mark.start()]))
        pieces.append(Markup('<span class="tex2jax_ignore">{}</span>').format(mark[0]))
        at = mark.end()
    pieces.append(escape(text[at:]))
    return Markup("").join(pieces)


def _math(text: str, *, block: bool = False) -> Markup:
    if acting_tex(text):
        return Markup("<pre>{}</pre>\n" if block else "<code>{}</code>").format(text)
    return Markup("<p>{}</p>\n" if block else "<span>{}</span>").format(text)


def _draw_text(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return _inert(tokens[at].content)


def _draw_dollar(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    mark = "$$" if token.type in ("math_block", "math_inline_double") else "$"
    return _math(f"{mark}{token.content}{mark}", block=token.type == "math_block")


def _draw_typed(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return _math(tokens[at].content, block=tokens[at].type == "amsmath")


def _draw_code(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return Markup("<code>{}</code>").format(tokens[at].content)


def _draw_fence(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    words = tokens[at].info.split()
    return highlighted(tokens[at].content, words[0] if words else "")


def _draw_image(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    url = str(token.attrs.get("src", ""))
    words = token.content or "picture"
    if not link_allowed(url):
        return Markup("{} [picture not shown: {}]").format(_inert(words), _inert(url))
    drawn = Markup('<a href="{}" rel="noopener noreferrer">{} [picture, not loaded]</a>')
    return drawn.format(url, _inert(words))


def _draw_link(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    url, title = str(tokens[at].attrs.get("href", "")), tokens[at].attrs.get("title")
    if not link_allowed(url):
        return "<a>"
    named = Markup(' title="{}"').format(title) if title else Markup("")
    return Markup('<a href="{}"{} rel="noopener noreferrer">').format(url, named)


def _draw_cell(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    style = str(tokens[at].attrs.get("style", ""))
    # Left is Markdown's own; the styles of notebooks set the cells of tables on the right.
    aligned = style if re.fullmatch(r"text-align:(left|right|center)", style) else "text-align:left"
    return f'<{tokens[at].tag} style="{aligned}">'


def _draw_heading(own: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    # An answer's headings are not the notebook's: JupyterLab would list them in its table of
    # contents, drawn anew in one go (a third of a second for 180 of them).
    return f'<{tokens[at].tag} class="jp-toc-ignore">'


_RULES: dict[str, _Rule] = {
    "text": _draw_text,
    "math_inline": _draw_dollar,
    "math_inline_double": _draw_dollar,
    "math_block": _draw_dollar,
    "bracket_math": _draw_typed,
    "amsmath": _draw_typed,
    "code_inline": _draw_code,
    "code_block": _draw_fence,
    "fence": _draw_fence,
    "image": _draw_image,
    "link_open": _draw_link,
    "heading_open": _draw_heading,
    "th_open": _draw_cell,
    "td_open": _draw_cell,
}
