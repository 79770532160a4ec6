"""The magic in a real kernel, against a server that is not the emulator."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ..examples import examples
from ..kernel import Kernel
from ..replay import Answer, Asked, Replay
from ..sse import ANSWER, CODE, chunk, frame, stream, text

MARKDOWN, HTML = "text/markdown", "text/html"
TURN = "application/vnd.gemini-magic.turn+json"


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    """One kernel for this file; each test points it at a server of its own."""
    folder = tmp_path_factory.mktemp("kernel")
    with start_kernel(folder, GEMINI_API_KEY="test-key-1234567890") as running:
        yield running


def ask_of(kernel: Kernel, server: Replay) -> None:
    """Point the kernel at ``server``, with an empty conversation."""
    ran = kernel.run(
        f"import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = {server.url!r}\n"
        "from gemini_magic.session.conversations import Conversations\n"
        "from gemini_magic.extension import of\n"
        "of(get_ipython()).session.engine.conversations = Conversations()"
    )
    assert ran.ok, ran.error


def prompts(asked: Asked) -> list[str]:
    return [c["parts"][-1]["text"] for c in asked.json["contents"] if c["role"] == "user"]


def test_an_answer_is_one_display_with_every_form_and_our_metadata(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        ran = kernel.run("%%gemini\nwhat is 6 * 7?", cell="a")
    assert ran.ok, ran.error
    ids = {display["transient"]["display_id"] for display in ran.displays}
    assert len(ids) == 1
    last = ran.displays[-1]
    assert set(last["data"]) == {"text/plain", MARKDOWN, HTML, TURN}
    turn = ran.turn
    assert turn["status"] == "complete"
    assert turn["cell"] == "a"
    assert [part["kind"] for part in turn["parts"]] == ["code", "result", "text", "text"]
    assert turn["parts"][2]["text"] == "It is 42."
    assert turn["usage"]["total_tokens"] == 15
    assert last["metadata"]["gemini_magic"] == {
        "turn": turn["id"],
        "model": "gemini-test",
        "status": "complete",
        "usage": turn["usage"],
    }
    assert not ran.stream("stderr")


def test_while_streaming_only_one_type_is_sent(kernel: Kernel):
    def slowly(asked: Asked) -> None:
        asked.head(content_type="text/event-stream")
        for number in range(12):
            asked.send(frame(text(f"word {number} ")))
            time.sleep(0.05)
        asked.send(frame(text("end", finish="STOP")))

    with Replay(slowly) as server:
        ask_of(kernel, server)
        ran = kernel.run("%%gemini\ntell me", cell="s")
    assert len(ran.displays) >= 3
    assert all(set(display["data"]) == {MARKDOWN} for display in ran.displays[:-1])


def test_nobody_watching_gets_one_final_display(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        ran = kernel.run("%%gemini\nwhat?", watched=False)
    assert [message["msg_type"] for message in ran.messages].count("display_data") == 1
    assert len(ran.displays) == 1


def test_the_next_request_echoes_the_answer_part_by_part(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("%%gemini\nfirst", cell="a")
        kernel.run("%%gemini\nsecond", cell="b")
        contents = server.asked[1].json["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert contents[1]["parts"] == [
        {**CODE, "thoughtSignature": "c2lnbmVk"},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n", "id": "c1"}},
        {"text": "It is 42."},
        {"text": "", "thoughtSignature": "bGFzdA=="},
    ]


def test_running_a_cell_again_replaces_its_exchange(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        for cell, prompt in [("a", "one"), ("b", "two"), ("a", "uno")]:
            kernel.run(f"%%gemini\n{prompt}", cell=cell)
        kernel.run("%%gemini\nthree", cell="c")
        assert [prompts(asked) for asked in server.asked] == [
            ["one"],
            ["one", "two"],
            ["uno"],
            ["uno", "two", "three"],
        ]
    history = kernel.run("%gemini history").stdout
    assert "3 exchanges" in history
    assert "stale" in history.splitlines()[2]


def test_ask_in_a_loop_makes_one_exchange_a_call_and_a_rerun_replaces_them_all(kernel: Kernel):
    loop = "from gemini_magic import ask\nfor n in {0}:\n    ask(f'n is {{n}}')"
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        assert kernel.run(loop.format([1, 2, 3]), cell="a").ok
        ran = kernel.run(loop.format([4, 5]), cell="a")
        assert not ran.displays, "ask() displays nothing"
        kernel.run("%%gemini\nnext", cell="b")
        assert prompts(server.asked[-1]) == ["n is 4", "n is 5", "next"]


def test_a_cell_forgets_nothing_of_other_conversations(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("from gemini_magic import ask\nfor n in range(3): ask(f'a{n}')", cell="a")
        kernel.run("%gemini conversation --fork idea")
        kernel.run("ask('b0')", cell="a")
        assert "idea, 1 exchange" in kernel.run("%gemini conversation").stdout
        kernel.run("%gemini conversation main")
        assert "main, 3 exchanges" in kernel.run("%gemini conversation").stdout


def test_a_stateless_call_takes_no_place(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("from gemini_magic import ask\nask('z0'); ask('z1')", cell="a")
        kernel.run("ask('z0'); ask('alone', stateless=True); ask('z2')", cell="a")
        kernel.run("%%gemini\nnext", cell="b")
        assert prompts(server.asked[-1]) == ["z0", "z2", "next"]


@pytest.mark.parametrize("call", ["ask('x', model=5)", "ask('x', system=5)", "ask(5)", "ask('')"])
def test_values_of_the_wrong_kind_are_our_error(kernel: Kernel, call: str):
    ran = kernel.run(f"from gemini_magic import ask\n{call}")
    assert ran.error["ename"] in ("OptionError", "PromptError")
    assert len(ran.error["traceback"]) == 2


def test_the_turn_is_bound_to_the_named_variable_and_displays_itself(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("%%gemini -o answer\nwhat?", cell="a")
    assert kernel.value("(answer.text, answer.code, answer.results[0].output)") == (
        "It is 42.",
        ["print(6 * 7)\n"],
        "42\n",
    )
    shown = kernel.run("answer")
    bundle = next(m["content"] for m in shown.messages if m["msg_type"] == "execute_result")
    assert TURN in bundle["data"] and HTML in bundle["data"]


def test_prompt_variables_are_replaced_and_a_missing_one_sends_nothing(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("sales = 'red, blue'")
        kernel.run("%%gemini\ncolours: $`sales` {x} $y", cell="a")
        assert prompts(server.asked[0]) == ["colours: red, blue {x} $y"]
        ran = kernel.run("%%gemini\ncolours: $`slaes`", cell="a")
        assert len(server.asked) == 1
    assert ran.error["ename"] == "PromptError"
    assert ran.error["traceback"] == [
        "PromptError: The prompt uses $`slaes`, but 'slaes' is not defined.",
        "Did you mean sales?",
    ]


def test_a_prompt_of_a_megabyte_arrives_whole(kernel: Kernel):
    prompt = "0123456789abcde\n" * 65_536 + "end"
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        assert kernel.run(f"%%gemini\n{prompt}", cell="big").ok
        assert prompts(server.asked[0]) == [prompt]


SPICE = st.sampled_from(
    ["{x}", "{", "}}", "$x", "$", "`", "%", "%%gemini", "%gemini ask", "?", "??", "!ls", "\\",
     ">>> x", "In [1]: x", "'", '"',
     "\'\'\'", '"""', "\\n", "\n", " ", "\t", "é大\U0001f600", "\u2028"]
)  # fmt: skip
WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r"))


