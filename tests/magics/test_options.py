"""The option line: what is understood, and what is refused with a word that helps."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import OptionError
from gemini_magic.magics.options import OPTIONS, help_table, parse
from gemini_magic.session.options import AskOptions


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {}),
        ("   ", {}),
        ("-m x", {"model": "x"}),
        ("--model x", {"model": "x"}),
        ("--model=x", {"model": "x"}),
        ("-mx", {"model": "x"}),
        ("--max-tokens 5", {"max_tokens": 5}),
        ("--max_tokens 5", {"max_tokens": 5}),
        ("--max_tokens=5", {"max_tokens": 5}),
        ("--no-code --no_stream", {"code": False, "stream": False}),
        ('--system "be brief, don\'t guess"', {"system": "be brief, don't guess"}),
        ("--system ''", {"system": ""}),
        ("--system='a b'", {"system": "a b"}),
        ('--system "größe – 大きさ"', {"system": "größe – 大きさ"}),
        ("--system --weird", {"system": "--weird"}),
        ("--thinking HIGH", {"thinking": "high"}),
        ("-t 0.5 --seed -3", {"temperature": 0.5, "seed": -3}),
        ("-t .5", {"temperature": 0.5}),
        ("-o answer -c plan", {"output": "answer", "conversation": "plan"}),
        ("-c 'two words'", {"conversation": "two words"}),
        ("--timeout 1.5", {"timeout": 1.5}),
        ("--store", {"store": True}),
        ("--no-store", {"store": False}),
        ("--tier FLEX,standard", {"tier": "flex,standard"}),
        (r"--system C:\temp\new", {"system": r"C:\temp\new"}),
        (r'--system "C:\temp \"x\" \\"', {"system": 'C:\\temp "x" \\'}),
        (r"--system 'C:\temp'", {"system": r"C:\temp"}),
        ("--view html --show code", {"view": "html", "show": "code"}),
        ("--search --urls --stateless", {"search": True, "urls": True, "stateless": True}),
        ("--help", {"help": True}),
        ("--preview", {"preview": True}),
    ],
)
def test_an_option_line_is_understood(line: str, expected: dict[str, Any]):
    assert parse(line) == AskOptions(**expected)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hello", r"'hello' on the %%gemini line is not an option.\nPut the prompt"),
        ("-m x what is this?", "'what' on the %%gemini line is not an option"),
        ("\u2014here", r"is not an option.\nWrite it with two hyphens: --here."),
        ("--context -1", "It takes a number of cells, or all"),
        ("--modle x", r"no option --modle.\nDid you mean --model"),
        ("--temprature 1", "Did you mean --temperature"),
        ("--stateles", "Did you mean --stateless"),
        ("--zzz", "%%gemini --help shows them"),
        ("-x", "no option -x"),
        ("--api-key k", "Keys are never an option: set GEMINI_API_KEY"),
        ("--api_key=AIzaSyA1234567890123456789012345678901", "Keys are never an option"),
        ("-m a -m b", "--model is given twice"),
        ("-m a --model=b", "--model is given twice"),
        ("--no-code --no_code", "--no-code is given twice"),
        ("--store --no-store", "--store and --no-store cannot go together"),
        ("--no_store --store", "--no-store and --store cannot go together"),
        ("--model", "--model needs a value"),
        ("--model --stateless", r"--model needs a value.\nWrite -m, --model NAME"),
        ("--no-code=yes", "--no-code takes no value"),
        ("--model ''", "It takes a name"),
        ("--thinking deep", "It is one of minimal, low, medium, high, xhigh"),
        ("--thinking hihg", "Did you mean high"),
        ("--view htm", "Did you mean html"),
        ("-t hot", "It takes a number from 0 to 2"),
        ("-t 3", "a number from 0 to 2"),
        ("-t nan", "a number from 0 to 2"),
        ("--max-tokens 0", "a whole number from 1"),
        ("--max-tokens 1.5", "a whole number"),
        ("--seed 99999999999", "a whole number from"),
        ("--timeout 0", "seconds above 0"),
        ("--timeout inf", "seconds above 0"),
        ("-o 1x", "the name of a variable"),
        ("-o class", "the name of a variable"),
        ('--system "open', "cannot be read: no closing quotation"),
        ("--system don't", "no closing quotation"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_with_a_word_that_helps(line: str, message: str):
    with pytest.raises(OptionError, match=message) as caught:
        parse(line)
    assert len(str(caught.value).splitlines()) == 2
    assert "AIza" not in str(caught.value)


@given(st.text())
def test_any_line_is_understood_or_refused_by_our_error(line: str):
    try:
        parse(line)
    except OptionError:
        return


def test_the_help_table_has_every_option():
    for option in OPTIONS:
        assert f"  {option.usage}" in help_table()


def test_every_option_sets_a_field_of_the_calls_options_and_every_field_has_one():
    # From --attach, --tool, --schema, --here and --context.
    filled = {"items", "tools", "answer_type", "runner", "told"}
    assert {option.field for option in OPTIONS} == {one.name for one in fields(AskOptions)} - filled
