"""What was used and what it costs, in words: for a turn's last line and for ``%gemini usage``."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from gemini_magic.magics.line import count, no_value
from gemini_magic.parts import Json
from gemini_magic.turn import Turn, Usage

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

Call = tuple[str, str, Usage]  # model, conversation, usage


def spoken(turn: Turn) -> str | None:
    """The cost of a turn for its usage line: "$0.0027 (prices of 2026-11-22)".

    None for a stored answer (showing it cost nothing) and for one without any usage.
    """
    if turn.reused is not None or turn.usage == Usage():
        return None
    if turn.request.backend == "emulator":
        return "emulator, nothing billed"
    from gemini_magic.prices import cost, dollars

    found = cost(turn)
    if found is None:
        return "cost unknown"
    return f"{dollars(found)} (prices of {turn.started[:10]})"


def session(magics: GeminiMagics) -> Json:
    """Calls, tokens and cost of this kernel so far, for the sidebar; ``cost`` in words."""
    spent = list(magics.engine.spent)
    tokens = sum(used.total_tokens for _, _, used in spent)
    emulated = magics.engine.emulated
    if not spent:
        cost = ""
    elif emulated >= len(spent):
        cost = "emulator, nothing billed"
    else:
        from gemini_magic.prices import dollars, price

        total = _total(price(used, model) for model, _, used in spent)
        cost = "cost unknown" if total is None else dollars(total)
        if emulated:
            cost += f", of it {count(emulated, 'call')} of the emulator, not billed"
    return {"calls": len(spent), "tokens": tokens, "cost": cost}


def usage(magics: GeminiMagics, rest: str) -> None:
    """``%gemini usage``: tokens and cost of the last answer, the conversation and the session."""
    no_value(rest, "usage")
    from gemini_magic.prices import source

    engine = magics.engine
    current = engine.conversations.current
    lines = []
    if engine.last is not None and engine.last.reused is None:
        last = engine.last
        lines += _group("last answer", [(last.model, last.conversation, last.usage)])
    own = [call for call in engine.spent if call[1] == current]
    if own and len(own) < len(engine.spent):
        lines += _group(f"conversation {current}", own)
    lines += _group("this session", engine.spent)
    if engine.spent:
        prices = source()
        lines.append(f"prices: list, {prices['source']} {prices['version']} of {prices['date']}")
    if engine.emulated:
        lines.append(
            f"{count(engine.emulated, 'call')} went to the emulator: priced like the model it "
            "plays, nothing of it was billed"
        )
    magics.say("\n".join(lines))


def _group(name: str, calls: Iterable[Call]) -> list[str]:
    from gemini_magic.prices import price

    by_model: dict[str, list[Usage]] = {}
    for model, _, used in calls:
        by_model.setdefault(model, []).append(used)
    rows = [
        _row(model, len(used), sum(used, Usage()), _total(price(one, model) for one in used))
        for model, used in by_model.items()
    ]
    calls_made = sum(map(len, by_model.values()))
    return [f"{name}: {count(calls_made, 'call')}", *rows]


def _total(costs: Iterable[Decimal | None]) -> Decimal | None:
    known = list(costs)
    return None if None in known else sum((one for one in known if one is not None), Decimal(0))


def _row(model: str, calls: int, total: Usage, cost: Decimal | None) -> str:
    from gemini_magic.prices import dollars

    return (
        f"  {model}: {count(calls, 'call')}, input {total.input_tokens:,} "
        f"(cached {total.cached_tokens:,}), output {total.output_tokens:,}, "
        f"thinking {total.thinking_tokens:,}, tool use {total.tool_use_tokens:,}, "
        f"total {total.total_tokens:,} tokens, "
        f"cost {'unknown' if cost is None else dollars(cost)}"
    )
