"""Neutralises the model's Markdown: it reads the same, and nothing in it can act.

A front end shows ``text/markdown`` of a cell that was just run as trusted: raw HTML in it is live
and a script runs with the user's Jupyter session. Front ends use different parsers (marked,
mistune, markdown-it) that disagree about what is a code span, math or a nested block, so safety
must not hang on where ours sees code. Hence, outside fences at the top level:

- ``<`` is always an entity (an http, https or mailto autolink becomes a link in brackets);
- ``](`` and ``]:`` stay only before an http, https or mailto URL, else bracket or colon is an
  entity, so that no other link and no reference definition can form;
- ``![`` loses its picture: a link remains, nothing is fetched;
- in math a space is put between such characters, which TeX ignores;
- ``"`` beside math is an entity (in math two primes): JupyterLab takes math out and puts it back
  with its quotes, also in the middle of a link's attribute;
- a code span or nested code block holding such characters is written as ``<code>``/``<pre>`` with
  every acting character an entity: inert, whatever the parser makes of its surroundings;
- a backtick that opens no code span is an entity, and so are three tildes, and a dollar that opens
  no math: nothing can start that our parser did not see;
- so is a backslash before a letter outside of math, and a brace behind a code span, since pandoc
  (LaTeX and PDF by nbconvert) takes TeX commands and ``{=latex}`` as they stand; ``\\( \\)`` is
  written with dollars, the form that pandoc knows.

A fence at the top level is written anew between blank lines, longer than any run of backticks in
it and always with a language name: all parsers agree on that form (a blank line ends math and
link definitions that a front end might see running into it, and a fence with a name never closes
another one). Only nbconvert's math runs over blank lines: what opens it stands nowhere without its
end, and since parsers disagree about that, too, code that holds an end of math is written as
``<pre>`` with entities (which pandoc drops).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from gemini_magic.render.effort import too_many_ticks, too_much
from gemini_magic.render.prose import acting_tex, parsed
from gemini_magic.text import visible

# The last three open math for nbconvert, wherever they stand.
_ACTING = re.compile(r"<|!\[|\][(:\[]|\$\$|\\\\\[|\\begin\{")
_ACTING_BESIDE_MATH = re.compile(_ACTING.pattern + '|"')
_MATH_OPENS = re.compile(r"\$|\\begin|\\\\[(\[]")
_ENTITIES = {ord(char): f"&#{ord(char)};" for char in '&<[]()!*_~`$\\|"'}
_ENTITIES[ord("&")], _ENTITIES[ord("<")] = "&amp;", "&lt;"
_URL = r"(?:https?://|mailto:)"
_MATH_ENDS = re.compile(r"\$\$|\\\\\]|\\end\{")
_DOLLARS = r"(?<!\\)\$\$"
_MATH_BEGINS = re.compile(_DOLLARS + r"|\\begin\{([a-z]*\*?)\}")  # as nbconvert has it
_PIECE = re.compile(r"\\[\s\S]|`+|\$+")
_IN_TEXT = re.compile(
    rf"\\[<!\]\"`$]|(?P<command>\\{{1,2}}(?=[A-Za-z@]))|(?P<row>\\\\[(\[])|\\[^\n]|\$+"
    rf"|<(?P<auto>{_URL}[^\s<>\"'`\\$]+)>|\]\(<(?P<angle>{_URL}[^\s<>\"'`\\$]+)>|<|\"|!\["
    rf"|\]\(\s*(?P<inline>{_URL})?|\]:\s*(?P<reference>{_URL})?|`+|~{{3,}}",
    re.I,
)
_HYPHENS = re.compile(r"-{3}(?=\s*$)")
_FENCE_MARK = re.compile(r"(`{3,}|~{3,})")


def neutral(text: str) -> str:
    """``text`` (Markdown) neutralised; as one fence when it is too long, too deep, too much."""
    text = visible(text).strip("\n")
    found = None if too_much(text) else parsed(text)
    if found is None:
        return fenced(text, "text").strip("\n")
    writer = _Writer(beside_math=_MATH_OPENS.search(text) is not None)
    source = text.split("\n")
    written: list[str] = []
    for start, end, token in _regions(found[0], len(source)):
        written.extend(writer.region(source[start:end], token))
    return "\n".join(written).strip("\n")


def inert(text: str) -> str:
    """``text`` in one line with every acting character an entity: for captions and messages."""
    return " ".join(visible(text).split()).translate(_ENTITIES)


def fenced(code: str, language: str) -> str:
    """``code`` as a fence longer than any run of backticks in it, between blank lines.

    An empty ``language`` becomes "text". Code that holds an end of math, or more backticks than a
    front end can pair in time, becomes a ``<pre>``.
    """
    if _MATH_ENDS.search(code) or too_many_ticks(code):
        return f"\n<pre><code>{code.translate(_ENTITIES)}</code></pre>\n"
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * (longest + 1)
    name = re.sub(r"[^\w+#.-]", "", language)[:30] or "text"
    body = code if code.endswith("\n") else code + "\n"
    return f"\n{ticks}{name}\n{body}{ticks}\n"


def _regions(tokens: Sequence[Token], count: int) -> Iterator[tuple[int, int, Token | None]]:
    """Line ranges that cover the source once, in order, each with the leaf block that it is."""
    at = 0
    for token in tokens:
        if token.map is None or token.nesting != 0 or token.map[0] < at:
            continue
        start, end = token.map
        if token.type == "amsmath":  # whose map ends a line too early
            end = min(start + token.content.strip("\n").count("\n") + 1, count)
        yield from ((line, line + 1, None) for line in range(at, start))
        yield start, end, token
        at = end
    yield from ((line, line + 1, None) for line in range(at, count))


def _target(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace("[", "%5B").replace("]", "%5D")


class _Writer:
    """Writes the blocks of one text; ``beside_math``: its quotes act too."""

    def __init__(self, *, beside_math: bool) -> None:
        self._quotes = beside_math
        self._acting = _ACTING_BESIDE_MATH if beside_math else _ACTING

    def region(self, lines: list[str], token: Token | None) -> list[str]:
        source = "\n".join(lines)
        kind = token.type if token is not None else ""
        if kind == "hr":
            # Pandoc takes what stands below three hyphens for YAML: it drops that, and all of the
            # answer where it is none.
            return [_HYPHENS.sub("***", line) for line in lines]
        if token is None or kind not in ("fence", "code_block", "math_block", "amsmath"):
            return [self._inline(source)]
        if kind in ("math_block", "amsmath"):
            if _harmless(source):
                return [_spaced(source)]
            if token.level == 0:
                return [fenced(source, "latex")]
            return [source.translate(_ENTITIES)]
        if token.level == 0:
            words = token.info.split()
            return [fenced(token.content, words[0] if words else "")]
        if not self._acting.search(source) and "{" not in token.info:
            return lines
        if kind == "code_block":
            # Nested and indented at once, with HTML in it: its entities are seen as typed.
            return [line.translate(_ENTITIES) for line in lines]
        return self._nested(lines, token)

    def _nested(self, lines: list[str], token: Token) -> list[str]:
        """A fence inside a list or quote as ``<pre>``: the container's line prefixes stay."""
        mark = _FENCE_MARK.search(lines[0])
        content = token.content.split("\n")
        if mark is None:
            return [self._inline("\n".join(lines))]
        first = f"{lines[0][: mark.start()]}<pre><code>{content[0].translate(_ENTITIES)}"
        closing = re.compile(rf"([\s>]*){re.escape(token.markup)}+\s*")
        closed = closing.fullmatch(lines[-1]) if len(lines) > 1 else None
        inner = lines[2:-1] if closed else lines[2:]
        written = [first, *(line.translate(_ENTITIES) for line in inner)]
        if closed:
            written.append(f"{closed[1]}</code></pre>")
        else:
            written[-1] += "</code></pre>"
        return written

    def _inline(self, source: str) -> str:
        """Neutralise the lines of one leaf block: code spans, math and text between them."""
        spans = _Spans(source, self._acting)
        written: list[str] = []
        at = done = 0
        while piece := _PIECE.search(source, at):
            at = piece.end()
            found = spans.opened_by(piece)
            if found is None:
                continue
            written.append(self._text(source[done : piece.start()]))
            written.append(found[0])
            at = done = found[1]
        written.append(self._text(source[done:]))
        return "".join(written)

    def _text(self, source: str) -> str:
        return _IN_TEXT.sub(self._piece, source)

    def _piece(self, found: re.Match[str]) -> str:
        piece = found[0]
        if found["inline"] or found["reference"]:
            return piece
        if found["auto"]:
            return f"[{found['auto'].translate(_ENTITIES)}](" + _target(found["auto"]) + ")"
        if found["angle"]:
            return "](" + _target(found["angle"])
        if piece in ('"', r"\""):
            return "&quot;" if self._quotes else piece
        if piece in _WRITTEN:
            return _WRITTEN[piece]
        if piece.startswith(("](", "]:")):
            return f"]&#{ord(piece[1])};{piece[2:]}"
        if found["command"]:
            return "&#92;"
        if found["row"]:
            return f"{piece[:2]}&#{ord(piece[2])};"
        if piece[0] in "`~$":
            return f"&#{ord(piece[0])};" * len(piece)
        return piece


