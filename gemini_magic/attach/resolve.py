"""What ``--attach`` says, read: an expression of the namespace, a path, a pattern or an address.

An expression counts when it is Python and every name in it is defined; only the user's own words
are evaluated, never the model's. Where both readings work, neither is taken.
"""

from __future__ import annotations

import ast
import builtins
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from gemini_magic.attach import files, media, names, values
from gemini_magic.attach.item import Item, too_large
from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.hints import Hint
from gemini_magic.text import first_line, size_text


def gather(words: Sequence[str], namespace: Mapping[str, Any], limit: int) -> tuple[Item, ...]:
    """The items that ``--attach`` words name: the same content once, every name once.

    ``limit``: bytes that all may have together. OptionError, before anything is sent, on a word
    that names nothing, or two things, or what cannot be attached.
    """
    return _together((_items(word, namespace, limit) for word in words), limit)


def gather_values(given: Any, limit: int) -> tuple[Item, ...]:
    """The items of ``ask(attach=...)``: a value, a sequence of values, or names with values.

    In a sequence (or alone) a str is a path, a pattern or an address, as ``open`` has it; in a
    mapping ``{"notes.txt": value}`` the key is the name and a str is text.
    """
    if isinstance(given, Mapping):
        found = ([values.item(value, str(name), limit)] for name, value in given.items())
        return _together(found, limit)
    several = given if isinstance(given, list | tuple) else [given]
    return _together((_value(value, limit) for value in several), limit)


def _together(found: Iterable[list[Item]], limit: int) -> tuple[Item, ...]:
    kept: dict[str, Item] = {}
    total = 0
    for item in (item for some in found for item in some):
        known = kept.get(item.sha256)
        if known is not None:
            if item.name not in known.about and item.name != known.name:
                # It is sent once, and asked about by any of its names.
                about = "; ".join(filter(None, (known.about, f"also attached as {item.name}")))
                kept[item.sha256] = replace(known, about=about)
            continue
        total += len(item.data)
        if total > limit:
            raise too_large(
                f"What is attached ({', '.join(known.name for known in kept.values())}, "
                f"{item.name})",
                f"{size_text(total)} and more" if total else "",
                limit,
                "fewer or smaller attachments",
                2 * total,
            )
        taken = [known.name for known in kept.values()]
        kept[item.sha256] = replace(item, name=names.unique(item.name, taken))
    return tuple(kept.values())


def _value(value: Any, limit: int) -> list[Item]:
    if not isinstance(value, str):
        return [values.item(value, type(value).__name__.lower(), limit)]
    if _scheme(value):
        return [_address(value)]
    paths = files.matches(value)
    if not paths:
        near = did_you_mean(value[:200], files.nearby(value[:200]))
        raise OptionError(
            f"There is no file {value[:80]!r}.",
            near or 'To attach a text itself, give it a name: attach={"notes.txt": text}.',
        )
    return files.items(paths, limit)


def _items(word: str, namespace: Mapping[str, Any], limit: int) -> list[Item]:
    if not word.strip():
        raise OptionError("--attach is given nothing.", "Write a variable, a path or a pattern.")
    if _scheme(word):
        return [_address(word)]
    expression = _Expression(word, namespace)
    paths = files.matches(word)
    if expression.usable and paths and expression.has_value():
        raise OptionError(
            f"{word} is both a value here and a file ({paths[0]}).",
            Hint.ATTACH_FILE_OR_VALUE(word=word),
        )
    if paths:
        return files.items(paths, limit)
    if expression.usable:
        return [values.item(expression.value(), word, limit)]
    raise _missing(word, expression, namespace)


def _missing(word: str, expression: _Expression, namespace: Mapping[str, Any]) -> OptionError:
    known = [name for name in namespace if not name.startswith("_")]
    where = files.nearby(word)
    if expression.undefined and not word.isidentifier():
        name = expression.undefined[0]
        what = f"--attach {word}: {name!r} is not defined, and there is no file of that name."
        near = " ".join(filter(None, (did_you_mean(name, known), did_you_mean(word, where))))
    else:
        what = f"--attach {word}: there is neither a value nor a file of that name."
        near = did_you_mean(word, [*known, *where])
    return OptionError(what, near or f"The working directory is {os.getcwd()}.")  # noqa: PTH109


class _Expression:
    """A word read as Python: ``usable`` when all its names are defined."""

    def __init__(self, word: str, namespace: Mapping[str, Any]) -> None:
        self._word = word
        self._namespace = namespace
        self.undefined: list[str] = []
        try:
            tree = ast.parse(word.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.usable = False
            return
        own = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        } | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        used = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
        self.undefined = [
            name
            for name in used
            if name not in own and name not in namespace and not hasattr(builtins, name)
        ]
        # ``input`` alone is more likely a file's name than the builtin function.
        bare = isinstance(tree.body, ast.Name) and tree.body.id not in namespace
        # A number is no attachment, but may well name a file.
        number = isinstance(tree.body, ast.Constant) and not isinstance(
            tree.body.value, str | bytes
        )
        self.usable = not self.undefined and not bare and not number

    def has_value(self) -> bool:
        """Whether it means something here: ``sales.csv`` of a frame without such a column does not.

        Evaluated, as it would be without a file of that name.
        """
        try:
            self.value()
        except OptionError:
            return False
        return True

    def value(self) -> Any:
        """Evaluated: the user's own text, in their kernel."""
        try:
            return eval(self._word.strip(), dict(self._namespace))
        except Exception as error:  # noqa: BLE001 - whatever the user's expression raises
            raise OptionError(
                f"--attach {self._word} raised {type(error).__name__}: {first_line(error)}",
                "Correct the expression; for a file of that name write ./ before it.",
            ) from None


def _scheme(word: str) -> str:
    scheme, colon, _ = word.partition("://")
    return scheme.lower() if colon and scheme.isalnum() else ""


def _address(word: str) -> Item:
    """What the service fetches itself: ``gs://`` (Vertex) and ``https://``."""
    scheme = _scheme(word)
    if scheme not in ("gs", "https"):
        raise OptionError(
            f"--attach {word[:120]}: {scheme}:// is not an address Gemini can read.",
            "It takes gs:// and https:// addresses, and files of this machine.",
        )
    try:
        parts = urlsplit(word)
        host = parts.hostname
    except ValueError as error:  # "[" in the host, which only an IPv6 address may have
        raise OptionError(f"--attach {word[:120]}: {error}.", "Correct the address.") from None
    if not host:
        raise OptionError(f"--attach {word[:120]} names no host.", "Write the whole address.")
    if parts.username or parts.password:
        raise OptionError(
            f"The address of {host} holds a user name or password, which would be sent.",
            "Attach an address that can be read without, or the file itself.",
        )
    name = PurePosixPath(parts.path).name
    if scheme == "gs" and any(mark in name for mark in "*?["):
        raise OptionError(
            f"--attach {word[:120]}: a pattern cannot be looked up in a bucket.",
            Hint.ATTACH_EACH_ADDRESS,
        )
    video = host in ("www.youtube.com", "youtube.com", "youtu.be")
    mime_type = "video/mp4" if video else media.by_address(name)
    if mime_type is None:
        raise OptionError(
            f"{scheme}://{host}{parts.path[:80]} cannot be attached: by its name it is none of "
            f"what Gemini takes ({media.TAKEN}).",
            "Attach an address that ends in .csv, .pdf, .png or the like, or download it and "
            "attach the value.",
        )
    # A signed address carries a secret in its query: the name is all that is kept in the notebook.
    return Item(names.safe(name or "video"), mime_type, uri=word)
