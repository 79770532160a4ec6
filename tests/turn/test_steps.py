"""Steps: each code with what came back from it, nothing dropped and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.turn.parts import Call, Code, Image, Part, Response, Result, Text
from gemini_magic.turn.steps import CodeRun, Step, last_good, outcome_word, steps

from ..strategies import PNG, parts

OK, FAILED, LATE = "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED"
PLOT = Image("image/png", PNG)


def flat(found: Sequence[Step]) -> list[Part]:
    given: list[Part] = []
    for step in found:
        if isinstance(step, CodeRun):
            given += [*([step.code] if step.code else []), *step.results, *step.images]
        else:
            given.append(step)
    return given


@given(st.lists(parts, max_size=12))
def test_no_part_is_lost_or_repeated(given_parts: list[Part]) -> None:
    found = flat(steps(given_parts, kernel=False))
    assert sorted(map(id, found)) == sorted(map(id, given_parts))
    # Calls and responses of runs in the kernel are shown as other parts; those alone.
    others = sorted(id(part) for part in given_parts if not isinstance(part, Call | Response))
    shown = map(id, flat(steps(given_parts)))
    assert sorted(one for one in shown if one in others) == others


def test_results_and_pictures_go_with_the_code_before_them() -> None:
    code, result = Code("plot()"), Result(OK, "x")
    assert steps([Text("a"), code, result, PLOT, Text("b")]) == [
        Text("a"),
        CodeRun(1, code, (result,), (PLOT,)),
        Text("b"),
    ]


def test_one_code_may_have_several_results() -> None:
    code, first, second = Code("x"), Result(OK, "1"), Result(FAILED, "no")
    (run,) = steps([code, first, second])
    assert run == CodeRun(0, code, (first, second))
    assert isinstance(run, CodeRun) and run.outcome == FAILED


def test_ids_pair_results_with_their_code_in_any_order() -> None:
    one, two = Code("1", id="a"), Code("2", id="b")
    late, early = Result(OK, "two", "b"), Result(OK, "one", "a")
    assert steps([one, two, late, early]) == [CodeRun(0, one, (early,)), CodeRun(1, two, (late,))]


def test_code_without_result_and_result_without_code_stay() -> None:
    code, result = Code("print(google_search.search())"), Result(OK, "x")
    assert steps([code, Text("a")]) == [CodeRun(0, code), Text("a")]
    assert steps([result, PLOT]) == [CodeRun(0, None, (result,), (PLOT,))]


def test_a_picture_after_text_is_a_step_of_its_own() -> None:
    assert steps([Code("x"), Text("a"), PLOT]) == [CodeRun(0, Code("x")), Text("a"), PLOT]


def test_an_empty_text_does_not_part_a_code_from_its_picture() -> None:
    code = Code("x")
    assert steps([code, Text("", signature="c2ln"), PLOT])[0] == CodeRun(0, code, (), (PLOT,))


def test_the_last_good_run_is_the_last_whose_last_result_is_ok() -> None:
    found = steps([Code("a"), Result(OK), Code("b"), Result(OK), Result(FAILED), Text("x")])
    assert last_good(found) == 0
    assert last_good(steps([Code("a"), Result(FAILED)])) is None


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (OK, "OK"),
        (FAILED, "failed"),
        (LATE, "out of time"),
        (None, "no outcome given"),
        ("OUTCOME_UNSPECIFIED", "no outcome given"),
        ("OUTCOME_OUT_OF_MEMORY", "out of memory"),
    ],
)
def test_an_outcome_is_a_word(outcome: str | None, word: str) -> None:
    assert outcome_word(outcome) == word


def test_words_between_a_code_and_its_result_part_nothing() -> None:
    code, result = Code("x"), Result(OK, "1")
    assert steps([code, Text("a"), result, PLOT]) == [
        CodeRun(0, code, (result,), (PLOT,)),
        Text("a"),
    ]
    again = Result(OK, "2")
    assert steps([code, result, Text("a"), again]) == [
        CodeRun(0, code, (result,)),
        Text("a"),
        CodeRun(3, None, (again,)),
    ], "one that has its result waits for no other"


def test_a_result_that_comes_before_its_code_is_paired_by_their_id() -> None:
    result, code = Result(OK, "1", "q"), Code("x", id="q")
    assert steps([result, code]) == [CodeRun(0, code, (result,))]
    assert steps([result, Text("a"), code, PLOT]) == [
        CodeRun(0, code, (result,), (PLOT,)),
        Text("a"),
    ]
