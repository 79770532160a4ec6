"""Faults of a connection that was kept: what becomes of it before the next request, or just then.

What ends before the first byte of a request is written is replaced, and nobody notices. What ends
afterwards may have arrived: it is told, and not sent again.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace

from ..replay import Asked
from . import wire
from .answer import ALL, MODES, Mode, body
from .case import Answer, Case
from .refusing import Refusal

_SLEPT = """
import datetime, time_machine
slept = time_machine.travel(datetime.timedelta(hours=9), tick=True)
slept.start()
"""


def _end(asked: Asked) -> None:
    # The handler's file would hold the descriptor open until the handler has ended.
    os.close(asked.sock.detach())


def _reset(asked: Asked) -> None:
    asked.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _end(asked)


def _half_closed(asked: Asked) -> None:
    asked.sock.shutdown(socket.SHUT_WR)


def _late_408(asked: Asked) -> None:
    asked.send(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")


def _as_it_is_written(asked: Asked) -> None:
    """End it when the first bytes come, without reading them: the system resets it."""
    select.select([asked.sock], [], [], 10)
    _end(asked)


IDLE: dict[str, Answer] = {
    "closed": _end,
    "reset": _reset,
    "half closed": _half_closed,
    "a 408 nobody asked for": _late_408,
}


def _case(fault: str, mode: Mode, idle: Answer | None = None) -> Case:
    return Case(
        "the kept connection",
        fault,
        "while idle",
        mode,
        status="complete",
        kept=ALL,
        idle=idle,
    )


def keeping() -> Iterator[Case]:
    """Every case of a kept connection."""
    for mode in MODES:
        for fault, idle in IDLE.items():
            yield _case(fault, mode, idle)
        slept = _case("a machine that slept", mode)
        yield replace(slept, setup=_SLEPT, teardown="slept.stop()")
        yield Case(
            "the kept connection",
            "closed as it is written to",
            "before headers",
            mode,
            errors=("ConnectionDropped",),
            idle=_as_it_is_written,
        )
        for code in (408, 503):
            last = Refusal(code, headers={"retry_after": "0"})
            yield Case(
                "the kept connection",
                f"{code} and the end of it",
                "before headers",
                mode,
                (last, lambda asked, m=mode: wire.whole(asked, m, body(m))),
                status="complete",
                kept=ALL,
                retries=1,
            )
