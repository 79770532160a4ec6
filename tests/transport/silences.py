"""Answers that fall silent, each in another phase, until the client has gone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ..replay import Asked
from .asking import HELLO

SSE = {"content_type": "text/event-stream"}


def silent_before_headers(asked: Asked) -> None:
    asked.wait_until_gone()


def silent_after_headers(asked: Asked) -> None:
    asked.head(**SSE)
    asked.wait_until_gone()


def silent_after_an_event(asked: Asked) -> None:
    asked.head(**SSE)
    asked.send(HELLO)
    asked.wait_until_gone()


def silent_inside_an_event(asked: Asked) -> None:
    asked.head(**SSE)
    asked.send(HELLO + HELLO[:20])
    asked.wait_until_gone()


def silent_inside_a_unary_body(asked: Asked) -> None:
    asked.head(content_type="application/json", content_length="1000")
    asked.send(b'{"candidates": [')
    asked.wait_until_gone()


SILENCES = [
    silent_before_headers,
    silent_after_headers,
    silent_after_an_event,
    silent_inside_an_event,
]


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """A listening socket and its https address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, f"https://127.0.0.1:{listener.getsockname()[1]}/"
