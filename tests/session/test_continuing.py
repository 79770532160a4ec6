"""An answer that the service has stopped is one turn, however often it is continued."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gemini_magic.attach.resolve import gather_values
from gemini_magic.errors import (
    AnswerFailed,
    AnswerInterrupted,
    BadRequest,
    BudgetReached,
    GeminiError,
    OptionError,
    ServiceUnavailable,
    TimedOut,
    in_force,
)
from gemini_magic.here.runner import Kernel as InKernel
from gemini_magic.here.runner import Runner
from gemini_magic.hints import Hint
from gemini_magic.magics.going_on import found_by_button
from gemini_magic.schemas import declare
from gemini_magic.session.continuing import Continuing, announced, found, go_on, input_tokens
from gemini_magic.session.conversation import Conversation, Exchange
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.session.engine import RESUMABLE, Engine
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.session.prices import cost
from gemini_magic.session.session import Session
from gemini_magic.session.store import Answers
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.scripted import Scripted
from gemini_magic.turn.assembly import Chunk
from gemini_magic.turn.continuation import Continued
from gemini_magic.turn.kernel_runs import NAME
from gemini_magic.turn.parts import Call, Code, Result, Text, Thought
from gemini_magic.turn.request import Attachment, Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage

FIRST = Usage(input_tokens=10, output_tokens=100, total_tokens=110)
SECOND = Usage(input_tokens=110, output_tokens=90, total_tokens=200)
THIRD = Usage(input_tokens=200, output_tokens=40, total_tokens=240)
STOPPED = AnswerInterrupted("The answer was stopped.", "")


def cut(token: str | None, usage: Usage = FIRST) -> Chunk:
    return Chunk(finish_reason="CONTINUATION", continuation=token, usage=usage)


def ended(usage: Usage, reason: str = "STOP") -> Chunk:
    return Chunk(finish_reason=reason, usage=usage)


MODEL = "gemini-3.8-flash"


def refused() -> BadRequest:
    error = BadRequest("continuation token expired", Hint.CHANGE_REQUEST)
    error.sent = True
    return error


class Asker:
    """A session over a script, and the options of its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *scripts: Iterable[Any], **given: Any):
        self.transport = Scripted(*scripts)
        self.namespace: dict[str, Any] = {}
        self.session = Session(lambda: given, lambda: self.namespace)
        self.backend = Backend("developer")
        monkeypatch.setattr(
            self.session,
            "connect",
            lambda: SimpleNamespace(backend=self.backend, transport=self.transport),
        )

    def ask(self, prompt: str, cell: str | None = None, **options: Any) -> Turn:
        return self.session.ask(prompt, AskOptions(**options), Place(cell), Silent)

    def go_on(self, turn: Turn | None = None, **options: Any) -> Turn:
        continuing = found(self.session, turn or self.conversation[-1].turn)
        return go_on(self.session, continuing, AskOptions(**options), Silent)

    @property
    def engine(self) -> Engine:
        return self.session.engine

    @property
    def conversation(self) -> Conversation:
        return self.engine.conversations.get()

    @property
    def last(self) -> Turn:
        return self.conversation[-1].turn


