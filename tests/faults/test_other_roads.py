"""Each class of error in a batch run and through the sidebar: told, kept, and gone on from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..batch.running import LOAD, errors, gemini, notebook, turns
from ..front_end import Page
from ..kernel import Kernel
from ..replay import Replay
from .answer import ALL
from .classes import CLASSES, answer_by_prompt
from .judging import kept

SETTINGS = "%config GeminiMagics.timeout = 1\n%config GeminiMagics.retries = 0"


@pytest.fixture
def service() -> Iterator[Replay]:
    with Replay(answer_by_prompt) as server:
        yield server


def variables(service: Replay) -> dict[str, str]:
    return {"GEMINI_API_KEY": "test-key-12345", "GOOGLE_GEMINI_BASE_URL": service.url}


def test_a_batch_run_tells_each_class_of_error_and_goes_on(tmp_path: Path, service: Replay) -> None:
    cells = [f"%%gemini\n{prompt}" for name in CLASSES for prompt in (name, f"After {name}?")]
    notebook(tmp_path / "faults.ipynb", LOAD, SETTINGS, *cells)
    words = ("run", "faults.ipynb", "--on-error", "continue", "--insert", "none")
    ran = gemini(tmp_path, *words, **variables(service))
    executed = tmp_path / "executed" / "faults.ipynb"
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr and "Warning" not in ran.stderr
    assert errors(executed) == list(CLASSES)
    found = turns(executed)
    assert len(found) == 2 * len(CLASSES)
    for (name, (_, partial)), failed, after in zip(
        CLASSES.items(), found[::2], found[1::2], strict=True
    ):
        assert failed["status"] == ("blocked" if name == "AnswerBlocked" else "failed"), name
        assert kept(failed) == partial, name
        assert after["status"] == "complete" and kept(after) == ALL
    last = service.asked[-1].json["contents"]
    prompts = [item["parts"][-1]["text"] for item in last if item["role"] == "user"]
    assert prompts == [f"After {name}?" for name in CLASSES], "what failed is not sent"


def test_the_sidebar_tells_each_class_of_error_and_goes_on(tmp_path: Path, service: Replay) -> None:
    with Kernel(tmp_path, **variables(service)) as kernel:
        assert kernel.run(SETTINGS).ok
        page = Page(kernel)
        for name, (_, partial) in CLASSES.items():
            failed = page.request({"type": "ask", "prompt": name})
            assert failed["status"] == ("blocked" if name == "AnswerBlocked" else "failed"), name
            after = page.request({"type": "ask", "prompt": f"After {name}?"})
            assert after["status"] == "complete"
            shown = kernel.value(
                "[one.turn.to_dict() for one in get_ipython().magics_manager"
                ".registry['GeminiMagics'].session.engine.conversations.get()][-2:]"
            )
            assert [kept(turn) for turn in shown] == [partial, ALL], name
            assert re.search(r"\w", shown[0]["message"]), "what happened is said with the answer"
        said = kernel.run("print('still here')")
        assert said.stdout == "still here\n" and not said.stream("stderr")
    last = service.asked[-1].json["contents"]
    prompts = [item["parts"][-1]["text"] for item in last if item["role"] == "user"]
    assert prompts == [f"After {name}?" for name in CLASSES]
