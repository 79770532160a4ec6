"""The pages in the repository: each link leads somewhere, each heading that is linked is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import DOCS, PAGES, anchors, links, spoken

BUILT = {"gemini_magic/labextension"}  # not in the repository
README = next(page for page in PAGES if page.name == "README.md")


def broken(page: Path) -> list[str]:
    """The links of ``page`` to files and headings that are not there."""
    found = []
    for link in links(page):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file_or_a_heading(page: Path):
    assert broken(page) == []


def test_a_broken_link_is_seen(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One two\n[a](#one-two) [b](#three) [c](none.md) ![d](none.png)\n\n"
        '<picture><img src="gone.png"></picture>\n\n| t |\n| --- |\n| [e](table.md) |\n'
    )
    assert broken(page) == ["#three", "none.md", "none.png", "gone.png", "table.md"]


def test_the_readme_is_short_and_shows_the_product():
    assert len(README.read_text().splitlines()) <= 150
    pictures = [link for link in links(README) if link.endswith(".png")]
    assert pictures and all((README.parent / one).stat().st_size < 150_000 for one in pictures)


def test_the_readme_leads_to_every_page_of_the_docs():
    linked = {link for link in links(README) if link.startswith("docs/")}
    pages = {f"docs/{page.name}" for page in PAGES if page.parent == DOCS}
    assert pages - linked == {"docs/index.md"}


def test_every_path_that_contributing_names_is_there():
    page = next(page for page in PAGES if page.name == "CONTRIBUTING.md")
    named = {text for text in spoken(page) if text.startswith(("gemini_magic/", "docs/", "tests/"))}
    assert "gemini_magic/turn/parts.py" in named
    assert sorted(path for path in named - BUILT if not (page.parent / path).exists()) == []


def test_every_test_that_security_names_is_there():
    """A row of the table of doors names the tests that hold it: ``path::name``, then ``::name``."""
    root = README.parent
    path, missing = "", []
    named = re.findall(
        r"`((?:tests/[\w/]+(?:\.py)?)?(?:::\w+)?)`", (root / "SECURITY.md").read_text()
    )
    for one in filter(None, named):
        file, _, test = one.partition("::")
        path = file or path
        place = root / path
        if not place.exists() or (test and f"def {test}(" not in place.read_text()):
            missing.append(f"{path}::{test}")
    assert missing == []
