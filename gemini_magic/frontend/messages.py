"""Every message between a kernel and the JupyterLab extension, typed.

``scripts/generate_types.py`` writes ``lab/src/model/generated.ts`` from these types, with their
docstrings as comments; both halves are checked against them. Imported under ``TYPE_CHECKING``
alone: it costs nothing at run time. What arrives is still checked where it is read, since a page
and a kernel may be of different versions.

To add a request of the sidebar: its two types and a line in `Services` here, its function in
`gemini_magic.frontend.sidebar_requests` and its name in `gemini_magic.frontend.serving.SIDEBAR`. Of
a button: `gemini_magic.extension.BUTTONS` and `gemini_magic.magics.inserting`. Then run the script.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, NotRequired, TypeAlias, TypeVar

from typing_extensions import TypedDict

from gemini_magic.turn.types import Count, PartJson, StatusJson, TurnJson

# -- gemini_magic.panel: opened by the page, which sends requests on it --------------------------


class Hello(TypedDict):
    """The page is there. ``notified``: it has the comm that the kernel pushes on."""

    type: Literal["hello"]
    notified: bool


class Stop(TypedDict):
    """Stop an answer, or take back a prompt that waits."""

    type: Literal["stop"]
    turn: str


class Follow(TypedDict):
    """Tell this page when the conversation changes, or no longer."""

    type: Literal["follow"]
    on: bool


class WholeRequest(TypedDict):
    """Send the whole of a streaming answer: a delta was missed."""

    type: Literal["turn"]
    turn: str


class HeldRequest(TypedDict):
    """Send the answers of cells, for a page that was reloaded."""

    type: Literal["turns"]
    cells: list[str]


class Shown(TypedDict):
    """The page shows the finished answer: the kernel need not hold it."""

    type: Literal["shown"]
    turn: str


class Located(TypedDict):
    """Which cell of the page it is that was asked for (`Where`): null when none is."""

    type: Literal["located"]
    id: str
    cell: str | None


class QuestionShown(TypedDict):
    """The page shows the question (`Asking`) with this id."""

    type: Literal["asked"]
    id: str


class Consent(TypedDict):
    """The user's word on code of the model's that is to run in the kernel (`Asking`).

    ``code``: the SHA-256 of the code that the page has shown, in hex. ``why``: beside a skip.
    """

    type: Literal["consent"]
    id: str
    token: str
    code: str
    choice: Literal["run", "all", "skip", "stop"]
    why: str


PanelRequest: TypeAlias = (
    Hello | Stop | Follow | WholeRequest | HeldRequest | Shown | Located | QuestionShown | Consent
)


class Welcome(TypedDict):
    """The kernel knows the page: on the panel an answer to hello, on notify its opening."""

    type: Literal["hello"]
    magic: NotRequired[str]
    """The name of the magic, on the panel, where it is not "gemini"."""


class Whole(TypedDict):
    """The whole of a streaming answer, as of the delta ``seq``."""

    type: Literal["turn"]
    turn: str
    seq: Count
    parts: list[PartJson]
    phase: str
    """What is happening, in words: "thinking"."""
    phase_ms: Count
    """Milliseconds since the phase began."""


class AnswerOutput(TypedDict):
    """An answer as an output has it: its MIME bundle."""

    data: dict[str, Any]
    metadata: dict[str, Any]


class HeldAnswer(AnswerOutput):
    """An answer that the kernel holds for a cell."""

    turn: str
    shown: bool
    """A page has said that it shows the finished answer."""


class HeldAnswers(TypedDict):
    """The answers that the kernel holds, by cell."""

    type: Literal["turns"]
    turns: dict[str, list[HeldAnswer]]


class Asking(TypedDict):
    """May this code of an answer run in the kernel? The kernel waits for the user's word.

    On notify as it is asked, on the panel for a page that has come later. ``token``: to be sent
    back with the word, and valid once.
    """

    type: Literal["asking"]
    id: str
    token: str
    turn: str
    heading: str
    """Which run of the answer it is, and its length in lines."""
    tokens: list[list[str]]
    """The code in pieces, each a class of Pygments and its text; together they are the code."""


class Settled(TypedDict):
    """A question is over: its buttons go. ``said``: the word, in a line; or empty."""

    type: Literal["settled"]
    id: str
    said: str


class Execute(TypedDict):
    """Execute a line, silently: the main thread is needed for a prompt of the sidebar.

    ``page``: the comm of the page that is to do it. The line acts once, whoever executes it.
    """

    type: Literal["execute"]
    page: str
    code: str


PanelReply: TypeAlias = Welcome | Whole | HeldAnswers | Asking | Settled | Execute

# -- services: requests on the panel that are answered once, by their id --------------------------

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Service(TypedDict, Generic[Request, Answer]):
    """The fields of a request beside ``type`` and ``id``, and those of its answer.

    An answer with ``error``, a text, in their place says what was in the way.
    """

    request: Request
    answer: Answer


class Nothing(TypedDict):
    """No fields."""


class Head(TypedDict):
    """An exchange of a conversation in a line: everything but the answer."""

    turn: str
    """Id of the turn; of a prompt that waits, a name of its own."""
    cell: str | None
    prompt: str
    """The beginning of the prompt."""
    whole: bool
    """Whether that is all of it."""
    attached: list[str]
    status: StatusJson | Literal["waiting"]
    notes: list[str]


class ConversationName(TypedDict):
    """A conversation in the list of all."""

    name: str
    exchanges: Count
    answering: Count
    """How many of its questions are being answered now."""


class BackendState(TypedDict):
    """Who answers, or what is in the way, in words."""

    ok: bool
    said: str
    fix: NotRequired[str]
    """What to do when something is in the way."""
    kind: NotRequired[str]


class SessionUsage(TypedDict):
    """What this kernel has used so far."""

    calls: Count
    tokens: Count
    cost: str
    """In words."""


class ConversationState(TypedDict):
    """The conversation that the sidebar shows, and what surrounds it."""

    conversation: str
    conversations: list[ConversationName]
    exchanges: list[Head]
    undone: Count
    """How many changes can be made again."""
    undoable: bool
    """Whether there is a change that can be taken back."""
    model: str
    models: list[str]
    backend: BackendState
    usage: SessionUsage
    here: bool
    """The setting: code of answers runs in this kernel."""


class AnswersRequest(TypedDict):
    """Ask for answers by the ids of their turns."""

    turns: list[str]


class Answers(TypedDict):
    """Answers by the ids of their turns; unknown ones are left out."""

    answers: dict[str, AnswerOutput]


class AskRequest(TypedDict):
    """Send a prompt. ``conversation``: null for the current one."""

    prompt: str
    attach: list[str]
    """Variables, paths and patterns, as behind ``--attach``."""
    conversation: str | None
    here: NotRequired[bool]
    """Its code runs in this kernel, or not; as the setting ``here`` says without it."""


class Asked(TypedDict):
    """The answer to a prompt has ended."""

    turn: str
    status: StatusJson
    said: str


class CommandRequest(TypedDict):
    """Run a subcommand of ``%gemini``."""

    command: str
    words: list[str]


class Commanded(TypedDict):
    """What a subcommand has said."""

    said: str


class Models(TypedDict):
    """The models that the backend offers now."""

    models: list[str]


class AttachableRequest(TypedDict):
    """Ask for what can be attached. ``folder``: whose files, "" for the current one."""

    folder: str


class Attachable(TypedDict):
    """A variable or a file that can be attached. ``what``: a few words about it."""

    name: str
    what: str


class AttachableFound(TypedDict):
    """What can be attached."""

    variables: list[Attachable]
    files: list[Attachable]


class CellsRequest(TypedDict):
    """Ask for the cells that an answer makes."""

    turn: TurnJson
    source_cell: str
    what: Literal["code", "all"]


class ProvenanceJson(TypedDict):
    """Where an inserted cell came from: ``metadata.gemini_magic`` of that cell."""

    turn: str
    part: Count
    """Position of the cell's first part in the turn."""
    source_cell: str
    role: Literal["text", "code", "result"]
    sha256: str
    """Of the source as inserted, in hex: an edit by the user is known by it."""


