"""``jupyter gemini run`` as a process: what it writes, what it adds up, how it exits."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from .running import (
    ASK,
    LOAD,
    TURN,
    asking,
    errors,
    gemini,
    notebook,
    read,
    report,
    serving,
    start,
    turns,
    until,
)

COUNTS = (
    "input_tokens",
    "output_tokens",
    "thinking_tokens",
    "tool_use_tokens",
    "cached_tokens",
    "total_tokens",
)


def test_results_are_valid_and_the_totals_are_the_sums_of_the_turns(tmp_path: Path):
    sources = [
        notebook(tmp_path / "one.ipynb", LOAD, ASK, "%%gemini\nDraw a sine curve."),
        notebook(tmp_path / "two.ipynb", LOAD, ASK),
    ]
    before = [source.read_bytes() for source in sources]
    with serving() as server:
        ran = gemini(
            tmp_path,
            *("run", "one.ipynb", "two.ipynb", "--jobs", "2", "--insert", "all"),
            *("--html", "--report", "r.json", "--json"),
            **asking(server),
        )
    assert ran.returncode == 0, ran.stderr
    assert [source.read_bytes() for source in sources] == before, "inputs are never touched"
    found = [turn for name in ("one", "two") for turn in turns(tmp_path / f"executed/{name}.ipynb")]
    assert len(found) == len(server.generate_requests) == 3
    data = report(tmp_path / "r.json")
    for count in COUNTS:
        assert data["total"]["usage"][count] == sum(turn["usage"][count] for turn in found)
    assert data["total"]["calls"] == 3 and data["total"]["reused"] == 0
    *_, totals, written = ran.stderr.splitlines()
    assert totals.startswith("2 notebooks: 2 ok, 0 failed, 0 interrupted, 0 not run; 3 calls, ")
    assert written == "Report: r.json, r.html"
    assert float(data["total"]["cost_usd"]) == pytest.approx(
        sum(float(notebook["cost_usd"]) for notebook in data["notebooks"])
    )
    assert float(data["total"]["cost_usd"]) > 0
    assert data["prices"]["source"] == "genai-prices" and data["prices"]["date"]
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert sorted(line["notebook"] for line in lines) == sorted(str(source) for source in sources)
    page = (tmp_path / "r.html").read_text()
    assert 'href="executed/one.ipynb"' in page and 'href="executed/one.html"' in page
    assert "<script" not in page
    assert "data:image/png;base64," in (tmp_path / "executed/one.html").read_text()
    roles = [
        cell.metadata.gemini_magic.role
        for cell in read(tmp_path / "executed/one.ipynb").cells
        if "gemini_magic" in cell.metadata
    ]
    assert "code" in roles and "text" in roles
    # By which code hosts and editors know how to colour the cells; nbclient notes it as well.
    assert read(tmp_path / "executed/one.ipynb").metadata.language_info.name == "python"


def test_a_second_run_needs_no_server_and_makes_the_same(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, ASK, "%%gemini\nAnd its square?")
    words = ("run", "n.ipynb", "--answers", "answers", "--insert", "all")
    with serving() as server:
        first = gemini(tmp_path, *words, "--out", "a", **asking(server))
        assert first.returncode == 0, first.stderr
        asked = len(server.generate_requests)
        environment = asking(server)
    assert asked == 2
    for added in (environment, {}):  # the server is gone; nobody is configured at all
        second = gemini(tmp_path, *words, "--out", "b", "--report", "r.json", **added)
        assert second.returncode == 0, second.stderr + second.stdout
        again = turns(tmp_path / "b/n.ipynb")
        assert all(turn["reused"]["stored"] for turn in again)
        assert [{**turn, "reused": None} for turn in again] == turns(tmp_path / "a/n.ipynb")
        bundle = read(tmp_path / "b/n.ipynb").cells[1].outputs[0].data
        assert "Stored answer of" in bundle["text/html"] and "Stored answer" in bundle["text/plain"]
        total = report(tmp_path / "r.json")["total"]
        assert total["calls"] == 0 and total["reused"] == 2
        assert total["usage"]["total_tokens"] == 0 and float(total["cost_usd"]) == 0
        assert total["reused_usage"]["total_tokens"] > 0
        one, two = (read(tmp_path / f"{name}/n.ipynb") for name in "ab")
        assert [cell.id for cell in one.cells] == [cell.id for cell in two.cells]
        assert [cell.source for cell in one.cells] == [cell.source for cell in two.cells]
        for a, b in zip(one.cells, two.cells, strict=True):
            for shown, reshown in zip(a.get("outputs", ()), b.get("outputs", ()), strict=True):
                if TURN not in shown.get("data", {}):
                    assert reshown == shown  # of an inserted cell
                    continue
                before, after = shown.data["text/plain"], reshown.data["text/plain"]
                # The label stands above the same answer; the line below it counts no cost.
                assert (
                    after.split("\n\n", 1)[1].rsplit("\n\n", 1)[0] == (before.rsplit("\n\n", 1)[0])
                )


def test_fresh_calls_again_and_overwrites(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, ASK)
    words = ("run", "n.ipynb", "--answers", "answers")
    with serving() as server:
        for more in ((), ("--fresh",), ()):
            assert gemini(tmp_path, *words, *more, **asking(server)).returncode == 0
        assert len(server.generate_requests) == 2
    assert len(list((tmp_path / "answers").iterdir())) == 1


def test_without_a_store_every_run_asks(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, ASK)
    with serving() as server:
        for _ in range(2):
            assert gemini(tmp_path, "run", "n.ipynb", **asking(server)).returncode == 0
        assert len(server.generate_requests) == 2


def test_a_failing_notebook_keeps_what_it_has_and_exits_1(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, ASK, "1/0", "print('after')")
    notebook(tmp_path / "other.ipynb", "print('other')")
    ran = gemini(tmp_path, "run", "n.ipynb", "other.ipynb", **asking())
    assert ran.returncode == 1
    assert "ZeroDivisionError in cell 3" in ran.stdout
    assert "not run" in ran.stdout and not (tmp_path / "executed/other.ipynb").exists()
    result = tmp_path / "executed/n.ipynb"
    assert len(turns(result)) == 1 and errors(result) == ["ZeroDivisionError"]
    assert read(result).cells[3].outputs == []


def test_continue_finishes_the_rest(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", "1/0", "print('after')")
    notebook(tmp_path / "other.ipynb", "print('other')")
    words = ("run", "n.ipynb", "other.ipynb", "--on-error", "continue", "--report", "r.json")
    ran = gemini(tmp_path, *words, **asking())
    assert ran.returncode == 1
    assert read(tmp_path / "executed/n.ipynb").cells[1].outputs[0].text == "after\n"
    assert read(tmp_path / "executed/other.ipynb").cells[0].outputs[0].text == "other\n"
    statuses = [one["status"] for one in report(tmp_path / "r.json")["notebooks"]]
    assert statuses == ["failed", "ok"]


def test_an_unreadable_notebook_is_2_before_anything_runs(tmp_path: Path):
    notebook(tmp_path / "good.ipynb", "open('ran', 'w').close()")
    (tmp_path / "bad.ipynb").write_text('{"cells": [')
    for name in ("bad.ipynb", "missing.ipynb"):
        ran = gemini(tmp_path, "run", "good.ipynb", name)
        assert ran.returncode == 2, ran.stderr
        assert name in ran.stderr and "Traceback" not in ran.stderr
    assert not (tmp_path / "ran").exists()
    for words in (("--jobs", "0"), ("--max-cost", "x"), ("-p", "1x", "2"), ("--out", ".")):
        assert gemini(tmp_path, "run", "good.ipynb", *words).returncode == 2


# No key; Vertex switched on where nobody has logged in (and no metadata server is asked).
NOBODY = (
    {},
    {
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_CLOUD_PROJECT": "some-project",
        "CLOUDSDK_CONFIG": "nowhere",
        "NO_GCE_CHECK": "true",
    },
)


@pytest.mark.parametrize("added", NOBODY, ids=("no key", "no login"))
def test_no_backend_is_3(tmp_path: Path, added: dict[str, str]):
    notebook(tmp_path / "n.ipynb", LOAD, ASK)
    ran = gemini(tmp_path, "run", "n.ipynb", **added)
    assert ran.returncode == 3, ran.stderr
    assert len(ran.stdout.splitlines()) == 1 and "NoBackend in cell 2" in ran.stdout
    assert ran.stderr.splitlines()[-1].startswith("NoBackend: "), "what to do is said, too"
    assert errors(tmp_path / "executed/n.ipynb") == ["NoBackend"]


def test_the_budget_is_4_and_goes_before_other_failures(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, ASK, "%%gemini\nAnd its square?", "1/0")
    with serving() as server:
        ran = gemini(
            tmp_path,
            *("run", "n.ipynb", "--max-cost", "0.00001", "--on-error", "continue"),
            **asking(server),
        )
        assert ran.returncode == 4, ran.stderr
        # The first call's input alone fits the limit; what it cost does not leave room for more.
        assert len(server.generate_requests) == 1
    assert errors(tmp_path / "executed/n.ipynb") == ["BudgetReached", "ZeroDivisionError"]


def test_an_interrupt_is_130_and_keeps_what_was_made(tmp_path: Path):
    waiting = "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(100)"
    notebook(tmp_path / "n.ipynb", "print('first')", waiting, "print('after')")
    notebook(tmp_path / "other.ipynb", "print('other')")
    process = start(tmp_path, "run", "n.ipynb", "other.ipynb", "--report", "r.json", **asking())
    until((tmp_path / "begun").exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    result = read(tmp_path / "executed/n.ipynb")
    assert result.cells[0].outputs[0].text == "first\n"
    assert errors(tmp_path / "executed/n.ipynb") == ["KeyboardInterrupt"]
    assert result.cells[2].outputs == []
    statuses = [one["status"] for one in report(tmp_path / "r.json")["notebooks"]]
    assert statuses == ["interrupted", "not run"]


def test_a_cell_over_its_time_is_interrupted_and_told(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", "print('now')\nimport time\ntime.sleep(100)", "print('after')")
    ran = gemini(tmp_path, "run", "n.ipynb", "--timeout", "1")
    assert ran.returncode == 1
    assert errors(tmp_path / "executed/n.ipynb") == ["KeyboardInterrupt", "CellTimeout"]
    assert "CellTimeout in cell 1" in ran.stdout


def test_a_kernel_that_dies_is_told_in_its_cell(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    ran = gemini(tmp_path, "run", "n.ipynb")
    assert ran.returncode == 1
    assert errors(tmp_path / "executed/n.ipynb") == ["KernelDied"]


def test_parameters_are_set_below_their_defaults(tmp_path: Path):
    source = notebook(
        tmp_path / "n.ipynb",
        *("top = 1", "region = 'north'\nyear = 2000", "print(region, year + 1)"),
        tags={1: ["parameters"]},
    )
    before = source.read_bytes()
    ran = gemini(tmp_path, "run", "n.ipynb", "-p", "region", "south", "-p", "year", "2026")
    assert ran.returncode == 0, ran.stderr
    cells = read(tmp_path / "executed/n.ipynb").cells
    assert cells[2].metadata.tags == ["injected-parameters"]
    assert cells[2].source == "# Parameters\nregion = 'south'\nyear = 2026"
    assert cells[3].outputs[0].text == "south 2027\n"
    assert source.read_bytes() == before


def test_same_named_inputs_get_their_folders_name(tmp_path: Path):
    for folder in ("a", "b"):
        notebook(tmp_path / folder / "n.ipynb", f"print('{folder}')")
    ran = gemini(tmp_path, "run", "a/n.ipynb", "b/n.ipynb", "a/n.ipynb")
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in (tmp_path / "executed").glob("*.ipynb")) == [
        "a-n.ipynb",
        "b-n.ipynb",
    ]


def test_inserted_code_runs_only_when_asked(tmp_path: Path):
    prompt = "%%gemini\n```python\nprint('made by', 40 + 2)\n```"
    notebook(tmp_path / "n.ipynb", LOAD, prompt, "print('after')")
    for words in ((), ("--run-inserted",)):
        ran = gemini(tmp_path, "run", "n.ipynb", "--insert", "code", *words, **asking())
        assert ran.returncode == 0, ran.stdout + ran.stderr
        cells = read(tmp_path / "executed/n.ipynb").cells
        inserted = [cell for cell in cells if "gemini_magic" in cell.metadata]
        assert len(inserted) == 1 and "40 + 2" in inserted[0].source
        assert (inserted[0].execution_count is not None) == bool(words)
        assert cells[-1].outputs[0].text == "after\n"


def test_two_runs_do_not_share_an_output_folder(tmp_path: Path):
    notebook(
        tmp_path / "n.ipynb", "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(60)"
    )
    process = start(tmp_path, "run", "n.ipynb")
    until((tmp_path / "begun").exists)
    second = gemini(tmp_path, "run", "n.ipynb")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert second.returncode == 2 and "Another run" in second.stderr


def test_calls_that_no_notebook_shows_are_counted_and_priced_apart(tmp_path: Path):
    quiet = "from gemini_magic import ask\nturn = ask('What is the 100th prime?')"
    shown = "print(turn.id)"
    notebook(tmp_path / "one.ipynb", LOAD, quiet, shown)
    with serving() as server:
        ran = gemini(tmp_path, "run", "one.ipynb", "--report", "r.json", **asking(server))
        assert len(server.generate_requests) == 1
    assert ran.returncode == 0, ran.stderr
    (totals,) = [line for line in ran.stderr.splitlines() if line.startswith("1 notebook")]
    assert "; 1 more call in no notebook (by ask(), or stopped before): $0.00" in totals
    data = report(tmp_path / "r.json")
    assert (data["total"]["calls"], data["total"]["unseen_calls"]) == (0, 1)


def test_a_magic_that_is_not_there_is_a_failure_that_names_the_way(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", ASK, LOAD)
    notebook(tmp_path / "m.ipynb", LOAD, "%%gemnii\n6 * 7?", "1 + 1")
    with serving() as server:
        ran = gemini(
            tmp_path, *("run", "n.ipynb", "m.ipynb", "--on-error", "continue"), **asking(server)
        )
        assert not server.generate_requests
    assert ran.returncode == 1, ran.stderr
    assert errors(tmp_path / "executed/n.ipynb") == ["UsageError"]
    assert errors(tmp_path / "executed/m.ipynb") == ["UsageError"]
    assert "%load_ext gemini_magic" in (tmp_path / "executed/n.ipynb").read_text()


@pytest.mark.parametrize(
    ("option", "said"),
    [("--answers", "The answer store there cannot be made"), ("--report", "there is a folder")],
)
def test_where_nothing_can_be_written_nothing_is_run(tmp_path: Path, option: str, said: str):
    notebook(tmp_path / "n.ipynb", LOAD, ASK)
    place = tmp_path / "there"
    place.mkdir() if option == "--report" else place.touch()
    with serving() as server:
        ran = gemini(tmp_path, "run", "n.ipynb", "--fresh", option, "there", **asking(server))
        assert not server.generate_requests
    assert (ran.returncode, said in ran.stderr) == (2, True), ran.stderr
