"""Completes ``%%gemini`` and ``%gemini`` lines, and variables in a prompt's ``$`expr` ``.

Nothing here calls the network: models are those in use and those ``%gemini models`` has listed.
IPython asks a matcher for each completion; away from our lines it answers nothing. Before IPython
8.6 (Colab) a matcher is given the word before the cursor and answers with texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from gemini_magic import catalog
from gemini_magic.magics.commands.continuing import TAKES
from gemini_magic.magics.commands.table import SUBCOMMANDS
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.options import OPTIONS, Option
from gemini_magic.session.session import Session
from gemini_magic.settings import BACKENDS

Found = tuple[str, Iterable[tuple[str, str]]]  # the fragment before the cursor; (text, type) each
MOST = 500  # candidates: more than anyone reads, few enough to be sent at once

_VARIABLE = re.compile(r"\$`([A-Za-z_]\w*)?$")
_OPTIONS = {name: option for option in OPTIONS for name in (option.name, option.short) if name}


def matches(session: Session, kernel: KernelState, context: Any) -> dict[str, Any] | list[str]:
    """What IPython wants for a CompletionContext, its matcher API v2, or for a word, its v1."""
    if isinstance(context, str):
        return _texts(session, kernel, context)
    from IPython.core.completer import SimpleCompletion

    found = complete(
        session, kernel, context.full_text, context.cursor_line, context.text_until_cursor
    )
    if found is None:
        return {"completions": []}
    fragment, candidates = found
    fitting = (one for one in candidates if one[0].startswith(fragment))
    made = [SimpleCompletion(text=text, type=kind) for text, kind in islice(fitting, MOST)]
    # Ours alone: Python's completions mean nothing on these lines.
    return {"completions": made, "matched_fragment": fragment, "suppress": True}


def _texts(session: Session, kernel: KernelState, word: str) -> list[str]:
    """Completions of ``word``, which ends at the cursor; IPython 7 knows the line, not the cell."""
    before = str(kernel.shell.Completer.text_until_cursor)
    found = complete(session, kernel, before, 0, before)
    if found is None:
        return []
    fragment, candidates = found
    known = len(fragment) - len(word)  # IPython cuts at "=" and other signs
    fitting = (text[known:] for text, _ in candidates if text.startswith(fragment))
    return list(islice(fitting, MOST)) if known >= 0 else []


def complete(
    session: Session, kernel: KernelState, whole: str, row: int, before: str
) -> Found | None:
    """What can stand at the cursor, or None when the place is not ours.

    ``whole``: the cell; ``row``: the cursor's line in it, from 0; ``before``: that line up to the
    cursor.
    """
    name = kernel.name
    lines = whole.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    in_cell = re.match(rf"\s*%%{name}(\s|$)", lines[first]) is not None
    if in_cell and row > first:
        found = _VARIABLE.search(before)
        return (
            None if found is None else (found[1] or "", _variables(session, kernel, found[1] or ""))
        )
    line = re.match(rf"\s*(%%?){name}(\s.*)?$", before, re.DOTALL)
    if line is None or line[2] is None:
        return None
    words, fragment = _words(line[2])
    if line[1] == "%%":
        return (fragment, _on_cell_line(session, kernel, words, fragment)) if in_cell else None
    return fragment, _on_line(session, kernel, words, fragment)


def _words(text: str) -> tuple[list[str], str]:
    *words, fragment = re.split(r"\s+", text.lstrip()) or [""]
    return words, fragment


def _on_cell_line(
    session: Session, kernel: KernelState, words: Sequence[str], fragment: str
) -> Iterator[tuple[str, str]]:
    option = _OPTIONS.get(words[-1].replace("_", "-") if words else "")
    if option is not None and option.takes:
        return _values(session, kernel, option, fragment, words)
    if "=" in fragment:
        name, _, value = fragment.partition("=")
        option = _OPTIONS.get(name.replace("_", "-"))
        if option is None or not option.takes:
            return iter(())
        return (
            (f"{name}={text}", kind)
            for text, kind in _values(session, kernel, option, value, words)
        )
    given = {_OPTIONS[word].name for word in words if word in _OPTIONS}
    return ((one.name, "option") for one in OPTIONS if one.many or one.name not in given)


def _values(
    session: Session, kernel: KernelState, option: Option, fragment: str, words: Sequence[str]
) -> Iterator[tuple[str, str]]:
    match option.name:
        case "--thinking":
            model = _model(words) or session.settings.model
            return _plain(catalog.of(model).levels or option.choices, "value")
        case "--model":
            return _plain(_models(session), "model")
        case "--conversation":
            return _plain((one.name for one in session.engine.conversations), "conversation")
        case "--output":
            return _variables(session, kernel, fragment)
        case "--attach":
            return chain(_variables(session, kernel, fragment), _paths(fragment))
        case "--tool":
            return _variables(session, kernel, fragment, callable)
        case "--schema":
            from gemini_magic.schemas import usable

            return _schemas(session, kernel, fragment, usable)
    return _plain(option.choices, "value")


def _models(session: Session) -> list[str]:
    """The models known to this kernel, and those of the table."""
    return list(dict.fromkeys([*session.known_models(), *catalog.MODELS]))


def _model(words: Sequence[str]) -> str | None:
    """The model that a cell's line names before the cursor."""
    found = re.search(r"(?:^|\s)(?:--model(?:\s+|=)|-m\s*)(\S+)", " ".join(words))
    return found and found[1]


