"""Real JupyterLab and Notebook servers, and Chromium in front of them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

import gemini_magic

sys.path.insert(0, str(Path(__file__).parent))
from browsing import App, Server
from keeping import Kept

PACKAGE = Path(gemini_magic.__file__).parent


def _missing(reason: str) -> None:
    """Skip with a reason where a developer may lack something; CI has everything."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def extension() -> Path | None:
    """The built extension: of the checkout that is imported, else of the installed wheel."""
    built = PACKAGE / "labextension"
    installed = Path(sys.prefix, "share", "jupyter", "labextensions", "gemini-magic")
    return next((at for at in (built, installed) if (at / "package.json").exists()), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say of a failure what the page showed and the server wrote."""
    report = yield
    if call.when == "call" and report.failed:
        apps = [one for one in getattr(item, "funcargs", {}).values() if isinstance(one, App)]
        for app in apps:
            app.failed_test = True
            try:
                told = app.told()
            except Exception as error:  # noqa: BLE001 - the page may be what is broken
                told = f"The page cannot be read: {error}"
            report.sections.append(("The page", told))
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        _missing("Chromium is not installed (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield started
        started.close()


def _extension() -> Path:
    built = extension()
    if built is None:
        _missing("the JupyterLab extension is not built (npm run build:prod in gemini_magic/lab)")
    assert built is not None
    return built


def _server(kind: str, folder: Path, built: Path | None) -> Iterator[Server]:
    # Another environment's JupyterLab, to try an older one.
    programs = Path(os.environ.get("GEMINI_MAGIC_PROGRAMS") or Path(sys.executable).parent)
    if shutil.which(f"jupyter-{kind}", path=str(programs)) is None:
        _missing(f"jupyter {kind} is not installed")
    own = [PACKAGE.parent, Path(__file__).parent]
    server = Server(kind, folder, built, python_path=own, programs=programs)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _server("lab", tmp_path_factory.mktemp("lab"), _extension())


@pytest.fixture(scope="session")
def notebook_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _server("notebook", tmp_path_factory.mktemp("notebook"), _extension())


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _server("lab", tmp_path_factory.mktemp("bare"), None)


@pytest.fixture
def kept_page() -> None:
    """Used by tests that open their notebooks in the page that the tests before them have left."""


@pytest.fixture(scope="session")
def kept_pages(browser: Any) -> Iterator[dict[str, Kept]]:
    """The pages that tests share, by server."""
    pages: dict[str, Kept] = {}
    yield pages
    for page in pages.values():
        page.close()


def _app(request: pytest.FixtureRequest, name: str) -> Iterator[App]:
    browser, server = request.getfixturevalue("browser"), request.getfixturevalue(name)
    pages = request.getfixturevalue("kept_pages")
    kept = None
    if "kept_page" not in request.fixturenames or "alone" in request.fixturenames:
        for page in pages.values():  # nothing goes on beside
            page.close()
    elif server.kind == "lab":
        kept = pages.setdefault(name, Kept(browser, server))
    with App(browser, server, kept=kept) as app:
        yield app


@pytest.fixture
def lab(request: pytest.FixtureRequest, browser: Any) -> Iterator[App]:
    """JupyterLab in a page of its own, or (`kept_page`) in one that is as good as new."""
    yield from _app(request, "lab_server")


@pytest.fixture
def bare(request: pytest.FixtureRequest, browser: Any) -> Iterator[App]:
    """JupyterLab without our extension, in a page as `lab` has it; ipywidgets are there."""
    yield from _app(request, "bare_server")


@pytest.fixture(params=["lab", "notebook"])
def app(request: pytest.FixtureRequest, browser: Any) -> Iterator[App]:
    """JupyterLab, as `lab`, then Notebook 7 in a page of its own."""
    yield from _app(request, f"{request.param}_server")
