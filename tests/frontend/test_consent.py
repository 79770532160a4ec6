"""Questions to pages: whose word counts, and what is kept of it."""

from __future__ import annotations

import gc
import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from gemini_magic.frontend import consent
from gemini_magic.frontend.consent import Questions
from gemini_magic.here.consent import Choice, Word
from gemini_magic.render.highlight import tokens
from gemini_magic.turn.parts import Json

from ..messages import check_answered, check_pushed

CODE = "text = 'ü 東'  # [y/N] y\n\nif text:\n    print(text)\n"


class Page:
    """What a page does: it keeps what is pushed, and answers."""

    def __init__(self) -> None:
        self.got: list[Json] = []
        self.questions = Questions(self.take)  # type: ignore[arg-type]

    def take(self, message: Json) -> None:
        check_pushed(message)
        self.got.append(message)

    def asking(self) -> Json:
        end = time.monotonic() + 30
        while not any(one["type"] == "asking" for one in self.got):
            assert time.monotonic() < end
            time.sleep(0.005)
        return next(one for one in reversed(self.got) if one["type"] == "asking")

    def word(self, choice: str = "run", **more: Any) -> bool:
        return self.questions.answer(word(self.asking(), choice, **more))


def word(asking: Json, choice: str = "run", **more: Any) -> Json:
    code = "".join(text for _, text in asking["tokens"])
    digest = hashlib.sha256(code.encode()).hexdigest()
    fields = {"id": asking["id"], "token": asking["token"], "code": digest, "why": ""}
    return {"type": "consent", **fields, "choice": choice, **more}


@pytest.fixture
def page() -> Page:
    return Page()


def asked(page: Page, act: Callable[[], object], code: str = CODE) -> Word | None:
    """The word on ``code`` when ``act`` is done meanwhile, in another thread."""
    failed: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - raised below
            failed.append(error)
            page.questions.stop()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        return page.questions.ask(code, 1, "t1", surely=True)
    finally:
        thread.join()
        assert not failed, failed


@pytest.mark.parametrize(
    ("choice", "why", "said"),
    [
        ("run", "", "Run 1: you said run."),
        ("all", "", "Run 1: you said run all of this answer."),
        ("skip", "too  slow", "Run 1: you skipped it (too slow)."),
        ("stop", "", "Run 1: you stopped the answer."),
    ],
)
def test_the_word_of_a_button_is_the_word(page: Page, choice: str, why: str, said: str) -> None:
    found = asked(page, lambda: page.word(choice, why=why))
    assert found == Word(consent.CHOICES[choice], " ".join(why.split()))
    assert page.got[-1] == {"type": "settled", "id": page.got[0]["id"], "said": said}


def test_a_reason_belongs_to_a_skip_alone_and_is_short(page: Page) -> None:
    assert asked(page, lambda: page.word("run", why="because")) == Word(Choice.RUN)
    page.got.clear()
    found = asked(page, lambda: page.word("skip", why="x" * 9999))
    assert found is not None and found.why == "x" * 500


WRONG: dict[str, Callable[[Json], Json]] = {
    "no token": lambda sent: {**sent, "token": ""},
    "another token": lambda sent: {**sent, "token": sent["token"][:-1] + "é"},
    "a token that is no text": lambda sent: {**sent, "token": [sent["token"]]},
    "a lone surrogate": lambda sent: {**sent, "token": "\ud800"},
    "other code": lambda sent: {**sent, "code": hashlib.sha256(b"evil = 1").hexdigest()},
    "code that is no text": lambda sent: {**sent, "code": {"é": 1}},
    "no choice": lambda sent: {**sent, "choice": ""},
    "another choice": lambda sent: {**sent, "choice": "RUN"},
    "a choice that is no text": lambda sent: {**sent, "choice": {}},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_the_word_does_nothing_and_the_question_stands(page: Page, name: str) -> None:
    def act() -> None:
        assert not page.questions.answer(WRONG[name](word(page.asking())))
        assert page.questions.standing() is not None
        assert page.word("skip")

    found = asked(page, act)
    assert found == Word(Choice.SKIP)


def test_the_first_word_wins_and_a_later_question_takes_no_earlier_token(page: Page) -> None:
    first: list[Json] = []

    def act() -> None:
        first.append(page.asking())
        assert page.word("skip") and not page.word("run")

    assert asked(page, act) == Word(Choice.SKIP)
    assert not page.questions.answer(word(first[0])), "it is over"
    page.got.clear()

    def again() -> None:
        assert page.asking()["id"] != first[0]["id"]
        assert not page.questions.answer(word(first[0]))
        assert not page.questions.answer({**word(page.asking()), "token": first[0]["token"]})
        assert page.word("stop")

    assert asked(page, again) == Word(Choice.STOP)


def test_a_page_that_comes_later_has_a_token_of_its_own_and_both_are_valid(page: Page) -> None:
    def act() -> None:
        early, late = page.asking(), page.questions.standing()
        assert late is not None and late["token"] != early["token"]
        check_answered({**late})
        assert {**late, "token": ""} == {**early, "token": ""}
        assert page.questions.answer(word({**late}, "all"))

    assert asked(page, act) == Word(Choice.ALL)
    assert page.questions.standing() is None


def test_nothing_that_the_kernel_keeps_is_the_token(page: Page) -> None:
    def act() -> None:
        token = page.asking()["token"]
        page.got.clear()
        gc.collect()
        found = [one for one in gc.get_objects() if isinstance(one, dict | list | tuple | set)]
        assert not [one for one in found if _holds(one, token)]
        page.questions.stop("t1")

    def _holds(one: Any, token: str) -> bool:
        values = list(one.values()) if isinstance(one, dict) else list(one)
        return any(type(value) is str and value == token for value in values)

    assert asked(page, act) == Word(Choice.STOP)


def test_without_a_page_that_shows_it_nothing_is_asked(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "SHOWING", 0.1)
    assert page.questions.ask(CODE, 1, "t1") is None
    assert [one["type"] for one in page.got] == ["asking", "settled"]
    assert not page.word(), "a word that comes too late"


def test_a_page_that_shows_it_may_take_its_time(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "SHOWING", 0.1)

    def act() -> None:
        page.questions.seen("another")
        page.questions.seen(page.asking()["id"])
        time.sleep(0.3)  # longer than a page has for showing it
        page.word()

    thread = threading.Thread(target=act)
    thread.start()
    assert page.questions.ask(CODE, 1, "t1") == Word(Choice.RUN)
    thread.join()


def test_stop_of_another_answer_is_none_of_this_one(page: Page) -> None:
    def act() -> None:
        page.asking()
        page.questions.stop("t2")
        assert page.questions.standing() is not None
        page.questions.stop("t1")

    assert asked(page, act) == Word(Choice.STOP)


def test_an_interrupt_ends_the_question(page: Page) -> None:
    import _thread

    def act() -> None:
        page.asking()
        _thread.interrupt_main()

    thread = threading.Thread(target=act)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        page.questions.ask(CODE, 1, "t1", surely=True)
    thread.join()
    assert page.questions.standing() is None and page.got[-1]["said"] == ""


@pytest.mark.parametrize(
    "code",
    [
        "x",
        "\n\nx = 1\n",
        "f'{a}\\n' + b'\\xff'",
        "def f(:",
        "\t'''ü\n",
        "!ls\n%time 1",
        "x\n" * 1999,
    ],
)
def test_the_pieces_of_a_code_are_the_code(code: str) -> None:
    assert "".join(text for _, text in tokens(code)) == code