def test_any_prompt_reaches_the_server_unchanged(kernel: Kernel):
    # One server for all examples: for another one a kernel makes another client.
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)

        @given(st.lists(SPICE | WORDS, min_size=1).map("".join))
        @settings(
            max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck)
        )
        def arrives(prompt: str) -> None:
            assume(prompt.strip() and "$`" not in prompt)
            server.asked.clear()
            ran = kernel.run(f"%%gemini --stateless\n{prompt}", watched=False)
            assert ran.ok, ran.error
            assert prompts(server.asked[0]) == [prompt]

        arrives()


def test_the_options_stand_in_the_request(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        ran = kernel.run(
            "%%gemini -m gemini-x --system 'be brief' --thinking low -t 0.5 --max-tokens 9 "
            "--seed 3 --no-code --search --stateless\nhi",
            cell="a",
        )
        assert ran.ok, ran.error
        asked = server.asked[0]
    assert asked.path.startswith("/v1beta/models/gemini-x:streamGenerateContent")
    body = asked.json
    assert body["tools"] == [{"googleSearch": {}}]
    assert body["systemInstruction"]["parts"] == [{"text": "be brief"}]
    config = body["generationConfig"]
    assert (config["temperature"], config["maxOutputTokens"], config["seed"]) == (0.5, 9, 3)
    assert ran.turn["request"]["config"] == {
        "system": "be brief",
        "thinking": "low",
        "temperature": 0.5,
        "max_tokens": 9,
        "seed": 3,
        "code": False,
        "search": True,
    }


def test_no_stream_is_one_unary_call(kernel: Kernel):
    body = chunk({"text": "whole"}, finish="STOP")
    import json

    with Replay(Answer(json.dumps(body).encode(), content_type="application/json")) as server:
        ask_of(kernel, server)
        ran = kernel.run("%%gemini --no-stream\nhi", cell="a")
        assert server.asked[0].path.endswith(":generateContent")
    assert ran.turn["parts"] == [{"kind": "text", "text": "whole"}]


def test_preview_shows_the_request_and_sends_nothing(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("%%gemini\nfirst", cell="a")
        ran = kernel.run("%%gemini --preview --seed 5\nsecond {x}", cell="b")
        assert len(server.asked) == 1
    assert ran.ok, ran.error
    assert "nothing was sent" in ran.stdout
    assert '"seed": 5' in ran.stdout and "second {x}" in ran.stdout and "first" in ran.stdout
    assert "test-key" not in ran.stdout


@pytest.mark.parametrize(
    ("chunks", "status", "ename"),
    [
        ([{"promptFeedback": {"blockReason": "SAFETY"}}], "blocked", "AnswerBlocked"),
        ([text("a"), chunk(finish="RECITATION")], "blocked", "AnswerBlocked"),
        ([chunk(finish="MALFORMED_FUNCTION_CALL")], "failed", "AnswerFailed"),
        ([chunk(finish="STOP")], "failed", "AnswerFailed"),
        ([text("a"), {"error": {"code": 503, "status": "UNAVAILABLE", "message": "x"}}],
         "failed", "ServiceUnavailable"),
    ],
)  # fmt: skip
def test_an_answer_that_went_wrong_is_shown_then_raised(
    kernel: Kernel, chunks: list[dict[str, object]], status: str, ename: str
):
    with Replay(Answer(stream(*chunks)), Answer(ANSWER)) as server:
        ask_of(kernel, server)
        ran = kernel.run("%%gemini\nhi", cell="a")
        assert ran.turn["status"] == status
        assert ran.error["ename"] == ename
        assert 2 <= len(ran.error["traceback"]) <= 3
        after = kernel.run("%%gemini\nand now?", cell="b")
        assert after.ok
        assert prompts(server.asked[1]) == ["and now?"], "the bad exchange is not sent"


def test_a_truncated_answer_is_a_warning_and_no_error(kernel: Kernel):
    with Replay(Answer(stream(text("half an answer")))) as server:
        ask_of(kernel, server)
        ran = kernel.run("%%gemini\nhi", cell="a")
    assert ran.ok
    assert ran.turn["status"] == "truncated"
    assert "without saying that the answer is complete" in ran.displays[-1]["data"]["text/plain"]


def test_an_interrupt_in_a_silent_gap_ends_the_call_and_keeps_the_partial_answer(kernel: Kernel):
    silent, closed = threading.Event(), threading.Event()

    def code_then_silence(asked: Asked) -> None:
        asked.head(content_type="text/event-stream")
        asked.send(frame(chunk(CODE)))
        silent.set()
        if asked.wait_until_gone(20):
            closed.set()

    with Replay(code_then_silence, Answer(ANSWER)) as server:
        ask_of(kernel, server)
        request = kernel.send("%%gemini\nlong", cell="a")
        assert silent.wait(30)
        time.sleep(0.3)
        started = time.monotonic()
        kernel.manager.interrupt_kernel()
        ran = kernel.collect(request)
        assert time.monotonic() - started < 1.0
        assert closed.wait(2), "the server saw the socket close"
        assert ran.error["ename"] == "AnswerInterrupted"
        assert ran.turn["status"] == "interrupted"
        assert [part["kind"] for part in ran.turn["parts"]] == ["code"]
        assert "interrupted" in kernel.run("%gemini history").stdout
        after = kernel.run("%%gemini\nshort", cell="b")
        assert after.ok, after.error
        assert prompts(server.asked[1]) == ["short"]


def test_the_widget_view_is_asked_for_and_leaves_its_static_forms_too(kernel: Kernel):
    widget = "application/vnd.jupyter.widget-view+json"
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        ran = kernel.run("%%gemini --view widget\nwhat?", cell="w")
        alone = kernel.run("%%gemini --view widget\nwhat?", watched=False)
    assert ran.ok, ran.error
    assert set(ran.displays[-1]["data"]) == {"text/plain", MARKDOWN, HTML, TURN, widget}
    opened = [m for m in ran.messages if m["msg_type"] == "comm_open"]
    assert any("Accordion" in str(m["content"]["data"]) for m in opened)
    assert set(alone.displays[-1]["data"]) == {"text/plain", MARKDOWN, HTML, TURN}, "means html"


def test_questions_marks_and_prompts_of_one_line_reach_the_server(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        assert kernel.run('%gemini ask what\'s "this" {x}?', cell="a").ok
        assert prompts(server.asked[0]) == ['what\'s "this" {x}?']


@pytest.mark.parametrize(
    ("cell", "ename", "words"),
    [
        ("%%gemini", "PromptError", "nothing to ask"),
        ("%%gemini -m x\n   \n", "PromptError", "nothing to ask"),
        ("%gemini what is this?", "OptionError", "Did you mean %gemini ask what is this?"),
        ("%gemini histroy", "OptionError", "Did you mean history?"),
        ("%gemini show 99", "OptionError", "no exchange 99"),
        ("%gemini backend vertx", "OptionError", "Did you mean vertex?"),
        ("%%gemini hello\nworld", "OptionError", "is not an option"),
    ],
)
def test_bad_input_is_answered_by_our_own_words(kernel: Kernel, cell: str, ename: str, words: str):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("%%gemini\nhi", cell="a")
        ran = kernel.run(cell)
        assert len(server.asked) == 1
    assert ran.error["ename"] == ename
    assert words in "\n".join(ran.error["traceback"])


def test_undo_redo_reset_save_and_load(kernel: Kernel, tmp_path: Path):
    path = tmp_path / "a talk.json"
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        for cell in "abc":
            kernel.run(f"%%gemini\nprompt {cell}", cell=cell)
        assert "removed: prompt c" in kernel.run("%gemini undo").stdout
        assert "brought back: prompt c" in kernel.run("%gemini redo").stdout
        assert "saved 3 exchanges" in kernel.run(f'%gemini save "{path}"').stdout
        assert "is empty" in kernel.run("%gemini reset").stdout
        assert "main, 3 exchanges" in kernel.run(f'%gemini load "{path}"').stdout
        kernel.run("%%gemini\nafter", cell="z")
        assert prompts(server.asked[-1]) == ["prompt a", "prompt b", "prompt c", "after"]
        assert (
            server.asked[-1].json["contents"][:6]
            == server.asked[2].json["contents"][:4] + server.asked[-1].json["contents"][4:6]
        )


def test_named_conversations_know_nothing_of_each_other(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        kernel.run("%%gemini\nin main", cell="a")
        kernel.run("%%gemini -c side\nin side", cell="b")
        kernel.run("%gemini conversation side")
        kernel.run("%%gemini\nmore", cell="c")
        kernel.run("%%gemini --stateless\nalone", cell="d")
        assert [prompts(asked) for asked in server.asked] == [
            ["in main"],
            ["in side"],
            ["in side", "more"],
            ["alone"],
        ]
        listed = kernel.run("%gemini conversation --list").stdout
    assert "* side, 2 exchanges" in listed and "  main, 1 exchange" in listed


def test_traits_are_shown_and_set_with_config(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:
        ask_of(kernel, server)
        assert "GeminiMagics.model=" in kernel.run("%config GeminiMagics").stdout
        kernel.run("%config GeminiMagics.model = 'gemini-trait'")
        kernel.run("%%gemini\nhi", cell="a")
        kernel.run("%gemini model gemini-line")
        kernel.run("%%gemini\nhi", cell="a")
        kernel.run("%%gemini -m gemini-option\nhi", cell="a")
        models = [asked.path.split("/")[3].split(":")[0] for asked in server.asked]
        assert models == ["gemini-trait", "gemini-line", "gemini-option"]
    kernel.run("%config GeminiMagics.thinking = 'deep'")
    assert kernel.value("get_ipython()._gemini_magic.magics.thinking") is None
