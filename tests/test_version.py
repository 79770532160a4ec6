"""The version stands in one place, and everything that tells it tells the same."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.version import Version

import gemini_magic

CHECKOUT = Path(__file__).parents[1]
LAB = CHECKOUT / "gemini_magic" / "lab"


def test_the_installed_package_has_the_version_of_the_module():
    assert version("gemini-magic") == gemini_magic.__version__


def test_the_project_file_takes_it_from_the_module():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    assert "version" not in project["project"] and "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "gemini_magic/__init__.py"


def test_the_npm_package_has_the_same_version():
    lock = json.loads((LAB / "package-lock.json").read_text())
    named = [
        json.loads((LAB / "package.json").read_text())["version"],
        lock["version"],
        lock["packages"][""]["version"],
    ]
    # npm writes a pre-release apart: 1.0.0-rc.1.
    assert [Version(one) for one in named] == [Version(gemini_magic.__version__)] * 3


def test_the_changelog_has_an_entry_for_it():
    found = re.findall(r"^## \[([^\]]+)\]", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert found[0] == "Unreleased" and gemini_magic.__version__ in found
