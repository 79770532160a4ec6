"""Files: whole or not at all, and every damage told."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import StorageError
from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversation_file import (
    MOST_BYTES,
    load_conversation,
    make_folder,
    save_conversation,
    write_atomic,
)
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

from ..strategies import turns

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


posix = pytest.mark.skipif(os.name != "posix", reason="FIFOs and permissions of POSIX")


@posix
@pytest.mark.timeout(20)  # a FIFO that is opened to be read waits for ever
def test_a_fifo_is_neither_waited_for_nor_replaced(tmp_path: Path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with pytest.raises(StorageError, match="no regular file"):
        load_conversation(path)
    with pytest.raises(StorageError, match="no regular file"):
        save_conversation(conversation_of([]), path, NOW)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert [one.name for one in tmp_path.iterdir()] == ["fifo"]


@posix
def test_a_device_is_not_read_without_end(tmp_path: Path):
    with pytest.raises(StorageError, match="no regular file"):
        load_conversation(Path("/dev/zero"))
    link = tmp_path / "link.json"
    link.symlink_to("/dev/zero")
    with pytest.raises(StorageError, match="no regular file"):
        load_conversation(link)
    with pytest.raises(StorageError, match="no regular file"):
        save_conversation(conversation_of([]), link, NOW)
    assert stat.S_ISCHR(Path("/dev/zero").stat().st_mode)


def test_a_file_that_would_fill_the_memory_is_not_read(tmp_path: Path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # sparse: it takes no room
    with pytest.raises(StorageError, match="larger than 1 GB"):
        load_conversation(path)


def test_a_name_with_a_nul_is_told(tmp_path: Path):
    for work in (load_conversation, lambda path: save_conversation(conversation_of([]), path, NOW)):
        with pytest.raises(StorageError, match="null byte"):
            work(tmp_path / "a\0b")


def test_a_link_is_replaced_where_it_is_not_to_be_followed(tmp_path: Path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomic(link, b"new", follow=False)
    assert not link.is_symlink() and link.read_bytes() == b"new"
    assert target.read_bytes() == b"old"


@posix
def test_a_private_folder_is_its_users_alone_and_one_that_is_there_stays_as_it_is(tmp_path: Path):
    assert stat.S_IMODE(make_folder(tmp_path / "a", "a", "", private=True).stat().st_mode) == 0o700
    (tmp_path / "b").mkdir(mode=0o755)
    assert stat.S_IMODE(make_folder(tmp_path / "b", "b", "", private=True).stat().st_mode) == 0o755


JUNK: dict[str, object] = {
    "a number": 1,
    "nothing": None,
    "a text that is none": {"text": ["x"]},
    "data that is none": {"inlineData": 1},
    "data without a type": {"inlineData": {"data": "AAAA"}},
    "a type that is none": {"inlineData": {"data": "AAAA", "mimeType": ["x"]}},
    "bytes that are none": {"inlineData": {"data": "!!!!", "mimeType": "text/csv"}},
    "a name that is none": {
        "inlineData": {"data": "AAAA", "mimeType": "text/csv", "displayName": 5}
    },
    "an address that is none": {"fileData": {"mimeType": "text/csv", "fileUri": 7}},
}


@pytest.mark.parametrize("name", JUNK)
def test_what_could_not_be_sent_is_not_loaded(tmp_path: Path, name: str):
    path = tmp_path / "c.json"
    made = Turn("t1", Request("one", "m", "developer"), status="complete")
    save_conversation(conversation_of([made]), path, NOW)
    data = json.loads(path.read_text())
    data["exchanges"][0]["user"]["parts"].insert(0, JUNK[name])
    path.write_text(json.dumps(data))
    with pytest.raises(StorageError, match="exchange 1: ") as caught:
        load_conversation(path)
    assert "Nothing was loaded" in str(caught.value)


@pytest.mark.parametrize("number", [10**30, -(10**30), 10**400])
def test_numbers_that_nothing_can_count_with_are_refused(tmp_path: Path, number: int):
    path = tmp_path / "c.json"
    made = Turn("t1", Request("one", "m", "developer"), status="complete")
    save_conversation(conversation_of([made]), path, NOW)
    data = json.loads(path.read_text())
    data["exchanges"][0]["turn"]["elapsed_ms"] = number
    path.write_text(json.dumps(data))
    with pytest.raises(StorageError, match="out of all range"):
        load_conversation(path)


def test_a_folder_is_no_file_to_save_to(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"is a folder.\nWrite the name of a file in it"):
        save_conversation(conversation_of([]), tmp_path, NOW)