_WRITTEN = {
    **{"<": "&lt;", "![": "&#33;["},
    **{r"\<": "&lt;", r"\!": "&#33;", r"\]": "&#93;", r"\`": "&#96;", r"\$": "&#36;"},
}


class _Spans:
    """Code spans and formulas of one leaf block."""

    def __init__(self, source: str, acting: re.Pattern[str]) -> None:
        self._source, self._acting = source, acting
        self._ends: dict[str, int] = {}  # where the last closing bracket of math is
        self._runs: dict[int, list[int]] = {}  # backtick runs by length, the nearest last
        for run in reversed([*re.finditer(r"`+", source)]):
            self._runs.setdefault(len(run[0]), []).append(run.start())

    def opened_by(self, piece: re.Match[str]) -> tuple[str, int] | None:
        """What ``piece`` opens, neutralised, and where it ends; None when it opens nothing."""
        source, mark, start = self._source, piece[0], piece.end()
        if mark[0] == "`":
            found = self._code(piece.start(), start, len(mark))
            if found is not None and source[found[1] : found[1] + 1] == "{":
                return f"{found[0]}&#123;", found[1] + 1
            return found
        if mark in (r"\(", r"\["):
            closing = r"\)" if mark == r"\(" else r"\]"
            if closing not in self._ends:
                self._ends[closing] = source.rfind(closing)
            if self._ends[closing] < start:
                return None
            end = source.find(closing, start) + 2
            return _bracketed(source[piece.start() : end], source[end : end + 1]), end
        if mark in ("$", "$$"):
            after = self._math_end(piece.start(), start, mark)
            return None if after is None else (_formula(source[piece.start() : after]), after)
        return None

    def _math_end(self, opening: int, start: int, mark: str) -> int | None:
        """Where dollar math ends, for all parsers alike: else None, and the dollar is text."""
        source = self._source
        if source[opening - 1 : opening] == "\\":
            return None
        end = source.find(mark, start)
        while end > 0 and source[end - 1] == "\\":
            end = source.find(mark, end + 1)
        after = end + len(mark)
        if (
            end <= start
            or source[after : after + 1] == "$"
            or source[opening - 1 : opening] == "\\"
        ):
            return None
        if len(mark) == 1 and (
            # As dollarmath: "$5 and $10" is no formula.
            source[start].isspace()
            or source[end - 1].isspace()
            or source[after : after + 1].isdigit()
        ):
            return None
        return after

    def _code(self, opening: int, start: int, ticks: int) -> tuple[str, int] | None:
        starts = self._runs.get(ticks, [])  # none: a backslash took the first tick of a run
        while starts and starts[-1] < start:
            starts.pop()
        if not starts:
            return None
        content, after = self._source[start : starts[-1]], starts[-1] + ticks
        if ticks < 3 and not self._acting.search(content):
            return self._source[opening:after], after
        if len(content) > 2 and content[0] == content[-1] == " " and content.strip():
            content = content[1:-1]
        # In one line: a tag alone on its line would start an HTML block.
        content = re.sub(r"\n[ \t>]*", " ", content)
        return f"<code>{content.translate(_ENTITIES)}</code>", after


