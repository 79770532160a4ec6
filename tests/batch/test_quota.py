"""Many notebooks on one quota: they wait together instead of being refused together."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import LOAD, asking, gemini, notebook, report, serving


@pytest.mark.timeout(400)
def test_fifty_notebooks_keep_to_a_quota_they_were_not_told(tmp_path: Path):
    names = [f"n{number}.ipynb" for number in range(50)]
    for number, name in enumerate(names):
        notebook(tmp_path / name, LOAD, f"%%gemini\nWhat is the {number + 10}th prime?")
    with serving() as server:
        server.quota(5, window=2.0)
        ran = gemini(
            tmp_path,
            *("run", *names, "--jobs", "8", "--report", "r.json", "--on-error", "continue"),
            **asking(server),
        )
        requests = len(server.generate_requests)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    data = report(tmp_path / "r.json")
    assert data["total"]["ok"] == data["total"]["calls"] == 50
    assert requests <= 1.6 * 50
