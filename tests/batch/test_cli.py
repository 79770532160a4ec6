"""``jupyter gemini`` as a process: what it writes, where it says so, how it exits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from ..kernel import environment

TURN = "application/vnd.gemini-magic.turn+json"


def gemini(folder: Path, *words: str, **added: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gemini_magic.batch.cli", *words],
        env=environment(folder, **added),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def turns(path: Path) -> list[dict[str, object]]:
    return [
        output.data[TURN]
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if TURN in output.get("data", {})
    ]


def test_the_demo_needs_no_key_and_says_who_answered(tmp_path: Path):
    ran = gemini(tmp_path, "demo", "--out", "here")
    assert ran.returncode == 0, ran.stderr
    assert "offline emulator" in ran.stderr
    notebook, page = tmp_path / "here/quickstart.ipynb", tmp_path / "here/quickstart.html"
    assert str(notebook) in ran.stdout and str(page) in ran.stdout
    nbformat.validate(nbformat.read(notebook, as_version=4))
    made = turns(notebook)
    assert all(turn["status"] == "complete" for turn in made)
    assert all(turn["request"]["backend"] == "emulator" for turn in made)  # type: ignore[index]
    kinds = [[part["kind"] for part in turn["parts"]] for turn in made]  # type: ignore[attr-defined]
    outcomes = [
        [part["outcome"] for part in turn["parts"] if part["kind"] == "result"]  # type: ignore[attr-defined]
        for turn in made
    ]
    assert any("code" in kind and "result" in kind for kind in kinds), "a computation"
    assert ["OUTCOME_FAILED", "OUTCOME_OK"] in outcomes, "a failed attempt, then a good one"
    assert any("image" in kind for kind in kinds), "a plot"
    assert "5117" in json.dumps(made[1]["parts"]), "the follow-up knows the first answer"
    assert made[-1]["request"]["config"]["code"] is False, "a story without code"  # type: ignore[index]
    assert set(kinds[-1]) <= {"text", "thought"}
    html = page.read_text()
    assert "gm-Turn" in html and "data:image/png;base64," in html
    assert "offline emulator" in html


# Port 9 is the discard port: nobody answers there.
NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "proxies",
    [
        {"HTTP_PROXY": NOBODY, "HTTPS_PROXY": NOBODY},
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"http_proxy": NOBODY, "all_proxy": "socks5h://127.0.0.1:9", "NO_PROXY": "example.org"},
        {"ALL_PROXY": "socks://127.0.0.1:9", "HTTP_PROXY": "http://[::1"},
    ],
    ids=["HTTP", "SOCKS", "lower case", "that cannot be used"],
)
def test_the_demo_asks_its_own_emulator_through_no_proxy(tmp_path: Path, proxies: dict[str, str]):
    ran = gemini(tmp_path, "demo", "--out", "here", **proxies)
    assert ran.returncode == 0, ran.stderr
    assert "offline emulator" in ran.stderr
    made = turns(tmp_path / "here/quickstart.ipynb")
    assert made and all(turn["status"] == "complete" for turn in made)
    assert (tmp_path / "here/quickstart.html").stat().st_size > 10_000


def test_the_emulator_serves_who_takes_the_lines_it_prints(tmp_path: Path):
    server = subprocess.Popen(
        [sys.executable, "-m", "gemini_magic.batch.cli", "emulator"],
        env={**environment(tmp_path), "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    said = ""
    while "Ctrl-C" not in said:
        line = server.stderr.readline()
        assert line, said
        said += line
    exports = "\n".join(line for line in said.splitlines() if line.startswith("export "))
    ask = (
        "from google import genai; client = genai.Client(http_options={'api_version': 'v1beta'})\n"
        "print(client.models.get(model='gemini-3.8-flash').name)"
    )
    asked = subprocess.run(
        ["sh", "-c", f'{exports}\nexec "$0" -c "$1"', sys.executable, ask],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert asked.stdout == "models/gemini-3.8-flash\n", asked.stderr
    server.send_signal(signal.SIGINT)
    assert server.wait(30) in (0, 130)
    server.stderr.close()


def test_usage_errors_are_exit_code_2(tmp_path: Path):
    for words in (
        [],
        ["nonsense"],
        ["demo", "--nonsense"],
        ["emulator", "--profile", "x"],
        ["emulator", "--port", "99999"],
        ["emulator", "--key", "a-key-on-the-command-line"],
    ):
        ran = gemini(tmp_path, *words)
        assert ran.returncode == 2
        assert "usage: jupyter gemini" in ran.stderr


def test_an_output_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    ran = gemini(tmp_path, "demo", "--out", "file/below")
    assert ran.returncode == 1
    assert "StorageError: file/below cannot be made" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_jupyter_finds_the_command():
    scripts = Path(sys.executable).parent
    ran = subprocess.run(
        [str(scripts / "jupyter-gemini"), "--version"],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert ran.returncode == 0 and ran.stdout.strip()
