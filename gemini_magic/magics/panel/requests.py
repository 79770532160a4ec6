"""What the sidebar asks a kernel, by the ``type`` of the request; each in a thread of its own.

``conversation``: the state (`panel.state`). ``answers`` of ``turns`` (ids). ``ask`` a ``prompt`` in
``conversation``, with ``attach`` (words as behind ``--attach``): sent when the prompts before it
are answered (`panel.line`), and answered when its answer has ended, with its ``status`` and what
there is ``said``. ``command``: a subcommand of ``%gemini`` with
its ``words``. ``models``: the names on offer. ``attachable``: the variables and the files of a
``folder``.

Whatever is in the way is raised; the sidebar is told its words.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gemini_magic.attach.suitable import files, variables
from gemini_magic.errors import AnswerInterrupted, GeminiError, OptionError
from gemini_magic.magics.asking import put, refuse_empty, to_question, with_data
from gemini_magic.magics.models import listing
from gemini_magic.magics.panel.line import Waiting
from gemini_magic.magics.panel.state import answers, state
from gemini_magic.magics.panel.view import alone
from gemini_magic.magics.saying import listening
from gemini_magic.magics.subcommands import run
from gemini_magic.parts import Json
from gemini_magic.prompt import expand

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

# Those that need no cell to show something in.
COMMANDS = (
    "backend",
    "conversation",
    "doctor",
    "load",
    "model",
    "redo",
    "reset",
    "restore",
    "save",
    "undo",
    "usage",
)


def answer(magics: GeminiMagics, request: Json) -> Json:
    """The answer to a request whose ``type`` is one of this module's; raises what is in the way."""
    return _REQUESTS[request["type"]](magics, request)


def _ask(magics: GeminiMagics, request: Json) -> Json:
    prompt = _text(request, "prompt")
    refuse_empty(prompt, "Write it into the box of the sidebar.")
    settings, namespace = magics.settings, magics.namespace
    words = _texts(request, "attach")
    conversation = request.get("conversation") or magics.engine.conversations.current
    given: Mapping[str, Any] = {
        "conversation": conversation,
        **({"attach": words} if words else {}),
    }
    waiting = Waiting(conversation, prompt, tuple(words))
    with listening() as said, magics.prompts.place(waiting) as turn_to_ask:
        # With the values of now: those that the user had in mind.
        given = with_data(given, namespace, settings.max_attachment_bytes)
        asked = to_question(settings, expand(prompt, namespace), given)
        shown = alone(magics)
        turn_to_ask()
        try:
            turn = put(magics, asked, given, show=lambda: shown)
        except (GeminiError, AnswerInterrupted) as error:
            if shown.turn is None:
                raise
            # What went wrong is said where the answer stands; what to do about it, here.
            turn = shown.turn
            said.append(error.hint)
    return {"turn": turn.id, "status": turn.status, "said": "\n".join(filter(None, said))}


def _command(magics: GeminiMagics, request: Json) -> Json:
    name = _text(request, "command")
    if name not in COMMANDS:
        raise OptionError(
            f"The sidebar has no command {name!r}.", f"Run %{magics.magic_name} {name} in a cell."
        )
    with listening() as said:
        try:
            run(magics, f"{name} {shlex.join(_texts(request, 'words'))}")
        finally:
            if magics.front_end is not None:
                magics.front_end.changed()
    return {"said": "\n".join(said)}


def _models(magics: GeminiMagics, request: Json) -> Json:
    return {"models": [one.name for one in listing(magics)]}


def _attachable(magics: GeminiMagics, request: Json) -> Json:
    hidden = magics.shell.user_ns_hidden if magics.shell is not None else {}
    return {
        "variables": [
            {"name": name, "what": what}
            for name, what in variables(magics.namespace)
            if name not in hidden
        ],
        "files": [
            {"name": name, "what": what} for name, what in files(str(request.get("folder", "")))
        ],
    }


def _text(request: Json, name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str):
        raise OptionError(f"The request's {name!r} is {type(value).__name__}, not text.", "")
    return value


def _texts(request: Json, name: str) -> list[str]:
    values = request.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise OptionError(f"The request's {name!r} is no list of texts.", "")
    return values


_REQUESTS: dict[str, Callable[[GeminiMagics, Json], Json]] = {
    "conversation": lambda magics, request: state(magics),
    "answers": lambda magics, request: answers(magics, _texts(request, "turns")),
    "ask": _ask,
    "command": _command,
    "models": _models,
    "attachable": _attachable,
}
