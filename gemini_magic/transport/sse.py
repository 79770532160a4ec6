"""Splits the bytes of a response body into JSON events: server-sent events and their variants.

The service frames a stream as ``data: {json}\\r\\n\\r\\n``. Gateways, older recordings and errors
come in other shapes, all understood here: ``data:`` without a space, data over several lines, LF
or CR line ends, comments, ``event:``/``id:``/``retry:``/``x-...:`` lines and ``[DONE]`` (ignored);
a bare pretty-printed JSON error after the events; a JSON array or one JSON object per line instead
of events; one plain JSON object (a unary body). Lines end at CRLF, LF or CR only: U+2028 may stand
unescaped inside a JSON string.

Pure: no I/O and no SDK. The reader is fed bytes as they arrive, in pieces of any size.
"""

from __future__ import annotations

import re
from typing import Any

from gemini_magic.errors import BadResponse
from gemini_magic.hints import Hint
from gemini_magic.text import MAX_DEPTH, decode, encodable, one_line

MAX_BYTES = 32 * 1024 * 1024
"""Of one answer: a kernel must hold it several times over, a notebook and a browser once each."""
_PAGE_BYTES = 64 * 1024
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_FIELDS = (b"event:", b"id:", b"retry:")
# Fields of a gateway's own, and such without a value: by the specification they say nothing. A
# proxy's error in plain text is neither.
_IGNORED = re.compile(rb"x-[a-z0-9-]+:|(?:event|id|retry|data|\[DONE\])[ \t]*$")
_BOM = b"\xef\xbb\xbf"


