"""Answers that are cut short: a run counts and names them, and fails where it is told to."""

from __future__ import annotations

from pathlib import Path

from gemini_magic.batch.job import Call, Outcome
from gemini_magic.batch.progress import cut_short, line
from gemini_magic.batch.report import readable, report, summary
from gemini_magic.emulator import Emulator
from gemini_magic.turn.usage import Usage

from .running import ASK, LOAD, asking, gemini, notebook
from .running import report as read_report

LIMITED = "%%gemini --max-tokens 8\nWhat is the 100th prime?"
SILENT = "from gemini_magic import ask\nshort = ask('What is the 100th prime?', max_tokens=8)"
CUT = "The answer was cut off at the token limit; <b>"


def test_a_run_names_them_and_ends_well_or_fails_as_told(tmp_path: Path) -> None:
    notebook(tmp_path / "short.ipynb", LOAD, LIMITED)
    notebook(tmp_path / "silent.ipynb", LOAD, SILENT)
    notebook(tmp_path / "whole.ipynb", LOAD, ASK)
    words = ("run", "short.ipynb", "silent.ipynb", "whole.ipynb", "--report", "r.json")

    ran = gemini(tmp_path, *words, **asking())
    assert ran.returncode == 0, ran.stderr
    assert "; 2 answers cut short" in ran.stderr
    told = [said for said in ran.stderr.splitlines() if said.startswith("Cut short")]
    assert len(told) == 2
    assert told[0].startswith("Cut short: executed/short.ipynb, cell 2: ")
    assert told[1] == "Cut short, in no notebook: 1 answer."
    first, second, third = ran.stdout.splitlines()
    assert "1 cut short" in first and "cut short" not in second + third
    data = read_report(tmp_path / "r.json")
    assert data["total"]["truncated"] == 2
    assert [one["truncated"] for one in data["notebooks"]] == [1, 0, 0]
    assert "token" in data["notebooks"][0]["turns"][0]["message"]
    assert "Cut short in cell 2: " in (tmp_path / "r.html").read_text()

    resumed = gemini(tmp_path, *words, "--resume", "--on-truncated", "fail", **asking())
    assert resumed.returncode == 1, "what was done before is cut short still"
    assert "; 2 answers cut short" in resumed.stderr


def test_a_run_of_whole_answers_does_not_fail(tmp_path: Path) -> None:
    notebook(tmp_path / "whole.ipynb", LOAD, ASK)
    ran = gemini(tmp_path, "run", "whole.ipynb", "--on-truncated", "fail", **asking())
    assert ran.returncode == 0, ran.stderr
    assert "cut short" not in ran.stderr + ran.stdout
    assert "1 notebook: 1 ok" in ran.stderr


def outcome(*statuses: str) -> Outcome:
    calls = tuple(
        Call(str(at), "m", status, Usage(), cell=at, message=CUT if status == "truncated" else None)
        for at, status in enumerate(statuses, 1)
    )
    return Outcome("/in/a.ipynb", "/out/a.ipynb", "ok", calls=calls)


def test_it_is_told_by_cell_and_reason_in_the_line_the_list_and_the_page(tmp_path: Path) -> None:
    one = outcome("complete", "truncated", "truncated")
    assert one.exit_code == 0
    assert "2 cut short" in line(one)
    assert [said.rpartition(", ")[2] for said in cut_short([one])] == [
        f"cell 2: {CUT}",
        f"cell 3: {CUT}",
    ]
    data = report([one], started="now", elapsed=1, exit_code=0, unseen=0)
    assert summary(data).startswith("1 notebook: 1 ok")
    assert summary(data).endswith("2 answers cut short")
    page = readable(data, tmp_path)
    assert page.count("Cut short in cell") == 2
    assert "<b>" not in page
    assert Outcome.from_dict(one.to_dict()) == one


def test_an_outcome_noted_by_an_earlier_version_reads_back() -> None:
    data = outcome("truncated").to_dict()
    del data["truncated"]
    del data["turns"][0]["message"]
    (said,) = cut_short([Outcome.from_dict(data)])
    assert said.endswith("cell 1: not complete")


def test_an_answer_that_the_service_stopped_is_cut_short_until_it_is_continued(
    tmp_path: Path,
) -> None:
    notebook(tmp_path / "short.ipynb", LOAD, "%%gemini\nHello")
    more = "%gemini continue"
    notebook(tmp_path / "whole.ipynb", LOAD, "%%gemini\nHello", more, more)
    words = ("run", "short.ipynb", "whole.ipynb", "--on-truncated", "fail", "--report", "r.json")
    with Emulator(hop=120) as server:
        ran = gemini(tmp_path, *words, **asking(server))
        assert ran.returncode == 1, ran.stderr
        assert "; 1 answer cut short" in ran.stderr
        assert "the service can go on with it" in ran.stderr
        data = read_report(tmp_path / "r.json")
        short, whole = data["notebooks"]
        assert [one["truncated"] for one in (short, whole)] == [1, 0]
        (turn,) = whole["turns"]
        assert (turn["status"], turn["cell"]) == ("complete", 2)
        assert turn["usage"]["input_tokens"] > short["turns"][0]["usage"]["input_tokens"] * 2
        asked = len(server.generate_requests)
        assert asked == 3, "one of the two had nothing to ask for"
        for calls in (2, 0):
            asked = len(server.generate_requests)
            kept = gemini(tmp_path, "run", "whole.ipynb", "--answers", "kept", **asking(server))
            assert kept.returncode == 0, kept.stderr
            assert len(server.generate_requests) - asked == calls, "the store has the whole answer"
