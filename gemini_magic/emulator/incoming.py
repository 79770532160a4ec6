"""A request as it comes in: its head to the letter of HTTP, its body once it may be read.

The standard library's parser is forgiving: folded lines, bare line feeds, a header that ends the
headers because it has no colon. What two readers can read differently is what gets past a rule,
so none of it is read here at all (RFC 9112, sections 2.2, 5 and 6).
"""

from __future__ import annotations

import re
from collections import Counter
from email.message import Message
from io import BufferedIOBase

from gemini_magic.emulator.api_errors import ApiError, invalid

# Documented: 100 MB a request with inline data.
MOST_BYTES = 100 << 20
_LONGEST_LINE = 65536
_MOST_LINES = 100
_REQUEST_LINE = re.compile(rb"[A-Z]{1,16} /[!-~]* HTTP/1\.1\r\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t -~\x80-\xff]*\r\n")
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}\r\n")
_ONCE = (
    b"host",
    b"content-type",
    b"content-length",
    b"transfer-encoding",
    b"expect",
    b"authorization",
    b"x-goog-api-key",
    b"x-goog-upload-command",
    b"x-goog-upload-offset",
)


def read_head(request_line: bytes, stream: BufferedIOBase) -> bytes:
    """The header lines up to the empty one, which is included; raises ApiError 400."""
    if not _REQUEST_LINE.fullmatch(request_line):
        raise invalid("The request line is not METHOD /path HTTP/1.1.")
    lines: list[bytes] = []
    names: Counter[bytes] = Counter()
    while (line := stream.readline(_LONGEST_LINE)) != b"\r\n":
        header = _HEADER.fullmatch(line)
        if header is None or len(lines) == _MOST_LINES:
            raise invalid("The headers are not well formed.")
        lines.append(line)
        names[header[1].lower()] += 1
    if any(names[name] > 1 for name in _ONCE):
        raise invalid("A header stands there more than once.")
    if names[b"transfer-encoding"] and names[b"content-length"]:
        raise invalid("The length of the body is given in two ways.")
    return b"".join([*lines, b"\r\n"])


def check_framing(headers: Message) -> None:
    """Raise ApiError 400 unless the end of the body is clear, and near enough."""
    coding, length = headers.get("Transfer-Encoding"), headers.get("Content-Length")
    if coding is not None and coding.strip().lower() != "chunked":
        raise invalid("The only transfer coding is chunked.")
    if length is not None and not re.fullmatch(r"[0-9]{1,18}", length.strip()):
        raise invalid("Content-Length is no number.")
    if int(length or 0) > MOST_BYTES:
        raise _too_large()


def read_body(headers: Message, stream: BufferedIOBase) -> bytes:
    """The whole body of a request whose framing was checked; raises ApiError 400.

    ConnectionAbortedError when the caller hangs up in its middle: half a file is none.
    """
    if headers.get("Transfer-Encoding") is None:
        length = int(headers.get("Content-Length") or 0)
        data = stream.read(length)
        if len(data) < length:
            raise ConnectionAbortedError
        return data
    pieces: list[bytes] = []
    left = MOST_BYTES
    while size := _chunk_size(stream):
        left -= size
        if left < 0:
            raise _too_large()
        pieces.append(stream.read(size))
        if stream.read(2) != b"\r\n":
            raise invalid("A chunk does not end where it says.")
    if stream.read(2) != b"\r\n":
        raise invalid("There are headers behind the last chunk.")
    return b"".join(pieces)


def _chunk_size(stream: BufferedIOBase) -> int:
    line = stream.readline(16)
    if not _CHUNK_SIZE.fullmatch(line):
        raise invalid("The size of a chunk is no number.")
    return int(line, 16)


def _too_large() -> ApiError:
    return invalid(f"Request payload size exceeds the limit: {MOST_BYTES} bytes.")
