"""Imported by cells of the end-to-end notebooks: plays turns through the real kernel side."""

from __future__ import annotations

import base64
import secrets
import struct
import threading
import time
import zlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from IPython import get_ipython
from IPython.display import display

from gemini_magic.frontend.link import FrontEnd
from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import Code, Image, Part, Result, Text, Thought
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import MIME, Turn
from gemini_magic.turn.usage import Usage

ID = secrets.token_hex(8)  # of this kernel's answers; a page remembers by it what was unfolded
stopped = threading.Event()
front_end = FrontEnd(stop=lambda turn: stopped.set(), bundles=lambda cells: {})
front_end.attach(get_ipython().kernel)


def session() -> str:
    return str(get_ipython().kernel.get_parent("shell")["header"]["session"])


def wait_until_watched(seconds: float = 30) -> None:
    """Wait, inside the running cell, for this page to have said hello."""
    end = time.monotonic() + seconds
    while not front_end.watching(session()):
        if time.monotonic() > end:
            raise TimeoutError("no front end has said hello")
        time.sleep(0.02)


def png(width: int = 240, height: int = 120) -> bytes:
    """A picture of a blue ramp, made here so that nothing needs a plotting library."""
    rows = b"".join(
        b"\0" + b"".join(bytes((30, 90, 60 + 195 * x // width)) for x in range(width))
        for _ in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


PARTS: tuple[Part, ...] = (
    Thought("**Plan.** Sum the primes below 100, then check the result."),
    Text("The sum of the first primes can be computed directly. "),
    Code("print(sum(primes))", id="a"),
    Result("OUTCOME_FAILED", "NameError: name 'primes' is not defined", id="a"),
    Text("That needs the primes first:\n\n- sieve them\n- add them up\n"),
    Code(
        "def is_prime(n):\n    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))\n\n"
        "primes = [n for n in range(100) if is_prime(n)]\nprint(len(primes))\nprint(sum(primes))\n",
        id="b",
    ),
    Result("OUTCOME_OK", "\x1b[32m25\x1b[0m\n1060\n", id="b"),
    Image("image/png", png()),
    Text(
        "There are **25** primes below 100; their sum is $\\sum p = 1060$.\n\n"
        "$$\\int_0^1 x^2\\,dx = \\tfrac13$$\n\n| n | primes |\n| --- | --- |\n| 100 | 25 |\n"
    ),
)


def turn(parts: Iterable[Part] = PARTS, status: str = "complete", **fields: Any) -> Turn:
    return Turn(
        **{
            "id": ID,
            "request": Request("What is the sum of the primes below 100?", "gemini-x", "developer"),
            "cell": get_ipython().kernel.get_parent("shell")["metadata"].get("cellId"),
            "status": status,
            "parts": tuple(parts),
            "usage": Usage(1200, 340, 89, 45, 0, 1674),
            "started": "2026-09-01T12:00:00+02:00",
            "elapsed_ms": 4200,
            **fields,
        }
    )


def show(shown: Turn) -> None:
    data, metadata = bundle(shown)
    display(data, metadata=metadata, raw=True)


def pieces(whole: Turn, size: int) -> Iterable[Turn]:
    """The states of a turn while it streams: texts grow by ``size``, other parts come whole."""
    done: list[Part] = []
    for part in whole.parts:
        if isinstance(part, Text | Thought):
            for end in range(size, len(part.text), size):
                partial = replace(part, text=part.text[:end])
                yield replace(whole, status="streaming", parts=(*done, partial))
        done.append(part)
        yield replace(whole, status="streaming", parts=tuple(done))


def play(whole: Turn, size: int = 20, pause: float = 0.02, hold: str | None = None) -> None:
    """Stream a turn as the magic does; with ``hold`` stay in the middle until that file exists."""
    stopped.clear()
    handle = display(
        {MIME: replace(whole, status="streaming", parts=()).to_dict(), "text/plain": "…"},
        raw=True,
        display_id=True,
    )
    stream = front_end.stream(whole.id, whole.cell)
    states = list(pieces(whole, size))
    ending = whole
    for at, state in enumerate(states):
        stream.update(state, f"writing {at % 3}" if at % 7 else "thinking")
        time.sleep(pause)
        if hold is not None and at == len(states) // 2:
            _wait_for(hold)
        if stopped.is_set():
            ending = replace(state, status="interrupted", message="Stopped by the user.")
            break
    data, metadata = bundle(ending)
    handle.update(data, metadata=metadata, raw=True)
    stream.close(data, metadata)


def _wait_for(name: str, seconds: float = 90) -> None:
    from pathlib import Path

    end = time.monotonic() + seconds
    while not Path(name).exists() and not stopped.is_set():
        if time.monotonic() > end:
            raise TimeoutError(f"{name} has not come")
        time.sleep(0.02)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
