"""``%gemini error``: the last exception explained, and a corrected cell offered, never run.

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
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import AnswerInterrupted, GeminiError, OptionError, redact
from gemini_magic.magics.asking import ask, to_question
from gemini_magic.magics.options import parse
from gemini_magic.magics.situation import situation

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

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


def error(magics: GeminiMagics, rest: str) -> None:
    """Ask about the last exception with the options of ``rest`` (those of ``%%gemini``)."""
    given = dict(parse(rest, magics.magic_name))
    for name in ("help", "output", "attach", "tool"):
        if name in given:
            raise OptionError(
                f"%gemini error does not take --{name}.",
                "It takes -m, --thinking, --system, --preview and the like.",
            )
    failure = last(magics)
    prompt = question(failure, magics.shell, magics.namespace)
    if given.pop("preview", False):
        from gemini_magic.magics.preview import preview

        place = magics.place(situation(magics.shell), given, count=False)
        preview(magics, to_question(magics.settings, prompt, given, place))
        return
    turn = ask(magics, prompt, given)
    offer(magics, correction(turn.text))


def last(magics: GeminiMagics) -> Failure:
    """The last exception that is not our own; OptionError when there was none."""
    if magics.failure is not None:
        return Failure(*magics.failure)
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


def offer(magics: GeminiMagics, cell: str | None) -> None:
    """Put ``cell`` where the user can look at it and run it: the next input. It is not run."""
    if cell is None:
        magics.say("The answer has no corrected cell.")
        return
    shell: Any = magics.shell
    try:
        ast.parse(shell.transform_cell(cell))
    except (SyntaxError, ValueError) as error:
        magics.say(f"The cell in the answer is not valid Python ({error}); it is not inserted.")
        return
    now = situation(shell)
    if not (now.terminal or now.watched):
        magics.say("Nobody is watching: the corrected cell is in the answer alone.")
        return
    shell.set_next_input(cell, replace=False)
    magics.say("The corrected cell is put below, not run: look at it first.")
