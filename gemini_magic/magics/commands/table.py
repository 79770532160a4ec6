"""The subcommands of ``%gemini``: one table, one function each.

No value shows, a value sets. ``[N]`` is the number that ``history`` shows, by default the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gemini_magic.errors import GeminiError, OptionError, did_you_mean
from gemini_magic.magics.ask_cell import ask_in_kernel
from gemini_magic.magics.commands import (
    attachments,
    cells,
    config,
    continuing,
    conversations,
    doctor,
    fix,
    models,
    restoring,
    usage,
)
from gemini_magic.magics.commands.arguments import no_value
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.options import help_table
from gemini_magic.session.asking import fill
from gemini_magic.session.options import AskOptions
from gemini_magic.session.session import Session
from gemini_magic.settings import BACKENDS
from gemini_magic.text import counted
from gemini_magic.transport.keeping import kept
from gemini_magic.turn.usage import Usage


@dataclass(frozen=True)
class Subcommand:
    """One subcommand: how it is written, what it does."""

    name: str
    takes: str
    help: str
    run: Callable[[Session, KernelState, str], None]

    @property
    def usage(self) -> str:
        return f"{self.name} {self.takes}".strip()


def run(session: Session, kernel: KernelState, line: str) -> None:
    """What a ``%gemini`` line does; OptionError on an unknown subcommand."""
    word, _, rest = line.strip().partition(" ")
    if word in ("--help", "-h"):
        word = "help"
    found = _BY_NAME.get(word or "status")
    if found is None:
        near = did_you_mean(word.lower(), _BY_NAME)
        asked = f"%{kernel.name} ask {line.strip()[:60]}".rstrip("?")
        if not near:
            near = f"Did you mean {asked}?"
        elif rest:
            near = f"{near[:-1]}, or {asked}?"
        raise OptionError(f"%{kernel.name} has no subcommand {word!r}.", near)
    found.run(session, kernel, rest.strip() if found.name != "ask" else rest)


def _status(session: Session, kernel: KernelState, rest: str) -> None:
    no_value(rest, "status")
    settings = session.settings
    conversation = session.engine.conversations.get()
    keeps = ""
    try:
        connected = session.connect().backend
        backend = str(connected)
        keeps = f"kept there    {kept(connected, settings.store)}\n"
    except GeminiError as error:
        backend = f"none: {error.what}\n              {error.hint}"
    total = sum((call.usage for call in session.engine.spent), Usage())
    session.say(
        f"backend       {backend}\n{keeps}"
        f"model         {settings.model}\n"
        f"conversation  {conversation.name}, {counted(len(conversation), 'exchange')}\n"
        f"this session  {counted(len(session.engine.spent), 'call')}, "
        f"{total.total_tokens:,} tokens"
    )


def _ask_line(session: Session, kernel: KernelState, rest: str) -> None:
    if not rest.strip():
        raise OptionError("There is no text to ask.", f"Write it behind: %{kernel.name} ask TEXT")
    ask_in_kernel(session, kernel, *fill(session, rest, AskOptions()))


def _help(session: Session, kernel: KernelState, rest: str) -> None:
    no_value(rest, "help")
    name = kernel.name
    width = max(len(command.usage) for command in SUBCOMMANDS)
    rows = "\n".join(f"  {command.usage:<{width}}  {command.help}" for command in SUBCOMMANDS)
    session.say(
        f"%%{name} [options], the prompt on the lines below it\n{help_table()}\n\n"
        f"%{name} SUBCOMMAND\n{kernel.named(rows)}\n\n"
        "In a prompt, $`expr` is replaced by the value of the expression."
    )


SUBCOMMANDS: tuple[Subcommand, ...] = (
    Subcommand(
        "status", "", "backend, model, conversation and usage (also %gemini alone)", _status
    ),
    Subcommand("ask", "TEXT", "ask the rest of the line", _ask_line),
    Subcommand("help", "", "this text", _help),
    Subcommand("model", "[NAME]", "show or set the model", config.model),
    Subcommand(
        "models", "[FILTER]", "the models on offer now, with limits and prices", models.models
    ),
    Subcommand(
        "backend", "[NAME]", f"show or set the backend: {', '.join(BACKENDS)}", config.backend
    ),
    Subcommand(
        "history", "[N]", "the exchanges of the conversation, or its last N", conversations.history
    ),
    Subcommand("show", "[N]", "show an answer again", cells.show),
    Subcommand(
        "continue",
        "[N] [options]",
        "ask for the rest of an answer that the service has stopped; --max-cost, --timeout, "
        "--view, --show, --preview",
        continuing.continue_,
    ),
    Subcommand(
        "conversation",
        "[NAME]",
        "show or switch; with --new NAME, --fork NEW [N] (copy this conversation, from exchange N "
        "on), --delete [NAME], --list",
        conversations.conversation,
    ),
    Subcommand(
        "undo", "", "take back the last change: an exchange, a re-run, a reset", conversations.undo
    ),
    Subcommand(
        "redo", "", "repeat what undo took back, until something is asked", conversations.redo
    ),
    Subcommand("reset", "", "empty the conversation", conversations.reset),
    Subcommand("save", "PATH", "write the conversation to a file", conversations.save),
    Subcommand(
        "load", "PATH", "read a conversation from a file and go on with it", conversations.load
    ),
    Subcommand(
        "restore",
        "NOTEBOOK",
        "rebuild the conversation from the answers stored in a notebook",
        restoring.restore,
    ),
    Subcommand("insert", "[N] [code|all]", "an answer as new cells below its prompt", cells.insert),
    Subcommand("run", "[N]", "show an answer's code, then run it in this kernel", cells.run),
    Subcommand(
        "files",
        "[N|--delete]",
        "write an answer's attachments into the working folder, under the sandbox's names; "
        "--delete deletes what this kernel has uploaded to the service",
        attachments.files,
    ),
    Subcommand(
        "verify",
        "[N]",
        "run an answer's code in a fresh local process and compare the outputs",
        cells.verify,
    ),
    Subcommand("usage", "", "tokens and cost: last answer, conversation, session", usage.usage),
    Subcommand(
        "error",
        "[options]",
        "explain the last exception and offer a corrected cell, which is never run",
        fix.error,
    ),
    Subcommand(
        "doctor",
        "[--ask]",
        "check the setup, and say how to mend what is wrong; --ask sends a prompt of two tokens",
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
