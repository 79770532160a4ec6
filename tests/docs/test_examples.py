"""What the pages show is what works: their cells run in real kernels (commands: `test_commands`).

A block of a page may carry a comment right above it: ``<!-- executed -->`` (a command that is run
here), ``<!-- executed by .ci/run -->``, ``<!-- executed: raises NAME -->`` (a cell that fails on
purpose) or ``<!-- not executed: REASON -->``. A cell needs none.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ..batch.running import LOAD
from ..kernel import Kernel
from .pages import CHECKOUT, PAGES, Block, blocks, spoken

BLOCKS = [block for page in PAGES for block in blocks(page)]
CELLS = {page: [b for b in blocks(page) if b.language in ("ipython", "python")] for page in PAGES}
# The README's own commands in the words of `.ci/run`, which installs the wheel.
IN_CI = {'pip install ".[batch]"': "[batch]", "jupyter gemini demo": "gemini demo --out"}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_executed_or_says_why_not(block: Block):
    assert block.language in ("sh", "ipython", "python", "text"), "one that is tried or marked"
    if block.language == "sh":
        assert re.fullmatch(r"executed|executed by \.ci/run|not executed: .{8,}", block.mark)
    elif block.language == "text":
        assert not block.mark
    else:
        assert re.fullmatch(r"|executed: raises \w+|not executed: .{8,}", block.mark)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all pages, in which the emulator answers; each page begins anew."""
    folder = tmp_path_factory.mktemp("pages")
    with Kernel(folder, load=False, GEMINI_MAGIC_BACKEND="emulator") as one:
        yield one


@pytest.mark.parametrize("page", [page for page in PAGES if CELLS[page]], ids=lambda p: p.name)
def test_the_cells_of_a_page_run_in_a_kernel(page: Path, kernel: Kernel):
    anew = ["%reset -f", "import gemini_magic", "%unload_ext gemini_magic"]
    anew.append("get_ipython().config.pop('GeminiMagics', None)")  # what a page has set
    if not any("%load_ext" in block.text for block in CELLS[page]):
        anew.append(LOAD)
    begun = kernel.run("\n".join(anew))
    assert begun.ok, begun.error
    for at, block in enumerate(CELLS[page]):
        if block.mark.startswith("not executed"):
            continue
        ran = kernel.run(block.text.rstrip("\n"), cell=f"{page.stem}-{at}")
        if block.mark:
            assert not ran.ok and ran.error["ename"] == block.mark.split()[-1], block
        else:
            assert ran.ok, (str(block), ran.error)
        if block.text.startswith("%%gemini"):
            assert ran.turn["status"] == "complete", block


def test_what_ci_is_said_to_run_it_runs():
    ci = (CHECKOUT / ".ci" / "run").read_text()
    found = re.search(r"sed -n 's/(.*)/\\1/p' README\.md", ci)
    assert found is not None
    tests = found[1].replace("\\(", "(").replace("\\)", ")")
    [command] = re.findall(tests, (CHECKOUT / "README.md").read_text(), re.MULTILINE)
    assert command == 'pip install ".[test]" && pytest -n 2'
    for block in BLOCKS:
        if block.mark == "executed by .ci/run":
            for line in block.text.splitlines():
                words = [] if line == command else line.split(" && ")
                assert [word for word in words if IN_CI.get(word, word) not in ci] == [], block


def test_the_readme_has_two_commands_for_a_clone():
    readme = next(page for page in PAGES if page.name == "README.md")
    held = [block.text for block in blocks(readme) if block.mark == "executed by .ci/run"]
    assert held == [
        'pip install ".[batch]" && jupyter gemini demo\n',
        'pip install ".[test]" && pytest -n 2\n',
    ]


MODULES = sorted({text for page in PAGES for text in spoken(page) if text.startswith("python -m ")})


@cache
def helped(module: str) -> str:
    """What the module says of its options."""
    ran = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("command", MODULES)
def test_a_module_that_the_text_names_takes_the_options_it_is_given(command: str):
    module, *words = command.removeprefix("python -m ").split()
    if module == "tests.fuzz":  # needs atheris, as its row says
        assert (CHECKOUT / "tests/fuzz/__main__.py").is_file()
        return
    options = [word for word in words if word.startswith("-")]
    assert [option for option in options if option not in helped(module)] == []
