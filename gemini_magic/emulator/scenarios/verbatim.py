"""Python in the prompt is run as it stands."""

from __future__ import annotations

from markdown_it import MarkdownIt

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, ran

_FENCES = MarkdownIt("zero").enable("fence")  # nothing else of Markdown matters here
_OUTCOMES = {
    "OUTCOME_OK": "ran without an error",
    "OUTCOME_FAILED": "failed",
    "OUTCOME_DEADLINE_EXCEEDED": "ran out of time",
}


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Runs every ```` ```python ```` block of the prompt, in order, in one namespace."""
    if "```" not in prompt and "~~~" not in prompt:
        return None
    fences = (token for token in _FENCES.parse(prompt) if token.type == "fence")
    blocks = [one.content for one in fences if one.info.strip().lower() in ("python", "py")]
    return _answer(blocks) if blocks else None


def _answer(blocks: list[str]) -> Script:
    yield Say("I run the Python of the prompt as it is.\n\n")
    outcomes = []
    for block in blocks:
        result = yield from ran(block)
        outcomes.append(_OUTCOMES[result.outcome])
    if len(outcomes) == 1:
        yield Say(f"The code {outcomes[0]}.")
    else:
        told = "; ".join(f"block {number} {said}" for number, said in enumerate(outcomes, 1))
        yield Say(f"The {len(outcomes)} blocks: {told}.")
