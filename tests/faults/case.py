"""A case of the matrix: one fault at one stage, and what a user must see of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..replay import Asked
from .answer import Kept, Mode

if TYPE_CHECKING:
    from .room import Room

TIMEOUT = 1.0  # seconds, of every request of the matrix
GRACE = 2.0  # seconds more until a case must have ended

Answer = Callable[[Asked], None]
Surroundings = Callable[["Room"], Mapping[str, str]]


@dataclass(frozen=True)
class Case:
    """One fault.

    ``answers``: how the service answers the faulty request, in order; after them it answers well.
    ``errors``: names of the errors it may be; none when it is to be borne. ``kept``: the parts
    that are to be kept, None when ``shown`` says enough. ``surroundings``: environment variables
    of the kernel during the fault; ``setup`` and ``teardown``: code it runs before and after.
    ``seconds``: how long it may take. ``fresh``: on a connection of its own, and not on the one
    that was kept from the turn before. ``idle``: what the service does to that one meanwhile.
    ``road``: how the question is asked, "" by a plain cell, "--here", "typed" or "continued": then
    ``begun`` is the answer that goes on, and the fault meets the request for its rest.
    """

    group: str
    fault: str
    stage: str
    mode: Mode
    answers: tuple[Answer, ...] = ()
    errors: tuple[str, ...] = ()
    status: str = "failed"
    kept: Kept | None = field(default_factory=list)
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    surroundings: Surroundings | None = None
    setup: str = ""
    teardown: str = ""
    retries: int = 0
    seconds: float = TIMEOUT + GRACE
    fresh: bool = False
    idle: Answer | None = None
    road: str = ""
    begun: Answer | None = None

    @property
    def name(self) -> str:
        named = ", ".join(filter(None, (self.fault, self.stage, self.mode, self.road)))
        return f"{named}, fresh connection" if self.fresh else named

    @property
    def remembered(self) -> bool:
        """Whether later requests carry the exchange."""
        return self.status in ("complete", "truncated")


@dataclass(frozen=True)
class Verdict:
    """What came of a case: ``seconds`` it took, how it ended, and what was wrong."""

    case: Case
    seconds: float
    ended: str
    wrong: tuple[str, ...]
