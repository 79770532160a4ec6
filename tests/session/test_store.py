"""The answer store: what is the same request, what is kept, what is shown again."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import StorageError
from gemini_magic.session.store import Answers, key
from gemini_magic.transport.protocol import Config, Outgoing, Stop
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

from ..strategies import turns

pytestmark = pytest.mark.usefixtures("in_a_cell")

ASKED = Outgoing("m", [{"role": "user", "parts": [{"text": "one"}]}])
IMAGE = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
OTHER_IMAGE = {"inlineData": {"mimeType": "image/png", "data": "AAAB"}}


def turn(backend: str = "developer", status: str = "complete", **more: object) -> Turn:
    return Turn("t1", Request("one", "m", backend), status=status, **more)  # type: ignore[arg-type]


DIFFERENT = {
    "model": replace(ASKED, model="n"),
    "system instruction": replace(ASKED, config=Config(system="s")),
    "seed": replace(ASKED, config=Config(seed=1)),
    "no code": replace(ASKED, config=Config(code=False)),
    "schema": replace(ASKED, config=Config(schema={"type": "integer"})),
    "other schema": replace(ASKED, config=Config(schema={"type": "number"})),
    "prompt": replace(ASKED, contents=[{"role": "user", "parts": [{"text": "two"}]}]),
    "history": replace(ASKED, contents=[*ASKED.contents, *ASKED.contents]),
    "attachment": replace(ASKED, contents=[{"role": "user", "parts": [IMAGE, {"text": "one"}]}]),
    "other attachment": replace(
        ASKED, contents=[{"role": "user", "parts": [OTHER_IMAGE, {"text": "one"}]}]
    ),
}
SAME = {
    "unary": replace(ASKED, stream=False),
    "timeout": replace(ASKED, timeout=1.0),
    "retries": replace(ASKED, retries=0),
    "equal": Outgoing("m", [{"parts": [{"text": "one"}], "role": "user"}]),
}


def test_what_decides_the_answer_is_in_the_key():
    keys = {key(asked) for asked in DIFFERENT.values()} | {key(ASKED)}
    assert len(keys) == len(DIFFERENT) + 1


@pytest.mark.parametrize("name", SAME)
def test_what_does_not_is_not(name: str):
    assert key(SAME[name]) == key(ASKED)


def test_an_answer_comes_back_as_it_was_with_its_date(tmp_path: Path):
    store = Answers(tmp_path / "a" / "b")
    assert store.find(ASKED) is None
    path = store.put(ASKED, turn())
    assert path == tmp_path / "a" / "b" / f"{key(ASKED)}.json"
    found = store.find(ASKED)
    assert found is not None and found.reused is not None
    assert datetime.fromisoformat(found.reused["stored"]).tzinfo
    assert replace(found, reused=None) == turn()
    assert json.loads(path.read_text())["backend"] == "developer"
    assert len(path.read_text().splitlines()) > 20, "readable in a diff"


@given(made=turns, backend=st.sampled_from(["developer", "vertex", "emulator"]))
def test_any_good_turn_survives(made: Turn, backend: str, tmp_path_factory: pytest.TempPathFactory):
    made = replace(made, status="complete", reused=None, request=Request("one", "m", backend))
    store = Answers(tmp_path_factory.mktemp("answers"))
    assert store.put(ASKED, made)
    found = store.find(ASKED, emulator=True)
    assert found is not None
    assert replace(found, reused=None).to_dict() == made.to_dict()


def test_the_emulators_answers_are_for_the_emulator_alone(tmp_path: Path):
    store = Answers(tmp_path)
    store.put(ASKED, turn("emulator"))
    assert store.find(ASKED) is None
    assert store.find(ASKED, emulator=True)
    store.put(ASKED, turn("vertex"))
    real, scripted = store.find(ASKED), store.find(ASKED, emulator=True)
    assert real and real.request.backend == "vertex"
    assert scripted and scripted.request.backend == "emulator"
    # A renamed entry is not believed by its name.
    next(tmp_path.glob("*.emulator.json")).replace(tmp_path / f"{key(ASKED)}.json")
    assert store.find(ASKED) is None


@pytest.mark.parametrize("status", ["failed", "blocked", "interrupted", "truncated"])
def test_what_did_not_end_well_is_asked_again(tmp_path: Path, status: str):
    assert Answers(tmp_path).put(ASKED, turn(status=status)) is None
    assert list(tmp_path.iterdir()) == []


def test_an_answer_cut_at_its_limit_keeps_its_status(tmp_path: Path):
    store = Answers(tmp_path)
    store.put(ASKED, turn(status="truncated", finish_reason="MAX_TOKENS"))
    found = store.find(ASKED)
    assert found is not None and found.status == "truncated"


def test_a_reused_answer_keeps_the_date_of_its_call(tmp_path: Path):
    store = Answers(tmp_path)
    store.put(ASKED, turn())
    found = store.find(ASKED)
    assert found is not None
    assert store.put(ASKED, found) is None


def test_only_what_is_new_enough_is_found(tmp_path: Path):
    Answers(tmp_path).put(ASKED, turn())
    now = datetime.now().astimezone()
    assert Answers(tmp_path, now - timedelta(hours=1)).find(ASKED)
    assert Answers(tmp_path, now + timedelta(hours=1)).find(ASKED) is None


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"format": "gemini-magic.answer", "version": 2}', b"\xff", b"[" * 9999],
)
def test_a_damaged_entry_is_told_and_nobody_is_called_in_silence(tmp_path: Path, damage: bytes):
    store = Answers(tmp_path)
    path = store.put(ASKED, turn())
    assert path is not None
    path.write_bytes(damage)
    with pytest.raises(StorageError, match=path.name) as caught:
        store.find(ASKED)
    assert "--fresh" in str(caught.value)


# A program of its own and not multiprocessing's target: a spawned child imports the target by
# name, and the tests are no package on its path.
WRITER = """
import sys
from pathlib import Path

