"""The sandbox really runs code, within limits, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_magic.sandbox import Cancelled, SandboxProcess, run

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux namespaces")


def gone(pid: int) -> bool:
    """Whether the process ends within a generous time (a zombie has ended)."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def marked(mark: str) -> list[int]:
    """The processes whose command line carries the mark, seen from outside."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(mark in word for word in process.info["cmdline"] or []):
            found.append(process.pid)
    return found


def test_printed_text_is_the_output_as_utf_8() -> None:
    result = run("print('naïve – 数 🎲')")
    assert (result.outcome, result.output) == ("OUTCOME_OK", "naïve – 数 🎲\n")


def test_code_that_prints_nothing_has_no_output() -> None:
    result = run("37170 * 12390")
    assert (result.outcome, result.output) == ("OUTCOME_OK", None)


def test_an_exception_is_a_failure_with_its_traceback() -> None:
    result = run("print('before')\n1 / 0")
    assert result.outcome == "OUTCOME_FAILED"
    assert result.output is not None
    assert result.output.startswith('Traceback (most recent call last):\n  File "<string>", line 2')
    assert result.output.endswith("ZeroDivisionError: division by zero\n")
    assert result.stdout == "before\n"


def test_a_syntax_error_is_a_failure() -> None:
    assert "SyntaxError" in str(run("print('unclosed").output)


@pytest.mark.parametrize("code", ["import sys; sys.exit()", "raise SystemExit(0)"])
def test_exit_zero_is_no_failure_and_the_session_goes_on(code: str) -> None:
    with SandboxProcess() as session:
        session.run("x = 1")
        assert session.run(code).outcome == "OUTCOME_OK"
        assert session.run("print(x)").output == "1\n"


def test_exit_with_a_message_is_a_failure_with_that_message() -> None:
    assert run("import sys; sys.exit('no data')").output == "no data\n"


def test_commonly_indented_code_runs() -> None:
    assert run("    result = 2\n    print(result)\n    ").output == "2\n"


def test_output_of_subprocesses_is_captured_too() -> None:
    result = run("import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(7)'])")
    assert result.output == "7\n"


def test_snippets_of_one_session_share_their_variables() -> None:
    with SandboxProcess() as session:
        session.run("import math\nradius = 2")
        assert session.run("print(round(math.pi * radius, 2))").output == "6.28\n"
        assert session.run("print('again')").output == "again\n"


def test_a_main_guard_runs_and_classes_can_be_pickled() -> None:
    code = (
        "import pickle\n"
        "class Point: pass\n"
        "if __name__ == '__main__':\n"
        "    print(type(pickle.loads(pickle.dumps(Point()))).__name__)"
    )
    assert run(code).output == "Point\n"


def test_attached_files_are_in_the_working_directory_which_is_home() -> None:
    code = "import os\nprint(open('data.csv').read(), os.getcwd() == os.environ['HOME'])"
    assert run(code, files={"data.csv": b"a,b"}).output == "a,b True\n"


@pytest.mark.parametrize("name", ["../up", "/etc/x", "a/b", "a\\b", "..", ".", "", "c:x", "n\0"])
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        SandboxProcess(files={name: b""})


@given(st.text(max_size=30))
@settings(max_examples=200)
def test_an_accepted_name_stays_inside_the_folder(name: str) -> None:
    try:
        SandboxProcess(files={name: b""})
    except ValueError:
        return
    folder = Path("/scratch/folder")
    assert (folder / name).parent == folder
    assert ".." not in (folder / name).parts


def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret-of-the-parent")
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    monkeypatch.setenv("PYTHONSTARTUP", "/somewhere/start.py")
    result = run("import os, sys\nprint(sorted(os.environ))\nprint(sys.path)")
    printed = str(result.output)
    assert "GEMINI_API_KEY" not in printed
    assert "PYTHONPATH" not in printed
    assert "/somewhere/else" not in printed


@linux
def test_the_parents_environment_cannot_be_read_through_proc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret-of-the-parent")
    code = (
        "import pathlib\n"
        f"mine = pathlib.Path('/proc/{os.getpid()}/environ')\n"
        "print(mine.exists() and b'secret' in mine.read_bytes())"
    )
    with SandboxProcess() as session:
        if not session.run("pass").network_cut:
            pytest.skip("this machine allows no user namespaces")
        assert session.run(code).output == "False\n"


@linux
def test_there_is_no_network_where_the_result_says_so() -> None:
    with __import__("socket").create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)\nprint('in')"
        result = run(code)
        if not result.network_cut:
            pytest.skip("this machine allows no user namespaces")
        assert result.outcome == "OUTCOME_FAILED"
        open_result = run(code, isolate=False)
        assert (open_result.output, open_result.network_cut) == ("in\n", False)


def test_an_endless_loop_is_out_of_time_and_keeps_what_it_printed() -> None:
    with SandboxProcess(timeout=1) as session:
        result = session.run("print('started')\nwhile True: pass")
        assert result.outcome == "OUTCOME_DEADLINE_EXCEEDED"
        assert result.stdout == "started\n"
        assert "longer than 1 seconds" in str(result.output)
        assert session.run("print('fresh')").output == "fresh\n"


def test_memory_is_bounded() -> None:
    result = run("data = bytearray(2 << 30)\nprint(len(data))", memory_bytes=1 << 30)
    assert result.outcome == "OUTCOME_FAILED"
    assert "MemoryError" in str(result.output)


def test_a_flood_of_output_is_cut_and_counted() -> None:
    result = run("for _ in range(50):\n    print('x' * 1_000_000)", output_bytes=10_000)
    assert result.outcome == "OUTCOME_OK"
    assert len(result.stdout) < 10_200
    assert result.dropped == 50 * 1_000_001 - 10_000
    assert str(result.dropped) in result.stdout.splitlines()[-1]


def test_a_cut_inside_a_character_leaves_valid_text() -> None:
    result = run("print('é' * 100)", output_bytes=11)
    assert result.stdout.startswith("ééééé\n[stdout cut here")


@pytest.mark.parametrize(
    ("code", "said"),
    [("import os; os._exit(3)", "exit code 3"), ("import os; os.abort()", "SIGABRT")],
)
def test_a_process_that_dies_is_a_failure_that_says_how(code: str, said: str) -> None:
    with SandboxProcess() as session:
        result = session.run(code)
        assert result.outcome == "OUTCOME_FAILED"
        assert said in str(result.output)
        assert session.run("print('fresh')").output == "fresh\n"


def test_reading_stdin_ends_at_once() -> None:
    assert "EOFError" in str(run("input()").output)


@pytest.mark.parametrize("detach", [False, True])
def test_forked_survivors_die_with_the_session(detach: bool) -> None:
    if detach and not sys.platform.startswith("linux"):
        pytest.skip("a process of its own session survives outside Linux")
    mark = f"survivor-{os.getpid()}-{time.monotonic_ns()}"
    with SandboxProcess() as session:
        result = session.run(
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', "
            f"'{mark}'], start_new_session={detach})\n"
            "print('started')"
        )
        assert result.output == "started\n"
        if detach and not result.network_cut:
            pytest.skip("this machine allows no user namespaces")
        until = time.monotonic() + 20
        while not (pids := marked(mark)) and time.monotonic() < until:
            time.sleep(0.02)
        assert len(pids) == 1
    assert gone(pids[0])


@linux
def test_code_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    mark = f"orphan-{os.getpid()}-{time.monotonic_ns()}"
    code = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', 'while True: pass', '{mark}'])"
    )
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from gemini_magic.sandbox import run, SandboxProcess\n"
            f"print(run('pass').network_cut, flush=True)\nrun({code!r}, timeout=600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # a killed parent leaves its folder
    )
    with parent:
        assert parent.stdout is not None
        isolated = parent.stdout.readline() == "True\n"
        until = time.monotonic() + 20
        while isolated and len(pids := marked(mark)) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        parent.kill()
    if not isolated:
        pytest.skip("this machine allows no user namespaces")
    assert all(gone(pid) for pid in pids)
    assert len(pids) == 2  # the parent itself, and what its code started


def test_a_fork_that_holds_the_pipes_does_not_hold_the_answer() -> None:
    code = "import os, time\nif os.fork() == 0:\n    time.sleep(600)\nos._exit(5)"
    with SandboxProcess(timeout=60) as session:
        result = session.run(code)
        assert "exit code 5" in str(result.output)
        assert result.elapsed < 30


def test_cancelling_kills_the_code_and_says_so() -> None:
    asked = threading.Event()

    def cancelled() -> bool:
        return asked.is_set()

    timer = threading.Timer(0.3, asked.set)
    timer.start()
    with SandboxProcess(timeout=60) as session, pytest.raises(Cancelled):
        session.run("while True: pass", cancelled=cancelled)
    timer.join()


def test_closing_from_another_thread_ends_a_run() -> None:
    session = SandboxProcess(timeout=60)
    timer = threading.Timer(0.3, session.close)
    timer.start()
    with pytest.raises(Cancelled):
        session.run("while True: pass")
    timer.join()


def test_the_folder_is_removed() -> None:
    with SandboxProcess(files={"a": b"1"}) as session:
        folder = str(session.run("import os; print(os.getcwd())").output).strip()
        assert Path(folder).is_dir()
    assert not Path(folder).exists()


PLOT = "import matplotlib.pyplot as plt\n"


def test_each_show_gives_each_open_figure_once() -> None:
    pytest.importorskip("matplotlib")
    result = run(PLOT + "plt.plot([1, 2])\nplt.show()\nplt.plot([2, 1])\nplt.show()\nplt.show()")
    assert [image[:8] for image in result.images] == [b"\x89PNG\r\n\x1a\n"] * 2


def test_figures_left_open_are_captured_at_the_end_and_not_again() -> None:
    pytest.importorskip("matplotlib")
    with SandboxProcess() as session:
        assert len(session.run(PLOT + "plt.figure(); plt.figure()").images) == 2
        assert session.run("print(len(plt.get_fignums()))").output == "0\n"
        assert session.run("pass").images == ()


def test_a_figure_that_cannot_be_drawn_is_a_failure() -> None:
    pytest.importorskip("matplotlib")
    result = run(PLOT + "plt.title('$\\\\frac{1}$')")
    assert result.outcome == "OUTCOME_FAILED"
    assert result.images == ()
    assert "Traceback" in str(result.output)
