"""Conversations that change services, over HTTP: never refused for their history."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from gemini_magic.emulator import Emulator
from gemini_magic.errors import BadRequest, GeminiError
from gemini_magic.magics.commands.restoring import conversations as restored
from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.session.engine import Engine
from gemini_magic.session.question import Question
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.turn.turn import MIME, Turn

from ..fixtures import Recording, needs_recordings, recordings
from ..replay import Answer, Asked, Replay
from .rules import Service

MODEL = "gemini-3.8-flash"
PROMPTS = ("What is the sum of the first 20 prime numbers? Use code.", "Now the first 30.")


class Asker:
    """An engine that asks one of several backends."""

    def __init__(self, *backends: Backend) -> None:
        self.engine = Engine()
        self.transports = [GoogleTransport(backend) for backend in backends]

    def __call__(self, which: int, prompt: str, model: str = MODEL, **more: Any) -> Turn:
        transport = self.transports[which]
        backend = transport.backend
        question = Question(prompt, model, retries=0, **more)
        return self.engine.ask(question, backend.kind, transport, Silent(), backend.issuer)

    @property
    def conversation(self) -> Conversation:
        return self.engine.conversations.get()

    @conversation.setter
    def conversation(self, conversation: Conversation) -> None:
        self.engine.conversations.delete(self.engine.conversations.current)
        self.engine.conversations.current = self.engine.conversations.add(conversation).name

    def close(self) -> None:
        for transport in self.transports:
            transport.close()


def developer(url: str) -> Backend:
    return Backend("developer", "no-key", base_url=url)


def vertex(url: str) -> Backend:
    return Backend("vertex", "no-key", base_url=url, api_version="v1beta1")


@pytest.fixture
def services() -> Iterator[tuple[Service, Service]]:
    one, two = Service("one"), Service("two")
    with one.replay, two.replay:
        yield one, two


def keep(asker: Asker, folder: Path) -> None:
    """Nothing: the conversation goes on as it is."""


def saved(asker: Asker, folder: Path) -> None:
    save_conversation(asker.conversation, folder / "c.json", "2026-01-01")
    asker.conversation = load_conversation(folder / "c.json")


def restored_from_a_notebook(asker: Asker, folder: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    for exchange in asker.conversation:
        # A fork's first exchanges were asked in another conversation: one notebook, one name here.
        data = {MIME: {**exchange.turn.to_dict(), "conversation": "main"}, "text/plain": ""}
        output = nbformat.v4.new_output("display_data", data)
        source = f"%%gemini\n{exchange.turn.request.prompt}"
        notebook.cells.append(nbformat.v4.new_code_cell(source, outputs=[output]))
    nbformat.write(notebook, folder / "n.ipynb")
    asker.conversation = restored(folder / "n.ipynb", {})[0]


def forked(asker: Asker, folder: Path) -> None:
    conversations = asker.engine.conversations
    new = f"fork-{len(list(conversations))}"
    conversations.current = conversations.fork(conversations.current, new).name


BETWEEN: tuple[Callable[[Asker, Path], None], ...] = (
    *(keep, saved, restored_from_a_notebook, forked),
)


@pytest.mark.parametrize("seed", range(3))
def test_twenty_turns_between_services_are_never_refused_and_echo_what_came(
    services: tuple[Service, Service], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with Emulator() as emulator:
        asker = Asker(
            developer(services[0].replay.url),
            vertex(services[1].replay.url),
            Backend("emulator", emulator.key, base_url=emulator.url),
        )
        who = [0, 1, 2, *(chance.randrange(3) for _ in range(17))]
        chance.shuffle(who)
        for number, which in enumerate(who):
            turn = asker(which, f"{PROMPTS[number % 2]} ({number})")
            assert turn.status == "complete"
            chance.choice(BETWEEN)(asker, tmp_path)
        assert [exchange.turn.request.backend for exchange in asker.conversation] == [
            ("developer", "vertex", "emulator")[which] for which in who
        ]
        # Once more to each: what is its own must be as it came.
        for which, service in enumerate(services):
            asker(which, "once more", cell="last")
            assert service.refused == []
            contents = service.bodies[-1]["contents"]
            assert len(contents) == 41
            own = [contents[2 * at + 1]["parts"] for at, by in enumerate(who) if by == which]
            assert json.dumps(own) == json.dumps(service.answered[: len(own)])
            foreign = [contents[2 * at + 1] for at, by in enumerate(who) if by != which]
            assert "thoughtSignature" not in json.dumps(foreign)
            assert "executableCode" in json.dumps(foreign), "the code itself goes along"
        asker(2, "once more", cell="last")
        bodies = [asked.body for asked in emulator.generate_requests]
        assert len(bodies) == who.count(2) + 1
        asker.close()


def test_two_emulators_and_two_addresses_are_different_services() -> None:
    issuers = [
        Backend("developer", "k").issuer,
        developer("https://generativelanguage.googleapis.com/").issuer,
        developer("https://proxy.example/").issuer,
        developer("https://proxy.example/gemini").issuer,
        developer("https://other.example/").issuer,
        vertex("https://proxy.example/").issuer,
    ]
    assert issuers[:2] == ["developer", "developer"]
    assert len(set(issuers)) == 5
    with_password = developer("https://me:secret@PROXY.example").issuer
    assert with_password == developer("https://proxy.example/").issuer
    with Emulator() as one, Emulator() as two:
        urls = [Backend("emulator", base_url=emulator.url).issuer for emulator in (one, two)]
    assert len(set(urls)) == 2


def test_the_readmes_own_road_from_the_emulator_to_a_key_and_back(
    services: tuple[Service, Service],
) -> None:
    with Emulator() as emulator, Emulator() as another:
        asker = Asker(
            Backend("emulator", emulator.key, base_url=emulator.url),
            developer(services[0].replay.url),
            Backend("emulator", another.key, base_url=another.url),
        )
        for which in (0, 1, 2, 1, 0, 2):
            # The same question again and again: the same code, by other services.
            assert asker(which, PROMPTS[0]).status == "complete"
        assert services[0].refused == []
        asker.close()


def test_a_refusal_that_speaks_of_the_history_names_the_exchange_and_the_way_out() -> None:
    said = "Corrupted thought signature at contents[3].parts[0]"

    def refuse(asked: Asked) -> None:
        asked.head(400, content_type="application/json")
        asked.send(json.dumps({"error": {"code": 400, "message": said}}).encode())

    with Service("one").replay as good, Replay(refuse) as bad:
        asker = Asker(developer(good.url), developer(bad.url))
        for prompt in ("first", "second"):
            asker(0, prompt)
        with pytest.raises(BadRequest) as refused:
            asker(1, "third")
        assert "exchange 2, 'second'" in refused.value.hint
        with pytest.raises(BadRequest) as stateless:
            asker(1, "fourth", stateless=True)
        assert "history" not in stateless.value.hint, "there was none"
        asker.close()


class Recorded(Service):
    """A service whose next answer may be a recording."""

    recording: Recording | None = None

    def _answer(self, asked: Asked) -> None:
        if self.recording is None:
            super()._answer(asked)
            return
        for raw in self.recording.raw():
            for candidate in (raw.get("candidates") or ()) if isinstance(raw, dict) else ():
                self.issue((candidate.get("content") or {}).get("parts") or [])
        Answer(self.recording.events())(asked)


@needs_recordings
def test_a_recorded_first_answer_spoils_no_later_question_over_http() -> None:
    """To the same service and to another, to 2.5 and to 3.x."""
    one, two = Recorded("one"), Recorded("two")
    sent = 0
    with one.replay, two.replay:
        asker = Asker(developer(one.replay.url), vertex(two.replay.url))
        for number, recording in enumerate(recordings()):
            first = number % 2
            service = (one, two)[first]
            if recording.status != 200:
                continue
            service.recording = recording
            name = f"c{number}"
            with contextlib.suppress(GeminiError):  # blocked, failed, damaged: no part of history
                asker(first, "first", conversation=name)
            service.recording = None
            for which in (0, 1):
                for model in ("gemini-2.5-flash", MODEL):
                    asker(which, "next", model, conversation=name, cell="next")
            sent += len(asker.engine.conversations.get(name)[0].contents()) > 0
            assert (one.refused, two.refused) == ([], []), recording.path
        asker.close()
    assert sent > 160
