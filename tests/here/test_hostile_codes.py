"""Hostile codes: nothing runs before the word, what runs was shown, the kernel goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..kernel import Kernel
from ..replay import Replay
from .asking import asks, responses, run, says
from .hostile_codes import APPROVED, FAKED, LIVING, REFUSED, TAMPERING

CELL = "%%gemini --here\ngo"
LEFT = "print([name for name in ('evil', 'x') if name in globals()])"


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("hostile")
    with start_kernel(folder, GEMINI_API_KEY="AIza-not-a-real-key-000000000000000000") as running:
        yield running


def test_nobody_is_asked_about_what_cannot_be_read_and_none_of_it_runs(
    kernel: Kernel, tmp_path: Path
) -> None:
    for first in range(0, len(REFUSED), 12):
        codes = REFUSED[first : first + 12]
        with Replay(asks(*codes), says("Done.")) as server:
            kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
            ran, asked = run(kernel, CELL)
        assert ran.ok and not asked
        for code, response in zip(codes, responses(ran.turn), strict=True):
            assert response["outcome"] == "OUTCOME_FAILED", code[:80]
            assert response["traceback"].startswith("Not run: "), code[:80]
        assert kernel.run(LEFT).stdout == "[]\n"


def test_what_only_looks_like_the_word_runs_nothing(kernel: Kernel, tmp_path: Path) -> None:
    with Replay(asks(*FAKED), says("Done.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        ran, asked = run(kernel, CELL, *["s"] * len(FAKED))
    assert ran.ok and len(asked) == len(FAKED)
    assert all("not_run" in response for response in responses(ran.turn))
    assert kernel.run(LEFT).stdout == "[]\n" and not (tmp_path / "evil-file").exists()
    pages = [each["data"]["text/html"] for each in ran.displays if "text/html" in each["data"]]
    assert not any("<script" in page or "<button" in page for page in pages)


@pytest.mark.parametrize("code", APPROVED, ids=range(len(APPROVED)))
def test_approved_code_ends_no_kernel_and_the_next_run_is_asked_for_again(
    code: str, kernel: Kernel, tmp_path: Path
) -> None:
    with Replay(asks(code), asks("evil = 1", first=2), says("Done.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        kernel.run("sales = 1")
        ran, asked = run(kernel, CELL, "r", "s")
    assert ran.ok, ran.reply
    assert len(asked) == 2, "its word was for one run"
    first, second = responses(ran.turn)
    assert first["outcome"] in ("OUTCOME_OK", "OUTCOME_FAILED") and "not_run" in second
    assert sum(len(str(value)) for value in first.values()) < 30_000
    assert "\x1b[2J" not in "".join(str(each["data"]) for each in ran.displays)
    pages = [each["data"]["text/html"] for each in ran.displays if "text/html" in each["data"]]
    assert pages and not any("<script" in page for page in pages)
    after = kernel.run("6 * 7, 'evil' in dir()")
    assert after.ok
    [value] = [m["content"]["data"] for m in after.messages if m["msg_type"] == "execute_result"]
    assert value["text/plain"] == "(42, False)"
    kernel.run("del print, exec, eval")  # of the code's; an error where there are none
    kernel.run("from IPython import get_ipython")  # it is the user's variable, for the next test


def _pairs(codes: list[str], most: int = 12) -> list[list[str]]:
    """As many as one answer may run, each to be followed by a run that is skipped."""
    return [codes[first : first + most] for first in range(0, len(codes), most)]


@pytest.mark.parametrize("codes", [*_pairs(TAMPERING), *_pairs(LIVING)])
def test_no_change_of_ours_answers_the_next_question_and_the_answer_goes_on(
    codes: list[str], kernel: Kernel, tmp_path: Path
) -> None:
    rounds = [
        round
        for at, code in enumerate(codes)
        for round in (asks(code, first=2 * at), asks("evil = 1", first=2 * at + 1))
    ]
    with Replay(*rounds, says("Done.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        ran, asked = run(kernel, CELL, *["r", "s"] * len(codes))
        assert ran.ok, ran.reply
        # A child that went on would have sent, and asked, once more.
        assert len(server.asked) == 2 * len(codes) + 1
    own = [question for question in asked if question.startswith("Run this code in this kernel?")]
    assert len(own) == len(asked) == 2 * len(codes)
    shown = "".join(str(each["data"]) for each in ran.displays)
    for code, first, second in zip(
        codes, responses(ran.turn)[::2], responses(ran.turn)[1::2], strict=True
    ):
        assert first["outcome"] in ("OUTCOME_OK", "OUTCOME_FAILED"), code
        assert "not_run" in second, code
        assert sum(len(str(value)) for value in first.values()) < 30_000, code
        if "assert" in code:
            assert first["outcome"] == "OUTCOME_OK", (code, first)
    assert "\x1b[2J" not in shown
    after = kernel.run("print(6 * 7, 'evil' in globals())")
    assert after.ok and after.stdout == "42 False\n"
    assert kernel.run("6 * 7").messages[2]["content"]["data"]["text/plain"] == "42"
    for undone in (
        "import warnings, logging, gc\nwarnings.resetwarnings()",
        "gc.enable()",
        "logging.disable(0)",
    ):
        kernel.run(undone)


def test_a_name_more_in_a_module_hides_no_odd_name_from_the_next_answer(
    kernel: Kernel, tmp_path: Path
) -> None:
    """Where the answer before has left a name, those there are not known by their number alone."""
    one_more = "import gemini_magic.here.consent as c\nc.one_more = 1"
    odd = (
        "class Odd(str):\n    def __hash__(self): return hash('heard')\n"
        "    def __eq__(self, other): return True\n"
        "import gemini_magic.here.consent as c\nnames, real = vars(c), c.heard\n"
        "del names['heard']\nnames[Odd('x')] = real"
    )
    with Replay(asks(one_more), says("Done."), asks(odd), says("Done.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        for said in ("", "Changed by this code, and put back: names that are no str"):
            ran, _ = run(kernel, "%%gemini --here --stateless\ngo", "r")
            assert ran.ok, ran.reply
            [response] = responses(ran.turn)
            assert response.get("stderr", "")[: len(said) or None] == said
    names = "import gemini_magic.here.consent as c\nprint({type(name) for name in vars(c)})"
    assert kernel.run(names).stdout == "{<class 'str'>}\n"


AWAY = [
    "import builtins\nvars(builtins).clear()",
    "import builtins, time\nvars(builtins).clear()\ntime.sleep(1)",
    "import threading\nimport jupyter_client.session as j\nfrom IPython.display import display\n"
    "j.Session.send = lambda *a, **k: None\n"
    "thread = threading.Thread(target=lambda: display('lost ' * 2))\nthread.start(); thread.join()",
]


@pytest.mark.parametrize("code", AWAY, ids=["names", "names for a second", "sending"])
def test_what_everything_stands_on_is_away_while_the_code_runs_and_put_back_then(
    code: str, kernel: Kernel, tmp_path: Path
) -> None:
    """SECURITY.md says what is lost meanwhile."""
    with Replay(asks(code), asks("evil = 1", first=2), says("Done.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        ran, asked = run(kernel, CELL, "r", "s")
    assert ran.ok, ran.reply
    assert len(asked) == 2
    first, second = responses(ran.turn)
    assert "Changed by this code, and put back" in first["stderr"] and "not_run" in second
    assert "lost lost" not in str(ran.messages), "what a thread displays meanwhile"
    assert kernel.run("print(6 * 7, 'evil' in globals())").stdout == "42 False\n"


PRINTED = [
    "for _ in range(10_000): print('x' * 100_000)",
    "import sys\nfor _ in range(10_000): sys.stderr.write('x' * 100_000)",
    "'x' * 10**8",
    "raise ValueError('x' * 10**8)",
]
HELD = """
def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", PRINTED)
def test_a_gigabyte_is_neither_kept_nor_sent(code: str, kernel: Kernel, tmp_path: Path) -> None:
    with Replay(asks(code), says("Done.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        kernel.run(HELD)
        before = kernel.value("held()")
        ran, _ = run(kernel, CELL, "r")
        sent = len(json.dumps(server.asked[1].json))
    assert ran.ok and sent < 60_000
    assert len(json.dumps([message["content"] for message in ran.messages])) < 600_000
    # The last exception itself is kept by sys.last_value, as after any cell.
    assert kernel.value("held()") - before < 150_000_000


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import itertools\nsum(1 for _ in itertools.count())",
        "import asyncio\nawait asyncio.sleep(60)",
        "import asyncio, time\nawait asyncio.sleep(0)\ntime.sleep(60)",
        "import asyncio\nawait asyncio.Event().wait()",
        "input('Ever? ')",
        "!sleep 60",
        "try:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('never mind')",
        "try:\n    while True: pass\nexcept BaseException:\n    1 / 0",
    ],
)
def test_what_never_ends_is_interrupted_within_a_second(
    code: str, kernel: Kernel, tmp_path: Path
) -> None:
    """Promptly, by the time of an idle machine: the tests' machine may be a busy one."""
    begun = tmp_path / "begun"
    with Replay(asks(f"open({str(begun)!r}, 'w').close()\n{code}"), says("Never.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        request = kernel.send("%%gemini --here --yes\ngo", "cell")
        end = time.monotonic() + 60
        while not begun.exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        if "input" in code:
            kernel.client.get_stdin_msg(timeout=10)
        interrupted = time.monotonic()
        kernel.manager.interrupt_kernel()
        ran = kernel.collect(request)
        assert len(server.asked) == 1
    assert ran.error["ename"] == "AnswerInterrupted" and ran.turn["status"] == "interrupted"
    assert ran.arrivals[-1] - interrupted < 1.5
    assert kernel.run("print(6 * 7)").stdout == "42\n"


def test_an_interrupt_at_the_question_runs_nothing(kernel: Kernel, tmp_path: Path) -> None:
    with Replay(asks("evil = 1"), says("Never.")) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        request = kernel.send(CELL, "cell")
        kernel.client.get_stdin_msg(timeout=60)
        kernel.manager.interrupt_kernel()
        ran = kernel.collect(request)
        assert len(server.asked) == 1
    assert ran.error["ename"] == "AnswerInterrupted" and ran.turn["status"] == "interrupted"
    assert kernel.run(LEFT).stdout == "[]\n"


@pytest.mark.slow
def test_code_that_ends_the_kernel_takes_nothing_that_was_saved(
    tmp_path: Path, start_kernel: type[Kernel]
) -> None:
    key = "AIza-not-a-real-key-000000000000000000"
    store = tmp_path / "answers"
    with (
        Replay(says("Kept."), asks("import os; os._exit(1)"), says("Never.")) as server,
        start_kernel(
            tmp_path,
            GEMINI_API_KEY=key,
            GOOGLE_GEMINI_BASE_URL=server.url,
            GEMINI_MAGIC_ANSWERS=str(store),
        ) as kernel,
    ):
        assert kernel.run("%%gemini --reuse\nfirst", "one").ok
        assert kernel.run("%gemini save kept.json").ok
        before = {
            path: path.read_bytes()
            for path in [*store.rglob("*"), tmp_path / "kept.json"]
            if path.is_file()
        }
        kernel.send("%%gemini --here --yes\ngo", "two")
        end = time.monotonic() + 60
        while kernel.manager.is_alive():
            assert time.monotonic() < end
            time.sleep(0.05)
        assert len(server.asked) == 2
        assert len(before) >= 2
        assert {path: path.read_bytes() for path in before} == before
        kernel.manager.restart_kernel(now=True)
        kernel.client.wait_for_ready(timeout=60)
        kernel.load()
        assert kernel.run("%gemini load kept.json").ok
        assert "Kept." in kernel.run("%gemini show").displays[-1]["data"]["text/plain"]
