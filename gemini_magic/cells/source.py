"""Makes the source of a code cell from the model's code, and tells code that cannot be one.

A code cell runs IPython's language, not only Python's: ``!rm`` or ``%%javascript`` was a syntax
error in Google's sandbox and would act in a notebook. So only what parses as Python becomes one,
and only what IPython then leaves as it is: prompts are stripped (also inside of a string), and a
single line that begins with a magic's name is that magic (``rm -r -- data`` and ``ls; reboot`` are
Python as well).
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

from gemini_magic.text import hidden
from gemini_magic.turn.parts import Code

# Search tools come as code that calls a function nobody has: `google_search` and `file_search`
# (recorded bodies, never with a result), `concise_search` (published transcripts, with one that
# only says that a search is made).
SEARCH_TOOLS = frozenset({"google_search", "concise_search", "file_search"})

_LANGUAGES = frozenset({"", "PYTHON", "LANGUAGE_UNSPECIFIED"})
_PROMPT = re.compile(r"^[ \t]*(?:>>>|\.\.\.|(?:\[\w+\] ?)?In ?\[)", re.MULTILINE)
# The line magics and aliases that a kernel has (IPython 9.18), each at work without its %: a test
# looks whether there are new ones. A user's own ones are not known here.
_NAMES = """
    alias alias_magic autoawait autocall automagic autosave bookmark cat cd clear code_wrap colors
    conda config connect_info cp debug dhist dirs doctest_mode ed edit env gemini gui hist history
    killbgscripts ldir less lf lk ll load load_ext loadpy logoff logon logstart logstate logstop ls
    lsmagic lx macro magic mamba man matplotlib micromamba mkdir more mv notebook page pastebin pdb
    pdef pdoc pfile pinfo pinfo2 pip popd pprint precision prun psearch psource pushd pwd pycat
    pylab qtconsole quickref recall rehashx reload_ext rep rerun reset reset_selective rm rmdir run
    save sc set_env subshell sx system tb time timeit unalias unload_ext uv who who_ls whos xdel
    xmode
"""
MAGICS = frozenset(_NAMES.split())
_BLANKS = re.compile(r"^[ \t]+$", re.MULTILINE)
_HEAD = re.compile(r"[^\W\d]\w*")
NO_MAGIC = "# Python's, not the magic of that name"


def source(code: Code) -> str:
    """The code without blank lines around it, and without an indentation common to all of it.

    Gemini 2.5 Pro writes what it runs while thinking indented. Python that is fine as it stands
    keeps every character between its first and its last line. A line alone that IPython would take
    for a magic gets a second one, a comment: of two lines IPython takes none for that.
    """
    # Editors know one end of line; Python reads the others as that one, in strings too.
    text = code.code.replace("\r\n", "\n").replace("\r", "\n")
    if parsed(text) is None:
        dedented = textwrap.dedent(text)
        text = dedented if parsed(dedented) is not None else text
    lines = text.split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    found = "\n".join(lines).rstrip()
    if found[:1] in " \t" and parsed(found) is not None:
        # A comment, the only thing that Python lets begin so: IPython would take as much
        # indentation off every line below it.
        found = found.lstrip(" \t")
    head = _HEAD.match(found)
    if head is not None and head[0] in MAGICS and "\n" not in found and parsed(found) is not None:
        found += f"\n{NO_MAGIC}"
    return found


def obstacle(code: Code) -> str | None:
    """Why the code cannot be a code cell, in words; None when it can."""
    if code.language.upper() not in _LANGUAGES:
        return f"its language is {code.language}"
    text = source(code)
    if parsed(text) is None:
        return "it is not valid Python"
    why = hidden(text)
    if why is None and _PROMPT.search(text) and _altered(text):
        why = "IPython would take the prompts in it away, and run something else"
    return why


def is_search(code: Code) -> bool:
    """Whether the code only calls a search tool of the service, which exists nowhere else."""
    tree = parsed(source(code))
    if tree is None:
        return False
    called, bound = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))):
                called.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                bound.add(name)
            case ast.alias():
                bound.add((node.asname or node.name).partition(".")[0])
    return bool(called & SEARCH_TOOLS - bound)


def computation(code: Code) -> str:
    """What the code computes, for comparison: its syntax without layout and comments."""
    tree = parsed(source(code))
    return source(code) if tree is None else ast.dump(tree)


def _altered(text: str) -> bool:
    # Imported for such code alone: in a batch run's process IPython is not loaded.
    from IPython.core.inputtransformer2 import TransformerManager

    changed: str = TransformerManager().transform_cell(text)  # type: ignore[no-untyped-call]
    # The blanks of an empty line go as well, as in every cell that is typed.
    return _BLANKS.sub("", changed) != _BLANKS.sub("", text) + "\n"


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of ``text``; None when it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string: of no concern here
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # as the parser says no
        return None
