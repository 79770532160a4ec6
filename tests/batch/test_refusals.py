"""Refusals in a run: final ones end it at once, waits are told with their end and their reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.emulator import Emulator
from gemini_magic.emulator.api_errors import ApiError
from gemini_magic.emulator.faults import Fault

from .running import LOAD, asking, gemini, notebook, report, serving, turns

pytestmark = pytest.mark.timeout(240)
TYPE = "type.googleapis.com/google.rpc."
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
PLAN = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To "
    "monitor your current usage, head to: https://ai.dev/rate-limit. "
)
ZERO = PLAN + (
    "\n* Quota exceeded for metric: generativelanguage.googleapis.com/"
    "generate_content_free_tier_requests, limit: 0, model: gemini-3.1-pro" * 4
)


def refusing(message: str, quota: str = "", delay: str = "30s") -> Fault:
    details: list[dict[str, Any]] = [{"@type": TYPE + "RetryInfo", "retryDelay": delay}]
    if quota:
        details.append({"@type": TYPE + "QuotaFailure", "violations": [{"quotaId": quota}]})
    return Fault(error=ApiError(429, message, details=details))


def running(folder: Path, server: Emulator, *names: str, jobs: int = 1) -> Any:
    return gemini(
        folder,
        *("run", *names, "--jobs", str(jobs), "--report", "r.json", "--on-error", "continue"),
        **asking(server),
    )


FINAL = {
    "limit 0": (ZERO, "limit: 0, model: gemini-3.1-pro", "Waiting does not help"),
    "credits": (
        "Your prepayment credits are depleted. Please go to AI Studio.",
        "credits are depleted",
        "buy credits",
    ),
    "cap": (
        "Your project has exceeded its monthly spending cap.",
        "monthly spending cap",
        "raise the cap",
    ),
    "billing": ("The billing account of the project is disabled.", "billing", "Set up billing"),
}


@pytest.mark.parametrize("name", FINAL)
def test_a_final_refusal_ends_a_run_at_once_with_one_request_and_the_way_out(
    tmp_path: Path, name: str
):
    message, told, way = FINAL[name]
    notebook(tmp_path / "n.ipynb", LOAD, "%%gemini\nWhat is the 10th prime?")
    with serving() as server:
        server.fail(refusing(message), times=9)
        ran = running(tmp_path, server, "n.ipynb")
        assert len(server.generate_requests) == 1
    assert ran.returncode == 1
    assert told in ran.stdout
    assert way in ran.stderr
    (turn,) = turns(tmp_path / "executed/n.ipynb")
    assert turn["elapsed_ms"] < 5000


def test_the_quota_of_the_day_is_asked_for_once_more(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, "%%gemini\nWhat is the 10th prime?")
    with serving() as server:
        server.fail(refusing(PLAN, DAY, "0.2s"), times=9)
        ran = running(tmp_path, server, "n.ipynb")
        assert len(server.generate_requests) == 2
    assert ran.returncode == 1
    assert "midnight Pacific" in ran.stderr


def test_a_quota_per_minute_is_waited_for_and_that_is_told_for_the_notebook(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, "%%gemini\nWhat is the 10th prime?")
    with serving() as server:
        server.fail(refusing(PLAN, "GenerateRequestsPerMinutePerProjectPerModel", "2.5s"))
        ran = running(tmp_path, server, "n.ipynb")
        assert len(server.generate_requests) == 2
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert report(tmp_path / "r.json")["total"]["ok"] == 1
    assert re.search(
        r"^n\.ipynb waits until \d\d:\d\d:\d\d for the quota per minute of gemini-\S+ "
        r"\(refused 1 of 20 times\)$",
        ran.stderr,
        re.MULTILINE,
    ), ran.stderr


def test_a_final_refusal_of_one_model_does_not_hold_notebooks_of_another(tmp_path: Path):
    notebook(tmp_path / "a.ipynb", LOAD, "%%gemini -m gemini-3.1-pro\nWhat is the 10th prime?")
    notebook(tmp_path / "b.ipynb", LOAD, "%%gemini\nWhat is the 20th prime?")
    with serving() as server:
        server.fail(refusing(ZERO, delay="55s"))
        ran = running(tmp_path, server, "a.ipynb", "b.ipynb")
        assert len(server.generate_requests) == 2
    statuses = [one["status"] for one in report(tmp_path / "r.json")["notebooks"]]
    assert statuses == ["failed", "ok"], ran.stderr
    assert "waits until" not in ran.stderr
