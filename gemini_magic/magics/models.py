"""``%gemini models``: what the backend offers, live, with limits and prices; close names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemini_magic.errors import ModelNotFound, did_you_mean
from gemini_magic.magics.line import count
from gemini_magic.transport.protocol import ModelInfo

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def models(magics: GeminiMagics, rest: str) -> None:
    """List the models whose name holds ``rest``; asks the service, and remembers the answer."""
    from gemini_magic.prices import source

    wanted = rest.strip().lower()
    listed = listing(magics)
    shown = [one for one in listed if wanted in f"{one.name} {one.display_name}".lower()]
    if not shown:
        near = did_you_mean(wanted, [one.name for one in listed])
        magics.say(f"no model of {len(listed)} has {rest.strip()!r} in its name. {near}".rstrip())
        return
    width = max(len(one.name) for one in shown)
    rows = [f"  {one.name:<{width}}  {_facts(one)}" for one in shown]
    current = magics.settings.model
    prices = source()
    magics.say(
        f"{count(len(shown), 'model')} of {magics.connect().backend.kind}"
        + (f" (of {len(listed)})" if wanted else "")
        + f"; in use: {current}\n"
        + "\n".join(rows)
        + "\nprices: US dollars for a million tokens, input / output, by "
        + f"{prices['source']} {prices['version']} for {prices['date']}"
    )


def listing(magics: GeminiMagics) -> list[ModelInfo]:
    """Ask the service for its models that answer prompts; kept for completion and limits."""
    found = [
        one
        for one in magics.connect().transport.models()
        if not one.actions or "generateContent" in one.actions
    ]
    magics.listed_models = [one.name for one in found]
    magics.input_limits = {one.name: one.input_limit for one in found if one.input_limit}
    return found


def _facts(model: ModelInfo) -> str:
    limits = [
        f"{limit:>9,} {word}"
        for limit, word in ((model.input_limit, "in"), (model.output_limit, "out"))
        if limit
    ]
    return "  ".join([*limits, _price(model.name)])


def _price(name: str) -> str:
    from gemini_magic.prices import dollars, price
    from gemini_magic.turn import Usage

    # Of a thousand tokens: some models cost more from some length of the prompt on.
    sides = [price(Usage(input_tokens=1000), name), price(Usage(output_tokens=1000), name)]
    if None in sides:
        return "price unknown"
    return " / ".join(dollars(side * 1000) for side in sides if side is not None)


def suggest(magics: GeminiMagics, error: ModelNotFound, model: str) -> None:
    """Give ``error`` the close names among the models that were listed, if there are any."""
    near = close(model, magics.listed_models)
    if near:
        error.hint = f"Did you mean {' or '.join(near)}? {error.hint}"


def close(model: str, known: Sequence[str]) -> list[str]:
    """Up to three of ``known`` that ``model`` may have been meant to be."""
    found = difflib.get_close_matches(model, [name for name in known if name != model], 3, 0.5)
    return list(found)
