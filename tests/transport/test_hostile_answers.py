"""Answers that are not Gemini's: each is an error of ours, after what had arrived."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemini_magic.errors import BadResponse, GeminiError, RateLimited, ServiceUnavailable
from gemini_magic.turn.parts import Image, Opaque, Text

from ..examples import examples
from ..replay import Answer, Asked
from .asking import DONE, HELLO, chunks, serving, texts, until_error

UNARY = DONE.removeprefix(b"data: ")


@pytest.mark.parametrize(
    ("body", "arrived", "words"),
    [
        (HELLO + b'data: {"candidates": [{"con', ["hello"], "cut off"),
        (HELLO + b"data: {not json}\r\n\r\n", ["hello"], "malformed"),
        (HELLO + b"<html><title>Gone</title></html>", ["hello"], "Gone"),
        (HELLO + b'data: {"x": "\xff\xfe"}\r\n\r\n', ["hello"], "UTF-8"),
        (HELLO + b'data: {"candidates": 7}\r\n\r\n', ["hello"], "as documented"),
        (HELLO + b'data: {"candidates": [{"content": {"parts": {}}}]}\r\n\r\n', ["hello", ], ""),
        (HELLO + b"data: 7\r\n\r\n", ["hello"], "as documented"),
        (HELLO + b"data: null\r\n\r\n", ["hello"], "as documented"),
        (b"<html><head><title>Sign in</title>", [], "Sign in"),
        (b"no healthy upstream", [], "no healthy upstream"),
        (b"\x00\x01\x02", [], "not JSON"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("content_type", ["text/event-stream", "text/html", "", "image/png"])
def test_a_damaged_stream_is_told_after_what_had_arrived(
    body: bytes, arrived: list[str], words: str, content_type: str
) -> None:
    with serving(Answer(body, content_type=content_type)) as (_, transport):
        found, error = until_error(transport, retries=3)
    assert found == arrived
    if words:
        assert type(error) is BadResponse
        assert words in error.what


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><title>Sign in</title></html>", "Sign in"),
        (b'{"candidates": [', "cut off"),
        (b"", "nothing"),
        (b"[]", "nothing"),
        (b'{"candidates": "none"}', "as documented"),
        (b"OK", "not JSON: OK"),
    ],
)
def test_a_damaged_single_answer_is_told(body: bytes, words: str) -> None:
    with serving(Answer(body, content_type="application/json")) as (_, transport):
        found, error = until_error(transport, stream=False)
    assert found == []
    if words == "nothing":
        assert error is None, "what an empty answer means is decided by the Assembly"
    else:
        assert type(error) is BadResponse
        assert words in error.what


def test_an_error_in_a_200_is_an_error_wherever_it_stands() -> None:
    error = {"code": 503, "message": "busy", "status": "UNAVAILABLE"}
    bodies = [
        b"data: " + json.dumps({"error": error}).encode() + b"\r\n\r\n",
        b"data: " + json.dumps({"x": 1, "error": error}).encode() + b"\r\n\r\n",
        b"data: " + json.dumps([{"error": error}]).encode() + b"\r\n\r\n",
        json.dumps({"error": error}, indent=2).encode(),
        json.dumps([{"error": error}], indent=2).encode(),
    ]
    for body in bodies:
        with serving(Answer(HELLO + body), Answer(body)) as (_, transport):
            found, raised = until_error(transport)
            assert (found, type(raised)) == (["hello"], ServiceUnavailable)
            found, raised = until_error(transport, stream=False)
            assert (found, type(raised)) == ([], ServiceUnavailable)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b'"x"', b"[]", b"[1, 2]", b'{"error": null}', b'{"error": "slow"}', b"{",
     b"\xff\xfe\x00", b"<html>", b'{"error": {"code": "x", "details": 7}}'],
)  # fmt: skip
def test_any_body_of_a_429_is_still_a_429(body: bytes) -> None:
    with serving(Answer(body, 429, "application/json")) as (_, transport):
        for stream in (True, False):
            _, error = until_error(transport, stream=stream)
            assert type(error) is RateLimited
            assert error.code == 429


def test_a_huge_error_page_is_cut() -> None:
    with serving(Answer(b"<html>" + b"x" * 5_000_000, 502, "text/html")) as (_, transport):
        _, error = until_error(transport)
    assert type(error) is ServiceUnavailable
    assert len(str(error)) < 800


@pytest.mark.parametrize("step", [None, 7])
@pytest.mark.parametrize(
    ("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_compressed_answer_is_read(
    encoding: str, encode: Callable[[bytes], bytes], step: int | None
) -> None:
    headers = {"content_encoding": encoding}
    answers = [
        Answer(encode(HELLO + DONE), step=step, headers=headers),
        Answer(encode(UNARY), step=step, headers=headers),
        Answer(encode(b'{"error": {"code": 503, "message": "busy"}}'), 503, headers=headers),
    ]
    with serving(*answers) as (server, transport):
        assert texts(transport) == ["hello", "!"]
        assert texts(transport, stream=False) == ["!"]
        _, error = until_error(transport)
        assert type(error) is ServiceUnavailable
        assert "busy" in error.what
        assert server.asked[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(("encoding", "body"), [("gzip", b"not gzip"), ("br", b"x"), ("x", b"x")])
def test_what_cannot_be_decompressed_is_a_bad_response(encoding: str, body: bytes) -> None:
    with serving(Answer(body, headers={"content_encoding": encoding})) as (_, transport):
        _, error = until_error(transport)
    assert type(error) is BadResponse


def test_a_gzip_bomb_is_given_up() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(b'data: {"t": "')
    block = b"x" * 2**20
    for _ in range(300):  # 300 MB in 300 kB
        bomb += packer.compress(block)
    bomb += packer.flush()
    assert len(bomb) < 1_000_000
    headers = {"content_encoding": "gzip"}
    with serving(Answer(bomb, headers=headers)) as (_, transport):
        for stream in (True, False):
            _, error = until_error(transport, stream=stream)
            assert type(error) is BadResponse
            assert "larger than 32 MB" in error.what


def test_what_is_not_http_is_a_bad_response() -> None:
    def ssh(asked: Asked) -> None:
        asked.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

    with serving(ssh) as (_, transport):
        _, error = until_error(transport)
    assert type(error) is BadResponse
    assert "HTTP" in error.what


def test_what_the_sdk_would_choke_on_or_lose_arrives() -> None:
    parts = [
        {"somethingNew": {"deep": [1]}, "thoughtSignature": "AA=="},
        {"inlineData": {"mimeType": "image/png", "data": "not base64!"}},
        {"inlineData": {"mimeType": "image/png", "data": "-_8"}},
        {"text": "ok", "newField": 1},
    ]
    body = {
        "candidates": [
            {"content": {"parts": parts}, "finishReason": "BRAND_NEW", "finishMessage": "because"}
        ],
        "serviceTier": "x",
    }
    framed = b": c\nevent: message\ndata:" + json.dumps(body).encode() + b"\n\ndata: [DONE]\n\n"
    with serving(Answer(framed)) as (_, transport):
        (chunk,) = chunks(transport)
    assert isinstance(chunk.parts[0], Opaque)
    assert isinstance(chunk.parts[1], Opaque), "kept whole, not shown"
    assert chunk.parts[2] == Image("image/png", b"\xfb\xff")
    assert chunk.parts[3] == Text("ok", extra={"newField": 1})
    assert (chunk.finish_reason, chunk.finish_message) == ("BRAND_NEW", "because")


WIRE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["candidates", "content", "parts", "text", "thought", "thoughtSignature", "index",
             "executableCode", "code", "language", "id", "codeExecutionResult", "outcome",
             "output", "inlineData", "mimeType", "mime_type", "data", "fileData", "functionCall",
             "name", "args", "functionResponse", "response", "usageMetadata", "promptTokenCount",
             "finishReason", "promptFeedback", "blockReason", "groundingMetadata", "error"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


def test_any_json_is_an_answer_or_an_error_of_ours() -> None:
    body = [b""]
    with serving(lambda asked: Answer(body[0])(asked)) as (_, transport):

        @settings(
            max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(WIRE)
        def check(value: object) -> None:
            body[0] = b"data: " + json.dumps(value).encode() + b"\r\n\r\n"
            _, error = until_error(transport)
            assert error is None or isinstance(error, GeminiError)

        check()
