"""Defines the request that a turn records: prompt, model, options, names of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemini_magic.turn.fields import optional, required

if TYPE_CHECKING:
    from gemini_magic.turn.types import AttachmentJson, RequestJson


@dataclass(frozen=True)
class Attachment:
    """A file sent beside the prompt, without its content; ``sha256`` in hex."""

    name: str
    mime_type: str
    bytes: int
    sha256: str

    def to_dict(self) -> AttachmentJson:
        return {
            "name": self.name,
            "mime_type": self.mime_type,
            "bytes": self.bytes,
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class Request:
    """A request as made: the prompt as sent, the model and backend, the options that were set.

    ``issuer``: who signed the answer where that is not the backend's usual service (another
    address, one emulator): its word and a short hash; empty where it is.
    """

    prompt: str
    model: str
    backend: str
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    attachments: tuple[Attachment, ...] = ()
    issuer: str = ""

    def to_dict(self) -> RequestJson:
        data: RequestJson = {
            "prompt": self.prompt,
            "model": self.model,
            "backend": self.backend,
            "config": dict(self.config),
            "attachments": [attachment.to_dict() for attachment in self.attachments],
        }
        if self.issuer:
            data["issuer"] = self.issuer
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Request:
        """The request of its JSON; raises ValueError with the field's name on a damaged one."""
        return cls(
            prompt=required(data, "prompt", str),
            model=required(data, "model", str),
            backend=required(data, "backend", str),
            config=required(data, "config", dict),
            attachments=tuple(
                Attachment(
                    name=required(item, "name", str),
                    mime_type=required(item, "mime_type", str),
                    bytes=required(item, "bytes", int),
                    sha256=required(item, "sha256", str),
                )
                for item in required(data, "attachments", list)
            ),
            issuer=optional(data, "issuer", str) or "",
        )
