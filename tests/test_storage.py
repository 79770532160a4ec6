"""Files: whole or not at all, and every damage told."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.conversation import Conversation
from gemini_magic.errors import StorageError
from gemini_magic.storage import load_conversation, save_conversation, write_atomic
from gemini_magic.turn import Turn

from .strategies import turns

NOW = "2026-01-02T03:04:05+00:00"


def conversation_of(turns: list[Turn]) -> Conversation:
    conversation = Conversation("a name")
    for turn in turns:
        user = {"role": "user", "parts": [{"text": turn.request.prompt}]}
        conversation.put(conversation.place(None), turn, user)
    return conversation


@given(st.lists(turns, max_size=4))
def test_a_saved_conversation_comes_back_equal(made: list[Turn]):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        save_conversation(conversation_of(made), path, NOW)
        loaded = load_conversation(path)
        assert [exchange.turn for exchange in loaded] == made
        assert loaded.contents(loaded.place(None)) == conversation_of(made).contents(
            conversation_of(made).place(None)
        )
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
        assert len(lines) == len(made) + 2, "one exchange a line"


def test_another_file_is_not_overwritten_and_a_conversation_is_even_a_damaged_one(tmp_path: Path):
    path = tmp_path / "c.json"
    for other in ("a,b\n1,2\n", '{"cells": []}', "\0"):
        path.write_text(other)
        with pytest.raises(StorageError, match="exists and is no saved conversation"):
            save_conversation(conversation_of([]), path, NOW)
        assert path.read_text() == other
    path.write_text("")
    size = save_conversation(conversation_of([]), path, NOW)
    path.write_bytes(path.read_bytes()[:60])
    assert save_conversation(conversation_of([]), path, NOW) == size == path.stat().st_size


@given(st.lists(turns, min_size=1, max_size=2), st.data())
def test_a_damaged_file_is_told_and_never_half_loaded(made: list[Turn], data: st.DataObject):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        save_conversation(conversation_of(made), path, NOW)
        whole = path.read_bytes()
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole.rstrip()) - 1))])
        with pytest.raises(StorageError):
            load_conversation(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"format": "other"}',
        '{"format": "gemini-magic.conversation", "version": 2, "name": "x", "exchanges": []}',
        '{"format": "gemini-magic.conversation", "version": 1, "name": "x", "exchanges": [{}]}',
        '{"format": "gemini-magic.conversation", "version": 1, "name": "", "exchanges": []}',
        "[" * 100_000,
    ],
)
def test_what_is_no_conversation_file_is_refused_with_its_name(tmp_path: Path, content: str):
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(StorageError, match=r"c\.json"):
        load_conversation(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(StorageError, match="could not be read"):
        load_conversation(tmp_path / "none.json")


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path):
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "no" / "such" / "folder.json", b"x")
    assert list(tmp_path.iterdir()) == []
    folder = tmp_path / "c.json"
    folder.mkdir()
    with pytest.raises(StorageError):
        write_atomic(folder, b"x")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_write_through_a_link_keeps_the_link(tmp_path: Path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_the_file_is_json_that_names_its_format(tmp_path: Path):
    path = tmp_path / "c.json"
    save_conversation(Conversation("main"), path, NOW)
    data = json.loads(path.read_text())
    assert data == {
        "format": "gemini-magic.conversation",
        "version": 1,
        "name": "main",
        "saved": NOW,
        "exchanges": [],
    }
