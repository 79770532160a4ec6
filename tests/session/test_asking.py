"""From a question to its turn: what the store and the limits looked at is what is sent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gemini_magic.attach import content
from gemini_magic.attach.resolve import gather_values
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.session.session import Session
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.scripted import Scripted


@pytest.mark.parametrize("stored", [False, True])
def test_what_is_attached_is_encoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: bool
):
    transport = Scripted(["one"], ["two"])
    given = {"max_cost": 1.0, **({"answers_dir": str(tmp_path)} if stored else {})}
    session = Session(lambda: given)
    connection = SimpleNamespace(backend=Backend("developer"), transport=transport)
    monkeypatch.setattr(session, "connect", lambda: connection)
    encoded: list[Any] = []
    original = content.b64encode
    monkeypatch.setattr(content, "b64encode", lambda data: encoded.append(data) or original(data))
    items = gather_values({"blob": "x" * 5000}, 10_000)
    session.ask("look", AskOptions(items=items), Place(), Silent)
    assert len(encoded) == 1
    session.ask("again", AskOptions(), Place(), Silent)
    assert len(encoded) == 1
    first, second = (sent.contents for sent in transport.sent)
    assert second[:1] == first
    assert [one["role"] for one in second] == ["user", "model", "user"]
