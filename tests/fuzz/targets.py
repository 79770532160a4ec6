"""What is fuzzed: each target takes bytes, and fails on anything but an answer or our error.

A target that accepts its bytes goes on with what it read as the package would: it is shown, stored
and sent, so that nothing damaged gets through to where nobody expects it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gemini_magic.errors import BadResponse, StorageError
from gemini_magic.magics.commands.restoring import conversations
from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.session.store import Answers, key
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.transport.sse import EventReader
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import chunk_from_wire

from .newer import continuation, namespace, run, schema
from .reading import json_object, usable

NOW = "2026-01-02T03:04:05+00:00"
ASKED = Outgoing("a-model", [{"role": "user", "parts": [{"text": "?"}]}])


def wire(data: bytes) -> None:
    """A response body, in pieces; the first byte says how large they are."""
    step = max(1, data[0]) if data else 1
    reader, events = EventReader(), []
    assembly = Assembly(Turn("t", Request("p", "m", "developer")))
    try:
        for at in range(1, len(data), step):
            events += reader.feed(data[at : at + step])
        events += reader.finish()
    except BadResponse as error:
        assert len(str(error).splitlines()) == 2
        events += reader.taken()
    for event in events:
        try:
            assembly.add(chunk_from_wire(event))
        except ValueError:  # told as a BadResponse by the transport
            break
    usable(assembly.ended(1)[0])


def turn(data: bytes) -> None:
    """A turn's JSON, as a notebook holds it."""
    try:
        read = Turn.from_dict(json_object(data))
    except ValueError:
        return
    usable(read)


def _file(name: str, data: bytes, read: Callable[[Path], Any]) -> Any:
    """What ``read`` makes of a file with these bytes; None when it is told as damaged."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            return read(path)
        except StorageError as error:
            assert error.what and error.hint
            return None
        finally:
            assert path.read_bytes() == data, "the file was changed"


def conversation(data: bytes) -> None:
    """A conversation file."""
    loaded = _file("conversation.json", data, load_conversation)
    if loaded is not None:
        _go_on(loaded)


def _go_on(loaded: Conversation) -> None:
    for exchange in loaded:
        usable(exchange.turn)
    sent = [dict(item) for item in loaded.contents(loaded.place(None))]
    json.dumps(sent, allow_nan=False).encode()
    with TemporaryDirectory() as folder:
        again = Path(folder) / "again.json"
        save_conversation(loaded, again, NOW)
        assert list(load_conversation(again)) == list(loaded)


def store(data: bytes) -> None:
    """A file of the answer store."""
    name = f"{key(ASKED)}.json"
    found = _file(name, data, lambda path: Answers(path.parent).find(ASKED))
    if found is not None:
        usable(found)


def notebook(data: bytes) -> None:
    """A notebook whose answers are restored."""
    for restored in _file("notebook.ipynb", data, lambda path: conversations(path, {})) or ():
        _go_on(restored)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        wire,
        turn,
        conversation,
        store,
        notebook,
        continuation,
        schema,
        run,
        namespace,
    )
}