class MarksJson(TypedDict):
    """What tells a tool's work from the user's: ``metadata.gemini_magic_marks`` of that cell."""

    meaning: str
    """Hash of what the source means, or empty."""
    asked: str
    """Hash of the words of the cell that asked, or empty."""


class CellMetadata(TypedDict):
    """Metadata of an inserted cell."""

    gemini_magic: ProvenanceJson
    gemini_magic_marks: NotRequired[MarksJson]


class NewCellJson(TypedDict):
    """A cell to insert, as nbformat 4.5 has it."""

    id: str
    cell_type: Literal["code", "markdown"]
    metadata: CellMetadata
    source: str
    execution_count: NotRequired[None]
    outputs: NotRequired[list[dict[str, Any]]]
    attachments: NotRequired[dict[str, dict[str, str]]]


class NewCells(TypedDict):
    """The cells that an answer makes, for a notebook."""

    turn: str
    source_cell: str
    """The cell that asked: the new cells come below it."""
    answers: list[str]
    """The turns that are answers of that cell now, in the order asked."""
    cells: list[NewCellJson]


class Meant(TypedDict):
    """A cell's source now, and the hash of what it meant when it was inserted."""

    source: str
    meaning: str


class MeaningRequest(TypedDict):
    """Ask whether code cells that have changed still mean the same: a formatter's work."""

    cells: list[Meant]


