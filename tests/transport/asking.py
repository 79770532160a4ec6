"""What the transport tests share: a transport to a replay server, and one request."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gemini_magic.errors import GeminiError
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.turn.assembly import Chunk, Progress
from gemini_magic.turn.parts import Text

from ..replay import Answer, Asked, Replay

PROMPT = ({"role": "user", "parts": [{"text": "hello"}]},)
OUTGOING = Outgoing("gemini-3.8-flash", PROMPT, timeout=60, retries=0)

HELLO = b'data: {"candidates":[{"content":{"parts":[{"text":"hello"}],"role":"model"}}]}\r\n\r\n'
DONE = b'data: {"candidates":[{"content":{"parts":[{"text":"!"}]},"finishReason":"STOP"}]}\r\n\r\n'


def outgoing(**changes: Any) -> Outgoing:
    return replace(OUTGOING, **changes)


@contextmanager
def serving(
    *answers: Callable[[Asked], None], tls: ssl.SSLContext | None = None, **backend: Any
) -> Iterator[Any]:
    """A replay server and a transport to it."""
    with Replay(*answers, tls=tls) as server:
        given = {"kind": "developer", "api_key": "no-key", "base_url": server.url, **backend}
        transport = GoogleTransport(Backend(**given))
        yield server, transport
        transport.close()


def chunks(transport: GoogleTransport, **changes: Any) -> list[Chunk]:
    events = list(transport.send(outgoing(**changes)))
    assert events[0] == Progress("connecting")
    return [event for event in events if isinstance(event, Chunk)]


def texts(transport: GoogleTransport, **changes: Any) -> list[str]:
    return [
        part.text
        for chunk in chunks(transport, **changes)
        for part in chunk.parts
        if isinstance(part, Text)
    ]


def until_error(
    transport: GoogleTransport, **changes: Any
) -> tuple[list[str], BaseException | None]:
    """The texts that arrived, and the error that ended them."""
    arrived: list[str] = []
    try:
        for event in transport.send(outgoing(**changes)):
            if isinstance(event, Chunk):
                arrived += [part.text for part in event.parts if isinstance(part, Text)]
    except (GeminiError, KeyboardInterrupt) as error:
        return arrived, error
    return arrived, None


def refused(
    body: bytes, status: int, content_type: str = "application/json", **headers: str
) -> Answer:
    return Answer(body, status, content_type, headers=headers)
