"""The Files API: resumable upload in two requests, get, list, delete, and files that expire."""

from __future__ import annotations

import base64
import datetime
import hashlib
import secrets
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemini_magic.emulator.api_errors import file_not_accessible, invalid

LIFETIME = datetime.timedelta(hours=48)
_LETTERS = string.ascii_lowercase + string.digits


@dataclass
class StoredFile:
    """An uploaded file."""

    name: str
    display_name: str
    mime_type: str
    data: bytes
    created: datetime.datetime
    expires: datetime.datetime

    def described(self, base_url: str) -> dict[str, Any]:
        """Its resource, with the URI that ``fileData`` uses."""
        created = _stamp(self.created)
        described = {
            "name": f"files/{self.name}",
            "mimeType": self.mime_type,
            "sizeBytes": str(len(self.data)),
            "createTime": created,
            "updateTime": created,
            "expirationTime": _stamp(self.expires),
            "sha256Hash": base64.b64encode(hashlib.sha256(self.data).digest()).decode(),
            "uri": f"{base_url}/v1beta/files/{self.name}",
            "state": "ACTIVE",
            "source": "UPLOADED",
        }
        if self.display_name:
            described["displayName"] = self.display_name
        return described


class Files:
    """The files of one server. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, StoredFile] = {}
        self._uploads: dict[str, Mapping[str, Any]] = {}
        self._pieces: dict[str, bytes] = {}

    def start(self, described: Mapping[str, Any], mime_type: str) -> str:
        """Begin a resumable upload; the id goes into the upload URL."""
        upload = secrets.token_urlsafe(24)
        with self._lock:
            self._uploads[upload] = {"mimeType": mime_type, **described}
            self._pieces[upload] = b""
        return upload

    def is_begun(self, upload: str) -> bool:
        """Whether an upload of this id waits for its bytes."""
        with self._lock:
            return upload in self._uploads

    def append(self, upload: str, data: bytes, offset: int) -> None:
        """A piece of the bytes arrived; ApiError 400 unless it is the next one."""
        with self._lock:
            sent = self._pieces.get(upload)
            if sent is None:
                raise invalid("Upload has already been terminated.")
            if offset != len(sent):
                raise invalid(f"Upload offset {offset} does not match {len(sent)}.")  # assumed
            self._pieces[upload] = sent + data

    def finish(self, upload: str, data: bytes, offset: int = 0) -> StoredFile:
        """The last bytes arrived: keep the file."""
        self.append(upload, data, offset)
        with self._lock:
            described, whole = self._uploads.pop(upload), self._pieces.pop(upload)
        return self.add(
            whole,
            mime_type=str(described.get("mimeType") or "application/octet-stream"),
            display_name=str(described.get("displayName") or described.get("display_name") or ""),
            name=str(described.get("name") or "").removeprefix("files/"),
        )

    def add(
        self,
        data: bytes,
        *,
        mime_type: str,
        display_name: str = "",
        name: str = "",
    ) -> StoredFile:
        """Keep a file without an upload request."""
        now = datetime.datetime.now(datetime.UTC)
        name = name or "".join(secrets.choice(_LETTERS) for _ in range(12))
        file = StoredFile(name, display_name, mime_type, data, now, now + LIFETIME)
        with self._lock:
            self._files[name] = file
        return file

    def get(self, name: str) -> StoredFile:
        """The file; raises ApiError 403 when it is unknown or expired, like the service."""
        with self._lock:
            file = self._files.get(name.removeprefix("files/"))
        if file is None or file.expires <= datetime.datetime.now(datetime.UTC):
            raise file_not_accessible(name.removeprefix("files/"))
        return file

    def all(self) -> list[StoredFile]:
        """Files that have not expired, newest first."""
        now = datetime.datetime.now(datetime.UTC)
        with self._lock:
            return [file for file in reversed(self._files.values()) if file.expires > now]

    def delete(self, name: str) -> None:
        """Remove the file; raises ApiError 403 when there is none."""
        file = self.get(name)
        with self._lock:
            del self._files[file.name]

    def expire(self, name: str) -> None:
        """Let the file's 48 hours be over now."""
        self.get(name).expires = datetime.datetime.now(datetime.UTC)


def _stamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
