"""Trouble comes when and how it was scheduled."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gemini_magic.emulator import Emulator, Fault

from .asking import CODE_EXECUTION, MODEL, ask, request, user

PROMPT = "What is the sum of the first 50 prime numbers?"
BODY = json.dumps({"contents": [user(PROMPT)], "tools": list(CODE_EXECUTION)}).encode()
STREAM = f"{MODEL}:streamGenerateContent?alt=sse"
UNARY = f"{MODEL}:generateContent"


def bytes_until_end(emulator: Emulator, path: str = STREAM) -> tuple[bytes, type | None]:
    """What arrives, and the class of the error that ended it (None: a proper end)."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
    received = b""
    try:
        headers = {"x-goog-api-key": emulator.key, "Content-Type": "application/json"}
        connection.request("POST", path, BODY, headers)
        response = connection.getresponse()
        while data := response.read1(65536):
            received += data
        if response.length:  # fewer bytes than announced
            return received, http.client.IncompleteRead
        return received, None
    except http.client.IncompleteRead as error:
        return received + error.partial, type(error)
    except OSError as error:
        return received, type(error)
    finally:
        connection.close()


@contextmanager
def half_open(
    emulator: Emulator, path: str = STREAM, body: bytes = BODY
) -> Iterator[socket.socket]:
    """A raw connection with the request sent and nothing read."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{emulator.port}\r\n"
    head += f"x-goog-api-key: {emulator.key}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}"
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=60) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        yield connection


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    received = b""
    while mark not in received:
        data = connection.recv(65536)
        assert data, f"ended before {mark!r}: {received!r}"
        received += data
    return received


@pytest.mark.parametrize("code", [400, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("stream", [False, True])
def test_a_status_is_answered_once_and_then_all_is_well(
    emulator: Emulator, code: int, stream: bool
) -> None:
    emulator.fail(code)
    answer = ask(emulator, PROMPT, stream=stream)
    assert (answer.status, answer.error["code"]) == (code, code)
    assert ask(emulator, PROMPT, stream=stream).status == 200


def test_429_carries_retry_info_and_the_header_when_asked(emulator: Emulator) -> None:
    emulator.fail(Fault.status(429, retry_delay="34.4s", retry_after="7"), times=2)
    for _ in range(2):
        answer = ask(emulator, PROMPT)
        kinds = {detail["@type"].rsplit(".")[-1]: detail for detail in answer.error["details"]}
        assert kinds["RetryInfo"]["retryDelay"] == "34.4s"
        assert kinds["QuotaFailure"]["violations"]
        assert answer.headers["Retry-After"] == "7"
    assert ask(emulator, PROMPT).status == 200


def test_faults_happen_in_their_order_and_can_be_cleared(emulator: Emulator) -> None:
    for code in (503, 500, 429):
        emulator.fail(code)
    assert [ask(emulator, PROMPT).status for _ in range(2)] == [503, 500]
    emulator.schedule.clear()
    assert ask(emulator, PROMPT).status == 200


def test_the_quota_is_refilled_when_its_window_ends(emulator: Emulator) -> None:
    emulator.quota(2, window=1.5)
    began = time.monotonic()
    assert [ask(emulator, PROMPT).status for _ in range(2)] == [200, 200]
    over = ask(emulator, PROMPT)
    assert over.status == 429
    delay = next(d["retryDelay"] for d in over.error["details"] if "retryDelay" in d)
    time.sleep(float(delay.removesuffix("s")))
    assert ask(emulator, PROMPT).status == 200
    assert time.monotonic() - began >= 1.5


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_dropped_stream_ends_in_the_middle(emulator: Emulator, after: int, how: str) -> None:
    whole = ask(emulator, PROMPT).body.count(b"data: ")
    emulator.fail(Fault.drop(after, "reset" if how == "reset" else "close"))
    received, ended = bytes_until_end(emulator)
    assert ended is not None
    if how == "close":  # a reset may overtake what was sent before it
        assert received.count(b"data: ") == after < whole
    else:
        assert received.count(b"data: ") <= after


def test_a_dropped_unary_answer_ends_in_the_middle(emulator: Emulator) -> None:
    emulator.fail(Fault.drop())
    received, ended = bytes_until_end(emulator, UNARY)
    assert ended is http.client.IncompleteRead
    assert received.startswith(b'{\n  "candidates"')


def test_garbage_comes_in_its_place(emulator: Emulator) -> None:
    emulator.fail(Fault.garbage("json", after=1))
    received, _ = bytes_until_end(emulator)
    assert received.split(b"\r\n\r\n")[1] == b'data: {"candidates": [}'
    emulator.fail(Fault.garbage("html"))
    assert bytes_until_end(emulator)[0].startswith(b"<!DOCTYPE html>")
    emulator.fail(Fault.garbage("truncated", after=2))
    received, ended = bytes_until_end(emulator)
    *good, last = received.split(b"\r\n\r\n")
    assert (len(good), ended) == (2, None)
    with pytest.raises(ValueError, match=r"JSON|delimiter|string"):
        json.loads(last.removeprefix(b"data: "))


def test_garbage_instead_of_a_unary_answer(emulator: Emulator) -> None:
    emulator.fail(Fault.garbage("html"))
    assert request(emulator, "POST", UNARY, raw=BODY).headers["Content-Type"] == "text/html"
    emulator.fail(Fault.garbage("json"))
    with pytest.raises(ValueError, match="value"):
        _ = request(emulator, "POST", UNARY, raw=BODY).json


@pytest.mark.parametrize("path", [STREAM, UNARY])
def test_an_empty_body_is_a_200_with_nothing(emulator: Emulator, path: str) -> None:
    emulator.fail(Fault.empty())
    answer = request(emulator, "POST", path, raw=BODY)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("stream", [False, True])
def test_a_blocked_prompt_has_feedback_and_no_candidates(emulator: Emulator, stream: bool) -> None:
    emulator.fail(Fault.blocked("SAFETY"))
    (chunk,) = ask(emulator, PROMPT, stream=stream).chunks
    assert chunk["promptFeedback"] == {"blockReason": "SAFETY"}
    assert "candidates" not in chunk


def test_a_finish_reason_cuts_the_answer(emulator: Emulator) -> None:
    emulator.fail(Fault.finish("SAFETY", after=2))
    answer = ask(emulator, PROMPT)
    assert answer.finish == "SAFETY"
    assert "content" not in answer.chunks[-1]["candidates"][0]
    assert len(answer.chunks) == 3
    emulator.fail(Fault.finish("MALFORMED_FUNCTION_CALL", "Malformed function call: x("))
    candidate = ask(emulator, PROMPT, stream=False).chunks[0]["candidates"][0]
    assert candidate["finishMessage"] == "Malformed function call: x("
    assert "content" not in candidate
    emulator.fail(Fault.finish("MAX_TOKENS"))
    last = ask(emulator, PROMPT).chunks[-1]["candidates"][0]
    assert (last["finishReason"], last["content"]) == ("MAX_TOKENS", {"role": "model"})


def test_an_error_in_the_middle_is_bare_json(emulator: Emulator) -> None:
    emulator.fail(Fault.error_midstream(499, after=2))
    answer = ask(emulator, PROMPT)
    *events, error, _ = [*answer.body.split(b"\r\n\r\n"), b""]
    assert answer.status == 200
    assert json.loads(error)["error"]["status"] == "CANCELLED"
    assert len(events) == 2


def test_a_stall_holds_the_stream_and_then_goes_on(emulator: Emulator) -> None:
    emulator.fail(Fault.stall(1.0, after=2))
    with half_open(emulator) as connection:
        read_until(connection, b"data: ")
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while True:
                assert connection.recv(65536)
        connection.settimeout(60)
        assert b'"STOP"' in read_until(connection, b"0\r\n\r\n")
    assert emulator.disconnects == 0


@pytest.mark.parametrize(
    "fault",
    [Fault.stall(600, after=1), Fault.stall(600), Fault.sandbox_gap(600), Fault.slow(600)],
    ids=["stall", "stall before the first", "sandbox gap", "slow"],
)
def test_a_hang_up_is_noticed_during_silence(emulator: Emulator, fault: Fault) -> None:
    emulator.fail(fault)
    with half_open(emulator) as connection:
        read_until(connection, b"text/event-stream")
    assert emulator.wait_until(lambda: emulator.disconnects == 1)


@pytest.mark.parametrize("path", [STREAM, UNARY])
def test_a_hang_up_ends_running_code(emulator: Emulator, path: str) -> None:
    prompt = "```python\nwhile True: pass\n```"
    body = json.dumps({"contents": [user(prompt)], "tools": list(CODE_EXECUTION)}).encode()
    with half_open(emulator, path, body) as connection:
        if path == STREAM:
            read_until(connection, b"executableCode")
        else:
            assert emulator.wait_until(lambda: bool(emulator.requests))
    assert emulator.wait_until(lambda: emulator.disconnects == 1)
    assert ask(emulator, PROMPT).status == 200


def test_a_hang_up_while_events_trickle_is_noticed(emulator: Emulator) -> None:
    emulator.fail(Fault.slow(0.01, bytewise=True))
    with half_open(emulator) as connection:
        read_until(connection, b"text/event-stream")
    assert emulator.wait_until(lambda: emulator.disconnects == 1)


def test_a_gap_lies_between_code_and_result(emulator: Emulator) -> None:
    emulator.fail(Fault.sandbox_gap(0.6))
    times: dict[str, float] = {}
    with half_open(emulator) as connection:
        for mark in ("executableCode", "codeExecutionResult"):
            read_until(connection, mark.encode())
            times[mark] = time.monotonic()
        read_until(connection, b"0\r\n\r\n")
    assert times["codeExecutionResult"] - times["executableCode"] > 0.4


def test_a_client_that_waits_is_no_disconnect(emulator: Emulator) -> None:
    for _ in range(3):
        ask(emulator, PROMPT)
    assert emulator.disconnects == 0


def test_many_callers_at_once_get_their_own_answers(emulator: Emulator) -> None:
    answers: dict[int, str] = {}

    def one(count: int) -> None:
        answers[count] = ask(emulator, f"Sum of the first {count} odd numbers").outputs[-1]

    threads = [threading.Thread(target=one, args=(count,)) for count in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"sum: {count * count}\n" in output for count, output in answers.items())
    assert len(answers) == 8
