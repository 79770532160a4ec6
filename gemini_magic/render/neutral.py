"""The model's Markdown, neutralised: the same reading, and nothing in it that can act.

A front end shows ``text/markdown`` of a cell that was just run as trusted: raw HTML in it is live
and a script runs with the user's Jupyter session. Front ends use different parsers (marked,
mistune, markdown-it) that disagree about what is a code span, math or a nested block, so safety
must not hang on where ours sees code. Hence, outside fences at the top level:

- ``<`` is always an entity (an http, https or mailto autolink stays);
- ``](`` and ``]:`` stay only before an http, https or mailto URL, else bracket or colon is an
  entity, so that no other link and no reference definition can form;
- ``![`` loses its picture: a link remains, nothing is fetched;
- in math a space is put between such characters, which TeX ignores;
- a code span or nested code block holding such characters is written as ``<code>``/``<pre>`` with
  every acting character an entity: inert, whatever the parser makes of its surroundings.

A fence at the top level is written anew between blank lines, longer than any run of backticks in
it and with a plain language name: all parsers agree on that form (a blank line also ends math and
link definitions that a front end might see running into it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from gemini_magic.render.characters import visible
from gemini_magic.render.prose import acting_tex, parsed

_ACTING = re.compile(r"<|!\[|\][(:\[]")
_ENTITIES = {ord(char): f"&#{ord(char)};" for char in "&<[]()!*_~`$\\|"}
_ENTITIES[ord("&")], _ENTITIES[ord("<")] = "&amp;", "&lt;"
_URL = r"(?:https?://|mailto:)"
_PIECE = re.compile(r"\\[\s\S]|`+|\$\$?")
_IN_TEXT = re.compile(
    rf"\\[<!\]]|\\[^\n]|(?P<auto><{_URL}[^\s<>\"'`\\$]+>)"
    rf"|\]\(<(?P<angle>{_URL}[^\s<>\"'`\\$]+)>|<|!\[|\]\(\s*(?P<inline>{_URL})?"
    rf"|\]:\s*(?P<reference>{_URL})?",
    re.I,
)
_FENCE_MARK = re.compile(r"(`{3,}|~{3,})")


def neutral(text: str) -> str:
    """``text`` (Markdown) neutralised; as one fence when it is too long or nested too deeply."""
    text = visible(text).strip("\n")
    found = parsed(text)
    if found is None:
        return fenced(text, "text").strip("\n")
    source = text.split("\n")
    written: list[str] = []
    for start, end, token in _regions(found[0], len(source)):
        written.extend(_region(source[start:end], token))
    return "\n".join(written).strip("\n")


def inert(text: str) -> str:
    """``text`` in one line with every acting character an entity: for captions and messages."""
    return " ".join(visible(text).split()).translate(_ENTITIES)


def fenced(code: str, language: str) -> str:
    """``code`` as a fence longer than any run of backticks in it, between blank lines."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * (longest + 1)
    name = re.sub(r"[^\w+#.-]", "", language)[:30]
    body = code if code.endswith("\n") else code + "\n"
    return f"\n{ticks}{name}\n{body}{ticks}\n"


def _regions(tokens: Sequence[Token], count: int) -> Iterator[tuple[int, int, Token | None]]:
    """Line ranges that cover the source once, in order, each with the leaf block that it is."""
    at = 0
    for token in tokens:
        if token.map is None or token.nesting != 0 or token.map[0] < at:
            continue
        start, end = token.map
        yield from ((line, line + 1, None) for line in range(at, start))
        yield start, end, token
        at = end
    yield from ((line, line + 1, None) for line in range(at, count))


def _region(lines: list[str], token: Token | None) -> list[str]:
    source = "\n".join(lines)
    kind = token.type if token is not None else ""
    if token is None or kind not in ("fence", "code_block", "math_block", "amsmath"):
        return [_inline(source)]
    if kind in ("math_block", "amsmath"):
        if not acting_tex(source):
            return [_spaced(source)]
        if token.level == 0:
            return [fenced(source, "latex")]
        return [source.translate(_ENTITIES)]
    if token.level == 0:
        words = token.info.split()
        return [fenced(token.content, words[0] if words else "")]
    if not _ACTING.search(source):
        return lines
    if kind == "code_block":
        # Nested and indented at once, with HTML in it: its entities are seen as typed.
        return [line.translate(_ENTITIES) for line in lines]
    return _nested(lines, token)