def test_an_answer_cut_twice_and_continued_twice_is_one_turn_with_one_text(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(
        monkeypatch,
        ["one ", "tw", cut("QQ==")],
        ["o thr", cut("Qg-_", SECOND)],
        ["ee.", ended(THIRD)],
    )
    first = asker.ask("count")
    assert (first.status, first.finish_reason, first.text) == (
        "truncated",
        "CONTINUATION",
        "one tw",
    )
    assert (first.message or "").endswith(in_force().say(Hint.CONTINUE))
    second = asker.go_on()
    assert (second.status, second.text) == ("truncated", "one two thr")
    third = asker.go_on()
    assert (third.status, third.message, third.continuation) == ("complete", None, None)
    assert third.parts == (Text("one two three."),)
    assert third.id == first.id
    assert third.usage == FIRST + SECOND + THIRD
    assert [one.usage for one in third.continued] == [SECOND, THIRD]
    assert [one.turn for one in asker.conversation] == [third]
    assert [sent.continuation for sent in asker.transport.sent] == [None, "QQ==", "Qg-_"]
    assert [sent.contents for sent in asker.transport.sent] == [
        asker.transport.sent[0].contents
    ] * 3
    assert [call.usage for call in asker.engine.spent] == [FIRST, SECOND, THIRD]
    assert asker.engine.last == third
    assert not asker.engine.resumable


def test_its_costs_are_those_of_its_requests_each_at_its_own_time(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["a", cut("QQ==")], ["b", ended(SECOND)], model="gemini-3.6-flash")
    asker.ask("count")
    turn = asker.go_on()
    first, second = turn.apart()
    assert (first.usage, first.started) == (FIRST, turn.started)
    assert (second.usage, second.started) == (SECOND, turn.continued[0].started)
    assert cost(turn) == sum((cost(one) or Decimal(0) for one in (first, second)), Decimal(0))
    assert cost(turn)


def test_the_first_request_keeps_its_tier_beside_the_later_ones():
    flex = replace(FIRST, tier="flex")
    later = Continued("2026-11-29T10:00:00+00:00", 5, replace(SECOND, tier="flex"))
    turn = Turn("t", Request("p", "m", "developer"), usage=flex + later.usage, continued=(later,))
    assert [one.usage for one in turn.apart()] == [flex, later.usage]


def test_it_is_saved_loaded_and_echoed_with_one_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    asker = Asker(
        monkeypatch,
        ["one ", cut("QQ==")],
        ["two", ended(SECOND)],
        ["fine"],
    )
    asker.ask("count")
    stopped = Turn.from_dict(asker.last.to_dict())
    assert stopped == asker.last
    turn = asker.go_on()
    assert Turn.from_dict(turn.to_dict()) == turn
    save_conversation(asker.conversation, tmp_path / "chat.json", "2026-11-29")
    assert [one.turn for one in load_conversation(tmp_path / "chat.json")] == [turn]
    asker.ask("thanks")
    assert [content["parts"] for content in asker.transport.sent[-1].contents] == [
        [{"text": "count"}],
        [{"text": "one two"}],
        [{"text": "thanks"}],
    ]
    assert asker.transport.sent[-1].continuation is None


def test_a_loaded_answer_goes_on_in_another_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    asker = Asker(monkeypatch, ["hello"], ["one ", cut("QQ==")])
    asker.ask("hi", system="be brief", thinking="low")
    asker.ask("count", system="be brief", thinking="low", max_tokens=90, code=False)
    save_conversation(asker.conversation, tmp_path / "chat.json", "2026-11-29")
    other = Asker(monkeypatch, ["two", ended(SECOND)])
    loaded = other.engine.conversations.add(load_conversation(tmp_path / "chat.json"))
    other.engine.conversations.current = loaded.name
    turn = other.go_on()
    assert turn.text == "one two"
    (sent,), (_, was) = other.transport.sent, asker.transport.sent
    assert (sent.contents, sent.config, sent.model) == (was.contents, was.config, was.model)
    assert sent.continuation == "QQ=="


def test_the_request_is_its_own_whatever_came_later(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(
        monkeypatch,
        ["hello"],
        ["one ", cut("QQ==")],
        ["later"],
        ["hello again"],
        ["two", ended(SECOND)],
    )
    asker.ask("hi", cell="a")
    asker.ask("count", cell="b")
    asker.ask("more", cell="c")
    asker.ask("hi!", cell="a")  # what stood before it is another exchange now
    turn = asker.go_on(asker.conversation[1].turn)
    assert turn.text == "one two"
    assert asker.transport.sent[-1].contents == asker.transport.sent[1].contents
    assert [one.turn.text for one in asker.conversation] == ["hello again", "one two", "later"]
    assert [one.stale for one in asker.conversation] == [False, True, True]


def test_a_loaded_answer_behind_a_changed_one_is_not_continued(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["one ", cut("QQ==")])
    asker.ask("count")
    asker.engine.resumable.clear()
    asker.conversation._exchanges = [replace(asker.conversation[0], stale=True)]
    with pytest.raises(OptionError, match="has changed since"):
        asker.go_on()
    assert len(asker.transport.sent) == 1


def test_undo_takes_the_whole_turn_and_redo_brings_all_of_it_back(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["one ", cut("QQ==")], ["two", ended(SECOND)])
    asker.ask("count")
    turn = asker.go_on()
    asker.conversation.undo()
    assert not list(asker.conversation)
    asker.conversation.redo()
    assert [one.turn for one in asker.conversation] == [turn]


def test_what_was_undone_while_it_went_on_comes_back_with_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(monkeypatch, ["one ", cut("QQ==")], ["two", ended(SECOND)])
    continuing = found(asker.session, asker.ask("count"))
    asker.conversation.undo()
    go_on(asker.session, continuing, AskOptions(), Silent)
    assert not list(asker.conversation)
    asker.conversation.redo()
    assert asker.last.text == "one two"


@pytest.mark.parametrize(
    "failure",
    [
        ServiceUnavailable("503", ""),
        TimedOut("time", ""),
        STOPPED,
        ended(SECOND, "SAFETY"),
        ended(SECOND, "MALFORMED_RESPONSE"),
    ],
    ids=["unavailable", "timeout", "interrupt", "blocked", "malformed"],
)
@pytest.mark.parametrize("came", [(), ("ee, and",)], ids=["nothing", "some"])
def test_a_continuation_that_fails_leaves_what_was_there_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, failure: Any, came: tuple[str, ...]
):
    asker = Asker(
        monkeypatch,
        ["one ", cut("QQ==")],
        ["two, thr", cut("Qg==", SECOND)],
        [*came, failure],
        ["ee.", ended(THIRD)],
    )
    asker.ask("count")
    asker.go_on()
    with pytest.raises((GeminiError, AnswerInterrupted)):
        asker.go_on()
    kept = asker.last
    assert kept.status == "truncated"
    assert kept.text == "one two, thr" + "".join(came)
    assert kept.continuation is not None
    assert kept.continuation.token == "Qg=="
    assert "continuation" in (kept.message or "").lower()
    assert asker.conversation[-1].sendable
    done = asker.go_on()
    assert asker.transport.sent[-1].continuation == "Qg=="
    assert (done.status, done.text) == ("complete", "one two, three.")
    assert asker.transport.sent[-1].contents == asker.transport.sent[0].contents


def test_an_interrupt_in_the_second_continuation_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["a", cut("QQ==")], ["b", cut("Qg==", SECOND)], ["c", STOPPED])
    asker.ask("count")
    asker.go_on()
    with pytest.raises(AnswerInterrupted) as stopped:
        asker.go_on()
    assert stopped.value.what == "The continuation was interrupted; what had arrived is kept."
    assert stopped.value.advice is Hint.CONTINUE_AGAIN
    assert asker.last.text == "abc"
    assert asker.last.continuation is not None


