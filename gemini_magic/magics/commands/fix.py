"""Explains the last exception and offers a corrected cell, never run (``%gemini error``).

What is sent: the source of the cell that failed, the exception's type and message, where it was
raised, and the names and types of the variables that have to do with it. Never their values; but
an exception's own message may quote one. ``%gemini error --preview`` shows it first.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

from gemini_magic.errors import AnswerInterrupted, GeminiError, OptionError, redact
from gemini_magic.magics.ask_cell import ask_in_kernel, preview_cell
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.options import parse
from gemini_magic.session.options import AskOptions
from gemini_magic.session.session import Session
from gemini_magic.text import hidden

LONGEST = 20_000  # characters of the cell; a data literal may be far longer
MESSAGE = 2_000  # characters of an exception's message
FRAMES = 20
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_PYTHON = ("", "python", "py", "python3", "ipython")
_TASK = """\
A cell of my Jupyter notebook raised an exception. Find the cause; where it helps, try a correction
with code execution (my variables do not exist in your sandbox: make small ones of the same types).
Explain the cause in a few sentences, then give the whole corrected cell in one ```python block, as
the last thing of your answer."""


@dataclass(frozen=True)
class Failure:
    """An exception that a cell raised, and the cell as it was typed."""

    error: BaseException
    cell: str


def error(session: Session, kernel: KernelState, rest: str) -> None:
    """Ask about the last exception with the options of ``rest`` (those of ``%%gemini``)."""
    options = parse(rest, f"%{kernel.name} error")
    for name in ("help", "output", "attach", "tool"):
        if getattr(options, name) != getattr(AskOptions(), name):
            raise OptionError(
                f"%gemini error does not take --{name}.",
                "It takes -m, --thinking, --system, --preview and the like.",
            )
    failure = last(kernel)
    prompt = question(failure, kernel.shell, session.namespace)
    if options.preview:
        preview_cell(session, kernel, prompt, options)
        return
    turn = ask_in_kernel(session, kernel, prompt, options)
    offer(session, kernel, correction(turn.text))


def last(kernel: KernelState) -> Failure:
    """The last exception that is not our own; OptionError when there was none."""
    if kernel.failure is not None:
        return Failure(*kernel.failure)
    # Raised before the extension was loaded: IPython keeps it where Python's own prompt does.
    found: BaseException | None = getattr(sys, "last_value", None)
    if found is None or isinstance(found, GeminiError | AnswerInterrupted):
        raise OptionError(
            "No cell has raised an exception yet, but for those of %gemini itself.",
            "Run %gemini error after a cell whose own code raised one.",
        )
    return Failure(found, _source(found))


def _source(error: BaseException) -> str:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    files = [frame.f_code.co_filename for frame in frames if _own(frame)]
    if isinstance(error, SyntaxError) and error.filename:
        files.append(error.filename)
    return "".join(linecache.getlines(files[0])) if files else ""


def question(failure: Failure, shell: Any, namespace: Mapping[str, Any]) -> str:
    """The prompt about a failure; nothing in it that looks like a key."""
    cell = failure.cell.strip("\n")
    if len(cell) > LONGEST:
        cell = cell[:LONGEST] + f"\n# ... cut here, {len(failure.cell):,} characters in all"
    fence = "`" * (1 + max(map(len, re.findall(r"`{2,}", cell)), default=2))
    blocks = [
        _TASK,
        f"The cell:\n{fence}python\n{cell}\n{fence}" if cell else "The cell is not known.",
        "The exception:\n" + "\n".join(_chain(failure.error)),
    ]
    where = list(_frames(failure.error))
    if where:
        blocks.append("Where it was raised, the last one innermost:\n" + "\n".join(where))
    types = list(_types(failure, shell, namespace))
    if types:
        blocks.append("My variables, names and types only:\n" + "\n".join(types))
    return redact("\n\n".join(blocks))


def _chain(error: BaseException) -> Iterator[str]:
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen and len(seen) < 5:
        seen.append(found)
        lines = traceback.format_exception_only(found)
        yield ("" if found is error else "caused by ") + "".join(lines).strip()[:MESSAGE]
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _own(frame: FrameType) -> bool:
    """Whether a frame is of the user's cells."""
    return frame.f_globals.get("__name__") == "__main__"


def _frames(error: BaseException) -> Iterator[str]:
    found = list(traceback.walk_tb(error.__traceback__))
    # IPython's own frames, which lead to the cell, say nothing.
    first = next((at for at, (frame, _) in enumerate(found) if _own(frame)), len(found))
    for frame, line in found[first:][-FRAMES:]:
        name = frame.f_code.co_name
        inside = "" if name == "<module>" else f", in {name}"
        if _own(frame):
            text = linecache.getline(frame.f_code.co_filename, line).strip()[:200]
            yield f"- cell, line {line}{inside}: {text}"
        else:
            yield f"- {frame.f_globals.get('__name__', '?')}, line {line}{inside}"


def _types(failure: Failure, shell: Any, namespace: Mapping[str, Any]) -> Iterator[str]:
    names = set(_names(failure.cell, shell))
    hidden = getattr(shell, "user_ns_hidden", {})
    for name in sorted(names):
        if name in namespace and name not in hidden:
            yield f"- {name}: {_type(namespace[name])}"
    for frame, _ in traceback.walk_tb(failure.error.__traceback__):
        if _own(frame) and frame.f_code.co_name != "<module>":
            for name, value in sorted(frame.f_locals.items()):
                yield f"- {name} (in {frame.f_code.co_name}): {_type(value)}"


def _names(cell: str, shell: Any) -> Iterable[str]:
    try:
        tree = ast.parse(shell.transform_cell(cell))
    except (SyntaxError, ValueError):
        return _IDENTIFIER.findall(cell)
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _type(value: Any) -> str:
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else (f"{kind.__module__}.{kind.__qualname__}")
    )


def correction(text: str) -> str | None:
    """The last block of Python in an answer's text, None when there is none."""
    from markdown_it import MarkdownIt

    blocks = [
        token.content.strip("\n")
        for token in MarkdownIt("commonmark").parse(text)
        if token.type == "fence" and token.info.strip().lower() in _PYTHON
    ]
    return next((block for block in reversed(blocks) if block.strip()), None)


def offer(session: Session, kernel: KernelState, cell: str | None) -> None:
    """Put ``cell`` where the user can look at it and run it: the next input. It is not run."""
    if cell is None:
        session.say("The answer has no corrected cell.")
        return
    why = hidden(cell)
    if why is not None:
        session.say(f"The cell in the answer is not inserted: {why}.")
        return
    shell = kernel.shell
    try:
        ast.parse(shell.transform_cell(cell))
    except (SyntaxError, ValueError) as error:
        session.say(f"The cell in the answer is not valid Python ({error}); it is not inserted.")
        return
    now = kernel.situation
    if not (now.terminal or now.watched):
        session.say("Nobody is watching: the corrected cell is in the answer alone.")
        return
    shell.set_next_input(cell, replace=False)
    session.say("The corrected cell is put below, not run: look at it first.")
