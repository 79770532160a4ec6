"""Lists the models on offer, remembers them, and finds close names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemini_magic.errors import ModelNotFound
from gemini_magic.transport.protocol import ModelInfo

if TYPE_CHECKING:
    from gemini_magic.session.session import Session


def list_models(session: Session) -> list[ModelInfo]:
    """Ask the service for its models that answer prompts; kept for completion and limits."""
    found = [
        one
        for one in session.connect().transport.models()
        if not one.actions or "generateContent" in one.actions
    ]
    session.listed_models = [one.name for one in found]
    session.input_limits = {one.name: one.input_limit for one in found if one.input_limit}
    return found


def suggest(error: ModelNotFound, model: str, known: Sequence[str]) -> None:
    """Give ``error`` the names close to ``model`` among those ``known``, if there are any."""
    near = close(model, known)
    if near:
        error.hint = f"Did you mean {' or '.join(near)}? {error.hint}"


def close(model: str, known: Sequence[str]) -> list[str]:
    """Up to three of ``known`` that ``model`` may have been meant to be."""
    found = difflib.get_close_matches(model, [name for name in known if name != model], 3, 0.5)
    return list(found)
