"""What the service is told to keep, and which tier is asked for, in a run of notebooks."""

from __future__ import annotations

from pathlib import Path

from gemini_magic.emulator import Emulator

from .running import ASK, LOAD, asking, gemini, notebook, report


def test_a_run_tells_the_service_to_keep_nothing_unless_a_notebook_allows_it(
    tmp_path: Path,
) -> None:
    allowed = "%config GeminiMagics.store = True"
    flex = "%config GeminiMagics.tier = 'flex'"
    notebook(tmp_path / "one.ipynb", LOAD, ASK, "from gemini_magic import ask\nask('6 * 7?').text")
    notebook(tmp_path / "two.ipynb", LOAD, allowed, flex, ASK)
    with Emulator() as server:
        ran = gemini(
            tmp_path, "run", "one.ipynb", "two.ipynb", "--report", "r.json", **asking(server)
        )
        assert ran.returncode == 0, ran.stderr
        sent = [one.body for one in server.generate_requests]
    assert sorted(str(body.get("store")) for body in sent) == ["False", "False", "None"]
    assert [body.get("serviceTier") for body in sent if "store" not in body] == ["flex"]
    assert [one["status"] for one in report(tmp_path / "r.json")["notebooks"]] == ["ok", "ok"]
