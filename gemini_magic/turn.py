"""A turn: one prompt, the parts of its answer, its usage and how it ended; an immutable value.

Its JSON (``version: 1``) is what a notebook stores under ``MIME`` and what conversation files and
the answer store hold; ``turn.schema.json`` beside this module is its JSON Schema.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, cast

from gemini_magic.parts import Call, Code, Image, Json, Part, Result, Text, Thought, from_dict

MIME = "application/vnd.gemini-magic.turn+json"
VERSION = 1

Status: TypeAlias = Literal[
    "streaming", "complete", "interrupted", "blocked", "truncated", "failed"
]
STATUSES: tuple[Status, ...] = (
    "streaming",
    "complete",
    "interrupted",
    "blocked",
    "truncated",
    "failed",
)
SENDABLE: frozenset[Status] = frozenset({"complete", "truncated"})


@dataclass(frozen=True)
class Attachment:
    """What was sent beside the prompt, without its content; ``sha256`` in hex."""

    name: str
    mime_type: str
    bytes: int
    sha256: str

    def to_dict(self) -> Json:
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True)
class Request:
    """What was asked: the prompt as sent, the model and backend, and the options that were set."""

    prompt: str
    model: str
    backend: str
    config: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()

    def to_dict(self) -> Json:
        return {
            "prompt": self.prompt,
            "model": self.model,
            "backend": self.backend,
            "config": dict(self.config),
            "attachments": [attachment.to_dict() for attachment in self.attachments],
        }


@dataclass(frozen=True)
class Usage:
    """Tokens, as the last chunk of the answer counted them.

    Gemini counts per internal step in the middle of a stream: only the last chunk holds the
    totals. A count the service left out is 0 (protobuf's JSON omits zeros). ``details``: how many
    of them were no text, which some models price apart, as ``{"input_audio_tokens": 61}``; the
    sides are input, tool_use, cached and output, the kinds audio, image (documents too) and video.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    tool_use_tokens: int = 0
    cached_tokens: int = 0
    total_tokens: int = 0
    details: Mapping[str, int] = field(default_factory=dict, hash=False)

    def to_dict(self) -> Json:
        counts: Json = {name: getattr(self, name) for name in COUNTS}
        return {**counts, "details": dict(self.details)} if self.details else counts

    def __add__(self, other: Usage) -> Usage:
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return Usage(**sums, details=Counter(self.details) + Counter(other.details))


COUNTS = tuple(item.name for item in fields(Usage) if item.name != "details")


@dataclass(frozen=True)
class Turn:
    """One exchange with the model. Displays itself as the value of a cell.

    ``status``: streaming, complete, interrupted, blocked, truncated or failed. ``message``: what
    there is to say about an ending that is not complete, else None. ``cell``: id of the cell that
    asked, None in a terminal. ``started``: ISO 8601 with offset; ``elapsed_ms``: milliseconds.
    ``grounding``: Gemini's ``groundingMetadata`` (and ``urlContextMetadata``) as it came, or None.
    ``reused``: None, or ``{"stored": ISO date}`` when the answer came from the answer store.
    """

    id: str
    request: Request
    conversation: str = "main"
    cell: str | None = None
    status: Status = "streaming"
    reused: Mapping[str, str] | None = None
    parts: tuple[Part, ...] = ()
    usage: Usage = Usage()
    finish_reason: str | None = None
    message: str | None = None
    model_version: str | None = None
    response_id: str | None = None
    started: str = ""
    elapsed_ms: int = 0
    grounding: Mapping[str, Any] | None = None

    @property
    def model(self) -> str:
        """The model that answered, or the one that was asked when the answer names none."""
        return self.model_version or self.request.model

    @property
    def text(self) -> str:
        """The words of the answer, without thoughts, code and results."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def thoughts(self) -> str:
        """The thinking summaries, in order."""
        return "".join(part.text for part in self.parts if isinstance(part, Thought))

    @property
    def code(self) -> list[str]:
        """Each piece of code that was run, in order."""
        return [part.code for part in self.parts if isinstance(part, Code)]

    @property
    def results(self) -> list[Result]:
        """What the runs returned, with ``.outcome`` and ``.output``."""
        return [part for part in self.parts if isinstance(part, Result)]

    @property
    def images(self) -> list[Image]:
        """The pictures: ``.mime_type``, ``.data`` (bytes), ``.to_pil()``, ``.save(path)``."""
        return [part for part in self.parts if isinstance(part, Image)]

    @property
    def calls(self) -> list[Call]:
        """The calls of kernel functions the model asked for."""
        return [part for part in self.parts if isinstance(part, Call)]

    def table(self, number: int = 0) -> Any:
        """The ``number``-th table (from 0) that the results print, as a pandas DataFrame.

        Tables are what pandas prints, CSV, and rows between bars (Markdown and the like). Raises
        OptionError when there is none of that number, or when it was cut as it was printed.
        """
        from gemini_magic.printed import table

        return table((result.output or "" for result in self.results), number)

    def run(self, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the turn's code here, in this process, and return the namespace it ran in.

        The model wrote it: look at ``.code`` first. Without ``namespace`` it runs in the
        notebook's own variables (in a new namespace outside of one), as if it stood in a cell;
        files that were attached are not there under the sandbox's names. Raises what the code
        raises, and OptionError when the turn holds no Python.
        """
        from gemini_magic.rerun import run

        return run([part for part in self.parts if isinstance(part, Code)], self.id, namespace)

    def to_dict(self) -> Json:
        """The turn JSON, version 1 (design: formats); valid against ``turn.schema.json``."""
        return {
            "version": VERSION,
            "id": self.id,
            "conversation": self.conversation,
            "cell": self.cell,
            "status": self.status,
            "reused": None if self.reused is None else dict(self.reused),
            "request": self.request.to_dict(),
            "parts": [part.to_dict() for part in self.parts],
            "usage": self.usage.to_dict(),
            "finish_reason": self.finish_reason,
            "message": self.message,
            "model_version": self.model_version,
            "response_id": self.response_id,
            "started": self.started,
            "elapsed_ms": self.elapsed_ms,
            "grounding": None if self.grounding is None else dict(self.grounding),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Turn:
        """The turn of its JSON; raises ValueError with the field's name on a damaged one.

        A newer ``version`` is refused: reading half of it would lose what must be echoed.
        """
        version = data.get("version")
        if version != VERSION:
            raise ValueError(f"turn version {version!r} (this gemini_magic reads {VERSION})")
        status = _field(data, "status", str)
        if status not in STATUSES:
            raise ValueError(f"unknown turn status {status!r}")
        return cls(
            id=_field(data, "id", str),
            conversation=_field(data, "conversation", str),
            cell=_optional(data, "cell", str),
            status=cast("Status", status),
            reused=_optional(data, "reused", dict),
            request=_request(_field(data, "request", dict)),
            parts=tuple(
                from_dict(_is(part, dict, "parts")) for part in _field(data, "parts", list)
            ),
            usage=_usage(_field(data, "usage", dict)),
            finish_reason=_optional(data, "finish_reason", str),
            message=_optional(data, "message", str),
            model_version=_optional(data, "model_version", str),
            response_id=_optional(data, "response_id", str),
            started=_field(data, "started", str),
            elapsed_ms=_field(data, "elapsed_ms", int),
            grounding=_optional(data, "grounding", dict),
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[Json, Json]:
        # The one import that points upward: a turn is the value of a cell and draws itself.
        from gemini_magic.render.bundle import bundle

        return bundle(self)


def _request(data: Mapping[str, Any]) -> Request:
    return Request(
        prompt=_field(data, "prompt", str),
        model=_field(data, "model", str),
        backend=_field(data, "backend", str),
        config=_field(data, "config", dict),
        attachments=tuple(
            Attachment(
                name=_field(item, "name", str),
                mime_type=_field(item, "mime_type", str),
                bytes=_field(item, "bytes", int),
                sha256=_field(item, "sha256", str),
            )
            for item in _field(data, "attachments", list)
        ),
    )


def _usage(data: Mapping[str, Any]) -> Usage:
    details = _optional(data, "details", dict) or {}
    return Usage(
        **{name: _field(data, name, int) for name in COUNTS},
        details={str(name): _field(details, name, int) for name in details},
    )


def _is(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{name!r} is {type(value).__name__}, expected {kind.__name__}")
    return value


def _field(data: Mapping[str, Any], name: str, kind: type) -> Any:
    if not isinstance(data, Mapping) or name not in data:
        raise ValueError(f"{name!r} is missing")
    return _is(data[name], kind, name)


def _optional(data: Mapping[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    return None if value is None else _is(value, kind, name)