def _nested(lines: list[str], token: Token) -> list[str]:
    """A fence inside a list or quote as ``<pre>``: the container's line prefixes stay."""
    mark = _FENCE_MARK.search(lines[0])
    content = token.content.split("\n")
    if mark is None:
        return [_inline("\n".join(lines))]
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


def _inline(source: str) -> str:
    """Neutralise the lines of one leaf block: code spans, math and text between them."""
    runs: dict[int, list[int]] = {}
    for run in re.finditer(r"`+", source):
        runs.setdefault(len(run[0]), []).append(run.start())
    for starts in runs.values():
        starts.reverse()  # the nearest one is popped from the end
    ends: dict[str, int] = {}  # where the last closing bracket of math is, searched once
    written: list[str] = []
    at = done = 0
    while piece := _PIECE.search(source, at):
        at = piece.end()
        found = _special(source, piece, runs, ends)
        if found is None:
            continue
        written.append(_text(source[done : piece.start()]))
        written.append(found[0])
        at = done = found[1]
    written.append(_text(source[done:]))
    return "".join(written)


def _special(
    source: str, piece: re.Match[str], runs: dict[int, list[int]], ends: dict[str, int]
) -> tuple[str, int] | None:
    """The code span or formula that ``piece`` opens, and where it ends; None when it opens none."""
    mark, start = piece[0], piece.end()
    if mark[0] == "`":
        starts = runs.get(len(mark), [])  # none: a backslash took the first tick of a run
        while starts and starts[-1] < start:
            starts.pop()
        if not starts:
            return None
        return _span(source, piece.start(), start, starts[-1], len(mark))
    if mark in (r"\(", r"\["):
        closing = r"\)" if mark == r"\(" else r"\]"
        last = ends[closing] if closing in ends else ends.setdefault(closing, source.rfind(closing))
        if last < start:
            return None
        end = source.find(closing, start)
        return _formula(source[piece.start() : end + 2]), end + 2
    if mark[0] == "$":
        end = source.find(mark, start)
        while end > 0 and source[end - 1] == "\\":
            end = source.find(mark, end + 1)
        if end <= start or (len(mark) == 1 and not _is_math(source, start, end)):
            return None
        end += len(mark)
        return _formula(source[piece.start() : end]), end
    return None


def _is_math(source: str, start: int, end: int) -> bool:
    # As dollarmath: "$5 and $10" is no formula.
    return not (source[start].isspace() or source[end - 1].isspace()) and not (
        source[end + 1 : end + 2].isdigit()
    )


def _span(source: str, opening: int, start: int, end: int, ticks: int) -> tuple[str, int]:
    content, after = source[start:end], end + ticks
    if not _ACTING.search(content):
        return source[opening:after], after
    if len(content) > 2 and content[0] == content[-1] == " " and content.strip():
        content = content[1:-1]
    return f"<code>{content.translate(_ENTITIES)}</code>", after


def _formula(source: str) -> str:
    if acting_tex(source):
        return f"<code>{source.translate(_ENTITIES)}</code>"
    return _spaced(source)


def _spaced(tex: str) -> str:
    return re.sub(r"<(?=\S)|!(?=\[)|\](?=[(:\[])", lambda found: found[0] + " ", tex)


def _text(source: str) -> str:
    return _IN_TEXT.sub(_text_piece, source)


def _text_piece(found: re.Match[str]) -> str:
    piece = found[0]
    if found["auto"] or found["inline"] or found["reference"]:
        return piece
    if found["angle"]:
        return "](" + found["angle"].replace("(", "%28").replace(")", "%29")
    if piece == "<" or piece == r"\<":
        return "&lt;"
    if piece == r"\!":
        return "&#33;"
    if piece == r"\]":
        return "&#93;"
    if piece == "![":
        return "&#33;["
    if piece.startswith("]("):
        return "]&#40;" + piece[2:]
    if piece.startswith("]:"):
        return "]&#58;" + piece[2:]
    return piece
