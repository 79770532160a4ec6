"""A Jupyter server in a process of its own, and a notebook in a browser page."""

from __future__ import annotations

import copy
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from keeping import Kept, Lent

PATIENCE = 60.0  # seconds; generous, since the machine may be busy
QUIET = {"fetchNews": "false", "checkForUpdates": False}

# Notebook 7.6 logs these without our extension as well.
KNOWN_PAGE_ERRORS = ("reading 'schema'", "Menu entry", "yjs#509")


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Wait for ``condition`` to be true and return its value; AssertionError after ``patience``."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {patience:.0f} s for {what}")


class Server:
    """``jupyter lab`` or ``jupyter notebook`` with everything of it under ``folder``.

    ``extension``: our built extension; None for a front end without it, installed or not.
    ``programs``: where Jupyter's programs lie, by default beside this Python.
    """

    def __init__(
        self,
        kind: str,
        folder: Path,
        extension: Path | None,
        python_path: list[Path],
        programs: Path | None = None,
    ) -> None:
        self.kind = kind
        self._programs = programs or Path(sys.executable).parent
        self.root = folder / "root"
        self.settings = folder / "jupyterlab_settings_dir"
        self.url = ""
        self._folder = folder
        self._extension = extension
        self._python_path = python_path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the server and its kernels have written."""
        return (self._folder / "server.log").read_text(errors="replace")

    def start(self) -> None:
        places = {
            name: self._folder / name.lower()
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "IPYTHONDIR",
                "JUPYTERLAB_SETTINGS_DIR",
                "JUPYTERLAB_WORKSPACES_DIR",
                "HOME",
            )
        }
        for place in (*places.values(), self.root):
            place.mkdir(parents=True)
        extensions = places["JUPYTER_DATA_DIR"] / "labextensions"
        extensions.mkdir()
        # Each page would have the server ask a Node.js where packages come from.
        page: dict[str, Any] = {"buildCheck": False}
        if self._extension is not None:
            (extensions / "gemini-magic").symlink_to(self._extension)
        else:
            page["disabledExtensions"] = {"gemini-magic": True}
        config = places["JUPYTER_CONFIG_DIR"] / "labconfig"
        config.mkdir()
        (config / "page_config.json").write_text(json.dumps(page))
        settings = places["JUPYTERLAB_SETTINGS_DIR"] / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))
        application = {"lab": "LabApp", "notebook": "JupyterNotebookApp"}[self.kind]
        log = (self._folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [
                str(self._programs / f"jupyter-{self.kind}"),
                "--ServerApp.ip=127.0.0.1",
                "--ServerApp.port=0",
                "--no-browser",
                "--allow-root",
                "--IdentityProvider.token=",
                "--ServerApp.password=",
                "--ServerApp.disable_check_xsrf=True",
                f"--ServerApp.root_dir={self.root}",
                f"--{application}.expose_app_in_browser=True",
            ],
            env={
                **os.environ,
                **{name: str(place) for name, place in places.items()},
                "PYTHONPATH": os.pathsep.join(map(str, self._python_path)),
                "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                # The extension that is linked here, not one that was installed before it was built.
                "JUPYTER_PREFER_ENV_PATH": "0",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        runtime = places["JUPYTER_RUNTIME_DIR"]
        self.url = until(lambda: self._listening(runtime), f"jupyter {self.kind} to listen")

    def _listening(self, runtime: Path) -> str | None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(self.log[-4000:])
        for path in runtime.glob("jpserver-*.json"):
            try:
                url = str(json.loads(path.read_text())["url"]).rstrip("/")
                with urllib.request.urlopen(f"{url}/api", timeout=5):
                    return url
            except (OSError, ValueError):
                continue
        return None

    def stop(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)

    def request(self, method: str, path: str) -> Any:
        asked = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def shut_down_kernels(self) -> None:
        for session in self.request("GET", "sessions"):
            self.request("DELETE", f"sessions/{session['id']}")

    def page_of(self, path: str, url: str = "") -> str:
        base = url or self.url
        if self.kind == "notebook":
            return f"{base}/notebooks/{path}"
        tree = f"/tree/{path}" if path else ""
        return f"{base}/lab/workspaces/{secrets.token_hex(4)}{tree}?reset"

    def forget_settings(self) -> None:
        """Let the settings be those of the start, whatever a page has had saved."""
        for path in self.settings.rglob("*.jupyterlab-settings"):
            if path.name != "notification.jupyterlab-settings":
                path.unlink()


def profile(browser: Any) -> Any:
    """One profile for all: JupyterLab is fetched and compiled once, and not for each page."""
    if browser.contexts:
        return browser.contexts[0]
    context = browser.new_context(viewport={"width": 1100, "height": 1000})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    return context


class App:
    """A browser page on a server; leaving it ends the kernels it has started.

    ``kept``: a page that tests share, used as long as nothing is done that would outlive the test.
    """

    def __init__(
        self, browser: Any, server: Server, url: str = "", kept: Kept | None = None
    ) -> None:
        self.server = server
        self._url = url or server.url  # another one when something stands in between
        self.kind = server.kind
        self._browser = browser
        self._pages: list[Any] = []  # its own, and those of its tabs
        self._kept = kept
        self.path = ""
        self.failed_test = False
        self._watch()

    def _watch(self) -> None:
        self._page: Any = None
        self._lent = self._used_up = self._been = False
        self.page: Any = Lent(self)
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.dialogs: list[str] = []

    def taken(self, harmless: bool) -> Any:
        """The page: the kept one, if this is the first and ``harmless``, or else one of its own."""
        if self._page is None:
            if harmless and self._kept is not None:
                self._page, self._lent = self._kept.lend(self), True
            else:
                self._page = profile(self._browser).new_page()
                self._pages.append(self._page)
                self._page.on("pageerror", self.failed)
                self._page.on("request", self.asked)
                self._page.on("dialog", self.spoken)
        self._used_up |= not harmless
        return self._page

    def __enter__(self) -> App:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._kept is not None and self._lent:
            asked = [one for one in self.dialogs if not one.startswith("beforeunload")]
            fit = not (self._used_up or self.failed_test or self.own_errors or asked)
            self._kept.take_back(fit and error is None)
        for page in self._pages:
            page.close()
        self.server.shut_down_kernels()
        self.server.forget_settings()

    def tab(self) -> App:
        """The same notebook, and so the same kernel, in a second page of the same browser."""
        other = copy.copy(self)
        other._kept = None
        other._watch()
        other.go()
        return other

    def failed(self, error: Any) -> None:
        self.errors.append(str(error))

    def spoken(self, dialog: Any) -> None:
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.accept()

    def asked(self, request: Any) -> None:
        url = request.url
        if not url.startswith((self._url, "data:", "blob:", "about:")):
            self.foreign.append(url)

    @property
    def own_errors(self) -> list[str]:
        return [e for e in self.errors if not any(known in e for known in KNOWN_PAGE_ERRORS)]

    # -- notebooks -----------------------------------------------------------------------------

    def open(self, cells: Iterable[str | Any], *, kernel: bool = True) -> None:
        """Write a notebook of code cells (source, or a whole cell) and open it."""
        self.path = self.write(cells)
        self.go(kernel=kernel)

    def write(self, cells: Iterable[str | Any]) -> str:
        """Write a notebook of code cells, and return its path."""
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells
            ],
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            },
        )
        path = f"{secrets.token_hex(6)}.ipynb"
        nbformat.write(notebook, self.server.root / path)
        return path

    def go(self, *, kernel: bool = True) -> None:
        """Open (or reload) the notebook's page, and wait for its cells and its kernel."""
        page = self.taken(harmless=True)
        if self._lent and not self._been:
            self._been = True
            self._kept.show(self.path)
        else:
            page.goto(self.server.page_of(self.path, self._url), timeout=PATIENCE * 1000)
        self.wait_until_open(kernel)

    def reload(self) -> None:
        self.taken(harmless=True).reload(timeout=PATIENCE * 1000)
        self.wait_until_open(kernel=True)

    def reopen(self) -> None:
        """Close the notebook, which was saved, and open it again in this page, its kernel alive."""
        self.js(CLOSE)
        self.show()

    def open_here(self, cells: Iterable[str | Any]) -> None:
        """Write another notebook and open it in this page, in the place of the one before."""
        self.js(CLOSE)
        self.path = self.write(cells)
        self.show()

    def show(self) -> None:
        """Open the notebook of `path` in this page, where none is open."""
        self.bring(self.path)
        self.wait_until_open()

    def bring(self, path: str) -> None:
        """Have the notebook at ``path`` in front, whichever is open in this page."""
        self.js(OPENS, path)
        until(lambda: self.js(CURRENT) == path, f"{path} in front")

    def wait_until_open(self, kernel: bool = True) -> None:
        self.cell(0).wait_for(timeout=PATIENCE * 1000)
        if kernel:
            # "connected" is said of a busy kernel too.
            until(lambda: self.js(f"{KERNEL}?.connectionStatus") == "connected", "the kernel")

    def cell(self, at: int) -> Any:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").nth(at)

    def turn(self, at: int) -> Any:
        """The answer drawn below cell ``at``."""
        return self.cell(at).locator(".gm-Turn")

    def js(self, expression: str, argument: Any = None) -> Any:
        return self.page.evaluate(expression, argument)

    def restart(self) -> None:
        """Restart the kernel, once no comm waits for a subshell.

        JupyterLab (4.6) leaves unhandled that a restart cuts this off, without our extension too.
        """
        until(lambda: self.js(f"{COMMS}.every(comm => comm.subshellId)"), "the subshells")
        self.js(f"{CONTEXT}.sessionContext.restartKernel()")

    def start(self, at: int) -> None:
        """Run cell ``at`` and return at once."""
        self.js(
            "at => { const p = window.jupyterapp.shell.currentWidget; p.content.deselectAll();"
            " p.content.activeCellIndex = at; p.content.mode = 'command';"
            " window.jupyterapp.commands.execute('notebook:run-cell'); }",
            at,
        )

    def run(self, at: int) -> None:
        """Run cell ``at`` to its end."""
        self.start(at)
        self.wait(at)

    def wait(self, at: int) -> None:
        """Wait for cell ``at`` to have run (its prompt shows a number)."""
        until(
            lambda: self.cell(at).locator(".jp-InputPrompt").inner_text().strip("[]: ").isdigit(),
            f"cell {at} to have run",
        )

    def save(self) -> Any:
        """Save the notebook; returns what is in the file."""
        self.js(f"{CONTEXT}.save()")
        return nbformat.read(self.server.root / self.path, as_version=4)

    def told(self) -> str:
        """What somebody who was not there wants to know of the page, and of its server."""
        page = self.js(
            "() => ({cells: [...document.querySelectorAll('.jp-Cell')].map(c => c.innerText),"
            f" kernel: ({KERNEL})?.status, connection: ({KERNEL})?.connectionStatus,"
            " dialogs: [...document.querySelectorAll('.jp-Dialog')].map(d => d.innerText)})"
        )
        said = (*self.errors, *self.dialogs)
        cells = "\n".join(f"[{at}] {text[-1500:]!r}" for at, text in enumerate(page["cells"]))
        rest = f"kernel {page['kernel']}, {page['connection']}; {page['dialogs']}; said: {said}"
        return f"{cells}\n{rest}\n{self.server.log[-3000:]}"

    def outputs(self, at: int) -> str:
        return str(self.cell(at).locator(".jp-Cell-outputArea").inner_text())


CURRENT = "window.jupyterapp.shell.currentWidget?.context?.path"
CLOSE = """() => {
  const open = window.jupyterapp.shell.currentWidget;
  open.context.model.dirty = false;
  open.close();
}"""
# Returns nothing: the widget that the command gives cannot be told.
OPENS = "async path => void await window.jupyterapp.commands.execute('docmanager:open', {path})"
CONTEXT = "window.jupyterapp.shell.currentWidget.context"
KERNEL = "window.jupyterapp?.shell.currentWidget?.context?.sessionContext.session?.kernel"
# Those that JupyterLab gives a subshell; until it is there, what they send waits for the cell.
COMMS = f"[...{KERNEL}._comms.values()].filter(comm => comm.commsOverSubshells !== 'disabled')"
