"""Every recorded answer, then an ordinary question to anybody: the history is never refused."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from gemini_magic.session.conversation import Conversation
from gemini_magic.session.sendable import Receiver
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.request import Request
from gemini_magic.turn.request_json import encoded
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import chunk_from_wire

from ..fixtures import needs_recordings, recordings
from .rules import ids, problem

OTHER = {"developer": "vertex", "vertex": "developer"}
MODELS = {"gemini-2.5-flash": 2, "gemini-3.8-flash": 3}
TOOLS = {"code": Config(), "search": Config(search=True), "none": Config(code=False)}
ASKED = {"role": "user", "parts": [{"text": "p"}]}


def recorded(tools: bool) -> list[tuple[str, Turn]]:
    """The turn of each recorded body, as an answer of the Gemini API or of Vertex."""
    found = []
    for recording in recordings():
        backend = "vertex" if "vertex" in recording.api.lower() else "developer"
        config = {"code": True, **({"tools": ["f"]} if tools else {})}
        assembly = Assembly(Turn("t", Request("p", "gemini-3.8-flash", backend, config)))
        try:
            for raw in recording.raw():
                assembly.add(chunk_from_wire(raw))
        except ValueError:
            continue  # damaged, or an error: no exchange comes of it
        found.append((recording.path, assembly.ended(1)[0]))
    return found


@needs_recordings
@pytest.mark.parametrize("tools", [False, True], ids=["no function offered", "functions offered"])
def test_no_recorded_answer_makes_a_history_that_is_refused(tools: bool) -> None:
    seen: Counter[str] = Counter()
    for path, turn in recorded(tools):
        conversation = Conversation("main")
        conversation.put(conversation.place(None), turn, ASKED)
        came = [part.to_dict() for part in turn.parts]
        own = turn.request.backend
        issued = {str(part.get("signature")) for part in came if part.get("signature")}
        echo = [dict(part) for content in conversation.contents(conversation.place(None))
                for part in content["parts"]]  # fmt: skip
        issued |= {str(part["thoughtSignature"]) for part in echo if "thoughtSignature" in part}
        issued |= {one for part in echo for one in ids(part)}
        for issuer in (own, OTHER[own], f"{own}@12345678", "emulator@12345678"):
            for model, generation in MODELS.items():
                for name, config in TOOLS.items():
                    receiver = Receiver.of(issuer, model, config)
                    history = conversation.contents(conversation.place(None), receiver)
                    wire = {"codeExecution": {}} if config.code else {}
                    body = {
                        "contents": [*map(json.loads, encoded(history)), ASKED],
                        "tools": [wire] if wire else [],
                    }
                    wrong = problem(body, generation, issued if issuer == own else set())
                    assert not wrong, (path, issuer, model, name, wrong)
                    seen[f"{'own' if issuer == own else 'other'} {len(history) > 0}"] += 1
    assert seen["own True"] > 1000
    assert seen["other True"] > 2000
