"""``jupyter gemini doctor``: the doctor of the magic, from a shell."""

from __future__ import annotations

from contextlib import closing

from gemini_magic.magics.doctor import examine
from gemini_magic.magics.installed import Finding, extension_installed
from gemini_magic.magics.magic import GeminiMagics


def check(*, ask: bool) -> int:
    """Print the findings; 0 when nothing is in the way, 3 without a backend, else 1."""
    with closing(GeminiMagics(None)) as magics:
        found = []
        for finding in examine(magics, ask=ask):
            shown = _extension() if finding.name == "front end" else finding
            magics.say(str(shown))
            found.append(shown)
    problems = [finding.name for finding in found if finding.state == "problem"]
    if {"backend", "credentials", "project"} & set(problems):
        return 3
    return 1 if problems else 0


def _extension() -> Finding:
    if extension_installed():
        return Finding("front end", "ok", "the JupyterLab extension is installed here")
    return Finding(
        "front end",
        "note",
        "the JupyterLab extension is not installed here: answers have no buttons and no sidebar",
        "pip install gemini-magic in the environment that runs the Jupyter server",
    )
