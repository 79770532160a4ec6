"""Tab completion on ``%%gemini`` and ``%gemini`` lines, and in a prompt's ``$`expr` ``.

Nothing here calls the network: models are those in use and those ``%gemini models`` has listed.
IPython asks a matcher (its API v2) for each completion; away from our lines it answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion

from gemini_magic.magics.options import OPTIONS, Option
from gemini_magic.magics.subcommands import SUBCOMMANDS
from gemini_magic.settings import BACKENDS

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

Found = tuple[str, Iterable[tuple[str, str]]]  # the fragment before the cursor; (text, type) each
MOST = 500  # candidates: more than anyone reads, few enough to be sent at once

_VARIABLE = re.compile(r"\$`([A-Za-z_]\w*)?$")
_OPTIONS = {name: option for option in OPTIONS for name in (option.name, option.short) if name}


def answer(magics: GeminiMagics, context: Any) -> dict[str, Any]:
    """What IPython's matcher API (v2) wants for a CompletionContext."""
    found = complete(magics, context.full_text, context.cursor_line, context.text_until_cursor)
    if found is None:
        return {"completions": []}
    fragment, candidates = found
    made = [SimpleCompletion(text=text, type=kind) for text, kind in _first(candidates, fragment)]
    # Ours alone: Python's completions mean nothing on these lines.
    return {"completions": made, "matched_fragment": fragment, "suppress": True}


def _first(candidates: Iterable[tuple[str, str]], fragment: str) -> Iterator[tuple[str, str]]:
    count = 0
    for text, kind in candidates:
        if text.startswith(fragment):
            yield text, kind
            count += 1
            if count == MOST:
                return


def complete(magics: GeminiMagics, whole: str, row: int, before: str) -> Found | None:
    """What can stand at the cursor, or None when the place is not ours.

    ``whole``: the cell; ``row``: the cursor's line in it, from 0; ``before``: that line up to the
    cursor.
    """
    name = magics.magic_name
    lines = whole.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    in_cell = re.match(rf"\s*%%{name}(\s|$)", lines[first]) is not None
    if in_cell and row > first:
        found = _VARIABLE.search(before)
        return None if found is None else (found[1] or "", _variables(magics, found[1] or ""))
    line = re.match(rf"\s*(%%?){name}(\s.*)?$", before, re.DOTALL)
    if line is None or line[2] is None:
        return None
    words, fragment = _words(line[2])
    if line[1] == "%%":
        return (fragment, _on_cell_line(magics, words, fragment)) if in_cell else None
    return fragment, _on_line(magics, words, fragment)


def _words(text: str) -> tuple[list[str], str]:
    *words, fragment = re.split(r"\s+", text.lstrip()) or [""]
    return words, fragment


def _on_cell_line(
    magics: GeminiMagics, words: Sequence[str], fragment: str
) -> Iterator[tuple[str, str]]:
    option = _OPTIONS.get(words[-1].replace("_", "-") if words else "")
    if option is not None and option.takes:
        return _values(magics, option, fragment)
    if "=" in fragment:
        name, _, value = fragment.partition("=")
        option = _OPTIONS.get(name.replace("_", "-"))
        if option is None or not option.takes:
            return iter(())
        return ((f"{name}={text}", kind) for text, kind in _values(magics, option, value))
    given = {_OPTIONS[word].name for word in words if word in _OPTIONS}
    return ((one.name, "option") for one in OPTIONS if one.many or one.name not in given)


def _values(magics: GeminiMagics, option: Option, fragment: str) -> Iterator[tuple[str, str]]:
    match option.name:
        case "--model":
            return _plain(magics.known_models(), "model")
        case "--conversation":
            return _plain((one.name for one in magics.engine.conversations), "conversation")
        case "--output":
            return _variables(magics, fragment)
        case "--attach":
            return _both(_variables(magics, fragment), _paths(fragment))
        case "--tool":
            return _variables(magics, fragment, callable)
    return _plain(option.choices, "value")


def _on_line(
    magics: GeminiMagics, words: Sequence[str], fragment: str
) -> Iterator[tuple[str, str]]:
    if not words:
        return _plain((command.name for command in SUBCOMMANDS), "subcommand")
    match words[0]:
        case "model" | "models":
            return _plain(magics.known_models(), "model")
        case "backend":
            return _plain(BACKENDS, "backend")
        case "doctor":
            return _plain(("--ask",), "option")
        case "conversation" if fragment.startswith("-"):
            return _plain(("--new", "--fork", "--delete", "--list"), "option")
        case "conversation":
            return _plain((one.name for one in magics.engine.conversations), "conversation")
        case "config":
            return _settings(magics, fragment)
        case "save" | "load" | "restore":
            return _paths(fragment)
        case "show" | "history" | "insert" | "run" | "verify":
            count = len(magics.engine.conversations.get())
            return _plain((str(number) for number in range(1, count + 1)), "exchange")
    return iter(())


def _settings(magics: GeminiMagics, fragment: str) -> Iterator[tuple[str, str]]:
    name, equals, _ = fragment.partition("=")
    traits = magics.class_traits(config=True)
    if not equals:
        return _plain(traits, "setting")
    values = getattr(traits.get(name), "values", None) or ()
    if name == "model":
        values = magics.known_models()
    return _plain((f"{name}={value}" for value in values if value is not None), "value")


def _plain(names: Iterable[str], kind: str) -> Iterator[tuple[str, str]]:
    return ((name, kind) for name in names)


def _both(*found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for one in found:
        yield from one


def _variables(
    magics: GeminiMagics, fragment: str, wanted: Callable[[object], bool] | None = None
) -> Iterator[tuple[str, str]]:
    hidden = magics.shell.user_ns_hidden if magics.shell is not None else {}
    for name, value in list(magics.namespace.items()):
        private = name.startswith("_") and not fragment.startswith("_")
        if private or name in hidden or (wanted is not None and not wanted(value)):
            continue
        yield name, "instance"


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
