"""Takes the README's pictures from the real page: ``python docs/pictures/take.py``.

A real JupyterLab with the built extension, a real kernel, the offline emulator, headless Chromium;
light and dark. Needs the test extra, Chromium, and a checkout installed with ``pip install .``.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests" / "e2e")]

from browsing import App, Server, until  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from sidebar import Sidebar  # noqa: E402

LOAD = "%load_ext gemini_magic\n%gemini backend emulator"
ASK = [
    "%%gemini\nAdd up these prices: 12.50; 3,20 €; $1,004.99; n/a; 7",
    "%%gemini\nPlot sine and cosine from 0 to 2 pi with matplotlib.",
]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def save(picture: bytes, name: str) -> None:
    """Writes a screenshot beside this script, small."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    # 256 colours, the rare ones (a failed run's red) kept: half the size, and no change to be seen.
    method = Image.Quantize.MAXCOVERAGE
    image.quantize(256, method, kmeans=1, dither=Image.Dither.NONE).save(
        HERE / f"{name}.png", optimize=True
    )


def take(app: App, name: str, theme: str) -> None:
    """One picture of the answers, in ``theme``, as ``answers-NAME.png`` beside this script."""
    app.open([LOAD, *ASK])
    app.js("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    app.run(0)
    for at in range(1, len(ASK) + 1):
        app.run(at)
        turn = app.turn(at)
        until(lambda turn=turn: turn.get_attribute("data-status") == "complete", "the answer")
    app.turn(1).locator("details.gm-Code > summary").first.click()
    app.page.set_viewport_size({"width": 1100, "height": 1510})
    app.page.wait_for_timeout(500)
    save(app.page.locator(".jp-Notebook").first.screenshot(), f"answers-{name}")


def take_sidebar(app: App, name: str, theme: str) -> None:
    """One picture of the sidebar beside a notebook whose cell runs, as ``sidebar-NAME.png``."""
    app.page.set_viewport_size({"width": 1300, "height": 900})
    app.open([LOAD, ASK[1], "import time\ntime.sleep(600)  # a long computation"])
    app.js("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    app.js("jupyterapp.shell.collapseLeft()")
    app.run(0)
    app.run(1)
    panel = Sidebar(app).open().ready()
    app.start(2)
    panel.ask("What is the sum of the first 50 prime numbers? Use code.")
    panel.answered(1)
    app.page.wait_for_timeout(1000)
    save(app.page.screenshot(), f"sidebar-{name}")


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed (apt-get install chromium).")
    built = CHECKOUT / "gemini_magic" / "labextension"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server("lab", Path(folder), built, python_path=[CHECKOUT])
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        server.start()
        try:
            for name, theme in THEMES.items():
                for picture in (take, take_sidebar):
                    with App(browser, server) as app:
                        picture(app, name, theme)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
