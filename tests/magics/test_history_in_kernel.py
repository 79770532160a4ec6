"""What is changed of an exchange for another service is said by `history` and `--preview`."""

from __future__ import annotations

import json
from pathlib import Path

from ..kernel import Kernel
from ..replay import Answer, Asked, Replay
from ..sse import chunk, stream, text

SIGNED = stream(
    text("It is 42."), chunk({"text": "", "thoughtSignature": "bGFzdA=="}, finish="STOP")
)
CALLED = stream(
    text("Let me see. "), chunk({"functionCall": {"name": "look", "args": {}}}, finish="STOP")
)


def refuse(asked: Asked) -> None:
    asked.head(400, content_type="application/json")
    said = "Corrupted thought signature at contents[1].parts[1]"
    asked.send(json.dumps({"error": {"code": 400, "message": said}}).encode())


def at(server: Replay) -> str:
    return f"import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = {server.url!r}\n"


def test_history_and_preview_say_what_another_service_is_not_sent(tmp_path: Path) -> None:
    with (
        Replay(Answer(SIGNED), Answer(CALLED)) as one,
        Replay(Answer(SIGNED), refuse) as two,
        Kernel(tmp_path, GEMINI_API_KEY="test-key-1234567") as kernel,
    ):
        assert kernel.run("%load_ext gemini_magic\n" + at(one)).ok
        assert kernel.run("%%gemini\nfirst", cell="a").ok
        assert kernel.run("%%gemini\nsecond", cell="b").ok
        said = kernel.run("%gemini history").stdout
        first, second = said.splitlines()[1:]
        assert "[" not in first
        assert "[sent without a call that has no response]" in second
        kernel.run(at(two))
        first, second = kernel.run("%gemini history").stdout.splitlines()[1:]
        assert "[sent without its signatures: another service's]" in first
        assert "sent without its signatures: another service's" in second
        shown = kernel.run("%%gemini --preview\nthird").stdout
        assert "exchange 1, 'first': sent without its signatures: another service's\n" in shown
        assert "bGFzdA" not in shown
        assert kernel.run("%%gemini\nthird", cell="c").ok
        sent = json.dumps(two.asked[0].json)
        assert "bGFzdA" not in sent
        assert "functionCall" not in sent
        assert "Let me see. " in sent
        refused = kernel.run("%%gemini\nfourth", cell="d")
        assert refused.error is not None
        words = "\n".join(refused.error["traceback"])
        assert "exchange 1, 'first'" in words
        assert "%gemini undo" in words
        assert "%gemini conversation --new" in words
