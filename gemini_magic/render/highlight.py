"""Colours code as HTML, with Pygments' classes (JupyterLab and nbconvert bring the colours)."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from gemini_magic.text import visible

MAX_CHARS = 50_000
"""Longer code stays uncoloured: some lexers need quadratic time on text made for that."""

FONT = "font-family:var(--jp-code-font-family,monospace)"
"""For a ``<pre>``: nbconvert's pages give those in outputs the font of the text around them."""

# The languages of answers; not Pygments' hundreds, whose lexers nobody has tested for speed.
_QUICK = frozenset(
    [
        *("bash", "c", "cpp", "css", "diff", "html", "java", "javascript", "js", "json", "julia"),
        *("latex", "markdown", "md", "py", "python", "python3", "r", "rust", "sh", "shell"),
        *("sql", "toml", "ts", "typescript", "xml", "yaml", "yml"),
    ]
)


def highlighted(code: str, language: str = "python") -> Markup:
    """``code`` in ``<div class="highlight"><pre>``; readable without any style sheet.

    ``language``: a Pygments alias; an unknown one leaves the code uncoloured.
    """
    code = visible(code)
    lexer = _lexer(language.lower()) if len(code) <= MAX_CHARS else None
    if lexer is None:
        return Markup('<div class="highlight"><pre style="{}">{}</pre></div>\n').format(FONT, code)
    return Markup(highlight(code, lexer, _formatter()))


def tokens(code: str) -> list[tuple[str, str]]:
    """``code`` in pieces, each with Pygments' class for it; together they are ``code``, exactly."""
    lexer = _lexer("python") if len(code) <= MAX_CHARS else None
    if lexer is not None:
        found = [(STANDARD_TYPES.get(kind, ""), text) for kind, text in lexer.get_tokens(code)]
        if "".join(text for _, text in found) == code:
            return found
    return [("", code)]


@cache
def _formatter() -> HtmlFormatter[str]:
    # Making one builds a style sheet, which is not used here and takes longer than the colouring.
    return HtmlFormatter(prestyles=FONT)


@cache  # looked for among all of Pygments' by trying their names
def _lexer(language: str) -> Lexer | None:
    if language not in _QUICK:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
