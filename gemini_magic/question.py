"""A question: what is asked, of whom, and where in a notebook and a conversation it belongs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from gemini_magic.contents import Content
from gemini_magic.conversation import Conversation, Place
from gemini_magic.parts import Json
from gemini_magic.tools.declaring import Tool
from gemini_magic.transport.protocol import Config, Outgoing

if TYPE_CHECKING:
    from gemini_magic.attach.item import Item


@dataclass(frozen=True)
class Question:
    """What to ask, of whom, and where it belongs.

    ``conversation``: its name, None for the kernel's current one. ``stateless``: neither read nor
    write history. ``items``: what is attached. ``tools``: the functions that ``config`` declares;
    each call of one has ``timeout`` seconds. ``cell`` and ``call``: the owner in the notebook.
    ``noted``: what the turn records beside ``config`` and is not sent (the wish to insert cells).
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
    stream: bool = True
    timeout: float = 120.0
    retries: int = 4
    noted: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """A question at its place in a conversation (None, None: stateless), and what would leave.

    Made once for all that look at the request before it is sent: the store, the limits, the engine.
    """

    question: Question
    conversation: Conversation | None
    place: Place | None
    outgoing: Outgoing

    @property
    def name(self) -> str:
        """The conversation's name, empty for a stateless question."""
        return "" if self.conversation is None else self.conversation.name

    @property
    def user(self) -> Content:
        """The Content of the question itself, the last of what leaves."""
        return cast("Content", self.outgoing.contents[-1])
