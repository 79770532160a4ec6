"""What a source means: what formatters leave as it was, and what users change."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from gemini_magic.cells.meaning import meaning

CODE = """import sys, os
from math import (pi)
import json
def f( a,b ):
  '''  What it does.
     And how.   '''
  del (a)
  return {'a':1,
     "b" : b  }   #the rest
x = f(1,
  2)
for (i) in range(3): print( 'it' ); print(u'x', 0XFF, 1E5)
"""


def same(one: str, other: str, cell_type: str = "code") -> bool:
    return meaning(one, cell_type) == meaning(other, cell_type)


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "format", "-"),
        ("black", "-q", "-"),
        ("isort", "-"),
        ("ruff", "check", "--select", "I", "--fix", "-q", "-"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_formatter_changes_no_meaning(command: tuple[str, ...]):
    if shutil.which(command[0], path=f"{sys.prefix}/bin") is None:
        pytest.skip(f"{command[0]} is not installed")
    made = subprocess.run(
        [f"{sys.prefix}/bin/{command[0]}", *command[1:]],
        input=CODE,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert made != CODE
    assert same(CODE, made)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a  =  1\n\n\n", "a = 1"),
        ("a = 'x'", 'a = "x"'),
        ("import b\nimport a", "import a\nimport b"),
        ("from m import a\nfrom m import b", "from m import a, b"),
        ("x = 1 #why", "x = 1  # why"),
        ("f(1, 2,)", "f(\n    1,\n    2,\n)"),
        ("x = 1\t\n", "x = 1"),
    ],
)
def test_layout_is_no_meaning(one: str, other: str):
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1", "a = 2"),
        ("(a + b) * c", "a + b * c"),
        ("if x:\n    f()\n    g()", "if x:\n    f()\ng()"),
        ("x = 1", "x = 1  # mine"),
        ("f((1,))", "f(1)"),
        ("import a\nf()\nimport b", "import b\nf()\nimport a"),
        ("from . import a", "from .. import a"),
        ("import a", "import a as b"),
        ("x = 'a b'", "x = 'a  b'"),
        ("x = 1", "x = True"),
        ("x = 1", "x = 1.0"),
        ("x: int = 1", "x = 1"),
        ("%time f()", "%time g()"),
        ("def f():\n    'a'", "def f():\n    'b'"),
    ],
)
def test_an_edit_is_one(one: str, other: str):
    assert not same(one, other)


def test_markdown_means_its_words():
    assert same("a\n\n  b ", "a b", "markdown")
    assert not same("a b", "ab", "markdown")


def test_code_too_deep_to_tell_means_what_it_reads():
    deep = "x = " + "-" * 3000 + "1"
    assert meaning(deep, "code")
    assert not same(deep, deep + "0")
