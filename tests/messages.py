"""Holds messages of a running kernel against their types (`gemini_magic.frontend.messages`)."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter

from gemini_magic.frontend.messages import PanelReply, Push, Services
from gemini_magic.turn.types import CLOSED


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    # A list, since a TypedDict itself takes no configuration from here.
    return TypeAdapter(list[kind], config=ConfigDict(**CLOSED, strict=True))


def check(kind: Any, message: Any) -> None:
    """Raise ValidationError unless ``message`` is of this type, to the last field."""
    _adapter(kind).validate_python([message])


def check_pushed(message: dict[str, Any]) -> None:
    """What the kernel has sent on ``gemini_magic.notify``."""
    check(Push, message)


def check_answered(message: dict[str, Any]) -> None:
    """What the kernel has sent on ``gemini_magic.panel``: an answer to a request, or a reply."""
    if not isinstance(message.get("id"), int):  # questions are named by texts
        check(PanelReply, message)
        return
    answer = {key: value for key, value in message.items() if key not in ("type", "id")}
    if set(answer) == {"error"}:
        check(str, answer["error"])
        return
    _, kind = get_args(get_type_hints(Services)[message["type"]])
    check(kind, answer)