class EventReader:
    """Collects bytes and hands out the JSON of each event as soon as it is complete.

    ``max_bytes`` bounds the whole body. Raises ``BadResponse`` for anything that is not JSON, is
    cut off or is larger; events that were complete before it have been returned by earlier calls
    or are in `ready`. Numbers that JSON has no word for (NaN, infinite, 1e999) become None: they
    could neither be stored in a notebook nor be sent back.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max = max_bytes
        self._tail: list[bytes] = []  # pieces of the line that has not ended yet
        self._trailing_cr = False
        self._data: list[bytes] = []  # the data lines of the open event
        self._bare: list[bytes] = []  # lines of JSON without ``data:``
        self._depth = 0
        self._array = False  # it is one whose elements are handed out one by one
        self._page: list[bytes] = []  # lines of a web page, until its title is there
        self._read = 0  # bytes so far
        self._begun = False
        self.ready: list[Any] = []

    def feed(self, piece: bytes) -> list[Any]:
        """Take in ``piece``; the events it completes, in order."""
        if self._trailing_cr:
            piece = b"\r" + piece
            self._trailing_cr = False
        if piece.endswith(b"\r"):  # an LF may follow in the next piece
            self._trailing_cr = True
            piece = piece[:-1]
        if not piece:
            return []
        self._read += len(piece)
        if self._read > self._max:
            raise too_large(self._max)
        # Of bytes, splitlines() splits at CRLF, LF and CR only.
        lines = piece.splitlines()
        last = b"" if piece.endswith((b"\n", b"\r")) else lines.pop()
        for line in lines:
            self._line(b"".join([*self._tail, line]) if self._tail else line)
            self._tail.clear()
        if last:
            self._tail.append(last)
        return self.taken()

    def finish(self) -> list[Any]:
        """The end of the body: the events still open; raises ``BadResponse`` when cut off."""
        if self._tail:
            line = b"".join(self._tail)
            self._tail.clear()
            self._line(line)
        self._line(b"")
        if self._bare:
            self._dispatch_bare()
        if self._array:  # which has not ended
            raise not_json(b"[")
        if self._page:
            raise not_json(b"\n".join(self._page))
        return self.taken()

    def taken(self) -> list[Any]:
        events, self.ready = self.ready, []
        return events

    def _line(self, line: bytes) -> None:
        if not self._begun and line:
            self._begun = True
            line = line.removeprefix(_BOM)
        if self._page:
            self._take_page(line)
        elif self._bare or self._array:
            # Inside bare JSON every line belongs to it, also a blank one.
            self._take_bare(line)
        elif not line:
            if self._data:
                self._dispatch()
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif line.strip() and not (line.startswith((b":", *_FIELDS)) or _IGNORED.match(line)):
            if self._data:  # an error pasted right behind an event
                self._dispatch()
            self._take_bare(line)

    def _dispatch(self) -> None:
        text = b"\n".join(self._data).strip()
        self._data.clear()
        if text and text != b"[DONE]":
            self.ready.extend(_flat(_load(text)))

    def _take_bare(self, line: bytes) -> None:
        if not (self._bare or self._array):
            if line.lstrip()[:1] == b"<":
                self._take_page(line)
                return
            if line.lstrip()[:1] not in (b"{", b"["):
                raise not_json(line)
        self._bare.append(line)
        plain = _STRING.sub(b"", line)
        self._depth += plain.count(b"{") + plain.count(b"[")
        self._depth -= plain.count(b"}") + plain.count(b"]")
        if self._depth <= 0 or (self._depth == 1 and self._in_array()):
            self._dispatch_bare()

    def _take_page(self, line: bytes) -> None:
        self._page.append(line)
        if b"</title" in line.lower() or sum(map(len, self._page)) > _PAGE_BYTES:
            raise not_json(b"\n".join(self._page))

    def _in_array(self) -> bool:
        """Whether the bare JSON is an array: its elements end before it does."""
        return self._array or self._bare[0].lstrip()[:1] == b"["

    def _dispatch_bare(self) -> None:
        text = b"\n".join(self._bare).strip()
        began, self._array = self._array, self._depth == 1 and self._in_array()
        self._bare.clear()
        self._depth = max(0, self._depth) if self._array else 0
        if began:
            text = b"[" + text.removeprefix(b",")
        if self._array:
            text = text.removesuffix(b",") + b"]"
        self.ready.extend(_flat(_load(text)))


def too_large(most: int = MAX_BYTES) -> BadResponse:
    """The error for a body of more than ``most`` bytes."""
    return BadResponse(
        f"The response is larger than {most // 2**20} MB.",
        "Ask for less in one answer; it was given up to protect this kernel's memory.",
    )


def _none(number: str) -> None:
    return None


def _flat(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _load(text: bytes) -> Any:
    try:
        decoded = text.decode("utf-8")
        value = decode(decoded, MAX_DEPTH, _none)
    except UnicodeDecodeError:
        raise BadResponse(
            "The response is damaged: it is not valid UTF-8.",
            Hint.ASK_AGAIN_PROXY,
        ) from None
    except ValueError:
        raise not_json(text) from None
    # A lone surrogate cannot leave a kernel as UTF-8: it would break the display of the answer.
    return encodable(value) if _ESCAPED_SURROGATE.search(decoded) else value


def not_json(text: bytes) -> BadResponse:
    """The error for ``text`` that is no JSON: a page, cut off, or damaged; it quotes one line."""
    begin = text.lstrip()[:200]
    if begin[:1] == b"<":
        title = _TITLE.search(text)
        said = _one_line(title[1] if title else b"")
        return BadResponse(
            "The service answered with a web page instead of JSON" + (f": {said}" if said else "."),
            "Something between here and Gemini answered (a proxy, a login page, a wrong base URL).",
        )
    if begin[:1] in (b"{", b"["):
        return BadResponse(
            "The response is damaged: its JSON is cut off or malformed.",
            Hint.ASK_AGAIN_KEPT,
        )
    said = _one_line(begin)
    return BadResponse(
        "The response is not JSON" + (f": {said}" if said else "."),
        "Something between here and Gemini answered (a proxy, a gateway, a wrong base URL).",
    )


def _one_line(text: bytes) -> str:
    return one_line(text.decode("utf-8", "replace"), 120)
