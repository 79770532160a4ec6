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


def test_a_runs_tier_is_that_of_cells_that_name_none_and_of_the_cost(tmp_path: Path) -> None:
    own = ASK.replace("%%gemini", "%%gemini --tier standard", 1)
    script = "from gemini_magic import ask\nask('6 * 7?').text"
    notebook(tmp_path / "one.ipynb", LOAD, ASK, own, script, "%gemini config tier")
    with Emulator() as server:
        run = ("run", "one.ipynb", "--tier", "flex", "--report", "r.json")
        ran = gemini(tmp_path, *run, **asking(server))
        assert ran.returncode == 0, ran.stderr
        tiers = [one.body.get("serviceTier") for one in server.generate_requests]
    assert tiers == ["flex", "standard", "flex"]
    flex, standard = report(tmp_path / "r.json")["notebooks"][0]["turns"][:2]
    assert (flex["usage"]["tier"], standard["usage"]["tier"]) == ("flex", "standard")
    assert "'flex'  (jupyter gemini run)" in (tmp_path / "executed/one.ipynb").read_text()


def test_a_tier_that_is_none_is_refused_before_anything_runs(tmp_path: Path) -> None:
    notebook(tmp_path / "n.ipynb", LOAD, ASK)
    ran = gemini(tmp_path, "run", "n.ipynb", "--tier", "cheap")
    assert ran.returncode == 2 and "flex,standard" in ran.stderr
    assert not (tmp_path / "executed").exists()
