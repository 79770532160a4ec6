"""Imported by cells of the end-to-end notebooks: the real magic, with scripted answers."""

from __future__ import annotations

import random
import struct
import time
import zlib
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from IPython import get_ipython

from gemini_magic import ask
from gemini_magic.extension import of
from gemini_magic.transport.scripted import Scripted
from gemini_magic.turn.assembly import Chunk
from gemini_magic.turn.parts import FAILED, OK, Code, Image, Result, Text
from gemini_magic.turn.usage import Usage

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c63f8cfc0f01f0005000201a5f645400000000049454e44ae426082"
)


def wait_until_watched(seconds: float = 30) -> None:
    """Wait, inside the running cell, for this page to have said hello."""
    magics = of(get_ipython())
    assert magics is not None and magics.kernel.front_end is not None
    session = get_ipython().kernel.get_parent("shell")["header"]["session"]
    end = time.monotonic() + seconds
    while not magics.kernel.front_end.watching(session):
        if time.monotonic() > end:
            raise TimeoutError("no front end has said hello")
        time.sleep(0.02)


def answers(*scripts: list[Any]) -> None:
    """The next answers, one a list: a text, ``(code, output)``, or seconds to wait."""
    magics = of(get_ipython())
    assert magics is not None
    transport = Scripted(
        *([step for item in script for step in _steps(item)] for script in scripts)
    )
    backend = SimpleNamespace(kind="developer", issuer="developer")
    connection = SimpleNamespace(backend=backend, transport=transport)
    magics.preload = False  # nothing to warm
    magics.session.connect = lambda: connection


def many(count: int) -> None:
    """Have that many questions been answered: with code, formulas, a table, a picture each."""
    answers(*([_long(number)] for number in range(count)))
    for number in range(count):
        ask(f"Question {number} of many")


def _long(number: int) -> Any:
    words = f"Answer {number}. **Bold** words and $x_{{{number}}}^2$.\n\n" + "Much to say. " * 40
    table = "\n\n| n | square |\n| --- | --- |\n" + "".join(
        f"| {n} | {n * n} |\n" for n in range(9)
    )
    code = "\n".join(f"value_{n} = {n} + {number}" for n in range(15))
    return [
        Text(words),
        Code(code),
        Result(OK, f"{number}\n" * 10),
        Image("image/png", noise(number)),
        Text(table),
    ]


def noise(seed: int, width: int = 320, height: int = 200) -> bytes:
    """A picture that no other seed has, and that does not compress."""
    pixels = random.Random(seed).randbytes(width * height)
    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        PNG[:8]
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


def parts(*given: Any) -> None:
    """The next answer: parts as they are."""
    answers([list(given)])


def cut(token: str) -> Chunk:
    """The end of an answer that the service has stopped, and goes on with by ``token``."""
    usage = Usage(input_tokens=1000, output_tokens=500, total_tokens=1500)
    return Chunk(finish_reason="CONTINUATION", continuation=token, usage=usage)


def _steps(item: Any) -> list[Any]:
    if isinstance(item, list):
        return item
    if isinstance(item, tuple):
        code, output = item
        if output == "picture":
            return [Code(code), Result(OK), Image("image/png", PNG)]
        outcome = FAILED if "Error" in output else OK
        return [Code(code), Result(outcome, output)]
    return [Text(item)] if isinstance(item, str) else [item]
