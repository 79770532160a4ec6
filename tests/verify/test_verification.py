"""An answer's code once more, here, and the right verdict each time."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

import pytest

from gemini_magic.sandbox import Cancelled
from gemini_magic.turn.parts import (
    DEADLINE_EXCEEDED,
    FAILED,
    OK,
    Code,
    Image,
    Part,
    Result,
    Text,
)
from gemini_magic.turn.request import Attachment, Request
from gemini_magic.verify.verification import BADGES, GOOD, Verification, verify

from ..strategies import PNG, answered


def verified(*parts: Part, **limits: float | int) -> Verification:
    return verify(answered(*parts), **limits)  # type: ignore[arg-type]


def one(
    code: str, recorded: str | None, outcome: str = OK, **limits: float | int
) -> tuple[str, str]:
    (check,) = verified(Code(code), Result(outcome, recorded), **limits).checks
    return check.verdict, f"{check.said}\n{check.diff}"


def test_the_same_output():
    assert one("print(6 * 7)", "42\n")[0] == "same"
    assert one("    x = 1\n    print(x)\n    ", "1\n")[0] == "same"
    assert one("37170 * 12390", None)[0] == "same"


def test_float_noise_is_close():
    assert one("print(0.1 + 0.2)", "0.3000000000000001\n")[0] == "close"


def test_another_order_of_a_set():
    code = "print({'north', 'south', 'east', 'west', 'up', 'down', 'in', 'out'})"
    recorded = "{'north', 'south', 'east', 'west', 'up', 'down', 'in', 'out'}\n"
    verdicts = {one(code, recorded)[0] for _ in range(3)}  # hashes differ from run to run
    assert verdicts <= {"reordered", "same"}
    assert one("print(['b', 'a'])", "['a', 'b']\n")[0] == "reordered"


def test_another_output_is_shown():
    verdict, said = one("print(1)\nprint(2)", "1\n3\n")
    assert verdict == "different"
    assert "- 3\n+ 2" in said


def test_a_plot_is_drawn_here_too():
    pytest.importorskip("matplotlib")
    plot = Code(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('p.png')\nplt.show()"
    )
    twice = (Image("image/png", PNG), Image("image/png", PNG))  # savefig, then show
    (check,) = verified(plot, Result(OK), *twice).checks
    assert check.verdict == "same"
    assert "drew 1 picture, as the sandbox did" in check.said
    (check,) = verified(Code("print('no plot')"), Result(OK, "no plot\n"), *twice).checks
    assert (check.verdict, check.said) == ("different", "drew 0 pictures, the sandbox 1")


def test_a_missing_library_is_named():
    assert one("import no_such_library.part", "1\n") == (
        "missing library",
        "no_such_library is not installed here\n",
    )


def test_a_missing_part_of_a_library_is_not_said_of_the_whole():
    assert one("import json.no_such_part", "1\n")[1] == "json.no_such_part is not installed here\n"


def test_swapped_results_are_no_other_order():
    assert one("print({'north': 1, 'south': 2})", "{'north': 2, 'south': 1}\n")[0] == "different"
    assert one("print([3, 1, 2])", "[1, 2, 3]\n")[0] == "different"
    assert one("print(object())", "<object object at 0x7f16c0cc4870>\n")[0] == "same"


def test_what_ran_out_of_time_in_the_sandbox_alone_is_called_so():
    verdict, said = one("print(1)", "late", DEADLINE_EXCEEDED)
    assert verdict == "different" and "ran out of time in the sandbox" in said


def test_code_that_is_left_out_is_told_unless_it_failed_anyway():
    good = (Code("print(1)"), Result(OK, "1\n"))
    odd, failed = Code("!ls", "PYTHON"), Result(FAILED, "SyntaxError: invalid syntax")
    found = verified(*good, odd, Result(OK, "files"))
    assert (found.verdict, len(found.checks)) == ("same", 1)
    assert found.notes == ("A piece of code was left out: it is not valid Python.",)
    assert verified(*good, odd, failed).notes == ()


def test_an_exception_is_an_error_with_its_message():
    assert one("print(undefined)", "1\n") == (
        "error",
        "NameError: name 'undefined' is not defined\n",
    )
    assert one("from math import nothing", "1\n")[0] == "error"


def test_an_exception_in_both_is_the_same_and_in_one_is_a_difference():
    recorded = "division by zero\nTraceback (most recent call last):\nZeroDivisionError: division"
    assert one("1 / 0", recorded, FAILED)[0] == "same"
    assert one("print(1)", recorded, FAILED)[0] == "different"
    assert one("print(undefined)", recorded, FAILED)[0] == "error"


def test_stdout_before_an_exception_is_one_run_with_two_results():
    parts = (
        Code("print('ok')\nprint(1 / 0)"),
        Result(OK, "ok\n"),
        Result(FAILED, "ZeroDivisionError: division by zero\n"),
    )
    assert [check.verdict for check in verified(*parts).checks] == ["same"]


def test_an_infinite_loop_is_stopped_and_what_leans_on_it_is_not_run():
    began = time.monotonic()
    loop = Code("x = 1\nwhile True:\n    pass")
    found = verified(loop, Result(OK, ""), Code("print(x)"), Result(OK, "1\n"), timeout=2)
    assert [check.verdict for check in found.checks] == ["out of time", "not run"]
    assert found.verdict == "out of time"
    assert time.monotonic() - began < 60
    assert one("while True: pass", "late", DEADLINE_EXCEEDED, timeout=1)[0] == "same"


def test_a_memory_hog_is_stopped():
    code = "hog = []\nwhile True:\n    hog.append(bytearray(10_000_000))"
    verdict, said = one(code, "1\n", memory_bytes=1 << 30)
    assert (verdict, said) == ("error", "MemoryError\n") or "process" in said
    assert one("x = bytearray(10 ** 12)", "1\n")[0] == "error"


def test_fifty_megabytes_of_output_are_bounded_and_judged():
    code = "line = 'y' * 99\nfor _ in range(500_000):\n    print(line)"
    whole = ("y" * 99 + "\n") * 500_000
    assert one(code, whole)[0] == "same"
    verdict, said = one(code, "yyy\n")
    assert verdict == "different"
    assert len(said) < 5000
    assert one(code, whole[:-100] + "z" * 99 + "\n\n")[0] == "different"


def test_runs_of_one_answer_share_their_variables():
    found = verified(
        Code("x = 20"), Result(OK), Text("so"), Code("print(x + 1)"), Result(OK, "21\n")
    )
    assert [(check.part, check.verdict) for check in found.checks] == [(0, "same"), (3, "same")]
    assert found.badge == "Verified: same output"


def test_the_worst_run_decides():
    found = verified(Code("print(1)"), Result(OK, "1\n"), Code("print(2)"), Result(OK, "3\n"))
    assert (found.verdict, found.badge) == ("different", "Different output")
    assert not found.to_dict()["good"]


def test_without_a_result_or_without_code_there_is_nothing_to_verify():
    assert verified(Code("print(1)")).verdict == "nothing to verify"
    assert verified(Text("Just words.")).badge == "Nothing to verify"
    assert set(GOOD) < set(BADGES)


def test_attachments_are_there_and_lost_ones_named():
    request = Request("?", "m", "developer", attachments=(Attachment("a.csv", "text/csv", 4, "0"),))
    code = (Code("print(open('a.csv').read())"), Result(OK, "a,b\n\n"))
    turn = answered(*code, request=request)
    assert verify(turn, {"a.csv": b"a,b\n"}).verdict == "same"
    found = verify(turn)
    assert found.verdict == "error"
    assert "a.csv" in found.notes[0]


def test_it_can_be_stopped():
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(Cancelled):
        verify(answered(Code("while True: pass"), Result(OK)), cancelled=stop.is_set)


def test_this_process_is_untouched():
    code = (
        "import os, random, sys, builtins\n"
        "os.chdir('/')\nos.environ['TOUCHED'] = '1'\nrandom.seed(0)\n"
        "sys.path.append('/touched')\nbuiltins.touched = 1\nglobals()['touched'] = 1\n"
        "open(os.path.join(os.environ['HOME'], 'touched'), 'w').close()\nprint('done')"
    )
    random.seed(7)
    before = (
        Path.cwd(),
        dict(os.environ),
        random.getstate(),
        list(sys.path),
        set(Path().iterdir()),
    )
    assert one(code, "done\n")[0] == "same"
    assert before == (
        Path.cwd(),
        dict(os.environ),
        random.getstate(),
        list(sys.path),
        set(Path().iterdir()),
    )
    assert not hasattr(__builtins__, "touched") and "touched" not in globals()


def test_a_library_that_this_kernel_finds_by_its_path_alone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "mylib.py").write_text("x = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    verdict, said = one("import mylib\nprint(mylib.x)", "1\n")
    assert verdict == "missing library"
    assert "mylib is missing in the process that verifies" in said and "PYTHONPATH" in said
    recorded = "ModuleNotFoundError: No module named 'mylib'\n"
    verdict, said = one("import mylib", recorded, FAILED)
    assert verdict == "same", "both lacked it"
    assert said.startswith("failed in the sandbox, too: mylib is missing in the process")


def test_another_library_missing_here_than_there_is_not_the_same_failure():
    recorded = "ModuleNotFoundError: No module named 'first_of_them'\n"
    verdict, said = one("import second_of_them", recorded, FAILED)
    assert verdict == "missing library"
    assert said.startswith("second_of_them is not installed here")