def test_a_stream_that_breaks_off_behind_a_token_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(
        monkeypatch,
        ["one ", Chunk((Text("two "),), continuation="QQ=="), "lost", ServiceUnavailable("x", "")],
        ["three", ended(SECOND)],
    )
    with pytest.raises(ServiceUnavailable):
        asker.ask("count")
    assert (asker.last.status, asker.last.text) == ("failed", "one two lost")
    turn = asker.go_on()
    assert (turn.status, turn.text) == ("complete", "one two three")


def test_an_end_takes_a_token_back_and_a_cut_without_one_leaves_none(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(
        monkeypatch,
        [Chunk((Text("a"),), continuation="QQ=="), ended(FIRST)],
        ["b", cut("Qg==")],
        ["c", cut(None, SECOND)],
    )
    assert asker.ask("one").continuation is None
    asker.ask("two")
    turn = asker.go_on()
    assert (turn.status, turn.text, turn.continuation) == ("truncated", "bc", None)
    with pytest.raises(OptionError, match="no token"):
        asker.go_on()


def test_a_continuation_with_nothing_left_to_say_completes_the_answer(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(monkeypatch, ["all of it", cut("QQ==")], [ended(SECOND)])
    asker.ask("count")
    turn = asker.go_on()
    assert (turn.status, turn.text) == ("complete", "all of it")


def test_code_and_thoughts_go_on_in_order_and_a_signed_text_stays_apart(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(
        monkeypatch,
        [Thought("hm"), Text("a", signature="c2ln"), Code("1", id="x"), cut("QQ==")],
        [Result("OUTCOME_OK", "1", "x"), "b", ended(SECOND)],
    )
    asker.ask("count")
    assert asker.go_on().parts == (
        Thought("hm"),
        Text("a", signature="c2ln"),
        Code("1", id="x"),
        Result("OUTCOME_OK", "1", "x"),
        Text("b"),
    )


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def test_a_request_with_functions_goes_on_behind_what_they_returned(
    monkeypatch: pytest.MonkeyPatch,
):
    from gemini_magic.tools import find

    tools = find(("add",), {"add": add})
    call = Call("add", {"a": 1, "b": 2}, "c1")
    asker = Asker(
        monkeypatch,
        [call, ended(FIRST)],
        ["It is ", cut("QQ==", SECOND)],
        ["three, and ", Call("add", {"a": 3, "b": 4}, "c2"), ended(THIRD)],
        ["seven.", ended(THIRD)],
    )
    first = asker.ask("add", tools=tools, code=False)
    assert first.status == "truncated"
    behind = asker.transport.sent[1].contents
    kept = dict(asker.engine.resumable)
    asker.engine.resumable.clear()  # as loaded from a file
    asker.namespace["add"] = add
    rebuilt = found(asker.session, first).resumable.outgoing
    assert [dict(one) for one in rebuilt.contents] == [dict(one) for one in behind]
    asker.engine.resumable.update(kept)
    turn = asker.go_on()
    assert [sent.continuation for sent in asker.transport.sent] == [None, None, "QQ==", None]
    assert asker.transport.sent[2].contents == behind
    asked, back = asker.transport.sent[3].contents[-2:]
    assert [part.get("text") for part in asked["parts"]] == ["It is three, and ", None]
    assert back["role"] == "user"
    assert turn.text == "It is three, and seven."
    assert turn.usage == FIRST + SECOND + THIRD + THIRD


def here(asker: Asker) -> Runner:
    """Runs the model's code in the asker's namespace, without asking."""
    space = asker.namespace
    kernel = InKernel(space, (), lambda code, ran: exec(code, space), None)
    return Runner(kernel, None, pictures=True)


def run(code: str, number: str) -> Call:
    return Call(NAME, {"code": code}, number)


def test_an_answer_that_runs_code_in_the_kernel_goes_on_behind_what_it_ran(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    asker = Asker(
        monkeypatch,
        [run("a = 1", "c1"), ended(FIRST)],
        ["It is ", cut("QQ==", SECOND)],
        ["one, then ", run("a += 1", "c2"), ended(THIRD)],
        ["two.", ended(THIRD)],
        answers_dir=str(tmp_path),
    )
    asker.ask("count", runner=here(asker))
    behind = asker.transport.sent[1].contents
    turn = asker.go_on()
    assert (turn.text, asker.namespace["a"]) == ("It is one, then two.", 2)
    assert asker.transport.sent[2].contents == behind
    assert list(asker.transport.sent[3].contents[:-2]) == list(behind)
    asked, back = asker.transport.sent[3].contents[-2:]
    assert [sorted(part) for part in asked["parts"]] == [["text"], ["functionCall"]]
    assert [part["functionResponse"]["id"] for part in back["parts"]] == ["c2"]
    assert Answers(tmp_path).find(asker.transport.sent[2]) is None, "no whole answer to that"


def test_what_ran_in_another_kernel_is_not_continued_here(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, [run("a = 1", "c1"), ended(FIRST)], ["It is ", cut("QQ==", SECOND)])
    asker.ask("count", runner=here(asker))
    asker.engine.resumable.clear()  # as loaded from a file
    with pytest.raises(OptionError, match="--here") as refused:
        asker.go_on()
    assert "--tool" not in f"{refused.value.what} {refused.value.hint}"
    assert len(asker.transport.sent) == 2


def test_a_button_does_not_run_code_in_the_kernel(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["It is ", cut("QQ==")])
    turn = asker.ask("count", runner=here(asker))
    with pytest.raises(OptionError, match="needs a cell"):
        found_by_button(asker.session, turn)


@pytest.mark.parametrize("where", ["continue", "its own call", "session"])
def test_a_limit_of_the_cost_holds_for_each_request_of_the_rest(
    monkeypatch: pytest.MonkeyPatch, where: str
):
    from gemini_magic.tools import find

    given: dict[str, Any] = {"model": "gemini-3.6-flash"}
    if where == "session":
        given["session_max_cost"] = 1
    asker = Asker(
        monkeypatch,
        ["It is ", cut("QQ==")],
        [Call("add", {"a": 3, "b": 4}, "c2"), ended(Usage(output_tokens=5_000_000))],
        ["seven.", ended(THIRD)],
        **given,
    )
    tools = find(("add",), {"add": add})
    asker.ask("add", tools=tools, max_cost=1 if where == "its own call" else None)
    with pytest.raises(BudgetReached, match="is reached"):
        asker.go_on(max_cost=1 if where == "continue" else None)
    assert len(asker.transport.sent) == 2
    assert (asker.last.status, asker.last.usage.output_tokens) == ("truncated", 5_000_100)


def test_functions_that_are_gone_are_named_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch):
    from gemini_magic.tools import find

    asker = Asker(monkeypatch, ["a", cut("QQ==")])
    asker.ask("add", tools=find(("add",), {"add": add}), code=False)
    asker.engine.resumable.clear()
    with pytest.raises(OptionError, match="add"):
        asker.go_on()
    assert len(asker.transport.sent) == 1


def test_the_rest_is_announced_by_the_tier_that_has_served(monkeypatch: pytest.MonkeyPatch):
    flex = replace(FIRST, tier="flex")
    asker = Asker(monkeypatch, ["a", cut("QQ==")], ["b", cut("QQ==", flex)], model=MODEL)
    listed, half = (announced(asker.ask("count"), 1_000_000) for _ in range(2))
    assert "about $0.75;" in listed
    assert "about $0.38;" in half


def test_a_continuation_that_counted_nothing_leaves_the_estimate_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(monkeypatch, ["a", cut("QQ==")], [refused()])
    outgoing = found(asker.session, asker.ask("count")).resumable.outgoing
    before = input_tokens(asker.last, outgoing)
    with pytest.raises(BadRequest):
        asker.go_on()
    assert len(asker.last.continued) == 1
    assert input_tokens(asker.last, outgoing) == before == 110


def test_a_refused_token_does_not_send_the_user_to_the_options(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["a", cut("QQ==")], [refused()])
    asker.ask("count")
    with pytest.raises(BadRequest) as told:
        asker.go_on()
    assert "cell again" in told.value.hint
    assert "option" not in told.value.hint


def test_the_token_limit_gives_no_token_and_says_so(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["one", ended(FIRST, "MAX_TOKENS")], ["whole"])
    asker.ask("count")
    with pytest.raises(OptionError, match="gives no token") as refused:
        asker.go_on()
    assert "--max-tokens" in refused.value.hint
    with pytest.raises(OptionError, match="is complete"):
        asker.go_on(asker.ask("again"))
    assert len(asker.transport.sent) == 2


def test_attachments_that_are_not_here_are_named_and_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch,
):
    asker = Asker(monkeypatch, ["one", cut("QQ==")])
    items = gather_values({"sales": "x" * 500, "costs": "y" * 500}, 10_000)
    turn = asker.ask("look", items=items)
    other = Asker(monkeypatch)
    with pytest.raises(OptionError, match=r"sales.*costs") as refused:
        found(other.session, turn)
    assert "restore" in refused.value.hint
    bare = Exchange(turn, {"role": "user", "parts": [{"text": "look"}]})
    other.engine.conversations.add(Conversation("main", [bare]))
    with pytest.raises(OptionError, match=r"bytes.*sales"):
        found(other.session, turn)
    whole = asker.conversation[0]
    other.engine.conversations.add(Conversation("whole", [whole]))
    held = found(other.session, turn, other.engine.conversations.get("whole"))
    assert held.resumable.outgoing.contents == asker.transport.sent[0].contents


def test_an_answer_without_history_needs_no_conversation(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["one ", cut("QQ==")], ["two", ended(SECOND)])
    turn = asker.ask("count", stateless=True)
    other = Asker(monkeypatch, ["two", ended(SECOND)])
    assert other.go_on(Turn.from_dict(turn.to_dict())).text == "one two"
    assert other.transport.sent[0].contents == asker.transport.sent[0].contents
    assert asker.go_on(turn).text == "one two"
    told = replace(turn, conversation="main", request=replace(turn.request, attachments=()))
    with pytest.raises(OptionError, match="not known in this kernel"):
        found(other.session, replace(told, id="other"))
    attached = Attachment("a.csv", "text/csv", 1, "0" * 64)
    named = replace(turn, id="b", request=replace(turn.request, attachments=(attached,)))
    with pytest.raises(OptionError, match=r"a\.csv"):
        found(other.session, named)


def test_another_service_is_not_sent_the_token(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["one ", cut("QQ==")])
    asker.ask("count")
    asker.backend = Backend("vertex", project="p", location="global")
    with pytest.raises(OptionError, match="does not know the token"):
        asker.go_on()
    assert len(asker.transport.sent) == 1


def test_it_says_that_all_is_billed_again_and_about_what_that_costs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    big = Usage(input_tokens=40_000, output_tokens=60_000, total_tokens=100_000)
    asker = Asker(
        monkeypatch, ["a", cut("QQ==", big)], ["b", ended(SECOND)], model="gemini-3.6-flash"
    )
    turn = asker.ask("count")
    assert input_tokens(turn, asker.transport.sent[0]) == 100_000
    asker.go_on()
    said = capsys.readouterr().out
    assert "billed again as input, about 100,000 tokens, about $" in said
    emulated = replace(turn, request=replace(turn.request, backend="emulator"))
    assert "nothing billed" in announced(emulated, 10)
    unknown = replace(turn, request=replace(turn.request, model="x"))
    assert "not known" in announced(unknown, 10)


@pytest.mark.parametrize("where", ["continue", "its own call", "setting"])
def test_a_limit_of_the_cost_stops_it_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, where: str, capsys: pytest.CaptureFixture[str]
):
    big = Usage(input_tokens=400_000, output_tokens=600_000, total_tokens=1_000_000)
    given: dict[str, Any] = {"model": "gemini-3.6-flash"}
    if where == "setting":
        given["max_cost"] = 0.01
    asker = Asker(monkeypatch, ["a", cut("QQ==", big)], **given)
    asker.ask("count", max_cost=0.01 if where == "its own call" else None)
    with pytest.raises(BudgetReached, match="input alone costs"):
        asker.go_on(max_cost=0.01 if where == "continue" else None)
    assert len(asker.transport.sent) == 1
    assert "billed again" not in capsys.readouterr().out


def test_the_answer_store_gets_the_whole_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    asker = Asker(
        monkeypatch,
        ["one ", cut("QQ==")],
        ["two", ended(SECOND)],
        answers_dir=str(tmp_path),
        reuse=True,
    )
    asker.ask("count")
    turn = asker.go_on()
    stored = Answers(tmp_path).find(asker.transport.sent[0])
    assert stored is not None
    assert replace(stored, reused=None) == turn
    assert asker.ask("count", stateless=True).text == "one two"
    assert len(asker.transport.sent) == 2


def test_a_stored_beginning_goes_on_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    given = {"answers_dir": str(tmp_path), "reuse": True}
    Asker(monkeypatch, ["one ", cut("QQ==")], **given).ask("count", stateless=True)
    other = Asker(monkeypatch, ["two", ended(SECOND)], **given)
    turn = other.ask("count", stateless=True)
    assert turn.reused is not None
    done = other.go_on(turn)
    assert (done.text, done.reused, done.usage) == ("one two", None, FIRST + SECOND)
    assert other.engine.spent[-1].usage == SECOND


def test_what_was_sent_is_kept_for_the_latest_of_them(monkeypatch: pytest.MonkeyPatch):
    count = RESUMABLE + 5
    asker = Asker(monkeypatch, *(["one ", cut("QQ==")] for _ in range(count)), ["two"])
    turns = [asker.ask(f"count {number}") for number in range(count)]
    assert list(asker.engine.resumable) == [turn.id for turn in turns[5:]]
    assert asker.go_on(turns[0]).text == "one two"
    assert asker.transport.sent[-1].contents == asker.transport.sent[0].contents


def test_a_stored_beginning_with_attachments_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    given = {"answers_dir": str(tmp_path), "reuse": True}
    items = gather_values({"sales": "x" * 500}, 10_000)
    asked = {"items": items, "stateless": True}
    Asker(monkeypatch, ["one ", cut("QQ==")], **given).ask("count", **asked)
    other = Asker(monkeypatch, ["two", ended(SECOND)], **given)
    assert other.go_on(other.ask("count", **asked)).text == "one two"
    (sent,) = other.transport.sent
    assert "inlineData" in json.dumps(sent.contents)


def test_one_that_is_coming_in_is_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch):
    asker = Asker(monkeypatch, ["one ", cut("QQ==")])
    turn = asker.ask("count")
    continuing = found(asker.session, turn)
    assert isinstance(continuing, Continuing)
    asker.engine.running[turn.id] = object()  # type: ignore[assignment]
    with pytest.raises(OptionError, match="coming in just now"):
        found(asker.session, turn)


@pytest.mark.parametrize(("rest", "said"), [("8}", None), ('"many"}', "total: 'many' is not")])
def test_a_typed_answer_has_its_value_when_it_is_whole(
    monkeypatch: pytest.MonkeyPatch, rest: str, said: str | None
):
    kind = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}
    asker = Asker(
        monkeypatch,
        [Code("print(28)"), Result("OUTCOME_OK", "28"), '{"total": ', cut("VE9LRU4=")],
        [rest, ended(SECOND)],
    )
    first = asker.ask("How many?", answer_type=declare(kind))
    with pytest.raises(OptionError, match="the answer was truncated"):
        _ = first.value
    if said is None:
        assert asker.go_on().value == {"total": 8}
    else:
        with pytest.raises(AnswerFailed, match=said):
            asker.go_on()
        assert asker.engine.last is not None
        assert asker.engine.last.text == '{"total": ' + rest
    assert asker.transport.sent[1].config.schema == kind
