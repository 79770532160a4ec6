"""How attachments travel: inline, by the Files API, by address; over real sockets."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gemini_magic.attach import content
from gemini_magic.attach.item import Item
from gemini_magic.emulator import Emulator
from gemini_magic.errors import (
    AccessDenied,
    AnswerInterrupted,
    BadRequest,
    GeminiError,
    OptionError,
)
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Config, Outgoing
from gemini_magic.transport.uploads import (
    INLINE_BYTES,
    VERTEX_INLINE_BYTES,
    Large,
    Uploaded,
    Uploads,
)
from gemini_magic.turn.assembly import Chunk, Progress
from gemini_magic.turn.request_json import Content

from ..published import problems
from ..replay import Answer, Asked, Replay
from ..sse import ANSWER

pytestmark = pytest.mark.usefixtures("in_a_cell")

LARGE = b"n\n" + b"1\n" * (INLINE_BYTES // 2)


def asking(*items: Item, history: tuple[Any, ...] = (), **config: Any) -> Outgoing:
    parts = [*content.parts(items, content.count(history)), {"text": "How many?"}]
    user = {"role": "user", "parts": parts}
    return Outgoing("gemini-3.8-flash", [*history, user], Config(**config), retries=0, timeout=60)


def csv(data: bytes, name: str = "n.csv") -> Item:
    return Item(name, "text/csv", data)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def transport(emulator: Emulator) -> Iterator[GoogleTransport]:
    made = GoogleTransport(Backend("emulator", emulator.key, base_url=emulator.url))
    yield made
    made.close()


def events(transport: GoogleTransport, outgoing: Outgoing) -> list[Any]:
    return list(transport.send(outgoing))


def begun(emulator: Emulator) -> int:
    return sum("/upload/" in r.path and "upload_id" not in r.path for r in emulator.requests)


def files_of(body: Any) -> list[dict[str, Any]]:
    return [part for one in body["contents"] for part in one["parts"] if part.keys() - {"text"}]


def test_small_attachments_go_inline_as_the_published_schema_has_them(
    transport: GoogleTransport, emulator: Emulator
):
    events(transport, asking(csv(b"n\n1\n"), Item("p.png", "image/png", b"\x89PNG")))
    body = emulator.generate_requests[0].body
    assert not problems(body, api="developer", message="request")
    assert files_of(body) == [
        {"inlineData": {"mimeType": "text/csv", "data": base64.b64encode(b"n\n1\n").decode()}},
        {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"\x89PNG").decode()}},
    ]
    assert begun(emulator) == 0


def test_a_large_one_is_uploaded_with_progress_and_its_bytes_arrive(
    transport: GoogleTransport, emulator: Emulator
):
    data = os.urandom(6_500_000).hex().encode()  # two pieces of the SDK's 8 MB
    arrived = events(transport, asking(Item("big.txt", "text/plain", data)))
    told = [event.text for event in arrived if isinstance(event, Progress) and event.text]
    assert told == ["uploading big.txt, 13.0 MB", "uploading big.txt, 8.4 of 13.0 MB"]
    assert isinstance(arrived[-1], Chunk)
    (stored,) = emulator.files.all()
    assert (stored.data, stored.display_name, stored.mime_type) == (data, "big.txt", "text/plain")
    body = emulator.generate_requests[0].body
    assert not problems(body, api="developer", message="request")
    assert files_of(body)[0]["fileData"]["fileUri"].endswith(stored.name)


def test_the_same_content_is_uploaded_once_under_any_name_and_in_any_place(
    transport: GoogleTransport, emulator: Emulator
):
    first = asking(csv(LARGE))
    events(transport, first)
    again = asking(csv(LARGE, "other.csv"), history=(first.contents[0], MODEL))
    events(transport, again)
    assert begun(emulator) == 1
    assert len({one["fileData"]["fileUri"] for one in files_of(LAST(emulator))}) == 1


def test_a_later_request_neither_decodes_nor_hashes_it_again(
    transport: GoogleTransport, monkeypatch: pytest.MonkeyPatch
):
    first = asking(csv(LARGE))
    user = Content.of(first.contents[0])
    events(transport, asking(history=(user, MODEL)))
    monkeypatch.setattr("gemini_magic.transport.uploads.b64decode", None)
    monkeypatch.setattr("gemini_magic.transport.uploads.hashlib", None)
    assert isinstance(events(transport, asking(history=(user, MODEL)))[-1], Chunk)


def test_what_was_uploaded_can_be_deleted_and_is_uploaded_again_when_it_is_needed(
    transport: GoogleTransport, emulator: Emulator
):
    events(transport, asking(csv(LARGE), csv(LARGE + b"2\n", "m.csv")))
    assert [(one.title, one.size) for one in transport.uploaded] == [
        ("n.csv", len(LARGE)),
        ("m.csv", len(LARGE) + 2),
    ]
    gone, other = transport.uploaded
    emulator.files.delete(gone.name.removeprefix("files/"))
    transport.delete(gone)  # it is deleted already
    assert transport.uploaded == [other]
    transport.delete(other)
    assert transport.uploaded == []
    assert not emulator.files.all()
    events(transport, asking(csv(LARGE)))
    assert (begun(emulator), len(emulator.files.all())) == (3, 1)


def test_a_file_that_cannot_be_deleted_is_not_forgotten():
    with Replay(Answer(b'{"error": {"code": 500, "message": "later"}}', 500)) as server:
        transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
        large = Large("n.csv", "text/csv", Content.of(asking(csv(LARGE)).contents[0]), 1)
        there = Uploaded("files/abc", "x", datetime(2100, 1, 1, tzinfo=UTC), "n.csv", large.size)
        transport._uploads._known[large.key] = there
        with pytest.raises(GeminiError, match="later"):
            transport.delete(there)
        assert transport.uploaded == [there]
        transport.close()


def LAST(emulator: Emulator) -> Any:  # noqa: N802 - reads as a name in the tests
    return emulator.generate_requests[-1].body


MODEL = {"role": "model", "parts": [{"text": "I see."}]}


def test_only_the_first_bytes_of_a_conversation_go_inline(
    transport: GoogleTransport, emulator: Emulator
):
    size = INLINE_BYTES * 2 // 5
    sizes = [csv(bytes([65 + number]) * size) for number in range(4)]
    events(transport, asking(*sizes, csv(b"tiny")))
    kinds = [next(iter(part)) for part in files_of(LAST(emulator))]
    assert kinds == ["inlineData", "inlineData", "fileData", "fileData", "inlineData"]


def test_an_expired_file_is_uploaded_again_also_deep_in_the_history(
    transport: GoogleTransport, emulator: Emulator
):
    first = asking(csv(LARGE))
    events(transport, first)
    emulator.files.expire(emulator.files.all()[0].name)
    later = asking(history=(first.contents[0], MODEL))
    assert isinstance(events(transport, later)[-1], Chunk)
    assert begun(emulator) == 2
    # Its own 48 hours are not waited for: what ends soon is uploaded before the request.
    for uploaded in list(transport._uploads._known.values()):
        object.__setattr__(uploaded, "expires", uploaded.expires.replace(year=2020))
    events(transport, later)
    assert begun(emulator) == 3


def test_a_service_that_never_has_the_file_is_asked_twice_and_no_more():
    uploads = []

    def serve(asked: Asked) -> None:
        name = f"files/f{len(uploads)}"
        if asked.path.startswith("/upload/") and "put" not in asked.path:
            uploads.append(asked)
            asked.head(
                **{
                    "X-Goog-Upload-URL": f"http://{asked.headers['host']}/upload/put",
                    "X-Goog-Upload-Status": "active",
                    "content-length": "0",
                }
            )
        elif "put" in asked.path:
            body = b'{"file": {"name": "%s", "uri": "http://x/%s"}}' % ((name.encode(),) * 2)
            asked.head(**{"X-Goog-Upload-Status": "final", "content-type": "application/json"})
            asked.send(body)
        else:
            refused = b'{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "You do '
            refused += b'not have permission to access the File f%d or it may not exist."}}'
            asked.head(403, **{"content-type": "application/json"})
            asked.send(refused % len(uploads))

    with Replay(serve) as server:
        transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
        with pytest.raises(AccessDenied, match="may not exist"):
            events(transport, asking(csv(LARGE)))
        transport.close()
    assert len(uploads) == 2


@pytest.mark.parametrize("status", [400, 500])
def test_an_upload_that_fails_is_an_error_of_ours(status: int):
    answer = Answer(
        b'{"error": {"code": %d, "message": "no room"}}' % status, status, "application/json"
    )
    with Replay(answer) as server:
        transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
        with pytest.raises(GeminiError, match="no room"):
            events(transport, asking(csv(LARGE)))
        transport.close()


class Gateway:
    """A service without a Files API: it refuses uploads with ``status``, and answers."""

    def __init__(self, status: int, page: bytes = b"<html><title>404 Not Found</title>") -> None:
        self.status, self.page = status, page
        self.refused = 0
        self.bodies: list[Any] = []

    def __call__(self, asked: Asked) -> None:
        if "generateContent" in asked.path or "GenerateContent" in asked.path:
            self.bodies.append(json.loads(asked.body))
            asked.head()
            asked.send(ANSWER)
            return
        self.refused += 1
        asked.head(self.status, content_type="text/html", **{"content-length": str(len(self.page))})
        asked.send(self.page)


@pytest.mark.parametrize("status", [200, 403, 404, 405, 413, 501])
def test_where_no_upload_is_taken_the_attachment_goes_inline(status: int):
    gateway = Gateway(status)
    with Replay(gateway) as server:
        transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
        arrived = events(transport, asking(csv(LARGE)))
        again = events(transport, asking(csv(LARGE)))
        transport.close()
    for body in gateway.bodies:
        (blob,) = [p["inlineData"] for p in body["contents"][0]["parts"] if "inlineData" in p]
        assert base64.b64decode(blob["data"]) == LARGE
        assert problems(body, api="developer", message="request") == []
    assert len(gateway.bodies) == 2
    assert gateway.refused == 1, "it is not tried again with the next request"
    assert any(isinstance(event, Chunk) for event in again)
    told = [event.text for event in arrived if isinstance(event, Progress)]
    assert "n.csv goes inline: no upload is taken here" in told


def test_what_does_not_fit_into_a_request_either_is_told_with_its_size(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("gemini_magic.transport.uploads.REQUEST_BYTES", 1_000_000)
    gateway = Gateway(404)
    with Replay(gateway) as server:
        transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
        with pytest.raises(BadRequest, match="takes no upload") as refused:
            events(transport, asking(csv(LARGE)))
        transport.close()
    assert "MB here" in refused.value.hint
    assert not refused.value.sent
    assert gateway.bodies == []


def test_an_upload_refused_for_its_key_sends_nothing_inline():
    answer = Answer(
        b'{"error": {"code": 403, "message": "Your API key was reported as leaked."}}',
        403,
        "application/json",
    )
    with Replay(answer) as server:
        transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
        with pytest.raises(AccessDenied, match="leaked"):
            events(transport, asking(csv(LARGE)))
        transport.close()
        assert len(server.asked) == 1


def test_the_preview_uploads_nothing(transport: GoogleTransport, emulator: Emulator):
    body = transport.preview(asking(csv(LARGE))).body
    assert files_of(body)[0]["fileData"]["fileUri"] == (
        f"(uploaded when sent: n.csv, {len(LARGE):,} bytes)"
    )
    assert not emulator.requests


def vertex(server: Replay) -> GoogleTransport:
    backend = Backend(
        "vertex",
        project="p",
        location="global",
        base_url=server.url,
        api_version="v1beta1",
        api_key="no-key-at-all",
    )
    return GoogleTransport(backend)


@pytest.mark.parametrize("code", [True, False])
def test_vertex_takes_them_inline_with_their_names(code: bool):
    with Replay(Answer(ANSWER)) as server:
        transport = vertex(server)
        events(transport, asking(csv(LARGE), code=code))
        transport.close()
        body = server.asked[0].json
    assert not problems(body, api="vertex", message="request")
    assert files_of(body)[0]["inlineData"].get("displayName") == ("n.csv" if code else None)


def test_vertex_refuses_a_large_one_and_names_buckets():
    with Replay(Answer(ANSWER)) as server:
        transport = vertex(server)
        with pytest.raises(OptionError, match="no Files API") as refused:
            events(transport, asking(csv(b"x" * (VERTEX_INLINE_BYTES + 9))))
        transport.close()
        assert not server.asked
    assert "gs://" in refused.value.hint


def test_addresses_are_handed_on():
    items = [
        Item("t.csv", "text/csv", uri="gs://bucket/t.csv"),
        Item("p.pdf", "application/pdf", uri="https://host/p.pdf"),
    ]
    with Replay(Answer(ANSWER)) as server:
        transport = vertex(server)
        events(transport, asking(*items))
        transport.close()
        body = server.asked[0].json
    assert not problems(body, api="vertex", message="request")
    assert files_of(body) == [
        {"fileData": {"mimeType": "text/csv", "fileUri": "gs://bucket/t.csv"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://host/p.pdf"}},
    ]


def test_files_are_numbered_through_the_conversation():
    first = asking(csv(b"a"), csv(b"b"))
    told = content.parts([csv(b"c")], content.count([*first.contents, MODEL]))[0]["text"]
    assert "n.csv (text/csv; 1 bytes) -> input_file_2.csv" in told


def test_a_history_without_files_is_handed_on_as_it_is():
    def never(outgoing: Outgoing, large: Large) -> Any:
        raise AssertionError

    contents = [{"role": "user", "parts": [{"text": "hi"}]}, MODEL] * 3
    uploads = Uploads("developer", never)
    with pytest.raises(StopIteration) as done:
        next(uploads.fitted(Outgoing("m", contents)))
    fitted = done.value.value.contents
    assert all(one is other for one, other in zip(fitted, contents, strict=True))


def test_stop_ends_an_upload_at_once():
    hanging = threading.Event()

    def silent(asked: Asked) -> None:
        hanging.set()
        asked.wait_until_gone()

    with Replay(silent) as server:
        transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
        outgoing = asking(csv(LARGE))
        stopper = threading.Thread(target=lambda: (hanging.wait(30), outgoing.stop.stop()))
        stopper.start()
        with pytest.raises(AnswerInterrupted):
            events(transport, outgoing)
        stopper.join()
        transport.close()
        assert server.asked[0].gone.wait(30)
