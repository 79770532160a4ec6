"""Makes text safe to show and JSON safe to keep; numbers and sizes in words; base64.

Output of the sandbox and text of the model may hold terminal escape sequences (which can rewrite
a terminal's title, clipboard or earlier lines), bidirectional overrides (code that reads
differently from how it runs) and characters that no file can store. What a reader needs stays.

Python's own JSON reader takes more than JSON: NaN and the infinities, which neither a notebook nor
a request can hold, and nesting so deep that whatever reads or copies it later fails.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, hyperlinks, clipboard
    r"|\x1b[PX^_][^\x07\x1b]*\x1b\\"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]+[0-~]|\x1b[0-Z\\^-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_PICTURES: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: "\u2421",
    0x85: "\n",
    0x2028: "\n",
    0x2029: "\n",
    **{code: f"[U+{code:04X}]" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
    **{code: f"[U+{code:04X}]" for code in range(0x80, 0xA0) if code != 0x85},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}

# What shows nothing, or something else than it is: controls and other line ends than \n (IPython
# reads lines at them, Python does not), marks of direction, characters without a shape (two of
# them are letters to Python), tags. Variation selectors and joiners belong to emoji and to Arabic,
# Persian and Indic words; elsewhere, or in a row, they carry what nobody sees.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b"
    "\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?:^|(?<=[\x00-\x7f\u200c\u200d]))[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f])"
    "|(?:^|(?<=[\x00-\x22\x24-\x29\x2b-\x2f\x3a-\x7f\u200c\u200d\ufe00-\ufe0f]))[\ufe00-\ufe0f]"
)
# Code that stands where nobody looks: far to the right, or below a screen of nothing.
_FAR = re.compile(r"(?<![ \t])[ \t]{120,}+\S|\n(?:[ \t]*+\n){60,}+[ \t]*+\S")


def hidden(code: str) -> str | None:
    """Why ``code`` does not read as it runs, in words; None when it does.

    It holds characters that show nothing or move others, or text that is out of sight: behind 120
    blanks or 60 empty lines. Line ends are to be ``\\n``. Letters that only look like others
    (Cyrillic for Latin) are not looked for.
    """
    found = _HIDDEN.search(code)
    if found is not None:
        return (
            f"it holds a character (U+{ord(found[0]):04X}) that makes it read otherwise than it "
            "runs"
        )
    if _FAR.search(code) is not None:
        return "some of it stands out of sight, behind many blanks or empty lines"
    return None


def long_lines(code: str, most: int = 300) -> list[str]:
    """A sentence for each of the first lines whose end a reader may not see, with that end."""
    found = [
        f"Line {number} has {len(line):,} characters; it ends with {line[-60:].strip()!r}."
        for number, line in enumerate(code.split("\n"), 1)
        if len(line) > most
    ]
    more = len(found) - 5
    return [*found[:5], *([f"{more:,} more lines are as long."] if more > 0 else [])]


def visible(text: str) -> str:
    """``text`` with nothing in it that acts on a terminal or a page instead of being read.

    Escape sequences are removed; other control characters become their pictures (U+2400), bidi
    controls and C1 their names ("[U+202E]"), line ends (also a progress bar's bare CR) ``\\n``,
    lone surrogates U+FFFD. Tabs, newlines, accents, emoji, LRM and RLM stay.
    """
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_PICTURES) if _ACTING.search(text) else text


# Neither white space to Python nor anything that shows: beside controls and marks (category C).
_NO_INK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10))
}


def blank(text: str) -> bool:
    """Whether nothing of ``text`` shows: white space, zero-width characters, controls."""
    return all(
        char.isspace() or char in _NO_INK or unicodedata.category(char) in ("Cc", "Cf")
        for char in text
    )


def one_line(text: str, limit: int = 100) -> str:
    """``text`` made visible, in one line, cut after ``limit`` characters with an ellipsis."""
    line = " ".join(visible(text[: 4 * limit + 100]).split())
    return line if len(line) <= limit else line[: limit - 1] + "\u2026"


def worded(value: object) -> str:
    """``str(value)``; where that fails, as a class of the user's may, what it is."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - whatever the user's ``__str__`` raises
        return f"(a {type(value).__name__}, whose text raises {type(error).__name__})"


def first_line(error: BaseException) -> str:
    """The first line of what an exception says, without blank ones, or nothing."""
    return next(iter(worded(error).strip().splitlines()), "")


def encodable(value: Any) -> Any:
    """``value`` (JSON) with lone surrogates replaced: a notebook holding one cannot be saved."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return value
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(item) for item in value]
    return value


def utf8(text: str) -> bytes:
    """``text`` as UTF-8; a lone surrogate has none, so its escape (``\\ud800``) is written."""
    return text.encode("utf-8", "backslashreplace")


def counted(number: int, noun: str) -> str:
    """ "1 exchange", "1,200 exchanges"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size_text(size: int) -> str:
    """A number of bytes in words: ``812 bytes``, ``210.3 kB``, ``31.2 MB``, ``3.0 GB``."""
    if size < 1000:
        return counted(size, "byte")
    for unit, scale in (("kB", 10**3), ("MB", 10**6)):
        if size < 999.95 * scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 10**9:,.1f} GB"


