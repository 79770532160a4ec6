"""Earlier prompts by the arrow keys (`lab/src/panel/history.ts`), run by node."""

from __future__ import annotations

from .typescript import run

# A conversation's name, and its prompts as the kernel tells them: a turn's id and the prompt.
Told = tuple[str, list[tuple[str, str]]]

WALK = """
const { PromptHistory } = module;
const history = new PromptHistory();
for (const prompt of given.sent) { history.send(prompt); }
for (const [conversation, prompts] of given.told) {
  history.know(conversation, prompts.map(
    ([turn, prompt]) => ({ turn, prompt: prompt.slice(0, 400), whole: prompt.length <= 400 })));
}
console.log(JSON.stringify(given.keys.map(key => history.walk(key, given.draft) ?? null)));
"""


def walk(*told: Told, keys: list[int], draft: str = "", sent: tuple[str, ...] = ()) -> object:
    given = {"sent": [*sent], "keys": keys, "draft": draft, "told": [*told]}
    return run("panel/history.ts", WALK, given)


def main(*prompts: str) -> Told:
    return "main", [(f"turn {at}", prompt) for at, prompt in enumerate(prompts)]


def test_up_goes_back_and_stays_at_the_first() -> None:
    assert walk(main("a", "b"), keys=[-1, -1, -1]) == ["b", "a", None]


def test_down_comes_back_to_what_was_being_written() -> None:
    found = walk(main("a", "b"), keys=[-1, -1, 1, 1, 1], draft="draft")
    assert found == ["b", "a", "b", "draft", None]


def test_down_alone_changes_nothing() -> None:
    assert walk(main("a"), keys=[1]) == [None]


def test_the_same_prompt_twice_in_a_row_is_one() -> None:
    assert walk(main("a", "a"), keys=[-1, -1]) == ["a", None]


def test_no_prompt_no_walk() -> None:
    assert walk(keys=[-1, 1]) == [None, None]


def test_the_order_is_the_kernels_and_what_was_refused_is_not_in_it() -> None:
    found = walk(main("a", "in a cell", "b"), keys=[-1] * 4, sent=("refused", "b", "a"))
    assert found == ["b", "in a cell", "a", None]


def test_a_long_prompt_that_was_sent_here_comes_back_whole() -> None:
    long = "long " * 100
    assert walk(main("a", long), keys=[-1, -1], sent=(long,)) == [long, "a"]
    assert walk(main("a", long), keys=[-1, -1]) == ["a", None], "its rest is not known"


def test_what_was_undone_is_still_near() -> None:
    assert walk(main("a", "b"), main("a"), keys=[-1, -1, -1]) == ["b", "a", None]


def test_another_conversations_prompts_come_behind_those_of_the_one_that_is_shown() -> None:
    other: Told = ("other", [("turn x", "x")])
    assert walk(other, main("a", "b"), keys=[-1] * 4) == ["b", "a", "x", None]
    assert walk(main("a", "b"), other, keys=[-1] * 4) == ["x", "b", "a", None]
