"""The README against the code: its tables are the code's own."""

from __future__ import annotations

import re
from pathlib import Path

from traitlets import TraitType

from gemini_magic.magics.magic import GeminiMagics
from gemini_magic.magics.options import OPTIONS
from gemini_magic.magics.subcommands import SUBCOMMANDS

README = Path(__file__).parents[1] / "README.md"


def table(name: str) -> list[str]:
    found = re.search(rf"<!-- {name}:.*?-->\n(.*?)<!-- /{name} -->", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1].splitlines()[2:]


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def option_rows() -> list[str]:
    return [f"| `{cell(option.usage)}` | {cell(option.help)} |" for option in OPTIONS]


def subcommand_rows() -> list[str]:
    return [f"| `{cell(command.usage)}` | {cell(command.help)} |" for command in SUBCOMMANDS]


def trait_rows() -> list[str]:
    traits: dict[str, TraitType] = GeminiMagics.class_traits(config=True)
    return [
        f"| `{name}` | `{trait.default_value_repr()}` | {cell(str(trait.help))} |"
        for name, trait in traits.items()
    ]


def test_the_options_are_those_of_the_code():
    assert table("options") == option_rows()


def test_the_subcommands_are_those_of_the_code():
    assert table("subcommands") == subcommand_rows()


def test_the_traits_are_those_of_the_code():
    assert table("traits") == trait_rows()


def rewrite() -> None:
    """Write the tables anew: ``python -m tests.test_readme``."""
    text = README.read_text()
    for name, rows in [
        ("options", option_rows()),
        ("subcommands", subcommand_rows()),
        ("traits", trait_rows()),
    ]:
        head = re.search(rf"(<!-- {name}:.*?-->\n.*?\n.*?\n)", text)
        assert head is not None
        end = text.index(f"<!-- /{name} -->")
        text = text[: head.end()] + "".join(f"{row}\n" for row in rows) + text[end:]
    README.write_text(text)


if __name__ == "__main__":
    rewrite()
