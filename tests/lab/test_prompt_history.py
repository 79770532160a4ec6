"""Earlier prompts by the arrow keys (`lab/src/panel/history.ts`), run by node."""

from __future__ import annotations

from .typescript import run

WALK = """
const { PromptHistory } = module;
const history = new PromptHistory();
for (const prompt of given.sent) { history.add(prompt); }
history.know(given.known);
console.log(JSON.stringify(given.keys.map(key => history.walk(key, given.draft) ?? null)));
"""


def walk(sent: list[str], keys: list[int], draft: str = "", known: tuple[str, ...] = ()) -> object:
    given = {"sent": sent, "keys": keys, "draft": draft, "known": [*known]}
    return run("panel/history.ts", WALK, given)


def test_up_goes_back_and_stays_at_the_first() -> None:
    assert walk(["a", "b"], [-1, -1, -1]) == ["b", "a", None]


def test_down_comes_back_to_what_was_being_written() -> None:
    assert walk(["a", "b"], [-1, -1, 1, 1, 1], "draft") == ["b", "a", "b", "draft", None]


def test_down_alone_changes_nothing() -> None:
    assert walk(["a"], [1]) == [None]


def test_the_same_prompt_twice_in_a_row_is_one() -> None:
    assert walk(["a", "a"], [-1, -1]) == ["a", None]


def test_prompts_of_the_kernels_conversation_come_before_those_sent_here() -> None:
    assert walk(["b"], [-1, -1, -1], known=("a", "b")) == ["b", "a", None]


def test_no_prompt_no_walk() -> None:
    assert walk([], [-1, 1]) == [None, None]
