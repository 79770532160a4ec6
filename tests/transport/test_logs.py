"""Keys stay out of the logs of the libraries below, also at DEBUG."""

from __future__ import annotations

import logging

import pytest

from gemini_magic.transport.backends import Backend
from gemini_magic.transport.client import LATER, keep_keys_out_of_logs
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Outgoing

from ..replay import Answer, Replay
from ..sse import ANSWER

KEY = "AIza" + "SyNotARealKey0123456789abcdefghijk"
ODD = "not-of-a-known-shape-0123456789"


@pytest.mark.parametrize("key", [KEY, ODD])
def test_a_key_that_a_server_echoes_or_a_url_holds_is_not_logged(
    caplog: pytest.LogCaptureFixture, key: str
):
    caplog.set_level(logging.DEBUG)
    answer = Answer(ANSWER, headers={"x-echo": key})
    with Replay(answer) as server:
        transport = GoogleTransport(Backend("developer", key, base_url=f"{server.url}{key}/"))
        contents = [{"role": "user", "parts": [{"text": "hi"}]}]
        assert list(transport.send(Outgoing("m", contents)))
        transport.close()
    said = "\n".join(f"{record.name}: {record.getMessage()}" for record in caplog.records)
    assert "httpcore2" in said and "x-echo" in said, "the libraries did log the exchange"
    assert key not in said


def test_modules_that_are_imported_in_the_middle_of_a_request_log_no_key_either(
    caplog: pytest.LogCaptureFixture,
):
    keep_keys_out_of_logs()
    caplog.set_level(logging.DEBUG)
    for name in LATER:
        logging.getLogger(name).debug("token %s", KEY)
    assert len(caplog.records) == len(LATER)
    assert KEY not in caplog.text and "[key]" in caplog.text