from gemini_magic.session.store import Answers
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

folder, number = sys.argv[1:]
asked = Outgoing("m", [{"role": "user", "parts": [{"text": "one"}]}])
answered = Turn("t1", Request("one", "m", "developer"), status="complete", response_id=number)
for _ in range(20):
    Answers(Path(folder)).put(asked, answered)
"""


def test_many_processes_write_one_answer_whole(tmp_path: Path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    store = Answers(tmp_path)
    while any(writer.poll() is None for writer in writers):
        store.find(ASKED)  # raises on half a file
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == [f"{key(ASKED)}.json"]


posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@posix
def test_a_store_that_is_made_is_its_users_alone(tmp_path: Path):
    Answers(tmp_path / "answers").put(ASKED, turn())
    assert stat.S_IMODE((tmp_path / "answers").stat().st_mode) == 0o700


@posix
@pytest.mark.parametrize("open_to_all", ["folder", "file"])
def test_an_answer_that_any_user_may_have_put_there_is_not_shown(tmp_path: Path, open_to_all: str):
    store = Answers(tmp_path / "answers")
    path = store.put(ASKED, turn())
    assert path is not None and store.find(ASKED)
    (path.parent if open_to_all == "folder" else path).chmod(0o777)
    with pytest.raises(StorageError, match="is not shown: every user of this machine"):
        store.find(ASKED)


@posix
def test_what_a_team_writes_is_shown_and_so_is_ones_own_in_a_folder_like_tmp(tmp_path: Path):
    store = Answers(tmp_path / "answers")
    path = store.put(ASKED, turn())
    assert path is not None
    path.chmod(0o664)
    for mode in (0o2775, 0o1777):
        path.parent.chmod(mode)
        assert store.find(ASKED)


@posix
@pytest.mark.timeout(20)
def test_an_entry_that_is_a_fifo_is_told_and_one_that_is_a_link_replaced(tmp_path: Path):
    store = Answers(tmp_path / "answers")
    path = store.put(ASKED, turn())
    assert path is not None
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StorageError, match="no regular file"):
        store.find(ASKED)
    path.unlink()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path.symlink_to(victim)
    store.put(ASKED, turn())
    assert victim.read_text() == "mine"
    assert not path.is_symlink() and store.find(ASKED)


@posix
@pytest.mark.parametrize("taken", ["link", "open"])
def test_locks_are_in_no_folder_that_another_has_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: str
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder, elsewhere = tmp_path / f"gemini-magic-locks-{os.getuid()}", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if taken == "link":
        folder.symlink_to(elsewhere)
    else:
        folder.mkdir()
        folder.chmod(0o777)
    store = Answers(tmp_path / "answers")
    with pytest.raises(StorageError, match="not this user's alone"), store.lock(ASKED, Stop()):
        pass
    assert list(elsewhere.iterdir()) == []
    folder.unlink() if taken == "link" else folder.rmdir()
    with store.lock(ASKED, Stop()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@posix
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs root to be two users")
def test_locks_are_in_no_folder_that_belongs_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "gemini-magic-locks-0"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    store = Answers(tmp_path / "answers")
    with pytest.raises(StorageError, match="not this user's alone"), store.lock(ASKED, Stop()):
        pass
