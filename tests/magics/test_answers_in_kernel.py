"""The answer store in a real kernel: ``answers_dir`` stores, ``--reuse`` shows."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..kernel import FreshKernel, Kernel, Ran

PRIME = "What is the 100th prime?"


def usage(kernel: Kernel) -> str:
    """The sums of the session: not the last answer's."""
    return kernel.run("%gemini usage").stdout.partition("this session")[2]


def stored(folder: Path) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted((folder / "answers").glob("*.json"))]


def emulated(
    fresh_kernel: FreshKernel, folder: Path, **added: str
) -> AbstractContextManager[Kernel]:
    return fresh_kernel(
        folder,
        GEMINI_MAGIC_BACKEND="emulator",
        GEMINI_MAGIC_ANSWERS=str(folder / "answers"),
        **added,
    )


def plain(ran: Ran) -> str:
    assert ran.ok, ran.error
    return str(ran.displays[-1]["data"]["text/plain"])


def test_answers_are_stored_and_shown_only_when_asked_for(
    tmp_path: Path, fresh_kernel: FreshKernel
):
    with emulated(fresh_kernel, tmp_path) as kernel:
        first = kernel.run(f"%%gemini --stateless\n{PRIME}", "a")
        assert [entry["turn"] for entry in stored(tmp_path)] == [first.turn]
        before = usage(kernel)
        again = kernel.run(f"%%gemini --stateless --reuse\n{PRIME}", "b")
        assert "Stored answer of" in plain(again)
        assert again.turn["reused"] == {"stored": stored(tmp_path)[0]["stored"]}
        assert again.turn["parts"] == first.turn["parts"]
        assert again.turn["id"] != first.turn["id"], "another cell's cells are not this one's"
        assert again.turn["cell"] == "b"
        assert usage(kernel) == before, "nothing is counted twice"
        called = kernel.run(f"%%gemini --stateless\n{PRIME}", "c")
        assert called.turn["reused"] is None and usage(kernel) != before
        assert stored(tmp_path)[0]["turn"]["id"] == called.turn["id"], "a call overwrites"


def test_reuse_goes_on_as_the_conversation_it_was(tmp_path: Path, fresh_kernel: FreshKernel):
    asked = (PRIME, "And its square?")
    with emulated(fresh_kernel, tmp_path) as kernel:
        first = [kernel.run(f"%%gemini\n{prompt}", prompt).turn for prompt in asked]
    with fresh_kernel(tmp_path, GEMINI_MAGIC_BACKEND="emulator") as kernel:
        kernel.run(f"%config GeminiMagics.answers_dir = {str(tmp_path / 'answers')!r}")
        kernel.run("%config GeminiMagics.reuse = True")
        again = [kernel.run(f"%%gemini\n{prompt}", prompt).turn for prompt in asked]
        assert [{**turn, "reused": None} for turn in again] == first
        assert "0 calls" in usage(kernel)
        assert kernel.run(f"%%gemini --fresh\n{PRIME}", PRIME).turn["reused"] is None
        assert "1 call" in usage(kernel)


def test_a_real_answer_needs_no_backend_and_an_emulated_one_is_not_it(
    tmp_path: Path, fresh_kernel: FreshKernel
):
    with emulated(fresh_kernel, tmp_path) as kernel:
        kernel.run(f"%%gemini\n{PRIME}")
    with fresh_kernel(tmp_path, GEMINI_MAGIC_ANSWERS=str(tmp_path / "answers")) as kernel:
        ran = kernel.run(f"%%gemini --reuse\n{PRIME}")
        assert ran.error["ename"] == "NoBackend"
    [path] = (tmp_path / "answers").glob("*.json")
    entry = json.loads(path.read_text())
    entry["backend"] = entry["turn"]["request"]["backend"] = "developer"
    path.with_name(f"{entry['key']}.json").write_text(json.dumps(entry))
    with fresh_kernel(tmp_path, GEMINI_MAGIC_ANSWERS=str(tmp_path / "answers")) as kernel:
        assert "Stored answer of" in plain(kernel.run(f"%%gemini --reuse\n{PRIME}"))


def test_what_cannot_be_reused_is_said(tmp_path: Path, fresh_kernel: FreshKernel):
    with fresh_kernel(tmp_path, GEMINI_MAGIC_BACKEND="emulator") as kernel:
        ran = kernel.run(f"%%gemini --reuse\n{PRIME}")
        assert ran.error["ename"] == "OptionError" and "answers_dir" in ran.error["evalue"]
        ran = kernel.run(f"%%gemini --reuse --fresh\n{PRIME}")
        assert ran.error["ename"] == "OptionError"