def _on_line(
    session: Session, kernel: KernelState, words: Sequence[str], fragment: str
) -> Iterator[tuple[str, str]]:
    if not words:
        return _plain((command.name for command in SUBCOMMANDS), "subcommand")
    match words[0]:
        case "model" | "models":
            return _plain(_models(session), "model")
        case "backend":
            return _plain(BACKENDS, "backend")
        case "files" if fragment.startswith("-"):
            return _plain(("--delete",), "option")
        case "doctor":
            return _plain(("--ask",), "option")
        case "conversation" if fragment.startswith("-"):
            return _plain(("--new", "--fork", "--delete", "--list"), "option")
        case "conversation":
            return _plain((one.name for one in session.engine.conversations), "conversation")
        case "config":
            return _settings(session, kernel, fragment)
        case "save" | "load" | "restore":
            return _paths(fragment)
        case "continue" if fragment.startswith("-"):
            return _plain((one.name for one in OPTIONS if one.field in TAKES), "option")
        case "continue":
            turns = [one.turn for one in session.engine.conversations.get()]
            numbers = (str(at) for at, turn in enumerate(turns, 1) if turn.continuation is not None)
            return _plain(numbers, "exchange")
        case "show" | "history" | "insert" | "run" | "verify":
            count = len(session.engine.conversations.get())
            return _plain((str(number) for number in range(1, count + 1)), "exchange")
    return iter(())


def _settings(session: Session, kernel: KernelState, fragment: str) -> Iterator[tuple[str, str]]:
    name, equals, _ = fragment.partition("=")
    traits = kernel.traits.class_traits(config=True)
    if not equals:
        return _plain(traits, "setting")
    values = getattr(traits.get(name), "values", None) or ()
    if name == "model":
        values = session.known_models()
    return _plain((f"{name}={value}" for value in values if value is not None), "value")


def _plain(names: Iterable[str], kind: str) -> Iterator[tuple[str, str]]:
    return ((name, kind) for name in names)


def _variables(
    session: Session,
    kernel: KernelState,
    fragment: str,
    wanted: Callable[[object], bool] | None = None,
) -> Iterator[tuple[str, str]]:
    hidden = kernel.hidden
    for name, value in list(session.namespace.items()):
        private = name.startswith("_") and not fragment.startswith("_")
        if private or name in hidden or (wanted is not None and not wanted(value)):
            continue
        yield name, "instance"


def _schemas(
    session: Session, kernel: KernelState, fragment: str, wanted: Callable[[object], bool]
) -> Iterator[tuple[str, str]]:
    """Types by their names, also inside of ``list[``."""
    before, bracket, inner = fragment.rpartition("[")
    found = _variables(session, kernel, inner, wanted)
    close = "]" * fragment.count("[")
    return ((f"{before}{bracket}{name}{close}", kind) for name, kind in found)


def _paths(fragment: str) -> Iterator[tuple[str, str]]:
    head, slash, _ = fragment.rpartition("/")
    folder = Path(head + slash or ".").expanduser()
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        hidden = entry.name.startswith(".") and not fragment.rpartition("/")[2].startswith(".")
        if not hidden:
            yield head + slash + entry.name + ("/" if entry.is_dir() else ""), "path"
