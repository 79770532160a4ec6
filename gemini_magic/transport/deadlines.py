"""Says how long a request waits: for its first event, and between two events. Pure.

Google's guides of the Gemini 4 models want clients that wait 15 minutes, since they may think for
long before anything comes; flex may take as long before it begins. Once events come they come
steadily, summaries of the thinking among them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gemini_magic import catalog
from gemini_magic.transport.protocol import Outgoing

BETWEEN = 120.0  # seconds; also for the connection, and for one call of a function
FIRST = 300.0
PATIENT = 900.0


@dataclass(frozen=True)
class Deadlines:
    """Seconds to wait: ``connection`` to be made, ``first`` event, ``between`` two events."""

    connection: float
    first: float
    between: float

    @classmethod
    def of(cls, seconds: float) -> Deadlines:
        """The same for all."""
        return cls(seconds, seconds, seconds)


def deadlines(outgoing: Outgoing) -> Deadlines:
    """How long ``outgoing`` waits; a timeout that was given holds for all."""
    given = outgoing.timeout
    if given is not None:
        return Deadlines.of(given)
    served = outgoing.served or catalog.of(outgoing.model)
    patient = served.slow(outgoing.config.thinking) or "flex" in outgoing.tiers[:1]
    return Deadlines(BETWEEN, PATIENT if patient else FIRST, BETWEEN)
