"""Holds a question: what is asked, of whom, and its place in notebook and conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from gemini_magic.session.conversation import Conversation, Exchange, Slot
from gemini_magic.session.sendable import Change
from gemini_magic.tools.declaring import Tool
from gemini_magic.transport.protocol import Config, Outgoing
from gemini_magic.turn.parts import Call, Json, Response
from gemini_magic.turn.request_json import Content

if TYPE_CHECKING:
    from gemini_magic.attach.item import Item
    from gemini_magic.errors import AnswerInterrupted
    from gemini_magic.schemas.declaring import AnswerType
    from gemini_magic.transport.protocol import Stop


class Runner(Protocol):
    """Runs the model's code in the user's kernel (`gemini_magic.here.runner`)."""

    @property
    def runs(self) -> int:
        """How often it was asked to, so far."""
        ...

    def respond(self, call: Call, stop: Stop) -> tuple[Response, AnswerInterrupted | None]:
        """The response to a call, and what ends the answer with it."""
        ...


@dataclass(frozen=True)
class Told:
    """What the model is told of the notebook beside the prompt.

    ``parts``: wire parts, text and pictures; ``context``: names and sizes, as the turn keeps them.
    """

    parts: tuple[Json, ...] = ()
    context: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What to ask, of whom, and where it belongs.

    ``conversation``: its name, None for the kernel's current one. ``stateless``: neither read nor
    write history. ``items``: what is attached. ``tools``: the functions that ``config`` declares;
    each call of one has ``timeout`` seconds (None: `transport.deadlines`).
    ``answer_type``: what ``config.schema`` says, and how the answer is read. ``tiers``: of the
    service, each asked when the one before has no room. ``store``: whether the service may keep it.
    ``thoughts``: with summaries of the thinking. ``cell`` and ``call``: the owner in the notebook.
    ``noted``: what the turn records beside ``config`` (the wish to insert cells, the tier).
    ``max_cost``: the limit in US dollars that the call was given, which holds for each request
    that goes on with its answer. ``runner``: answers the calls of `kernel_runs.NAME`, with
    ``--here``; ``told``: what goes before the prompt.
    """

    prompt: str
    model: str
    config: Config = field(default_factory=Config)
    conversation: str | None = None
    stateless: bool = False
    cell: str | None = None
    call: int = 0
    items: tuple[Item, ...] = ()
    tools: tuple[Tool, ...] = ()
    answer_type: AnswerType | None = None
    stream: bool = True
    timeout: float | None = None
    tiers: tuple[str, ...] = ()
    store: bool = False
    thoughts: bool = True
    retries: int = 4
    noted: Json = field(default_factory=dict)
    runner: Runner | None = None
    told: Told | None = None
    max_cost: float | None = None

    @property
    def answers_calls(self) -> bool:
        """Whether calls of the model are answered: one answer may then take several requests."""
        return bool(self.tools) or self.runner is not None


@dataclass(frozen=True)
class Placed:
    """A question at its place in a conversation (None, None: stateless), and what would leave.

    Made once for all that look at the request before it is sent: the store, the limits, the engine.
    ``before``: the exchanges that it follows. Once it is known who receives it (`Engine.fitted`),
    ``numbers`` says whose exchange each of its Contents is, and ``changes`` what was changed.
    """

    question: Question
    conversation: Conversation | None
    slot: Slot | None
    outgoing: Outgoing
    before: tuple[Exchange, ...] = ()
    numbers: tuple[int, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        """The conversation's name, empty for a stateless question."""
        return "" if self.conversation is None else self.conversation.name

    @property
    def user(self) -> Content:
        """The Content of the question itself, the last of what leaves."""
        return cast("Content", self.outgoing.contents[-1])
