"""Asks one tier of the service after the other: flex where it has room, then at the usual price.

Flex is sheddable: it answers 503 or 429 when there is no room, which costs nothing. How often one
tier is asked again is the transport's business (`gemini_magic.transport.retries`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import replace

from gemini_magic.errors import GeminiError, ServiceError
from gemini_magic.transport.protocol import Outgoing, Transport
from gemini_magic.transport.retries import transient, why
from gemini_magic.turn.assembly import Event, Progress


class Tiered:
    """A transport that asks the next of ``outgoing.tiers`` when one has no room."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """As the inner transport's; a `Progress` "retrying" before another tier is asked."""
        sent = False
        for at, tier in enumerate(outgoing.tiers[:-1]):
            begun = False
            try:
                with contextlib.closing(self._asked(outgoing, outgoing.tiers[at:])) as events:
                    for event in events:
                        begun = begun or not isinstance(event, Progress)
                        yield event
                return
            except GeminiError as error:
                sent = error.sent = sent or error.sent
                if begun or not _no_room(error):
                    raise
                following = outgoing.tiers[at + 1]
                yield Progress("retrying", f"{tier}: {why(error)}; asking {following}")
        try:
            yield from self._asked(outgoing, outgoing.tiers[-1:])
        except GeminiError as error:
            error.sent = sent or error.sent
            raise

    def _asked(self, outgoing: Outgoing, tiers: tuple[str, ...]) -> Generator[Event, None, None]:
        # With those that follow: how patiently one is asked depends on whether there is another.
        yield from self._inner.send(replace(outgoing, tiers=tiers))


def _no_room(error: GeminiError) -> bool:
    """Whether another tier may have what this one lacks: not when no waiting cures the refusal."""
    if not isinstance(error, ServiceError) or error.code not in (429, 503):
        return False
    return transient(error) and error.again is None
