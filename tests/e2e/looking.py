"""The page in another theme, and what axe finds in it."""

from __future__ import annotations

from typing import Any

from browsing import App, until

CHANGE = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"


def change_theme(app: App, name: str, kind: str) -> None:
    """Change to the theme ``name``, which is ``kind`` ("light" or "dark")."""
    app.js(CHANGE, name)
    until(
        lambda: app.js("document.body.dataset.jpThemeLight") == str(kind == "light").lower(),
        "the theme",
    )


def serious(app: App, context: str) -> list[Any]:
    """What axe finds of serious and critical violations in ``context``, each with its nodes."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(app.page, context=context)
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
