"""Types the options of one call, which a cell's line, ``ask()`` and the sidebar all make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gemini_magic.turn.parts import Json

if TYPE_CHECKING:
    from gemini_magic.attach.item import Item
    from gemini_magic.schemas.declaring import AnswerType
    from gemini_magic.session.question import Runner, Told
    from gemini_magic.tools.declaring import Tool


@dataclass(frozen=True)
class AskOptions:
    """What one call says for itself; None: the setting in force holds.

    ``attach``, ``tool`` and ``schema``: words of the user's, which `asking.fill` turns into
    ``items`` (what is attached), ``tools`` (functions that the model may call) and ``answer_type``
    (what the answer is to be). ``conversation``: its name, None for the current one. ``timeout``:
    seconds; ``max_cost``: US dollars. ``tier``: one of `settings.TIERS`. ``store``: whether the
    service may keep prompt and answer. ``context``: how many cells to tell of, or "all".
    ``runner`` and ``told`` are what the kernel makes of ``here`` and ``context`` (`magics.here`).
    """

    model: str | None = None
    conversation: str | None = None
    stateless: bool = False
    system: str | None = None
    thinking: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    code: bool = True
    here: bool | None = None
    yes: bool = False
    ask: bool = False
    context: int | Literal["all"] | None = None
    context_pictures: bool = False
    runner: Runner | None = None
    told: Told | None = None
    search: bool = False
    urls: bool = False
    attach: tuple[str, ...] = ()
    tool: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    tools: tuple[Tool, ...] = ()
    schema: str | None = None
    answer_type: AnswerType | None = None
    output: str | None = None
    insert: str | None = None
    run: bool = False
    view: str | None = None
    show: str = "all"
    stream: bool = True
    timeout: float | None = None
    tier: str | None = None
    store: bool | None = None
    max_cost: float | None = None
    reuse: bool = False
    fresh: bool = False
    preview: bool = False
    help: bool = False

    @property
    def inserts(self) -> Json:
        """Which cells are to be inserted, as the turn JSON records it; empty when nothing is said.

        For documents, which carry the wish out when nobody watches.
        """
        if self.insert is None:
            return {}
        return {"insert": self.insert, **({"run": True} if self.run else {})}


@dataclass(frozen=True)
class Place:
    """Where in a notebook a call belongs: ``call``, from 0, of one execution of ``cell`` (its id).

    Without a cell (a script, the sidebar, a terminal) an exchange goes to the end.
    """

    cell: str | None = None
    call: int = 0
