"""Faults of the wire: what becomes of the bytes of a good answer from a stage on."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator

from ..replay import Asked
from .answer import Cut, Mode

Fault = Callable[[Asked, Cut], None]

FLOOD = 1 << 30  # bytes that the service goes on sending
_BLOCK = b"x" * (1 << 20)
_PAGE = b"<html><head><title>Sign in</title></head><body>A proxy answered.</body></html>\n"
_TYPES: dict[Mode, str] = {"stream": "text/event-stream", "unary": "application/json"}
END = b"0\r\n\r\n"


def head(mode: Mode, status: str = "200 OK", **headers: str) -> bytes:
    """Status line and headers of a chunked answer."""
    given = {"content-type": _TYPES[mode], "transfer-encoding": "chunked", **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{k.replace('_', '-')}: {v}" for k, v in given.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """An HTTP chunk; of nothing, nothing."""
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def whole(asked: Asked, mode: Mode, body: bytes, **headers: str) -> None:
    """An answer that goes well as far as HTTP goes; the connection stays unless it says no."""
    asked.kept = headers.get("connection") != "close"
    asked.send(head(mode, **headers) + chunk(body) + END)


def _framed(cut: Cut, data: bytes) -> bytes:
    """``data`` as the wire has it at this stage: bare until the headers have ended."""
    return data if cut.stage in ("before headers", "in headers") else chunk(data)


def _begin(asked: Asked, cut: Cut, **headers: str) -> None:
    """Everything before the fault."""
    start = head(cut.mode, **headers)
    if cut.stage == "in headers":
        asked.send(start[: len(start) // 2])
    elif cut.stage != "before headers":
        asked.send(start + chunk(cut.before))


def reset(asked: Asked, cut: Cut) -> None:
    _begin(asked, cut)
    asked.reset()


def close(asked: Asked, cut: Cut) -> None:
    _begin(asked, cut)


def stall(asked: Asked, cut: Cut) -> None:
    _begin(asked, cut)
    asked.wait_until_gone()


def trickle(asked: Asked, cut: Cut) -> None:
    """Go on a byte at a time, far too slowly; when all is sent, with blank lines."""
    _begin(asked, cut)
    asked.sock.settimeout(0.05)
    for byte in _slowly(cut):
        asked.send(_framed(cut, byte))
        try:
            if not asked.sock.recv(1):
                return
        except TimeoutError:
            continue


def _slowly(cut: Cut) -> Iterator[bytes]:
    rest = cut.rest
    if cut.stage in ("before headers", "in headers"):
        start = head(cut.mode)
        rest = start if cut.stage == "before headers" else start[len(start) // 2 :]
        rest = rest[:-4] + b"\r\nx-filler: " + b"y" * 500
    yield from (bytes([byte]) for byte in rest)
    while True:
        yield b"\n"


def truncated(asked: Asked, cut: Cut) -> None:
    """The body ends well for HTTP, in the middle of the answer."""
    _begin(asked, cut)
    asked.send(END)


def html_page(asked: Asked, cut: Cut) -> None:
    _begin(asked, cut)
    asked.send(_framed(cut, _PAGE))
    if cut.stage not in ("before headers", "in headers"):
        asked.send(END)


def gzip_garbage(asked: Asked, cut: Cut) -> None:
    """Compressed as announced up to the stage, then bytes that no decompressor takes."""
    packer = zlib.compressobj(wbits=31)
    noise = random.Random(0).randbytes(4096)
    asked.send(head(cut.mode, content_encoding="gzip"))
    if cut.before:
        asked.send(chunk(packer.compress(cut.before) + packer.flush(zlib.Z_SYNC_FLUSH)))
    asked.send(chunk(noise) + END)


def flood(asked: Asked, cut: Cut) -> None:
    """A gigabyte without an end of line."""
    _begin(asked, cut)
    piece = _framed(cut, _BLOCK)
    for _ in range(FLOOD // len(_BLOCK)):
        asked.send(piece)


def flood_of_events(asked: Asked, cut: Cut) -> None:
    """A gigabyte of events, each of them good."""
    _begin(asked, cut)
    said = b'data: {"candidates":[{"content":{"parts":[{"text":"%s"}]}}]}\r\n\r\n' % (b"x" * 65536)
    for _ in range(FLOOD // len(said)):
        asked.send(chunk(said))


def invalid_utf8(asked: Asked, cut: Cut) -> None:
    _begin(asked, cut)
    asked.send(_framed(cut, b"\xff\xfe\xc3("))
    if cut.stage not in ("before headers", "in headers"):
        asked.send(chunk(cut.rest) + END)
    else:
        asked.send(b"\r\n\r\n")
