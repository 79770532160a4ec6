"""The subcommands of ``%gemini``: one table, one function each.

No value shows, a value sets. ``[N]`` is the number that ``history`` shows, by default the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_magic.errors import GeminiError, OptionError, did_you_mean
from gemini_magic.magics import (
    cell_commands,
    config,
    conversations,
    costs,
    doctor,
    line,
    mending,
    models,
    restoring,
)
from gemini_magic.magics.history import described, history
from gemini_magic.magics.line import count as _count
from gemini_magic.magics.line import no_value as _no_value
from gemini_magic.magics.line import word as _word
from gemini_magic.magics.options import OPTIONS, help_table
from gemini_magic.settings import BACKENDS
from gemini_magic.storage import load_conversation, save_conversation
from gemini_magic.turn import Usage

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


@dataclass(frozen=True)
class Subcommand:
    """One subcommand: how it is written, what it does."""

    name: str
    takes: str
    help: str
    run: Callable[[GeminiMagics, str], None]

    @property
    def usage(self) -> str:
        return f"{self.name} {self.takes}".strip()


def run(magics: GeminiMagics, line: str) -> None:
    """What a ``%gemini`` line does; OptionError on an unknown subcommand."""
    word, _, rest = line.strip().partition(" ")
    if word in ("--help", "-h"):
        word = "help"
    found = _BY_NAME.get(word or "status")
    if found is None:
        near = did_you_mean(word.lower(), _BY_NAME)
        asked = f"%{magics.magic_name} ask {line.strip()[:60]}".rstrip("?")
        if not near:
            near = f"Did you mean {asked}?"
        elif rest:
            near = f"{near[:-1]}, or {asked}?"
        raise OptionError(f"%{magics.magic_name} has no subcommand {word!r}.", near)
    found.run(magics, rest.strip() if found.name != "ask" else rest)


def _status(magics: GeminiMagics, rest: str) -> None:
    _no_value(rest, "status")
    settings = magics.settings
    conversation = magics.engine.conversations.get()
    try:
        backend = str(magics.connect().backend)
    except GeminiError as error:
        backend = f"none: {magics.named(error.what)}\n              {magics.named(error.hint)}"
    total = sum((usage for _, _, usage in magics.engine.spent), Usage())
    magics.say(
        f"backend       {backend}\n"
        f"model         {settings.model}\n"
        f"conversation  {conversation.name}, {_count(len(conversation), 'exchange')}\n"
        f"this session  {_count(len(magics.engine.spent), 'call')}, "
        f"{total.total_tokens:,} tokens"
    )


def _ask(magics: GeminiMagics, rest: str) -> None:
    if not rest.strip():
        raise OptionError(
            "There is no text to ask.", f"Write it behind: %{magics.magic_name} ask TEXT"
        )
    from gemini_magic.prompt import expand

    magics.ask(expand(rest, magics.namespace), {})


def _help(magics: GeminiMagics, rest: str) -> None:
    _no_value(rest, "help")
    name = magics.magic_name
    width = max(len(command.usage) for command in SUBCOMMANDS)
    rows = "\n".join(f"  {command.usage:<{width}}  {command.help}" for command in SUBCOMMANDS)
    magics.say(
        f"%%{name} [options], the prompt on the lines below it\n{help_table()}\n\n"
        f"%{name} SUBCOMMAND\n{magics.named(rows)}\n\n"
        "In a prompt, $`expr` is replaced by the value of the expression."
    )


def _model(magics: GeminiMagics, rest: str) -> None:
    if rest:
        name = _word(rest, "model NAME").removeprefix("models/")
        if name.startswith("-"):
            raise OptionError(
                f"{name[:60]!r} is no name of a model.",
                "%gemini models lists them; %gemini model NAME sets one.",
            )
        magics.chosen["model"] = name
    magics.say(f"model: {magics.settings.model}")


def _backend(magics: GeminiMagics, rest: str) -> None:
    if rest:
        name = _word(rest, "backend NAME").lower()
        if name not in BACKENDS:
            raise OptionError(
                f"There is no backend {name!r}.",
                did_you_mean(name, BACKENDS) or f"It is one of {', '.join(BACKENDS)}.",
            )
        earlier = magics.chosen.get("backend")
        magics.chosen["backend"] = name
        magics.connections.forget_secret()
        try:
            magics.connect()
        except BaseException:
            # What cannot be used is not kept: the backend in force goes on.
            magics.chosen.pop("backend")
            if earlier is not None:
                magics.chosen["backend"] = earlier
            raise
    backend = magics.connect().backend
    note = (
        "\nAnswers come from the offline emulator: its words are scripted, its code really runs "
        "here."
        if backend.kind == "emulator"
        else ""
    )
    magics.say(f"backend: {backend}{note}")


def _show(magics: GeminiMagics, rest: str) -> None:
    conversation = magics.engine.conversations.get()
    turn = line.exchange(conversation, rest, "show").turn
    from gemini_magic.magics.asking import view
    from gemini_magic.magics.situation import situation

    now = replace(situation(magics.shell), watched=False)
    view(magics, {}, now).ended(turn)


def _undo(magics: GeminiMagics, rest: str) -> None:
    _no_value(rest, "undo")
    exchange = magics.engine.conversations.get().undo()
    magics.say(
        "nothing to undo"
        if exchange is None
        else f"removed: {described(exchange)}\n%{magics.magic_name} redo brings it back"
    )


def _redo(magics: GeminiMagics, rest: str) -> None:
    _no_value(rest, "redo")
    exchange = magics.engine.conversations.get().redo()
    magics.say("nothing to redo" if exchange is None else f"brought back: {described(exchange)}")


def _reset(magics: GeminiMagics, rest: str) -> None:
    _no_value(rest, "reset")
    conversation = magics.engine.conversations.get()
    count = conversation.reset()
    magics.say(
        f"conversation {conversation.name} is empty; {_count(count, 'exchange')} removed, "
        f"%{magics.magic_name} redo brings them back one by one"
    )


def _save(magics: GeminiMagics, rest: str) -> None:
    path = Path(_word(rest, "save PATH", required=True)).expanduser()
    conversation = magics.engine.conversations.get()
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    size = save_conversation(conversation, path, now)
    magics.say(f"saved {_count(len(conversation), 'exchange')} to {path}, {size:,} bytes")


def _load(magics: GeminiMagics, rest: str) -> None:
    path = Path(_word(rest, "load PATH", required=True)).expanduser()
    conversations = magics.engine.conversations
    conversation = conversations.add(load_conversation(path))
    conversations.current = conversation.name
    magics.say(f"conversation: {conversation.name}, {_count(len(conversation), 'exchange')}")


SUBCOMMANDS: tuple[Subcommand, ...] = (
    Subcommand(
        "status", "", "backend, model, conversation and usage (also %gemini alone)", _status
    ),
    Subcommand("ask", "TEXT", "ask the rest of the line", _ask),
    Subcommand("help", "", "this text", _help),
    Subcommand("model", "[NAME]", "show or set the model", _model),
    Subcommand(
        "models", "[FILTER]", "the models on offer now, with limits and prices", models.models
    ),
    Subcommand("backend", "[NAME]", f"show or set the backend: {', '.join(BACKENDS)}", _backend),
    Subcommand("history", "[N]", "the exchanges of the conversation, or its last N", history),
    Subcommand("show", "[N]", "show an answer again", _show),
    Subcommand(
        "conversation",
        "[NAME]",
        "show or switch; with --new NAME, --fork NEW [N] (a copy; N: of exchanges N to the last), "
        "--delete [NAME], --list",
        conversations.conversation,
    ),
    Subcommand("undo", "", "remove the last exchange", _undo),
    Subcommand("redo", "", "bring back what undo or reset removed", _redo),
    Subcommand("reset", "", "empty the conversation", _reset),
    Subcommand("save", "PATH", "write the conversation to a file", _save),
    Subcommand("load", "PATH", "read a conversation from a file and go on with it", _load),
    Subcommand(
        "restore",
        "NOTEBOOK",
        "rebuild the conversation from the answers stored in a notebook",
        restoring.restore,
    ),
    Subcommand(
        "insert", "[N] [code|all]", "an answer as new cells below its prompt", cell_commands.insert
    ),
    Subcommand(
        "run", "[N]", "show an answer's code, then run it in this kernel", cell_commands.run
    ),
    Subcommand(
        "verify",
        "[N]",
        "run an answer's code in a fresh local process and compare the outputs",
        cell_commands.verify,
    ),
    Subcommand("usage", "", "tokens and cost: last answer, conversation, session", costs.usage),
    Subcommand(
        "error",
        "[options]",
        "explain the last exception and offer a corrected cell, which is never run",
        mending.error,
    ),
    Subcommand(
        "doctor",
        "[--ask]",
        "what is in the way of an answer, and how to mend it; --ask sends a prompt of two tokens",
        doctor.doctor,
    ),
    Subcommand(
        "config",
        "[NAME[=VALUE]]",
        "show settings and where each comes from, or set one; NAME= takes it back",
        config.config,
    ),
)

_BY_NAME = {command.name: command for command in SUBCOMMANDS}


__all__ = ["OPTIONS", "SUBCOMMANDS", "Subcommand", "run"]
