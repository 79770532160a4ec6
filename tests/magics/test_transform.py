"""The input transform: prompts reach the magic as they were typed, other cells stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from gemini_magic.magics.transform import transform


def manager(name: str = "gemini") -> TransformerManager:
    made = TransformerManager()
    made.cleanup_transforms.insert(0, transform(name))
    return made


def test_a_cell_magic_goes_on_in_a_terminal_until_an_empty_line():
    ours, plain = manager(), TransformerManager()
    for cell in ("%%gemini\n", "%%gemini\nwhat?\n", "%%gemini -o t\nwhat?\n\n", "%gemini\n"):
        assert ours.check_complete(cell) == plain.check_complete(cell)
    assert ours.check_complete("%%gemini\n")[0] == "incomplete"


def called(cell: str, name: str = "gemini") -> list[tuple[str, ...]]:
    """The magic calls that running ``cell`` makes, by running what the transform made of it."""
    calls: list[tuple[str, ...]] = []

    class Shell:
        def run_cell_magic(self, *args: str) -> None:
            calls.append(("cell", *args))

        def run_line_magic(self, *args: str) -> None:
            calls.append(("line", *args))

    exec(manager(name).transform_cell(cell), {"get_ipython": Shell})
    return calls


# What a cell can hold: any text; IPython ends it with a newline when it has none.
bodies = st.text(alphabet=st.characters(codec="utf-8")).filter(lambda text: text.strip())


@given(bodies)
def test_a_prompt_reaches_the_magic_unchanged(body: str):
    whole = body if body.endswith("\n") else body + "\n"
    assert called(f"%%gemini\n{body}") == [("cell", "gemini", "", whole)]


@pytest.mark.parametrize(
    "body",
    [
        ">>> x",
        "In [1]: x",
        "   ...: x",
        "    indented\n  less",
        "what is this?",
        "?what",
        "!ls",
        "%gemini ask?",
        "%%gemini\nagain",
        '{"a": 1} {x} $x $`y`',
        "back\\slash\\\nnewline \\",
        "'''\"\"\"",
        "\ttab\x0cform feed\x85nel\u2028line separator",
    ],
)
def test_prompts_that_ipython_would_change_are_unchanged(body: str):
    assert called(f"%%gemini\n{body}") == [("cell", "gemini", "", body + "\n")]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])))
def test_the_rest_of_a_line_reaches_the_magic_unchanged(text: str):
    assert called(f"%gemini ask {text}") == [("line", "gemini", f"ask {text}".strip())]


@pytest.mark.parametrize(
    ("cell", "calls"),
    [
        ("%%gemini", [("cell", "gemini", "", "\n")]),
        ("%%gemini --help", [("cell", "gemini", "--help", "\n")]),
        ("\n\n%%gemini -m x\nhi", [("cell", "gemini", "-m x", "hi\n")]),
        ("  %%gemini\n  hi", [("cell", "gemini", "", "  hi\n")]),
        ("%gemini", [("line", "gemini", "")]),
        ("%gemini what is this?", [("line", "gemini", "what is this?")]),
        ("%gemini ask it's \"odd", [("line", "gemini", "ask it's \"odd")]),
        ("x = 1\n%gemini ask a?\n%gemini ask b??\n", [
            ("line", "gemini", "ask a?"),
            ("line", "gemini", "ask b??"),
        ]),
        ("if True:\n    %gemini ask why {x}?\n", [("line", "gemini", "ask why {x}?")]),
        ("y = %gemini ask what is this?\n", [("line", "gemini", "ask what is this?")]),
        ("%gemini ask a \\\n b?\n", [("line", "gemini", "ask a \\\n b?")]),
    ],
)  # fmt: skip
def test_cells_and_lines_of_our_magic_become_its_calls(cell: str, calls: list[tuple[str, ...]]):
    assert called(cell) == calls


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1\n",
        "%%time\n%gemini_other\n",
        "%%geminiX\nfoo?\n",
        "%%gemini?\n",
        "%gemini?\n",
        "x = '''\n%gemini ask a?\n'''\n",
        "f(\n%gemini\n)\n",
        "%%bash\n%gemini ask what?\n",
        "a %gemini\n",
        "",
    ],
)
def test_other_cells_are_left_to_ipython(cell: str):
    assert manager().transform_cell(cell) == TransformerManager().transform_cell(cell)


def test_another_name_is_another_magic():
    assert called("%%gem\nwhat?", "gem") == [("cell", "gem", "", "what?\n")]
    assert manager("gem").transform_cell("%gemini ask a?\n") == (
        TransformerManager().transform_cell("%gemini ask a?\n")
    )
