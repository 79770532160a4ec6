"""Writes the tables of the docs from the code: ``python scripts/docs_tables.py``.

A page of ``docs/``, or the README, marks a table with ``<!-- table: NAME -->`` and
``<!-- /table -->``; what stands between them is replaced. ``--check`` writes nothing and exits with
1 when a page differs from the code. A test of the suite compares the same.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path

from gemini_magic import catalog
from gemini_magic.batch.cli import _parser
from gemini_magic.batch.job import EXIT_CODES
from gemini_magic.magics.commands.table import SUBCOMMANDS
from gemini_magic.magics.front_ends import TABLE
from gemini_magic.magics.magic import GeminiMagics
from gemini_magic.magics.options import OPTIONS
from gemini_magic.session import unlisted

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
PAGES = (CHECKOUT / "README.md", *sorted(DOCS.glob("*.md")))
SIDEBAR = CHECKOUT / "gemini_magic/lab/schema/plugin.json"
BLOCK = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The lines of a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(_cell(text) for text in line)} |" for line in lines]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def options() -> list[str]:
    """The options of ``%%gemini``."""
    return table(("option", "meaning"), ((f"`{one.usage}`", one.help) for one in OPTIONS))


def subcommands() -> list[str]:
    """The subcommands of ``%gemini``."""
    rows = ((f"`{one.usage}`", one.help) for one in SUBCOMMANDS)
    return table(("subcommand", "meaning"), rows)


def traits() -> list[str]:
    """The traits of the magics."""
    found = GeminiMagics.class_traits(config=True)
    rows = (
        (f"`{name}`", f"`{one.default_value_repr()}`", str(one.help)) for name, one in found.items()
    )
    return table(("trait", "default", "meaning"), rows)


def exit_codes() -> list[str]:
    """The exit codes of the command line."""
    return table(("exit code", "meaning"), ((str(c), said) for c, said in EXIT_CODES.items()))


def exporters() -> list[str]:
    """The exporters of nbconvert, each with the options that it adds."""
    rows = []
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    for to, place in sorted(project["entry-points"]["nbconvert.exporters"].items()):
        exporter = EntryPoint(to, place, "nbconvert.exporters").load()
        for name, trait in exporter.class_own_traits(config=True).items():
            option = f"`--{exporter.__name__}.{name}`"
            values = ", ".join(f"`{value}`" for value in trait.values)
            rows.append((f"`{to}`", option, values, f"`{trait.default_value}`", str(trait.help)))
    return table(("`--to`", "option", "values", "default", "meaning"), rows)


def views() -> list[str]:
    """What each front end shows of an answer."""
    rows = ((one.name, one.seen) for one in TABLE)
    return table(("front end", "what you see"), rows)


def sidebar_settings() -> list[str]:
    """The settings of the JupyterLab extension."""
    rows = (
        (f"`{name}`", f"`{json.dumps(one['default'])}`", f"{one['title']}. {one['description']}")
        for name, one in json.loads(SIDEBAR.read_text())["properties"].items()
    )
    return table(("setting", "default", "meaning"), rows)


def models() -> list[str]:
    """What is known of each model."""
    rows = []
    for model in catalog.MODELS.values():
        routing = model.routing
        said = []
        if routing is not None:
            since = "" if routing.since is None else f" from {routing.since:%Y-%m-%d} on"
            said.append(f"`{routing.model}` answers for it{since}")
        elif model.ends is not None:
            said.append(f"shut down on {model.ends:%Y-%m-%d}")
        if not model.thinks:
            said.append("thinks only when told to")
        if "temperature" in model.ignores:
            said.append("ignores `--temperature`")
        if model.office:
            said.append("takes Office files")
        levels = ", ".join(
            f"**{level}**" if level == model.default else level for level in model.levels or ()
        )
        alias = routing is not None and routing.since is None
        rows.append((f"`{model.name}`", levels or ("" if alias else "a budget"), "; ".join(said)))
    return table(("model", "levels of `--thinking`", "to know"), rows)


def own_prices() -> list[str]:
    """The prices of models that genai-prices does not have."""
    rows = []
    for name, steps in unlisted.PRICES.items():
        for since, own in steps:
            from_on = "" if since is None else f"{since:%Y-%m-%d}"
            cached = own.get("cache_read_mtok", own["input_mtok"])
            told = (f"{own['input_mtok']}", f"{own['output_mtok']}", f"{cached}")
            rows.append((f"`{name}`", from_on, *told))
    return table(("model", "from (UTC)", "input", "output", "cached input"), rows)


def _commands() -> dict[str, tuple[argparse.ArgumentParser, str]]:
    [choices] = [one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction)]
    helps = {one.dest: one.help or "" for one in choices._choices_actions}
    return {name: (parser, helps[name]) for name, parser in choices.choices.items()}


def commands() -> list[str]:
    """The commands of ``jupyter gemini``."""
    rows = ((f"`jupyter gemini {name}`", said) for name, (_, said) in _commands().items())
    return table(("command", "meaning"), rows)


def arguments(command: str) -> list[str]:
    """The arguments of one command of ``jupyter gemini``."""
    parser, _ = _commands()[command]
    rows = [
        (f"`{_usage(one)}`", one.help or "")
        for one in parser._actions
        if not isinstance(one, argparse._HelpAction) and one.help != argparse.SUPPRESS
    ]
    return table(("argument", "meaning"), rows)


def _usage(action: argparse.Action) -> str:
    names = ", ".join(action.option_strings)
    if action.nargs == 0:
        return names
    if isinstance(action.metavar, tuple):
        takes = " ".join(action.metavar)
    elif action.choices is not None:
        takes = "{" + ",".join(map(str, action.choices)) + "}"
    else:
        takes = action.metavar or action.dest.upper()
    return f"{names} {takes}".strip() + (" ..." if action.nargs == "+" else "")


TABLES: dict[str, Callable[[], list[str]]] = {
    "options": options,
    "subcommands": subcommands,
    "traits": traits,
    "exit-codes": exit_codes,
    "exporters": exporters,
    "views": views,
    "sidebar-settings": sidebar_settings,
    "models": models,
    "own-prices": own_prices,
    "commands": commands,
    **{name: partial(arguments, name) for name in _commands()},
}


def written(page: str) -> str:
    """``page`` with its tables as the code has them; KeyError on a table that there is not."""

    def block(found: re.Match[str]) -> str:
        return found[1] + "".join(f"{line}\n" for line in TABLES[found[2]]()) + found[3]

    return BLOCK.sub(block, page)


def main() -> int:
    """Write the pages, or say which of them differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    differing = []
    for path in PAGES:
        text = path.read_text()
        if written(text) != text:
            differing.append(path.name)
            if not check:
                path.write_text(written(text))
    if check and differing:
        print(f"{', '.join(differing)}: run python scripts/docs_tables.py", file=sys.stderr)
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
