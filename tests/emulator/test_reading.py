"""Whatever the holder of the key sends is answered: what cannot be read is a 400 in JSON."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from gemini_magic.emulator import Emulator

GENERATE = "/v1beta/models/gemini-3.8-flash:generateContent"
COUNT = "/v1beta/models/gemini-3.8-flash:countTokens"
UPLOAD = "/upload/v1beta/files"
DEEP = b'{"contents": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
ASKED = b'{"contents": [{"parts": [{"text": "x"}]}]%s}'


def ask(
    emulator: Emulator, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"x-goog-api-key": emulator.key, "Content-Type": "application/json", **sent}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, json.loads(raw) if raw else None, dict(answer.headers)


OBJECTS = b'{"a": ' * 100_000 + b"1" + b"}" * 100_000
BROKEN = {"lists": DEEP, "objects": OBJECTS, "no end": b"{", "a list": b"[]", "no UTF-8": b"\xff"}
NO_REQUEST = {
    "a large number": ASKED % b', "generationConfig": {"seed": 1e400}',
    "infinity": ASKED % b', "generationConfig": {"seed": Infinity}',
    "too many digits": ASKED % (b', "generationConfig": {"seed": ' + b"9" * 5000 + b"}"),
    "half a character": b'{"\\ud800": 1}',
}


@pytest.mark.parametrize("path", [GENERATE, COUNT, f"{GENERATE}?alt=sse"])
@pytest.mark.parametrize("what", [*BROKEN, *NO_REQUEST])
def test_a_body_that_cannot_be_read_is_refused_in_googles_form(
    emulator: Emulator, path: str, what: str
) -> None:
    refused(ask(emulator, "POST", path, {**BROKEN, **NO_REQUEST}[what]))


@pytest.mark.parametrize("body", [*BROKEN.values(), b'{"file": 5}'], ids=[*BROKEN, "no object"])
def test_so_is_one_that_begins_an_upload(emulator: Emulator, body: bytes) -> None:
    refused(ask(emulator, "POST", UPLOAD, body, **{"X-Goog-Upload-Command": "start"}))


def refused(answer: tuple[int, Any, dict[str, str]]) -> None:
    status, said, _ = answer
    assert (status, said["error"]["code"]) == (400, 400), said
    assert said["error"]["message"]
    assert said["error"]["status"] == "INVALID_ARGUMENT"


def test_a_nesting_that_the_service_takes_is_taken(emulator: Emulator) -> None:
    inner = b"[" * 80 + b"1" + b"]" * 80
    body = (
        b'{"contents": [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": '
        b'[{"functionCall": {"name": "f", "args": {"a": %s}}}]}]}' % inner
    )
    assert ask(emulator, "POST", COUNT, body)[0] == 200


@pytest.mark.parametrize(
    "offset", ["x", "-1", "1e3", "9" * 5000, "0x1", "1_0", "1.0", "\u0663", "3"]
)
def test_an_upload_at_an_offset_that_is_none_is_refused_and_can_go_on(
    emulator: Emulator, offset: str
) -> None:
    begun = {"X-Goog-Upload-Command": "start", "X-Goog-Upload-Header-Content-Type": "text/csv"}
    _, _, headers = ask(emulator, "POST", UPLOAD, b"{}", **begun)
    target = headers["X-Goog-Upload-URL"].removeprefix(emulator.url)
    sent = {
        "X-Goog-Upload-Command": "upload, finalize",
        "Content-Type": "application/octet-stream",
    }
    wrong = offset.encode("utf-8").decode("latin-1")
    status, said, _ = ask(
        emulator, "POST", target, b"abc", **sent, **{"X-Goog-Upload-Offset": wrong}
    )
    assert (status, said["error"]["status"]) == (400, "INVALID_ARGUMENT")
    status, said, _ = ask(emulator, "POST", target, b"abc", **sent, **{"X-Goog-Upload-Offset": "0"})
    assert (status, said["file"]["sizeBytes"]) == (200, "3")


@pytest.mark.parametrize(
    "query", ["pageSize=x", "pageSize=-1", "pageToken=x", "pageToken=-5", "pageToken=%FF"]
)
def test_a_page_that_is_no_number_is_refused(emulator: Emulator, query: str) -> None:
    status, said, _ = ask(emulator, "GET", f"/v1beta/models?{query}")
    assert (status, said["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_file_at_an_address_that_is_none_is_refused(emulator: Emulator) -> None:
    part = b'{"fileData": {"fileUri": "http://[x/files/y", "mimeType": "text/csv"}}'
    body = b'{"contents": [{"parts": [%s, {"text": "x"}]}]}' % part
    status, said, _ = ask(emulator, "POST", GENERATE, body)
    assert (status, said["error"]["message"]) == (400, "Unsupported file uri: http://[x/files/y")


def test_a_name_with_half_a_character_is_told_with_a_question_mark(emulator: Emulator) -> None:
    _, _, headers = ask(
        emulator,
        "POST",
        UPLOAD,
        b'{"file": {"displayName": "a\\ud800b"}}',
        **{"X-Goog-Upload-Command": "start", "X-Goog-Upload-Header-Content-Type": "text/csv"},
    )
    target = headers["X-Goog-Upload-URL"].removeprefix(emulator.url)
    sent = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    kind = {"Content-Type": "application/octet-stream"}
    status, said, _ = ask(emulator, "POST", target, b"abc", **sent, **kind)
    assert (status, said["file"]["displayName"]) == (200, "a?b")
