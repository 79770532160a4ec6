"""Lists what the backend offers, with limits, prices and levels (``%gemini models``)."""

from __future__ import annotations

from collections.abc import Iterator

from gemini_magic import catalog
from gemini_magic.errors import did_you_mean
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.session.models import list_models
from gemini_magic.session.session import Session
from gemini_magic.text import counted
from gemini_magic.transport.protocol import ModelInfo


def models(session: Session, kernel: KernelState, rest: str) -> None:
    """List the models whose name holds ``rest``; asks the service, and remembers the answer."""
    from gemini_magic.session.prices import sources

    wanted = rest.strip().lower()
    listed = list_models(session)
    shown = [one for one in listed if wanted in f"{one.name} {one.display_name}".lower()]
    if not shown:
        near = did_you_mean(wanted, [one.name for one in listed])
        session.say(f"no model of {len(listed)} has {rest.strip()!r} in its name. {near}".rstrip())
        return
    width = max(len(one.name) for one in shown)
    rows = [f"  {one.name:<{width}}  {_facts(session, one)}" for one in shown]
    current = session.settings.model
    session.say(
        f"{counted(len(shown), 'model')} of {session.connect().backend.kind}"
        + (f" (of {len(listed)})" if wanted else "")
        + f"; in use: {current}\n"
        + "\n".join(rows)
        + "\nprices: US dollars for a million tokens, input / output, by "
        + sources(one.name for one in shown)
        + f"\nthinking: levels (*: without being asked), as known on {catalog.DATE}"
    )


def _facts(session: Session, model: ModelInfo) -> str:
    limits = [
        f"{limit:>9,} {word}"
        for limit, word in ((model.input_limit, "in"), (model.output_limit, "out"))
        if limit
    ]
    backend = session.connect().backend
    vertex = backend.kind == "vertex"
    served = session.engine.answering.served(model.name, backend.issuer)
    return "  ".join([*limits, _price(served.name), *_known(model.name, served, vertex)])


def _known(name: str, served: catalog.Model, vertex: bool) -> Iterator[str]:
    """What the table of models says: levels of thinking, who answers, when it ends."""
    if served.levels:
        marked = [f"{level}*" if level == served.default else level for level in served.levels]
        yield f"thinking {' '.join(marked)}"
    elif served.budget is not None:
        yield "thinking by budget"
    if not catalog.same(name, served.name) or name.endswith("-latest"):
        yield f"answered by {served.name}"
    elif served.ends is not None and not vertex:
        heir = f", then {served.routing.model}" if served.routing else ""
        yield f"until {served.ends:%Y-%m-%d}{heir}"


def _price(name: str) -> str:
    from gemini_magic.session.prices import dollars, price
    from gemini_magic.turn.usage import Usage

    # Of a thousand tokens: some models cost more from some length of the prompt on.
    sides = [price(Usage(input_tokens=1000), name), price(Usage(output_tokens=1000), name)]
    if None in sides:
        return "price unknown"
    return " / ".join(dollars(side * 1000) for side in sides if side is not None)
