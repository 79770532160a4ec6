"""One JupyterLab page for many tests, as long as each leaves it as it was found.

Opening JupyterLab costs more than most tests do in it. Whether a page may be used again is not
trusted but seen: what it showed and kept when it was new is compared with what it shows and keeps
once the notebooks are closed. A test that does more with a page than what `HARMLESS` names has it
for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from browsing import App, Server

# What a page is asked and told without a trace that outlives a notebook.
HARMLESS = frozenset(
    (
        "evaluate",
        "evaluate_handle",
        "get_by_role",
        "get_by_text",
        "keyboard",
        "locator",
        "mouse",
        "query_selector",
        "query_selector_all",
        "screenshot",
        "title",
        "url",
        "viewport_size",
        "wait_for_function",
        "wait_for_timeout",
    )
)
TESTS = 25  # that one page serves, so that nothing adds up without end
PATIENCE = 60_000  # ms

# JupyterLab puts these up when they are first needed, and keeps them.
LATER = ("MathJax", "axe")
# Nothing is open but what stands where no notebook is: the launcher.
EMPTY = "() => [...window.jupyterapp.shell.widgets('main')].length === 1"
# Ends what the notebooks are; false where a cell runs or a comm waits, which is left to nobody.
CLEAR = """async () => {
  const shell = window.jupyterapp.shell;
  const open = [...shell.widgets('main')].filter(one => one.context);
  for (const one of open) {
    const kernel = one.context.sessionContext?.session?.kernel;
    if (!kernel) { continue; }
    const comms = [...kernel._comms.values()];
    if (comms.some(comm => comm.commsOverSubshells !== 'disabled' && !comm.subshellId)) {
      return false;
    }
    if (kernel.status !== 'idle' || kernel.connectionStatus !== 'connected') { return false; }
  }
  if (document.querySelector('.jp-Dialog, .lm-Menu, .jp-Completer:not(.lm-mod-hidden)')) {
    return false;
  }
  for (const one of open) {
    one.context.model.dirty = false;
    one.close();
  }
  if (!shell.rightCollapsed) { shell.collapseRight(); }
  // By the paths of notebooks, of which none is opened again: drafts, and what may run here.
  for (const key of Object.keys(window.sessionStorage)) {
    if (key.startsWith('gemini-magic:')) { window.sessionStorage.removeItem(key); }
  }
  document.activeElement?.blur();
  return true;
}"""
# What is compared: nothing in it is of a notebook.
STATE = """() => {
  const app = window.jupyterapp, shell = app.shell;
  const ids = area => [...shell.widgets(area)].map(one => one.id).sort();
  // Who nobody has logged in as is made up by each page anew.
  const kept = storage => Object.entries(storage).filter(one => !one[0].includes('#user')).sort();
  const attributes = node => [...node.attributes].map(one => `${one.name}=${one.value}`).sort();
  const panel = document.getElementById('gemini-magic-panel')?.cloneNode(true);
  panel?.querySelectorAll('.gm-Choices > .gm-Hint').forEach(one => one.remove());  // of no kernel
  return {
    areas: ['left', 'right', 'top', 'header', 'menu', 'bottom', 'down'].map(ids),
    main: [...shell.widgets('main')].map(one => one.node.className),
    collapsed: [shell.leftCollapsed, shell.rightCollapsed, shell.mode],
    body: [...document.body.children].map(one => `${one.tagName} ${one.id} ${one.className}`),
    attributes: [attributes(document.documentElement), attributes(document.body)],
    globals: Object.getOwnPropertyNames(window).sort(),
    local: kept(window.localStorage),
    session: kept(window.sessionStorage),
    sidebar: panel?.innerHTML,
    notes: document.querySelectorAll('.Toastify__toast').length,
    size: [window.innerWidth, window.innerHeight],
  };
}"""
# The launcher that stands where no notebook is makes place for one.
OPEN = """async path => {
  const app = window.jupyterapp;
  const empty = [...app.shell.widgets('main')];
  await app.commands.execute('docmanager:open', {path});
  for (const one of empty) { one.dispose(); }
}"""


class Kept:
    """The page of JupyterLab on ``server`` that is handed from test to test, opened when wanted."""

    def __init__(self, browser: Any, server: Server) -> None:
        self._browser = browser
        self._server = server
        self._page: Any = None
        self._user: App | None = None
        self._clean: dict[str, Any] = {}
        self._served = 0
        self._disturbed = ""

    def lend(self, user: App) -> Any:
        """The page, new or as good as new, for a test that hears of all that happens in it."""
        if self._page is None:
            self._open()
        self._user = user
        self._served += 1
        return self._page

    def take_back(self, fit: bool) -> str:
        """Make ready for the next test, or close it; returns why, or nothing."""
        why = self._clear() if fit else "used up"
        self._user = None
        why = why or self._disturbed or ("old" if self._served >= TESTS else "")
        if why:
            self.close()
        return why

    def close(self) -> None:
        if self._page is not None:
            self._user = None
            self._page.close()
            self._page = None

    def show(self, path: str) -> None:
        """Open a notebook in the page."""
        self._page.evaluate(OPEN, path)

    def _open(self) -> None:
        from browsing import profile

        self._page = page = profile(self._browser).new_page()
        self._served, self._disturbed = 0, ""
        page.on("pageerror", lambda error: self._tell("failed", error))
        page.on("request", lambda request: self._tell("asked", request))
        page.on("dialog", lambda dialog: self._tell("spoken", dialog))
        page.on("crash", lambda _: self._tell("failed", "The page has crashed."))
        page.goto(self._server.page_of(""), timeout=PATIENCE)
        page.wait_for_function("() => window.jupyterapp", timeout=PATIENCE)
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        page.wait_for_function(EMPTY, timeout=PATIENCE)
        self._disturbed = ""
        self._clean = page.evaluate(STATE)

    def _tell(self, what: str, fact: Any) -> None:
        if self._user is not None:
            getattr(self._user, what)(fact)
        elif what != "asked":
            self._disturbed = f"{what} with no test: {fact}"
            if what == "spoken":
                fact.accept()

    def _clear(self) -> str:
        page = self._page
        try:
            if not page.evaluate(CLEAR):
                return "something goes on in it"
            page.mouse.move(0, 0)
            page.wait_for_function(EMPTY, timeout=PATIENCE)
            differs = list(self._differences(page.evaluate(STATE)))
            return "; ".join(differs)
        except Exception as error:  # noqa: BLE001 - a page that cannot be cleared is closed
            return str(error)

    def _differences(self, state: dict[str, Any]) -> Iterator[str]:
        for name, was in self._clean.items():
            now = state[name]
            if name == "globals":
                now = [one for one in now if one in was or one not in LATER]
            if now != was:
                yield f"{name}: {_difference(str(was), str(now))}"


def _difference(was: str, now: str) -> str:
    """Where two texts differ first, and how."""
    at = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
    start = max(0, at - 100)
    return f"{now[start:][:300]!r} instead of {was[start:][:300]!r}"


class Lent:
    """A test's page: the kept one until the test does more with it than `HARMLESS` says."""

    def __init__(self, app: App) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app.taken(harmless=name in HARMLESS), name)
