"""Sends large attachments: inline while they are small, else once through the Files API.

A conversation holds the bytes of its attachments (``inlineData``), always; how they travel is
decided here, for each request anew. Every request repeats its whole history, so only the first
`INLINE_BYTES` of a conversation's attachments go inline (the service takes up to 100 MB in one
request); what is beyond is uploaded once and named by its address (``fileData``). Uploaded files
live 48 hours at Google. One that has expired, or that the service says it does not have, is
uploaded again, also when it stands deep in the history. Where an upload is refused (a gateway
without a Files API), everything goes inline, as far as it fits into one request.

The Files API belongs to the Developer API. Vertex takes up to 7 MB inline and ``gs://`` addresses.
Nothing here starts a request by itself; the SDK's client is handed in.
"""

from __future__ import annotations

import contextvars
import hashlib
import io
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    GeminiError,
    OptionError,
    ServiceError,
)
from gemini_magic.hints import Advice, Hint
from gemini_magic.text import b64decode, size_text
from gemini_magic.transport.protocol import Config, Outgoing, Stop
from gemini_magic.turn.assembly import Progress
from gemini_magic.turn.parts import Json
from gemini_magic.turn.request_json import Content, carriers

if TYPE_CHECKING:
    from google import genai

INLINE_BYTES = 4_000_000  # of attachments, in one request of the Developer API
REQUEST_BYTES = 100_000_000  # of one request, attachments as Base64 (documented)
SMALL = 100_000  # bytes below which an upload is not worth its two requests
VERTEX_INLINE_BYTES = 7_000_000  # of one attachment (documented)
_LIFETIME = timedelta(hours=48)  # when the service names no time
_MARGIN = timedelta(minutes=10)  # an answer may take that long
_REFUSALS = (400, 403, 404)

Contents = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Large:
    """A file that does not go inline. ``name`` is for people; ``key``: same bytes, same kind.

    ``content`` and ``at``: where it stands, as Base64. Each request repeats it: its hash is kept,
    and its bytes are decoded only to be uploaded.
    """

    name: str
    mime_type: str
    content: Content
    at: int

    @property
    def data(self) -> bytes:
        return b64decode(self.content["parts"][self.at]["inlineData"]["data"])

    @property
    def size(self) -> int:
        """Its bytes."""
        encoded: str = self.content["parts"][self.at]["inlineData"]["data"]
        return len(encoded) * 3 // 4 - encoded[-2:].count("=")

    @property
    def key(self) -> tuple[str, str]:
        known = self.content.digests
        if self.at not in known:
            known[self.at] = hashlib.sha256(self.data).hexdigest()
        return known[self.at], self.mime_type


@dataclass(frozen=True)
class Uploaded:
    """A file at Google: its resource name (``files/abc``), its address, and its end.

    ``title`` and ``size`` (bytes): as the user knows it.
    """

    name: str
    uri: str
    expires: datetime
    title: str = ""
    size: int = 0


Upload = Callable[[Outgoing, Large], Generator[Progress, None, Uploaded]]


class Uploads:
    """Remembers the uploads of one transport.

    Thread-safe; two requests may upload the same file twice.
    """

    def __init__(self, kind: str, upload: Upload) -> None:
        self._vertex = kind == "vertex"
        self._upload = upload
        self._known: dict[tuple[str, str], Uploaded] = {}
        self._refused: set[tuple[str, str]] = set()  # go inline
        self._lock = threading.Lock()

    def fitted(self, outgoing: Outgoing) -> Generator[Progress, None, Outgoing]:
        """The request with its large attachments uploaded, where they are not already.

        Raises OptionError on Vertex for one that is over its inline limit; nothing was sent.
        """
        return (yield from self._fitted(outgoing, self._kept))

    def previewed(self, outgoing: Outgoing) -> Outgoing:
        """The request as `fitted` would make it, with nothing uploaded."""

        def address(outgoing: Outgoing, large: Large) -> Generator[Progress, None, str | None]:
            if large.key in self._refused:
                return None
            known = self._alive(large)
            if known is not None:
                return known.uri
            yield Progress("uploading")
            return f"(uploaded when sent: {large.name}, {large.size:,} bytes)"

        placing = self._fitted(outgoing, address)
        try:
            while True:
                next(placing)
        except StopIteration as done:
            fitted: Outgoing = done.value
            return fitted

    def forget(self, error: GeminiError) -> list[tuple[str, str]]:
        """Forget the files whose names stand in a refusal; which ones, [] when there is none.

        What the service says of an expired file is known from public reports, not recorded: "You
        do not have permission to access the File abc or it may not exist", 403.
        """
        if not isinstance(error, ServiceError) or error.code not in _REFUSALS:
            return []
        with self._lock:
            named = [
                key
                for key, uploaded in self._known.items()
                if uploaded.name.rpartition("/")[2] in error.what
            ]
            for key in named:
                del self._known[key]
        return named

    @property
    def there(self) -> list[Uploaded]:
        """The files that were uploaded and are not known to be gone, oldest first."""
        with self._lock:
            return [known for known in self._known.values() if known.expires > _now()]

    def deleted(self, name: str) -> None:
        """The file of this resource name is gone: it is uploaded again when it is needed."""
        with self._lock:
            self._known = {key: one for key, one in self._known.items() if one.name != name}

    def _fitted(
        self,
        outgoing: Outgoing,
        address: Callable[[Outgoing, Large], Generator[Progress, None, str | None]],
    ) -> Generator[Progress, None, Outgoing]:
        contents = list(outgoing.contents)
        room = INLINE_BYTES
        for index, content in _with_files(contents):
            parts: list[Json] = []
            for at, part in enumerate(content["parts"]):
                blob = part.get("inlineData")
                if blob is None:
                    parts.append(part)
                    continue
                size = len(blob["data"]) * 3 // 4
                if self._vertex or size < SMALL or size <= room:
                    room -= size
                    parts.append({**part, "inlineData": self._inline(blob, size, outgoing.config)})
                    continue
                name = blob.get("displayName") or "attachment"
                large = Large(name, blob["mimeType"], content, at)
                uri = yield from address(outgoing, large)
                if uri is None:
                    parts.append({**part, "inlineData": self._inline(blob, size, outgoing.config)})
                    continue
                parts.append({"fileData": {"mimeType": large.mime_type, "fileUri": uri}})
            contents[index] = {**content, "parts": parts}
        return replace(outgoing, contents=contents)

    def _inline(self, blob: Json, size: int, config: Config) -> Json:
        if not self._vertex:
            # The published Blob of the Developer API has no displayName.
            return {name: value for name, value in blob.items() if name != "displayName"}
        if size > VERTEX_INLINE_BYTES:
            raise OptionError(
                f"{blob.get('displayName', 'An attachment')} is {size_text(size)}; Vertex takes "
                f"{VERTEX_INLINE_BYTES / 1e6:.0f} MB inline and has no Files API. Nothing was "
                "sent.",
                Hint.ATTACH_ADDRESS,
            )
        if config.code or config.search or config.urls:
            return blob  # documented: the name is used when server-side tools are on
        return {name: value for name, value in blob.items() if name != "displayName"}

    def _alive(self, large: Large) -> Uploaded | None:
        with self._lock:
            known = self._known.get(large.key)
        return known if known is not None and known.expires - _MARGIN > _now() else None

    def _kept(self, outgoing: Outgoing, large: Large) -> Generator[Progress, None, str | None]:
        """Its address; None when it has to go inline, since the service takes no upload of it."""
        if large.key in self._refused:
            return None
        known = self._alive(large)
        if known is None:
            try:
                known = yield from self._upload(outgoing, large)
            except (AccessDenied, BadRequest) as error:
                if not _takes_none(error):
                    raise
                size = _size(outgoing.contents)
                if size > REQUEST_BYTES:
                    error.hint = Hint.UPLOAD_REFUSED(size=size_text(size))
                    raise
                with self._lock:
                    self._refused.add(large.key)
                yield Progress("uploading", f"{large.name} goes inline: no upload is taken here")
                return None
            with self._lock:
                self._known[large.key] = known
        return known.uri


