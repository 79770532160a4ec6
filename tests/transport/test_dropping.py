"""Connections that end early, and connections that cannot be made."""

from __future__ import annotations

import socket
import threading
import time

from gemini_magic.errors import ConnectionDropped, Unreachable

from ..replay import Answer, Asked
from .asking import DONE, HELLO, serving, until_error
from .silences import (
    SSE,
    listening,
)


def test_a_dropped_connection_keeps_what_had_arrived() -> None:
    def dropped(asked: Asked) -> None:
        asked.head(transfer_encoding="chunked", **SSE)
        asked.send(b"%x\r\n%s\r\n" % (len(HELLO), HELLO))

    def reset(asked: Asked) -> None:
        asked.head(**SSE)
        asked.send(HELLO)
        time.sleep(0.2)  # let it be read before the reset throws it away
        asked.reset()

    def hung_up(asked: Asked) -> None:
        asked.sock.close()

    with serving(dropped, reset, hung_up) as (_, transport):
        for arrived in (["hello"], ["hello"], []):
            found, error = until_error(transport, retries=3)
            assert type(error) is ConnectionDropped
            assert found == arrived


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with serving(Answer(DONE), base_url=url) as (_, transport):
            _, error = until_error(transport)
    assert type(error) is Unreachable
    assert "base URL" in error.hint


def test_tls_to_something_else_is_unreachable() -> None:
    with listening() as (listener, url), serving(Answer(DONE), base_url=url) as (_, transport):

        def answer() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(10)
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        _, error = until_error(transport, retries=3)
    assert type(error) is Unreachable
    assert "secure connection" in error.what
