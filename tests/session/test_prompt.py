"""Prompt variables: one pass, errors that name what is missing, everything else untouched."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import PromptError
from gemini_magic.session.prompt import expand


@given(st.text().filter(lambda text: "$`" not in text))
def test_a_prompt_without_variables_is_untouched(prompt: str):
    assert expand(prompt, {"x": 1}) == prompt


@pytest.mark.parametrize(
    "prompt",
    [
        '{"a": {"b": [1, 2]}}',
        r"\frac{a}{b} costs $5 and $x$ or $$y$$",
        'f"{x!r:>{width}}"',
        "echo $HOME `pwd` ${x} $(ls)",
        "%s %d %%",
        "a $` alone",
        "an empty $`` one",
    ],
)
def test_braces_dollars_and_shell_mean_nothing(prompt: str):
    assert expand(prompt, {"x": 1, "HOME": 2}) == prompt


def test_variables_and_expressions_become_text():
    assert expand("$`x` and $`y[0] + 1`", {"x": "one", "y": [41]}) == "one and 42"


def test_a_value_is_not_expanded_again():
    assert expand("$`x`", {"x": "$`secret`", "secret": "no"}) == "$`secret`"


def test_a_missing_name_is_an_error_with_close_matches():
    with pytest.raises(PromptError, match=r"'slaes' is not defined\.\nDid you mean sales\?"):
        expand("$`slaes`", {"sales": 1})


def test_an_expression_that_raises_is_an_error_with_its_words():
    with pytest.raises(PromptError, match="ZeroDivisionError: division by zero"):
        expand("$`1/0`", {})
    with pytest.raises(PromptError, match="SyntaxError"):
        expand("$`1 +`", {})


def test_a_value_that_cannot_be_written_is_our_error():
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError("no words")

    with pytest.raises(PromptError, match="RuntimeError: no words"):
        expand("$`odd`", {"odd": Odd()})


def test_the_namespace_is_not_changed():
    namespace = {"x": 1}
    expand("$`x`", namespace)
    assert namespace == {"x": 1}


def test_a_frame_becomes_a_markdown_table_and_its_shape():
    frame = pd.DataFrame({"a": range(30), "b|c": ["x\ny"] * 30})
    text = expand("$`frame`", {"frame": frame})
    assert text.startswith("|  | a | b\\|c |\n| --- | --- | --- |\n| 0 | 0 | x y |\n")
    assert text.endswith("(30 rows x 2 columns, the first 20 shown)")
    assert expand("$`frame.a`", {"frame": frame}).startswith("|  | a |")


def test_an_exception_whose_text_raises_is_still_told() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    def fail() -> None:
        raise Mute

    with pytest.raises(PromptError, match=r"raised Mute: .a Mute, whose text raises RuntimeError"):
        expand("$`fail()`", {"fail": fail})
