"""Shows what was used and what it costs (``%gemini usage``)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from gemini_magic.magics.commands.arguments import no_value
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.session.session import Session
from gemini_magic.session.spending import Call, total
from gemini_magic.text import counted
from gemini_magic.turn.usage import Usage


def usage(session: Session, kernel: KernelState, rest: str) -> None:
    """``%gemini usage``: tokens and cost of the last answer, the conversation and the session."""
    no_value(rest, "usage")
    from gemini_magic.session.prices import sources

    engine = session.engine
    current = engine.conversations.current
    lines = []
    if engine.last is not None and engine.last.reused is None:
        last = engine.last
        lines += _group("last answer", [Call.of(last)])
    own = [call for call in engine.spent if call.conversation == current]
    if own and len(own) < len(engine.spent):
        lines += _group(f"conversation {current}", own)
    lines += _group("this session", engine.spent)
    if engine.spent:
        models = {call.model for call in engine.spent}
        lines.append(f"prices: list, {sources(models)}")
    if engine.emulated:
        lines.append(
            f"{counted(engine.emulated, 'call')} went to the emulator: priced like the model it "
            "plays, nothing of it was billed"
        )
    session.say("\n".join(lines))


def _group(name: str, calls: Iterable[Call]) -> list[str]:
    by_model: dict[str, list[Call]] = {}
    for call in calls:
        by_model.setdefault(call.model, []).append(call)
    rows = [
        _row(
            model,
            len(made),
            sum((call.usage for call in made), Usage()),
            total(call.cost for call in made),
        )
        for model, made in by_model.items()
    ]
    calls_made = sum(map(len, by_model.values()))
    return [f"{name}: {counted(calls_made, 'call')}", *rows]


def _row(model: str, calls: int, used: Usage, cost: Decimal | None) -> str:
    from gemini_magic.session.prices import dollars

    return (
        f"  {model}: {counted(calls, 'call')}, input {used.input_tokens:,} "
        f"(cached {used.cached_tokens:,}), output {used.output_tokens:,}, "
        f"thinking {used.thinking_tokens:,}, tool use {used.tool_use_tokens:,}, "
        f"total {used.total_tokens:,} tokens, "
        f"cost {'unknown' if cost is None else dollars(cost)}"
    )
