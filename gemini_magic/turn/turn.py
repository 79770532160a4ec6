"""Defines the turn: a prompt, the parts of its answer, its usage and its end; immutable.

Its JSON (``version: 1``) is what a notebook stores under ``MIME`` and what conversation files and
the answer store hold; ``turn.schema.json`` at the root of the package is its JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from gemini_magic.turn.continuation import Continuation, Continued
from gemini_magic.turn.fields import checked, optional, required
from gemini_magic.turn.kernel_runs import code_of, images_of, result_of
from gemini_magic.turn.model_status import ModelStatus
from gemini_magic.turn.parts import (
    Call,
    Code,
    Image,
    Json,
    Part,
    Result,
    Text,
    Thought,
    from_dict,
)
from gemini_magic.turn.request import Request
from gemini_magic.turn.usage import Usage

if TYPE_CHECKING:
    from gemini_magic.turn.typed import Typed
    from gemini_magic.turn.types import (
        ContextJson,
        TurnJson,
    )

MIME = "application/vnd.gemini-magic.turn+json"
VERSION: Literal[1] = 1

Status: TypeAlias = Literal[
    "streaming", "complete", "interrupted", "blocked", "truncated", "failed"
]
STATUSES: tuple[Status, ...] = get_args(Status)
SENDABLE: frozenset[Status] = frozenset({"complete", "truncated"})


@dataclass(frozen=True)
class Turn:
    """One exchange with the model. Displays itself as the value of a cell.

    ``status``: streaming, complete, interrupted, blocked, truncated or failed. ``message``: what
    there is to say about an ending that is not complete, else None. ``cell``: id of the cell that
    asked, None in a terminal. ``started``: ISO 8601 with offset; ``elapsed_ms``: milliseconds.
    ``grounding``: Gemini's ``groundingMetadata`` (and ``urlContextMetadata``) as it came, or None.
    ``reused``: None, or ``{"stored": ISO date}`` when the answer came from the answer store.
    ``replaced``: id of the turn whose place it took when its cell was run again, or None.
    ``context``: names and sizes of what the model was told of the notebook (``--here``,
    ``--context``), or None.
    ``model_status``: what the service says of the model, or None. ``notes``: what its caption says
    of the model that answered (`gemini_magic.turn.standing`), each once in a kernel.
    ``continuation``: by which the service goes on where it has stopped, or None. ``continued``:
    the later requests that went on with it; ``usage`` and ``elapsed_ms`` are the sums of all.
    Only in the kernel that asked: ``carried``, the Contents of the request that hold files (the
    JSON has no bytes of attachments), ``priced``, which says what it cost, and ``typed``, which
    reads the value of an answer that was asked for with a type.
    """

    id: str
    request: Request
    conversation: str = "main"
    cell: str | None = None
    status: Status = "streaming"
    reused: Mapping[str, str] | None = None
    parts: tuple[Part, ...] = ()
    usage: Usage = field(default_factory=Usage)
    finish_reason: str | None = None
    message: str | None = None
    model_version: str | None = None
    response_id: str | None = None
    started: str = ""
    elapsed_ms: int = 0
    grounding: Mapping[str, Any] | None = None
    carried: tuple[Mapping[str, Any], ...] = field(default=(), compare=False, repr=False)
    priced: Callable[[Turn], str | None] | None = field(default=None, compare=False, repr=False)
    replaced: str | None = None
    context: Mapping[str, Any] | None = None
    continuation: Continuation | None = None
    continued: tuple[Continued, ...] = ()
    model_status: ModelStatus | None = None
    notes: tuple[str, ...] = ()
    typed: Typed | None = field(default=None, compare=False, repr=False)

    def __hash__(self) -> int:
        # By what identifies it: options and grounding are dicts, which have no hash.
        return hash(self.id)

    @property
    def model(self) -> str:
        """The model that answered, or the one that was asked when the answer names none."""
        return self.model_version or self.request.model

    def apart(self) -> tuple[Turn, ...]:
        """The requests of a continued answer, each as a turn with its own usage and time.

        Parts and ending are those of the whole. The turn alone when it was never continued.
        """
        if not self.continued:
            return (self,)
        later = sum((one.usage for one in self.continued), Usage())
        first = replace(self, usage=self.usage - later, continued=())
        return (
            first,
            *(
                replace(
                    first,
                    usage=one.usage,
                    started=one.started,
                    elapsed_ms=one.elapsed_ms,
                    model_version=one.model_version or self.model_version,
                )
                for one in self.continued
            ),
        )

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
        """Each piece of code that was run, or was to be run in the kernel, in order."""
        return [code.code for code in self._codes]

    @property
    def _codes(self) -> list[Code]:
        found = (part if isinstance(part, Code) else code_of(part) for part in self.parts)
        return [code for code in found if code is not None]

    @property
    def results(self) -> list[Result]:
        """What the runs returned, with ``.outcome`` and ``.output``.

        The outcome of a run in the kernel that the user skipped is "SKIPPED".
        """
        found = (part if isinstance(part, Result) else result_of(part) for part in self.parts)
        return [result for result in found if result is not None]

    @property
    def images(self) -> list[Image]:
        """The pictures: ``.mime_type``, ``.data`` (bytes), ``.to_pil()``, ``.save(path)``.

        Drafts that the model drew while thinking are not among them; ``.parts`` has those.
        """
        return [
            image
            for part in self.parts
            for image in ((part,) if isinstance(part, Image) else images_of(part))
            if not image.thought
        ]

    @property
    def calls(self) -> list[Call]:
        """The calls of kernel functions the model asked for."""
        return [part for part in self.parts if isinstance(part, Call)]

    @cached_property
    def value(self) -> Any:
        """What the answer says, as the type that was asked for (``--schema``, ``ask(schema=...)``).

        The validated object in the kernel that asked, the plain JSON value in one that restored
        the answer. Raises OptionError when no schema was asked for, or the answer does not fit it.
        """
        from gemini_magic.turn.typed import value

        return value(self)

    def frame(self) -> Any:
        """The objects of a typed answer (``list[...]`` of a type) as a pandas DataFrame.

        One object is a row, with the types that the schema says: integers (nullable where they may
        be missing), floats, truth values, dates and times, enums as categories. An object or a
        list inside of one stays what it is. Raises OptionError on any other value.
        """
        from gemini_magic.turn.typed import frame

        return frame(self)

    def table(self, number: int = 0) -> Any:
        """The ``number``-th table (from 0) that the results print, as a pandas DataFrame.

        Tables are what pandas prints, CSV, and rows between bars (Markdown and the like). Raises
        OptionError when there is none of that number, or when it was cut as it was printed.
        """
        from gemini_magic.turn.tables import table

        return table((result.output or "" for result in self.results), number)

    def run(self, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the turn's code here, in this process, and return the namespace it ran in.

        The model wrote it: look at ``.code`` first. Without ``namespace`` it runs in the
        notebook's own variables (in a new namespace outside of one), as if it stood in a cell.
        Files that were attached stand beside it under the sandbox's names, in a folder that is the
        working directory meanwhile; what the code writes there is moved to the working folder,
        never over a file that differs, and named on stdout. In a kernel that did not ask, or that
        has restarted, those files are not known. Raises what the code raises, and OptionError when
        the turn holds no Python.
        """
        from gemini_magic.turn.attached import beside_files
        from gemini_magic.turn.kernel_runs import SKIPPED
        from gemini_magic.turn.steps import CodeRun, steps
        from gemini_magic.turn.tables import run

        found = (step for step in steps(self.parts) if isinstance(step, CodeRun))
        codes = [each.code for each in found if each.code and each.outcome != SKIPPED]
        with beside_files(self):
            return run(codes, self.id, namespace)

    def to_dict(self) -> TurnJson:
        """The turn JSON, version 1 (design: formats); valid against ``turn.schema.json``."""
        data: TurnJson = {
            "version": VERSION,
            "id": self.id,
            "conversation": self.conversation,
            "cell": self.cell,
            "status": self.status,
            "reused": None if self.reused is None else {"stored": self.reused["stored"]},
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
        if self.replaced is not None:
            data["replaced"] = self.replaced
        if self.context is not None:
            data["context"] = cast("ContextJson", dict(self.context))
        if self.model_status is not None:
            data["model_status"] = self.model_status.to_dict()
        if self.notes:
            data["notes"] = list(self.notes)
        if self.continuation is not None:
            data["continuation"] = self.continuation.to_dict()
        if self.continued:
            data["continued"] = [one.to_dict() for one in self.continued]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Turn:
        """The turn of its JSON; raises ValueError with the field's name on a damaged one.

        A newer ``version`` is refused: reading half of it would lose what must be echoed.
        """
        if not isinstance(data, Mapping):
            raise ValueError(f"it is {type(data).__name__}, no object")
        version = data.get("version")
        if version != VERSION or isinstance(version, bool):
            raise ValueError(f"turn version {version!r} (this gemini_magic reads {VERSION})")
        status = required(data, "status", str)
        if status not in STATUSES:
            raise ValueError(f"unknown turn status {status!r}")
        return cls(
            id=required(data, "id", str),
            conversation=required(data, "conversation", str),
            cell=optional(data, "cell", str),
            status=cast("Status", status),
            reused=_reused(optional(data, "reused", dict)),
            request=Request.from_dict(required(data, "request", dict)),
            parts=tuple(
                from_dict(checked(part, dict, "parts")) for part in required(data, "parts", list)
            ),
            usage=Usage.from_dict(required(data, "usage", dict)),
            finish_reason=optional(data, "finish_reason", str),
            message=optional(data, "message", str),
            model_version=optional(data, "model_version", str),
            response_id=optional(data, "response_id", str),
            started=required(data, "started", str),
            elapsed_ms=required(data, "elapsed_ms", int),
            grounding=optional(data, "grounding", dict),
            replaced=optional(data, "replaced", str),
            context=optional(data, "context", dict),
            continuation=None
            if (token := optional(data, "continuation", dict)) is None
            else Continuation.from_dict(token),
            continued=tuple(map(Continued.from_dict, optional(data, "continued", list) or ())),
            model_status=None
            if (said := optional(data, "model_status", dict)) is None
            else ModelStatus.from_dict(said),
            notes=tuple(
                checked(note, str, "notes") for note in optional(data, "notes", list) or ()
            ),
        )

    @classmethod
    def from_bundle(cls, data: Mapping[str, Any]) -> Turn:
        """The turn of a saved output: of its whole ``data``, by MIME type, as a notebook has it.

        The turn JSON of an output names large pictures by their hash, since their bytes stand in
        the HTML beside it. Raises ValueError when there is no turn, a damaged one, or one whose
        picture is in none of the output's forms.
        """
        from gemini_magic.turn.stored import whole

        stored = data.get(MIME)
        if not isinstance(stored, Mapping):
            raise ValueError(f"it holds no {MIME}")
        return cls.from_dict(whole(stored, data))

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None, *, markdown_only: bool = False
    ) -> tuple[Json, Json]:
        # The one import that points upward: a turn is the value of a cell and draws itself.
        from gemini_magic.render.bundle import bundle

        if self.priced is None or self.status == "streaming":
            return bundle(self, markdown_only=markdown_only)
        return bundle(self, cost=self.priced(self), markdown_only=markdown_only)


def _reused(data: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    return None if data is None else {"stored": required(data, "stored", str)}
