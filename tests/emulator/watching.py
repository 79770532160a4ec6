"""An emulator that counts its code runs, and what is said to it byte by byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from gemini_magic.emulator import Emulator
from gemini_magic.sandbox import SandboxProcess

from .asking import CODE_EXECUTION, MODEL, user

RUNS = user("```python\nprint(6 * 7)\n```")
BODY = json.dumps({"contents": [RUNS], "tools": list(CODE_EXECUTION)}).encode()
ASK = f"{MODEL}:generateContent"


class Watched(Emulator):
    """``sessions`` counts the sandboxes that were opened: no code runs without one."""

    def __init__(self, **options: Any) -> None:
        self.sessions = 0
        super().__init__(**options)

    def open_session(self, files: Mapping[str, bytes]) -> SandboxProcess:
        self.sessions += 1
        return super().open_session(files)

    @property
    def untouched(self) -> bool:
        return not self.sessions and not self.requests and not self.files.all()


def say(port: int, data: bytes, *, until: bytes = b"") -> bytes:
    """Send these bytes and return what comes, to the end of the connection or to ``until``."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(data)
        received = b""
        while more := connection.recv(65536):
            received += more
            if until and until in received:
                break
        return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
