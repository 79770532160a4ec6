"""Characters that must not act: escape sequences, control and bidi characters made harmless.

Output of the sandbox and text of the model may hold terminal escape sequences (which can rewrite
a terminal's title, clipboard or earlier lines), bidirectional overrides (code that reads
differently from how it runs) and characters that no file can store. What a reader needs stays.
"""

from __future__ import annotations

import re
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


def one_line(text: str, limit: int = 100) -> str:
    """``text`` made visible, in one line, cut after ``limit`` characters with an ellipsis."""
    line = " ".join(visible(text[: 4 * limit + 100]).split())
    return line if len(line) <= limit else line[: limit - 1] + "\u2026"


def encodable(value: Any) -> Any:
    """``value`` (JSON) with lone surrogates replaced: a notebook holding one cannot be saved."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        return value
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(item) for item in value]
    return value
