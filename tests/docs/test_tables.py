"""The docs against the code: their tables are the code's own, and what they name is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from gemini_magic.batch import run_options
from gemini_magic.batch.job import EXIT_CODES, exit_code
from gemini_magic.errors import KEY_VARIABLES
from gemini_magic.magics.commands.table import SUBCOMMANDS
from gemini_magic.settings import BACKENDS, ENVIRONMENT

from .pages import CHECKOUT, DOCS, PAGES, blocks, spoken

SCRIPT = CHECKOUT / "scripts" / "docs_tables.py"
# Options of other programs, and of subcommands.
FOREIGN = {
    "--extra-keys",
    "--ignore-metadata",
    "--ignore-outputs",
    "--to",
    "--execute",
    "--new",
    "--fork",
    "--delete",
    "--list",
    "--profile",
    "--docs",
}
FOREIGN |= {"--seed", "--version"}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_tables", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = load()
BY_PAGE = {path.name: path.read_text() for path in DOCS.glob("*.md")}


@pytest.mark.parametrize("name", TABLES.TABLES)
def test_each_table_stands_on_one_page_as_the_code_has_it(name: str):
    block = f"<!-- table: {name} -->\n" + "".join(f"{line}\n" for line in TABLES.TABLES[name]())
    found = [page for page, text in BY_PAGE.items() if f"{block}<!-- /table -->" in text]
    assert len(found) == 1, "run python scripts/docs_tables.py"


def test_no_table_is_one_that_the_script_does_not_write():
    marks = re.findall(r"<!-- (?:table: (\S+)|/table) -->", "".join(BY_PAGE.values()))
    assert sorted(mark for mark in marks if mark) == sorted(TABLES.TABLES)
    assert marks.count("") == len(TABLES.TABLES), "each ends"


def test_a_table_that_differs_is_told_and_written_again():
    page = "<!-- table: exit-codes -->\n| old |\n<!-- /table -->\n"
    assert TABLES.written(page) != page
    assert TABLES.written(TABLES.written(page)) == TABLES.written(page)
    with pytest.raises(KeyError):
        TABLES.written("<!-- table: unheard-of -->\n<!-- /table -->\n")


def test_the_exit_codes_are_those_that_jobs_give_and_the_help_tells():
    assert exit_code(set(EXIT_CODES) - {2}) == 130
    given = {exit_code({code}) for code in EXIT_CODES}
    assert given == set(EXIT_CODES) - {2}, "2 is given before any job begins"
    said = " ".join(run_options.DESCRIPTION.split())
    assert all(f"{code} {meaning}" in said for code, meaning in EXIT_CODES.items())


def test_every_environment_variable_and_backend_is_explained():
    text = BY_PAGE["backends.md"]
    assert [name for name in (*ENVIRONMENT.values(), *KEY_VARIABLES) if name not in text] == []
    assert [name for name in BACKENDS if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_subcommand_that_a_page_names_is_there(page: Path):
    text = "\n".join([*spoken(page), *(block.text for block in blocks(page))])
    named = re.findall(r"(?<!%)%gemini ([a-z]+)", text)
    assert set(named) <= {command.name for command in SUBCOMMANDS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_that_a_page_names_is_there(page: Path):
    if page.name == "CONTRIBUTING.md":
        return  # of pytest, ruff and others
    ours = {word for table in TABLES.TABLES.values() for word in _options("\n".join(table()))}
    named = {word for text in spoken(page) for word in _options(text)}
    assert named - ours - FOREIGN == set()


def _options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def test_the_commands_of_the_extension_are_those_it_has():
    sources = "".join(
        path.read_text() for path in (CHECKOUT / "gemini_magic/lab/src").rglob("*.ts")
    )
    named = re.findall(r"`(gemini-magic:[a-z-]+)`", "".join(BY_PAGE.values()))
    assert named and [name for name in named if name not in sources] == []
