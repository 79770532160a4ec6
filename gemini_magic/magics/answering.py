"""From a question to its turn: the answer store first, then the limits, then a backend.

In this order, so that stored answers need no backend and no budget, and a refused call no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gemini_magic.budget import Limit, check
from gemini_magic.engine import View
from gemini_magic.errors import OptionError
from gemini_magic.magics.asking import refuse_tools
from gemini_magic.magics.length import watch
from gemini_magic.question import Question
from gemini_magic.transport.protocol import Transport
from gemini_magic.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def answer(
    magics: GeminiMagics,
    asked: Question,
    given: Mapping[str, Any],
    show: Callable[[], View],
) -> Turn:
    """The stored turn for ``asked`` where reuse is wanted, else the one a backend gives.

    ``show`` makes the view, when there will be an answer: after the store, the limits and the
    backend have been asked. Raises what they raise, and what the engine does.
    """
    settings, recall, engine = magics.settings, magics.recall, magics.engine
    wanted = given.get("reuse", False)
    if wanted and given.get("fresh"):
        raise OptionError("--reuse and --fresh cannot go together.", "Leave one of them out.")
    reuse = (wanted or settings.reuse) and not given.get("fresh", False)
    store = recall.store(settings, needed=wanted)
    placed = engine.placed(asked)
    outgoing = placed.outgoing
    with recall.asking(store, outgoing, reuse):
        if store is not None and reuse:
            stored = store.find(outgoing, emulator=settings.backend == "emulator")
            if stored is not None:
                return engine.recall(placed, recall.own(asked, stored), show())
        watch(magics, asked, outgoing)
        check(outgoing, limits(magics, given))
        connection = magics.connect()
        kind = connection.backend.kind
        refuse_tools(asked, kind)
        before = engine.last
        try:
            turn = engine.ask(placed, kind, _paced(magics, connection.transport), show())
        finally:
            if magics.run is not None and engine.last not in (None, before):
                magics.run.spend(engine.last)
        if store is not None:
            store.put(outgoing, turn)
    return recall.own(asked, turn)


def limits(magics: GeminiMagics, given: Mapping[str, Any]) -> list[Limit]:
    """The limits on cost that hold for a call, and what is spent of each."""
    settings, run = magics.settings, magics.run
    found = []
    call = given.get("max_cost", settings.max_cost)
    if call is not None:
        found.append(Limit(call, Decimal(0), "this call", "--max-cost"))
    if settings.session_max_cost is not None:
        raise_by = "%config GeminiMagics.session_max_cost"
        found.append(Limit(settings.session_max_cost, _spent(magics), "this session", raise_by))
    if run is not None and run.max_cost is not None:
        found.append(Limit(run.max_cost, run.spent(), "this run", "jupyter gemini run --max-cost"))
    return found


def _spent(magics: GeminiMagics) -> Decimal:
    from gemini_magic.prices import price

    costs = (price(usage, model) for model, _, usage in magics.engine.spent)
    return sum((cost for cost in costs if cost is not None), Decimal(0))


def _paced(magics: GeminiMagics, transport: Transport) -> Transport:
    if magics.run is None:
        return transport
    from gemini_magic.transport.pacing import Paced, SharedPace

    return Paced(transport, SharedPace(magics.run.pace))
