"""Long conversations: a warning before a model's input limit, a refusal above it.

The number of tokens is estimated, from the characters and, where it says more, from what the
service counted for the exchange before: nothing is asked. The limit is the one that
``%gemini models`` has listed; for a model that was not listed it may be unknown, and the service
decides then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_magic.contents import tokens
from gemini_magic.errors import PromptError
from gemini_magic.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from gemini_magic.engine import Engine
    from gemini_magic.magics.magic import GeminiMagics
    from gemini_magic.question import Question
    from gemini_magic.transport.protocol import Outgoing

WARNING = 0.8  # of the limit
# Documented for the default model (ai.google.dev, September 2026); others are known once listed.
DOCUMENTED = {DEFAULT_MODEL: 1_048_576}


def watch(magics: GeminiMagics, question: Question, outgoing: Outgoing) -> None:
    """Print a warning from 80 % of the model's input limit on; PromptError above the limit."""
    limit = magics.input_limits.get(question.model) or DOCUMENTED.get(question.model)
    if limit is None:
        return
    about = estimate(magics.engine, question, outgoing)
    if about > limit:
        raise PromptError(
            f"This request is too long for {question.model}: about {about:,} tokens, it takes "
            f"{limit:,}; nothing was sent.",
            f"Three ways on: --stateless, without the history; %{magics.magic_name} conversation "
            "--fork NEW N, with the exchanges from N on; another conversation, -c NAME.",
        )
    if about > WARNING * limit:
        magics.say(
            f"This conversation is getting long: about {about:,} of the {limit:,} tokens that "
            f"{question.model} takes ({about / limit:.0%})."
        )


def estimate(engine: Engine, question: Question, outgoing: Outgoing) -> int:
    """About how many input tokens ``outgoing`` has, history included."""
    by_characters = tokens(outgoing.contents)
    if question.config.system:
        by_characters += len(question.config.system) // 4
    if question.stateless:
        return by_characters
    conversation = engine.conversations.get(question.conversation)
    before = conversation.place(question.cell, question.call).before
    last = conversation[before - 1] if before else None
    # With code run in between, Gemini 3 counts the prompt once for each of its inner steps.
    if last is None or not last.sendable or last.turn.usage.tool_use_tokens:
        return by_characters
    counted = last.turn.usage.input_tokens + last.turn.usage.output_tokens
    return max(by_characters, counted + tokens(outgoing.contents[-1:]))