def _with_files(contents: Contents) -> Iterator[tuple[int, Content]]:
    for index, content in carriers(contents):
        if any("inlineData" in part for part in content["parts"]):
            yield index, content


def _takes_none(error: GeminiError) -> bool:
    """Whether an upload was refused for what it is, and not for the key or the quota."""
    advice = error.advice
    return (advice.fact if isinstance(advice, Advice) else advice) is Hint.UPLOAD_REFUSED


def _size(contents: Contents) -> int:
    """Bytes of a request when all its attachments go inline."""
    return sum(
        len(part["inlineData"]["data"])
        for _, content in _with_files(contents)
        for part in content["parts"]
        if "inlineData" in part
    )


def _now() -> datetime:
    return datetime.now(UTC)


class Sending:
    """Uploads on a thread of its own, so that its progress is seen and a wait can be ended.

    The thread runs in the caller's context: requests belong to the call bound there.
    """

    def __init__(self, client: genai.Client, large: Large, stop: Stop) -> None:
        self._client = client
        self._large = large
        self._stop = stop
        self._sent: queue.SimpleQueue[int | Uploaded | Exception] = queue.SimpleQueue()
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._run,), name="gemini-magic-upload", daemon=True
        ).start()

    def progress(self) -> Generator[Progress, None, Uploaded]:
        """Yields what has been sent so far, returns the file; raises what the SDK raised."""
        total = self._large.size
        yield Progress("uploading", f"uploading {self._large.name}, {total / 1e6:.1f} MB")
        while True:
            item = self._sent.get()
            if isinstance(item, Uploaded):
                return item
            if isinstance(item, Exception):
                raise item
            yield Progress(
                "uploading",
                f"uploading {self._large.name}, {item / 1e6:.1f} of {total / 1e6:.1f} MB",
            )

    def _run(self) -> None:
        try:
            self._sent.put(self._upload())
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            self._sent.put(error)

    def _upload(self) -> Uploaded:
        from google.genai import types

        large, files = self._large, self._client.files
        file = files.upload(
            file=_Counted(large.data, self._sent.put),
            config=types.UploadFileConfig(mime_type=large.mime_type, display_name=large.name),
        )
        # Video is prepared before it can be used; everything else is active at once.
        while file.state == types.FileState.PROCESSING and file.name and not self._stop.wait(1):
            file = files.get(name=file.name)
        if file.state == types.FileState.FAILED or not file.uri or not file.name:
            raise BadRequest(
                f"The service could not take {large.name} ({large.mime_type}).",
                "Attach it in another format.",
            )
        expires = file.expiration_time or _now() + _LIFETIME
        return Uploaded(file.name, file.uri, expires, large.name, large.size)


class _Counted(io.BytesIO):
    """Counts the bytes read of an upload; the SDK reads 8 MB at a time."""

    def __init__(self, data: bytes, tell: Callable[[int], None]) -> None:
        super().__init__(data)
        self._tell = tell

    def read(self, size: int | None = -1, /) -> bytes:
        # What was read before has been sent when more is asked for.
        if self.tell():
            self._tell(self.tell())
        return super().read(size)
