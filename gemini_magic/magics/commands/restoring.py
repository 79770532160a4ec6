"""Rebuilds conversations from the answers a notebook stores (``%gemini restore``).

The turn JSON in the outputs holds every exchange without the bytes of its attachments. Those are
read again, from the path or the variable that the cell names, and taken only when their sha256 is
the one that was sent. Nothing of the notebook is run: expressions in its cells are not evaluated.

Exchanges come in the order of the cells: for a notebook whose cells ran in another order, the
history is the one that its reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import GeminiError, StorageError
from gemini_magic.magics.commands.arguments import word
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.options import parse
from gemini_magic.session.conversation import Conversation, Exchange
from gemini_magic.session.conversation_file import read_regular
from gemini_magic.session.session import Session
from gemini_magic.text import counted, decode
from gemini_magic.turn.parts import Json
from gemini_magic.turn.request import Attachment
from gemini_magic.turn.turn import MIME, Turn

if TYPE_CHECKING:
    from gemini_magic.attach.item import Item

_MAGIC = re.compile(r"\s*%%(\w+)([^\n]*)")


def restore(session: Session, kernel: KernelState, rest: str) -> None:
    """Rebuild the conversations of a notebook and go on with the last one that it used.

    StorageError, and nothing is restored, when the notebook cannot be read, holds no answer, or an
    attachment is not there any more as it was sent.
    """
    path = Path(word(rest, "restore NOTEBOOK", required=True)).expanduser()
    found = conversations(path, session.namespace)
    kept = session.engine.conversations
    for conversation in found:
        name = conversation.name
        kept.current = kept.add(conversation).name
        renamed = "" if kept.current == name else f" (here {kept.current}: there is one already)"
        session.say(f"restored: {name}, {counted(len(conversation), 'exchange')}{renamed}")
    session.say(f"conversation: {kept.current}")


def conversations(path: Path, namespace: Mapping[str, Any]) -> list[Conversation]:
    """The conversations of the notebook at ``path``; the one that was used last comes last."""
    exchanges: dict[str, list[Exchange]] = {}
    for turn, source in turns(path):
        name = turn.conversation.strip()  # another hand may have written what is no name
        if not name:
            continue  # --stateless: it has no part in any conversation
        before = exchanges.pop(name, [])
        calls = sum(known.turn.cell == turn.cell for known in before) if turn.cell else 0
        user = _user(turn, before, _Sources(source, path.parent, namespace))
        # Taken out and put back: the order is that of the last use.
        exchanges[name] = [*before, Exchange(turn, user, calls)]
    if not exchanges:
        raise StorageError(
            f"{path} holds no answer that belongs to a conversation.",
            "Saved answers of %%gemini that were not --stateless are restored; "
            "%gemini save PATH and load PATH do without a notebook.",
        )
    return [Conversation(name, known) for name, known in exchanges.items()]


def turns(path: Path) -> Iterator[tuple[Turn, str]]:
    """The answers that a notebook stores, in the order of its cells, with their cell's source.

    An answer that is shown again elsewhere (``%gemini show``) comes once, where it was asked; one
    that was continued elsewhere (``%gemini continue``) with all that it has there.
    """
    found: dict[str, tuple[Turn, str]] = {}
    for number, cell in enumerate(_cells(path), 1):
        for data in _stored(cell):
            try:
                turn = Turn.from_bundle(data)
            except ValueError as error:
                raise StorageError(
                    f"{path}, cell {number}: its stored answer cannot be read: {error}.",
                    "Nothing was restored. Run that cell again, or remove its output.",
                ) from None
            if turn.status == "streaming":
                continue
            known = found.get(turn.id)
            if known is None:
                found[turn.id] = (turn, _text(cell.get("source")))
            elif len(turn.continued) > len(known[0].continued):
                found[turn.id] = (turn, known[1])
    yield from found.values()


def _cells(path: Path) -> list[Json]:
    try:
        # Outputs of other tools may hold NaN: that is no fault of the answers beside them.
        notebook = decode(read_regular(path), parse_constant=lambda number: None)
    except OSError as error:
        raise StorageError(
            f"{path} could not be read: {error.strerror or error}.", "Check the path."
        ) from None
    except ValueError:
        notebook = None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise StorageError(
            f"{path} is not a notebook of format 4.",
            "For a file that %gemini save has written, use %gemini load PATH.",
        )
    return [cell for cell in cells if isinstance(cell, dict)]


def _stored(cell: Json) -> Iterator[Json]:
    if cell.get("cell_type") != "code" or not isinstance(cell.get("outputs"), list):
        return
    for output in cell["outputs"]:
        data = output.get("data") if isinstance(output, dict) else None
        if isinstance(data, dict) and isinstance(data.get(MIME), dict):
            yield data


def _text(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _user(turn: Turn, before: Sequence[Exchange], sources: _Sources) -> Json:
    """The Content that was sent with a turn: as `Engine` makes it."""
    parts: list[Json] = []
    if turn.request.attachments:
        from gemini_magic.attach.content import count as files
        from gemini_magic.attach.content import parts as attached

        items = [_item(record, turn, sources) for record in turn.request.attachments]
        history = [one for known in before if known.sent for one in known.sent.contents()]
        parts = attached(items, first=files(history))
    return {"role": "user", "parts": [*parts, {"text": turn.request.prompt}]}


def _item(record: Attachment, turn: Turn, sources: _Sources) -> Item:
    for item in sources.items(record):
        if item.sha256 == record.sha256:
            return replace(item, name=record.name)
    asked = " ".join(turn.request.prompt.split())[:40]
    raise StorageError(
        f"The attachment {record.name} of the prompt {asked!r} is not here as it was sent "
        f"(sha256 {record.sha256[:12]}, {record.bytes:,} bytes); nothing was restored.",
        "Put the file back where the cell attached it from (or beside the notebook), or make the "
        "variable again, and restore once more.",
    )


class _Sources:
    """Where an attachment may be found again: what its cell says, and what bears its name."""

    def __init__(self, source: str, folder: Path, namespace: Mapping[str, Any]) -> None:
        self._folder = folder
        self._namespace = namespace
        found = _MAGIC.match(source)
        self._words: tuple[str, ...] = ()
        if found is not None:
            with suppress(GeminiError):  # a line of an older version: names are left to look for
                self._words = parse(found[2], found[1]).attach

    def items(self, record: Attachment) -> Iterator[Item]:
        from gemini_magic.attach.resolve import gather_values

        # What was sent once is not refused by today's limit; what is far larger is not the same.
        limit = 2 * record.bytes + 100_000
        stem = record.name.partition(".")[0]
        for said in (*self._words, stem):
            value = self._namespace.get(said)
            if value is not None:
                with suppress(GeminiError):
                    yield from gather_values({said: value}, limit)
        for said in (*self._words, record.name):
            places = [said] if "://" in said else [str(self._folder / said), said]
            for place in places:
                with suppress(GeminiError):
                    yield from gather_values([place], limit)
