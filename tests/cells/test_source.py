"""What runs in a notebook is what is read: neither characters nor IPython make another of it."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from gemini_magic.cells.source import MAGICS, NO_MAGIC, obstacle, source
from gemini_magic.errors import OptionError
from gemini_magic.turn.parts import Code
from gemini_magic.turn.tables import run

# All of it is Python. Read by IPython, or by an eye, it is something else.
DECEPTIVE = {
    "a line separator that hides a line": "# a\u2028!true\u2028open('pwned', 'w')",
    "a paragraph separator": "# a\u2029!true\u2029open('pwned', 'w')",
    "a next-line character": "# a\x85!touch pwned\x85import os",
    "a vertical tab": "# a\x0b!true\x0bopen('pwned', 'w')",
    "a form feed": "# a\x0c!true\x0copen('pwned', 'w')",
    "a file separator": "# a\x1c!true\x1copen('pwned', 'w')",
    "a line separator in a string": "x = 'a\u2028open(1)\u2028'",
    "an escape sequence": "open('pwned', 'w') #\x1b[2K\x1b[1Aprint('harmless')",
    "backspaces": "x = 1 # \x08\x08\x08\x08",
    "right to left": "access = 'user\u202e \u2066# admin'",
    "a mark of direction": "x = 'a\u200fb', 'c'",
    "an Arabic mark": "x = 'a\u061cb'",
    "a space of no width": "x = 'admin\u200b' == 'admin'",
    "a joiner between Latin letters": "x = 'ad\u200dmin' == 'admin'",
    "a joiner alone": "x = '\u200d'",
    "joiners in a row": "x = '\u0645\u200c\u200c\u0645'",
    "a soft hyphen": "x = 'ad\u00admin' == 'admin'",
    "a letter without a shape": "\u3164 = 1\nprint(\u3164)",
    "another one": "\uffa0 = 1",
    "bytes as variation selectors": "exec(bytes(ord(c) - 0xFE00 for c in '\ufe01\ufe02'))",
    "a variation selector of nothing": "x = '\ufe0f'",
    "more bytes": "exec(''.join(chr(ord(c) - 0xE0100) for c in '\U000e0141'))",
    "tags": "x = '\U000e0041\U000e0042'",
    "a byte order mark inside": "x = 'a\ufeffb'",
    "far to the right": "x = 1;" + " " * 400 + "open('pwned', 'w')",
    "far to the right by tabs": "x = 1;" + "\t" * 200 + "open('pwned', 'w')",
    "indented out of sight": "if 1:\n" + " " * 400 + "open('pwned', 'w')",
    "far below": "x = 1" + "\n" * 100 + "open('pwned', 'w')",
    "far below lines of blanks": "x = 1\n" + "    \n" * 100 + "open('pwned', 'w')",
}
# What Python takes for arithmetic or a call, and IPython for a magic: for a line alone.
MAGIC = ["rm -r -f -- data", "rm .data", "ls ; mkdir", "ls", "sx(mkdir)", "sx - 1", "reset -f"]
HONEST = [
    "print(sum(range(51)))",
    "print('\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \u2764\ufe0f\u200d\U0001f525')",
    "print('1\ufe0f\u20e3')",
    "print('\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645', '\u0915\u094d\u200d\u0937')",
    "x = 'caf\u00e9 \u6771\u4eac \u05d0\u05d1\u05d2'",
    "x = [\n    1,\n\n\n    2,\n]",
    "x = '" + "a" * 5000 + "'",
    "x = 1\r\ny = 2",
    "class A:\n    ...\n\n...",
    "x = 1" + " " * 100_000,
]


@pytest.mark.parametrize("name", DECEPTIVE)
def test_code_that_reads_otherwise_than_it_runs_is_no_code_cell_and_does_not_run(name: str):
    code = Code(DECEPTIVE[name])
    ast.parse(code.code)  # it is Python: nothing else would stop it
    why = obstacle(code)
    assert why is not None and ("otherwise than it runs" in why or "out of sight" in why)
    with pytest.raises(OptionError, match="does not run"):
        run([Code("open"), code], "t1", {})


@pytest.mark.parametrize("code", HONEST)
def test_code_as_people_write_it_is_a_code_cell(code: str):
    assert obstacle(Code(code)) is None


@pytest.mark.parametrize(
    "code",
    ["x = '''\n>>> 1\n'''", "if 1: '''\n... '''", "x = '''\nIn [1]: 1\n'''", "(\n... )"],
)
def test_where_ipython_would_strip_a_prompt_the_code_is_no_code_cell(code: str):
    changed = TransformerManager().transform_cell(code) != code + "\n"
    assert (obstacle(Code(code)) is not None) == changed


PIECES = [*"xy=1!%?;:,()'\"#\\ \t\n.>", "\u2028", "\x0c", "\x85", "\r", "'''", "%%", "..."]
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@given(TEXTS)
def test_ipython_reads_every_code_cell_as_it_is_written(text: str):
    made = source(Code(text))
    if obstacle(Code(text)) is None and made:
        read = TransformerManager().transform_cell(made)
        # The blanks of an empty line are all that it takes away.
        assert re.sub(r"(?m)^[ \t]+$", "", read) == re.sub(r"(?m)^[ \t]+$", "", made) + "\n"


def test_every_magic_of_a_kernel_is_known_by_its_name():
    script = (
        "from ipykernel.zmqshell import ZMQInteractiveShell as Shell\n"
        "print(*Shell.instance().magics_manager.magics['line'])"
    )
    out = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
    ).stdout
    assert len(out.split()) > 80
    assert set(out.split()) <= MAGICS


SHELL = """
import json, os, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.history_manager.enabled = False
for folder, code in json.loads(sys.stdin.read()):
    os.chdir(folder)
    print("code:", code)
    shell.run_cell(code)
    print("left:", *sorted(os.listdir(folder)))
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What IPython says of each single line, run in a folder of its own with ``data`` in it."""
    jobs = []
    for code in MAGIC:
        folder = tmp_path_factory.mktemp("magic")
        (folder / "data").mkdir()
        jobs.append((str(folder), source(Code(code))))
    said = subprocess.run(
        [sys.executable, "-c", SHELL],
        input=json.dumps(jobs),
        env={**os.environ, "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    return said.split("code:")[1:]


@pytest.mark.parametrize("code", MAGIC)
def test_a_single_line_of_python_is_never_a_magic(ran: list[str], code: str):
    assert obstacle(Code(code)) is None
    made = source(Code(code))
    assert made == f"{code}\n{NO_MAGIC}"
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(code))
    said = ran[MAGIC.index(code)]
    assert said.startswith(f" {code}\n")
    assert "left: data\n" in said
    assert "NameError" in said


def test_an_indented_comment_in_front_moves_nothing_below_it():
    code = "    # First.\nif True:\n     text = '''\n    kept'''\n"
    made = source(Code(code))
    assert TransformerManager().transform_cell(made) == made + "\n"
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(code))


def test_two_lines_need_no_such_comment():
    assert source(Code("ls = 1\nls")) == "ls = 1\nls"
    assert source(Code("result - 1")) == "result - 1"
