"""The site, built as `.ci/run` builds it: no warning, no network, no link that leads nowhere."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from gemini_magic import __version__

from .pages import CHECKOUT, DOCS

pytestmark = pytest.mark.timeout(400)  # building the site takes its time on a busy machine


class Page(HTMLParser):
    """What a page links to, what it loads, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.text = path, path.read_text()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if (tag == "a" and "href" in given) or (
            tag == "link" and given.get("rel") in ("index", "search", "next", "prev")
        ):
            self.links.append(given["href"])
        elif tag == "link" and "href" in given:
            self.loaded.append(given["href"])
        elif "src" in given:
            self.loaded.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The pages of the site, built anew, with every warning an error."""
    folder = tmp_path_factory.mktemp("site")
    words = ["-q", "-W", "--keep-going", "-d", str(folder / "doctrees")]
    words += ["-D", "nb_execution_mode=off"]  # `.ci/run` shows the notebooks executed
    ran = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(DOCS), str(folder / "html")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=390,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    return {path: Page(path) for path in (folder / "html").rglob("*.html")}


def dead(page: Page, site: dict[Path, Page]) -> list[str]:
    """The links of ``page`` within the site that lead nowhere."""
    found = []
    for link in [*page.links, *page.loaded]:
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        anchor = unquote(parts.fragment)
        known = site.get(target)
        if not target.exists() or (anchor and known is not None and anchor not in known.anchors):
            found.append(link)
    return found


def test_no_link_or_anchor_of_the_site_leads_nowhere(site: dict[Path, Page]):
    assert {page.path.name: dead(page, site) for page in site.values() if dead(page, site)} == {}


def test_a_dead_link_and_a_dead_anchor_are_seen(tmp_path: Path):
    path = tmp_path / "page.html"
    path.write_text('<a href="#here" id="here"></a><a href="#gone"></a><a href="none.html"></a>')
    page = Page(path)
    assert dead(page, {path: page}) == ["#gone", "none.html"]


def test_the_site_loads_nothing_from_elsewhere(site: dict[Path, Page]):
    elsewhere = [one for page in site.values() for one in page.loaded if urlsplit(one).netloc]
    assert elsewhere == []


def test_every_page_of_the_sources_is_built(site: dict[Path, Page]):
    built = {path.stem for path in site}
    assert {path.stem for path in DOCS.glob("*.md")} <= built


def test_the_api_page_has_the_docstrings(site: dict[Path, Page]):
    [page] = [page for page in site.values() if page.path.stem == "api"]
    wanted = {
        "gemini_magic.ask",
        "gemini_magic.Turn",
        "gemini_magic.Turn.table",
        "gemini_magic.errors.NoBackend",
        "gemini_magic.emulator.Emulator",
        "gemini_magic.emulator.Fault.status",
        "gemini_magic.transport.scripted.Scripted",
    }
    assert wanted - page.anchors == set()
    assert "the longest wait for what comes next" in page.text
    assert "#gemini_magic.errors.GeminiError" in page.links, "a docstring's names are links"


def test_the_site_says_its_version(site: dict[Path, Page]):
    assert all(f"gemini_magic {__version__}" in page.text for page in site.values())


def test_the_script_agrees_in_a_process_of_its_own():
    ran = subprocess.run(
        [sys.executable, CHECKOUT / "scripts" / "docs_tables.py", "--check"],
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
