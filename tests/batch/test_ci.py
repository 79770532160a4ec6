"""``jupyter gemini run`` as a strict pipeline meets it: bad inputs, full disks, closed pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..kernel import environment
from .running import (
    ASK,
    LOAD,
    asking,
    errors,
    gemini,
    notebook,
    read,
    report,
    start,
    until,
)

ECHO = """
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Echo(Kernel):
    implementation = language = banner = "echo"
    implementation_version = language_version = "1"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}

    def do_execute(self, code, silent, *_, **__):
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code.upper()})
        return {"status": "ok", "execution_count": self.execution_count, "payload": [],
                "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Echo)
"""


def speaking_echo(folder: Path) -> tuple[Path, dict[str, str]]:
    """A notebook in another language, and the variables by which its kernel is found."""
    (folder / "echo.py").write_text(ECHO)
    spec = folder / "jupyter/kernels/echo/kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, str(folder / "echo.py"), "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Echo", "language": "echo"}))
    path = notebook(folder / "echo.ipynb", "louder")
    data = json.loads(path.read_text())
    data["metadata"]["kernelspec"] = {"name": "echo", "display_name": "Echo", "language": "echo"}
    path.write_text(json.dumps(data))
    return path, {"JUPYTER_PATH": str(folder / "jupyter")}


def test_a_notebook_in_another_language_runs_in_its_own_kernel(tmp_path: Path):
    _, added = speaking_echo(tmp_path)
    ran = gemini(tmp_path, "run", "echo.ipynb", "--insert", "all", "--html", **added)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = read(tmp_path / "executed/echo.ipynb")
    assert made.cells[0].outputs[0].text == "LOUDER"
    assert made.metadata.language_info.name == "echo"


def test_parameters_for_another_language_are_refused_before_anything_runs(tmp_path: Path):
    _, added = speaking_echo(tmp_path)
    notebook(tmp_path / "first.ipynb", "open('ran', 'w').close()")
    ran = gemini(tmp_path, "run", "first.ipynb", "echo.ipynb", "-p", "x", "1", **added)
    assert ran.returncode == 2 and "echo.ipynb is a echo notebook" in ran.stderr
    assert not (tmp_path / "ran").exists()


def test_a_kernel_that_is_not_there_fails_its_notebook_alone(tmp_path: Path):
    speaking_echo(tmp_path)
    notebook(tmp_path / "n.ipynb", "print('well')")
    ran = gemini(tmp_path, "run", "echo.ipynb", "n.ipynb", "--on-error", "continue")
    assert ran.returncode == 1 and "no kernel called 'echo'" in ran.stdout
    assert read(tmp_path / "executed/n.ipynb").cells[0].outputs[0].text == "well\n"


def test_older_formats_come_out_valid_and_the_same_each_time(tmp_path: Path):
    code = {"cell_type": "code", "metadata": {}, "outputs": []}
    three = {**code, "collapsed": False, "input": ["print('three')"], "language": "python"}
    (tmp_path / "three.ipynb").write_text(
        json.dumps(
            {
                "nbformat": 3,
                "nbformat_minor": 0,
                "metadata": {"name": ""},
                "worksheets": [{"cells": [three], "metadata": {}}],
            }
        )
    )
    four = [{**code, "execution_count": None, "source": text} for text in (LOAD, ASK)]
    (tmp_path / "four.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": four})
    )
    words = ("run", "three.ipynb", "four.ipynb", "--insert", "all", "--answers", "answers")
    for out in ("a", "b"):
        ran = gemini(tmp_path, *words, "--out", out, **asking())
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert read(tmp_path / "a/three.ipynb").cells[0].outputs[0].text == "three\n"
    one, two = (read(tmp_path / out / "four.ipynb") for out in "ab")
    assert len(one.cells) > 2, "inserted"
    assert [cell.id for cell in one.cells] == [cell.id for cell in two.cells]


VALUES = {
    "True": True,
    "None": None,
    "3": 3,
    "-2.5e3": -2500.0,
    'Zürich\'s "north"': 'Zürich\'s "north"',
    '[1, "a", null, {"b": [false]}]': [1, "a", None, {"b": [False]}],
    '{"a": {"b": 1.5}}': {"a": {"b": 1.5}},
    "true": True,
    "null": None,
    '"3"': "3",
    "[NaN]": "[NaN]",
    "{x}": "{x}",
    "--jobs": "--jobs",
    "": "",
}


def test_parameters_of_every_json_type_arrive(tmp_path: Path):
    names = [f"p{number}" for number in range(len(VALUES))]
    notebook(tmp_path / "n.ipynb", f"print(repr([{', '.join(names)}]))")
    given = [word for name, text in zip(names, VALUES, strict=True) for word in ("-p", name, text)]
    ran = gemini(tmp_path, "run", "n.ipynb", *given)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert eval(read(tmp_path / "executed/n.ipynb").cells[1].outputs[0].text) == [*VALUES.values()]


@pytest.mark.parametrize("named", ["n.ipynb", "executed/n.ipynb", "executed/n.html"])
def test_a_report_replaces_no_input_and_no_result(tmp_path: Path, named: str):
    source = notebook(tmp_path / "n.ipynb", "open('ran', 'w').close()")
    before = source.read_bytes()
    ran = gemini(tmp_path, "run", "n.ipynb", "--html", "--report", named)
    assert ran.returncode == 2 and "would replace" in ran.stderr
    assert source.read_bytes() == before and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("option", ["--out", "--report"])
def test_a_place_that_cannot_be_written_is_told_before_anything_runs(tmp_path: Path, option: str):
    notebook(tmp_path / "n.ipynb", "open('ran', 'w').close()")
    (tmp_path / "file").write_text("")
    ran = gemini(tmp_path, "run", "n.ipynb", option, "file/below/r.json")
    assert ran.returncode == 2 and "cannot be made" in ran.stderr and option in ran.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_disk_that_is_full_costs_the_notebook_that_does_not_fit(tmp_path: Path):
    import resource

    names = [
        notebook(tmp_path / "small.ipynb", "print('a')").name,
        notebook(tmp_path / "large.ipynb", "print('x' * 3_000_000)").name,
        notebook(tmp_path / "after.ipynb", "print('b')").name,
    ]
    (tmp_path / "executed").mkdir()
    (tmp_path / "executed/large.ipynb").write_text("of an earlier run")
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "gemini_magic.batch.cli", "run", *names),
            *("--on-error", "continue", "--report", "r.json"),
        ],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        # No file of more than a megabyte: as a full disk, it says so in the middle of a write.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    assert ran.returncode == 1, ran.stderr
    statuses = [one["status"] for one in report(tmp_path / "r.json")["notebooks"]]
    assert statuses == ["ok", "failed", "ok"]
    assert "StorageError" in ran.stdout and "could not be written" in ran.stdout
    assert (tmp_path / "executed/large.ipynb").read_text() == "of an earlier run"
    left = {path.name for path in (tmp_path / "executed").iterdir()} - {".run", ".answers"}
    assert left == set(names), "no half-written file"


def test_a_reader_of_the_lines_that_leaves_does_not_end_the_run(tmp_path: Path):
    for name in ("a.ipynb", "b.ipynb"):
        notebook(tmp_path / name, "1")
    process = start(tmp_path, "run", "a.ipynb", "b.ipynb", "--report", "r.json")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0 and "Traceback" not in said and "BrokenPipe" not in said, said
    assert report(tmp_path / "r.json")["total"]["ok"] == 2


def test_the_word_to_end_is_an_interrupt_that_keeps_what_was_made(tmp_path: Path):
    waiting = "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(100)"
    notebook(tmp_path / "n.ipynb", "print('first')", waiting)
    process = start(tmp_path, "run", "n.ipynb", "--report", "r.json")
    until((tmp_path / "begun").exists)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert read(tmp_path / "executed/n.ipynb").cells[0].outputs[0].text == "first\n"
    assert errors(tmp_path / "executed/n.ipynb") == ["KeyboardInterrupt"]
    assert report(tmp_path / "r.json")["exit_code"] == 130


def test_the_budget_reached_in_the_middle_stops_what_comes_after(tmp_path: Path):
    names = [f"n{number}.ipynb" for number in range(3)]
    for number, name in enumerate(names):
        notebook(tmp_path / name, LOAD, f"%%gemini\nWhat is the {number + 10}th prime?")
    words = ("run", *names, "--max-cost", "0.0008", "--report", "r.json")
    ran = gemini(tmp_path, *words, **asking())
    assert ran.returncode == 4, ran.stdout + ran.stderr
    data = report(tmp_path / "r.json")
    assert [one["exit_code"] for one in data["notebooks"]] == [0, 0, 4]
    assert data["total"]["calls"] == 2
    # With more money, what was paid for is not paid for again.
    words = (*words[:-3], "1", "--report", "r.json", "--resume")
    assert gemini(tmp_path, *words, **asking()).returncode == 0
    data = report(tmp_path / "r.json")
    assert data["total"]["ok"] == 3 and data["total"]["calls"] == 3
    assert os.fspath(tmp_path) in data["notebooks"][0]["notebook"]
