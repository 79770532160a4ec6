"""Targets beside files and bodies: answers that go on, typed ones, variables, notebooks of a run.

Each takes JSON, makes of it what the package would meet, and fails on anything but an answer or
our error, as those of `targets` do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat

from gemini_magic.batch.job import Outcome
from gemini_magic.batch.notebooks import calls, read_notebook
from gemini_magic.cells.document import insert_all
from gemini_magic.errors import AnswerInterrupted, GeminiError, OptionError
from gemini_magic.here.namespace import MOST_BYTES, changes, overview, snapshot
from gemini_magic.schemas import declare
from gemini_magic.session.continuing import announced, found, input_tokens, request
from gemini_magic.session.conversation import Conversation
from gemini_magic.session.session import Session
from gemini_magic.text import encodable
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.parts import Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.typed import misfit
from gemini_magic.turn.wire import chunk_from_wire

from .reading import json_object, told, usable

STOPPED = AnswerInterrupted("The answer was stopped.", "")
CANARY = "canary7193"


def continuation(data: bytes) -> None:
    """``{"turn": a turn's JSON, "events": bodies}``: the turn, gone on with by these bodies."""
    try:
        given = json_object(data)
        read = Turn.from_dict(given["turn"])
        events = list(given["events"])
    except (ValueError, KeyError, TypeError):
        return
    _asked_for(read)
    if read.continuation is None:
        return
    assembly = Assembly.resumed(read)
    for event in events:
        try:
            assembly.add(chunk_from_wire(event))
        except ValueError:  # told as a BadResponse by the transport
            break
    ended, error = assembly.ended(7)
    _still_one(read, ended)
    assert ended.status in ("complete", read.status, "truncated")
    if error is not None:
        assert error.what and error.hint
    _still_one(read, assembly.stopped(7, STOPPED))


def _asked_for(turn: Turn) -> None:
    """What would be sent for the rest of a turn that a notebook or a file holds."""
    conversation = Conversation("main")
    user = {"role": "user", "parts": [{"text": turn.request.prompt}]}
    conversation.put(conversation.place(turn.cell), turn, user)
    session = Session()
    try:
        continuing = found(session, turn, conversation)
        outgoing = request(continuing)
    except GeminiError as error:
        told(error)
        return
    finally:
        session.close()
    json.dumps(list(outgoing.contents), allow_nan=False).encode()
    assert announced(turn, input_tokens(turn, outgoing))


def _still_one(before: Turn, after: Turn) -> None:
    """The turn is the same one, with what it had up to the token."""
    assert (after.id, after.request) == (before.id, before.request)
    assert before.continuation is not None
    kept = before.continuation.kept(before.parts)
    for old, new in zip(kept, after.parts, strict=False):
        if old is not kept[-1]:
            assert old == new
        elif isinstance(old, Text):
            assert isinstance(new, Text) and new.text.startswith(old.text)
    usable(after)


def schema(data: bytes) -> None:
    """``{"schema": a JSON Schema, "said": text}``: the value and frame of such an answer."""
    try:
        given = json_object(data)
    except ValueError:
        return
    kind, said = given.get("schema"), given.get("said")
    if not isinstance(kind, dict) or not isinstance(said, str):
        return
    request = Request("?", "gemini-3.8-flash", "developer", {"schema": kind})
    # As of a notebook: nothing is known of the schema but its JSON.
    answered = Turn("t", request, status="complete", parts=(Text(said),))
    _valued(answered)
    try:
        typed = declare(kind, "City")
    except OptionError as error:
        told(error)
        return
    json.dumps(typed.schema, allow_nan=False).encode()
    answered = replace(answered, typed=typed)
    wrong = misfit(answered)
    assert _valued(answered) == (wrong is None)
    assert wrong is None or "\n" not in wrong


def _valued(turn: Turn) -> bool:
    """Whether the turn has a value; it and its frame are there, or told."""
    had = []
    for read in (lambda: turn.value, turn.frame):
        try:
            read()
            had.append(True)
        except OptionError as error:
            told(error)
            had.append(False)
    usable(turn)
    return had[0]


def run(data: bytes) -> None:
    """A notebook as `jupyter gemini run` and the exporters read it: cells and calls of its answers.

    What is inserted leaves a valid notebook, and a second time finds nothing to do.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "analysis.ipynb"
        path.write_bytes(data)
        try:
            notebook = read_notebook(path)
        except OptionError as error:
            told(error)
            return
    done = Outcome("a.ipynb", "b.ipynb", "ok", calls=calls(notebook, set))
    noted = json.loads(json.dumps(done.to_dict(), allow_nan=False))
    assert Outcome.from_dict(noted) == done
    insert_all(notebook, "all")
    nbformat.validate(notebook)
    nbformat.writes(notebook)
    assert not [one for one in insert_all(notebook, "all") if one.added or one.removed]


def namespace(data: bytes) -> None:
    """``{name: what it is}``: what the model is told of such variables, and no value of theirs."""
    try:
        given = json_object(data)
    except ValueError:
        return
    if CANARY in json.dumps(given):
        return
    variables = {name: made(value) for name, value in given.items()}
    known = snapshot(dict(list(variables.items())[::2]), ())
    said = overview(variables, ())
    assert len(encodable(said.text).encode()) <= MOST_BYTES
    assert CANARY not in said.text
    lines = said.text.split("\n")
    assert len(lines) - 1 - len(said.names) <= 2, "a name or a label makes no lines of its own"
    assert all(name in variables for name in said.names)
    noticed = changes(known, variables, ())
    assert CANARY not in json.dumps(noticed)
    json.dumps([said.text, noticed], allow_nan=False).encode()


class _Loud:
    """An object that tells its value, or raises, whatever it is asked for."""

    def __init__(self, how: object) -> None:
        vars(self)["how"] = how

    def __repr__(self) -> str:
        return f"{CANARY}{vars(self)['how']}"

    __str__ = __repr__

    def __getattr__(self, name: str) -> Any:
        if vars(self)["how"]:
            raise RuntimeError(CANARY)
        return CANARY

    def __len__(self) -> int:
        raise RuntimeError(CANARY)


def made(what: Any) -> Any:
    """A variable's value of JSON: every text in it holds the canary, but for names and labels."""
    if isinstance(what, str):
        return CANARY + what
    if isinstance(what, list):
        return [made(one) for one in what]
    if not isinstance(what, Mapping):
        return what
    kind, inside = what.get("kind"), what.get("of")
    match kind:
        case "frame" if isinstance(inside, list):
            return _frame(inside)
        case "array" if isinstance(inside, list):
            return _array(inside)
        case "class" if isinstance(inside, str):
            return _class(inside, what.get("module"))
        case "object":
            return _Loud(inside)
        case "function":
            return lambda x, *more, key=CANARY: CANARY
        case "set":
            return {CANARY}
    return {f"{CANARY}{name}": made(one) for name, one in what.items()}


def _frame(labels: list[Any]) -> Any:
    import pandas as pd

    columns = pd.Index([str(label)[:200] for label in labels[:100]], dtype=object)
    return pd.DataFrame([[CANARY] * len(columns)], columns=columns, index=[f"{CANARY}-index"])


def _array(values: list[Any]) -> Any:
    import numpy as np

    return np.array([CANARY + str(value)[:50] for value in values[:100]], dtype=object)


def _class(name: str, module: Any) -> Any:
    try:
        kind = type(name, (), {"__module__": module, "shape": (1, 2), "columns": ["x"]})
    except (ValueError, UnicodeEncodeError):  # no name that a class may have
        return None
    return kind()
