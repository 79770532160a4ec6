"""The Files API: uploads are usable as sandbox files, and expire."""

from __future__ import annotations

import pytest

from gemini_magic.emulator import Emulator

from .asking import Answer, ask, request, user


def upload(emulator: Emulator, data: bytes, version: str = "v1beta") -> Answer:
    start = request(
        emulator,
        "POST",
        f"/upload/{version}/files",
        {"file": {"displayName": "table.csv"}},
        headers={
            "x-goog-api-key": emulator.key,
            "Content-Type": "application/json",
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(len(data)),
            "X-Goog-Upload-Header-Content-Type": "text/csv",
        },
    )
    assert start.status == 200
    location = start.headers["X-Goog-Upload-URL"].removeprefix(emulator.url)
    headers = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    return request(emulator, "POST", location, raw=data, headers=headers)


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_an_upload_is_a_file_of_the_sandbox(emulator: Emulator, version: str) -> None:
    file = upload(emulator, b"a,b\n1,2\n", version).json["file"]
    assert (file["state"], file["sizeBytes"], file["mimeType"]) == ("ACTIVE", "8", "text/csv")
    code = "print(open('input_file_0.csv').read() == open('table.csv').read())"
    question = user({"fileData": {"fileUri": file["uri"]}}, f"```python\n{code}\n```")
    assert ask(emulator, question).outputs == ["True\n"]


def test_files_are_got_listed_and_deleted(emulator: Emulator) -> None:
    name = upload(emulator, b"x").json["file"]["name"]
    assert request(emulator, "GET", f"/v1beta/{name}").json["name"] == name
    assert [f["name"] for f in request(emulator, "GET", "/v1beta/files").json["files"]] == [name]
    assert request(emulator, "DELETE", f"/v1beta/{name}").status == 200
    assert request(emulator, "GET", f"/v1beta/{name}").status == 403
    assert request(emulator, "GET", "/v1beta/files").json == {}


def test_an_expired_or_unknown_file_is_403(emulator: Emulator) -> None:
    file = upload(emulator, b"x").json["file"]
    emulator.files.expire(file["name"])
    for uri in (file["uri"], f"{emulator.url}/v1beta/files/nothing"):
        answer = ask(emulator, user({"fileData": {"fileUri": uri}}, "Describe the data"))
        assert (answer.status, answer.error["status"]) == (403, "PERMISSION_DENIED")
        assert "or it may not exist" in answer.error["message"]


def test_an_upload_can_be_finished_once(emulator: Emulator) -> None:
    path = "/upload/v1beta/files?upload_id=unknown"
    headers = {"X-Goog-Upload-Command": "upload, finalize"}
    assert request(emulator, "POST", path, raw=b"x", headers=headers).status == 403
    headers["x-goog-api-key"] = emulator.key
    assert request(emulator, "POST", path, raw=b"x", headers=headers).status == 400