class Meanings(TypedDict):
    """Whether each cell still means the same, in the order asked."""

    same: list[bool]


class VerifyRequest(TypedDict):
    """Run the code of an answer again in a fresh process, and compare."""

    turn: TurnJson


class CheckJson(TypedDict):
    """One run of an answer's code, verified."""

    part: Count
    verdict: str
    said: str
    diff: str


class VerificationJson(TypedDict):
    """An answer, verified. ``badge``: the verdict in words."""

    turn: str
    verdict: str
    badge: str
    good: bool
    checks: list[CheckJson]
    notes: list[str]


class ContinueRequest(TypedDict):
    """Ask the service for the rest of an answer that it has stopped."""

    turn: TurnJson


class ContinuedAnswer(AnswerOutput):
    """The answer with all that it has now, as an output.

    ``said``: its cost, and what went wrong.
    """

    turn: str
    said: str


class Services(TypedDict):
    """What a page may ask for, by the ``type`` of the request."""

    conversation: Service[Nothing, ConversationState]
    answers: Service[AnswersRequest, Answers]
    ask: Service[AskRequest, Asked]
    command: Service[CommandRequest, Commanded]
    models: Service[Nothing, Models]
    attachable: Service[AttachableRequest, AttachableFound]
    cells: Service[CellsRequest, NewCells]
    meaning: Service[MeaningRequest, Meanings]
    verify: Service[VerifyRequest, VerificationJson]
    go_on: Service[ContinueRequest, ContinuedAnswer]


# -- gemini_magic.notify: opened by the kernel, which pushes on it; nothing is sent back ----------


class Append(TypedDict):
    """Text that has come at the end of the part at ``at``."""

    at: Count
    append: str


class Put(TypedDict):
    """A part that has come at ``at``, or takes the place of the one there."""

    at: Count
    part: PartJson


class Delta(TypedDict):
    """What has changed of a streaming answer since the delta before (``seq`` counts from 1)."""

    type: Literal["delta"]
    turn: str
    seq: Count
    ops: list[Append | Put]
    phase: str
    phase_ms: Count


class End(TypedDict):
    """A streaming answer has ended."""

    type: Literal["end"]
    turn: str
    cell: str | None


class Changed(TypedDict):
    """The conversation has changed: a page that follows asks for its state."""

    type: Literal["changed"]


class Where(TypedDict):
    """Which cell with this source runs now? A server executes it, and has not said.

    ``source``: its SHA-256, in hex.
    """

    type: Literal["where"]
    id: str
    source: str


Push: TypeAlias = Welcome | Delta | End | Changed | Where | Asking | Settled | Execute

# -- gemini_magic.cells: opened by the kernel for each insertion, and closed at once ---------------


class InsertCells(NewCells):
    """Insert cells, in the page that executes the cell."""

    below: str
    """Where they go when the source cell is gone."""
    run: bool
    """Run the new code cells."""
    page: str
    """The comm of the page that is to do it, where a server executes the cell; else empty."""


class Messages(TypedDict):
    """All of them, by comm."""

    request: PanelRequest
    reply: PanelReply
    services: Services
    push: Push
    insert: InsertCells