def _bracketed(source: str, behind: str) -> str:
    """A formula in ``\\( \\)`` or ``\\[ \\]`` with dollars, where these make one as well."""
    inside = source[2:-2].strip()
    mark = "$" if source[1] == "(" else "$$"
    if not inside or "$" in inside or inside[-1] == "\\" or behind[:1] == "$" or behind.isdigit():
        return _shown(source) if "\\" in inside else _formula(source)
    return _formula(mark + inside + mark)


def _formula(source: str) -> str:
    return _spaced(source) if _harmless(source) else _shown(source)


def _harmless(tex: str) -> bool:
    """Whether it can do nothing as math, and takes in nothing that stands behind it."""
    if acting_tex(tex) or tex.count(r"\begin{") != tex.count(r"\end{"):
        return False
    at = 0
    while found := _MATH_BEGINS.search(tex, at):
        end = re.compile(rf"\\end\{{{re.escape(found[1])}\}}" if found[1] is not None else _DOLLARS)
        ended = end.search(tex, found.end())
        if ended is None:
            return False
        at = ended.end()
    return True


def _shown(tex: str) -> str:
    """A formula as code."""
    one_line = re.sub(r"\n[ \t>]*", " ", tex)
    return f"<code>{one_line.translate(_ENTITIES)}</code>"


def _spaced(tex: str) -> str:
    tex = tex.replace('"', "''")
    return re.sub(r"<(?=\S)|!(?=\[)|\](?=[(:\[])|[`~](?=[`~])", lambda found: found[0] + " ", tex)