def short_size(size: int) -> str:
    """The same for a caption, rounded: "830 B", "83 kB", "1.2 MB"."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 999_500 else f"{size / 10**6:.1f} MB"


_ERROR_LINE = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b.*$", re.M)


def last_error(text: str) -> str:
    """The last line of ``text`` that names an exception, as a traceback ends; "" without one."""
    found = _ERROR_LINE.findall(text[-20_000:])
    return found[-1] if found else ""


def b64encode(data: bytes) -> str:
    """Standard base64, as the service sends it and a notebook's ``image/png`` needs it."""
    return base64.b64encode(data).decode()


def b64decode(text: str) -> bytes:
    """Bytes of standard or URL-safe base64, padded or not; ValueError on anything else."""
    plain = text.replace("-", "+").replace("_", "/").replace("\n", "").replace("\r", "")
    plain += "=" * (-len(plain) % 4)
    try:
        return base64.b64decode(plain, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None


MAX_DEPTH = 100
"""Of arrays and objects in each other: what protobuf's own JSON readers take."""

FILE_DEPTH = MAX_DEPTH + 50
"""The same in a file of ours, which puts its own around what a service sent."""


def _refuse(number: str) -> None:
    raise ValueError(f"{number[:20]} is no number in JSON")


def decode(
    text: str | bytes,
    max_depth: int = FILE_DEPTH,
    parse_constant: Callable[[str], object] = _refuse,
) -> Any:
    """The value of ``text``; ValueError when it is not JSON or nested deeper than ``max_depth``.

    ``parse_constant``: the value of a number that JSON has no word for (NaN, Infinity, 1e999).
    """

    def finite(digits: str) -> object:
        number = float(digits)
        return number if math.isfinite(number) else parse_constant(digits)

    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    try:
        value = json.loads(text, parse_float=finite, parse_constant=parse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if text.count("[") + text.count("{") > max_depth and _depth(value) > max_depth:
        raise ValueError("it is nested too deeply")
    return value


def _depth(value: Any) -> int:
    """How many arrays and objects stand in each other, level by level: no recursion."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [
            inner for item in level for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def written(write: Callable[[str], object], text: str) -> None:
    """Write ``text``; characters that the stream's encoding lacks become escapes (``\\u4f60``).

    A terminal or a pipe in cp1252 or ASCII is no reason to lose what was to be said.
    """
    while True:
        try:
            write(text)
            return
        except UnicodeEncodeError as error:
            # Some codecs name another encoding in the error than their own: only its place counts.
            lacking = error.object[error.start : error.end]
            shown = text
            for char in set(lacking):
                shown = shown.replace(char, char.encode("ascii", "backslashreplace").decode())
            if shown == text:
                raise
            text = shown


def folded(text: str, width: int) -> str:
    """``text`` with its long lines folded between words, what follows a little further in."""
    import textwrap

    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
        parts = textwrap.wrap(
            line,
            width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
            replace_whitespace=False,
        )
        lines += parts if len(line) > width and parts else [line]
    return "\n".join(lines)
