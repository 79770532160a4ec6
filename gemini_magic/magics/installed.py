"""What is installed here, and who watches: the checks of ``%gemini doctor`` that send nothing."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from packaging.requirements import Requirement

from gemini_magic import __version__
from gemini_magic.magics.situation import Situation

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

State: TypeAlias = Literal["ok", "note", "problem"]
DISTRIBUTION = "gemini-magic"
EXTENSION = "gemini-magic"  # the folder below share/jupyter/labextensions


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, how it is, and how to mend it."""

    name: str
    state: State
    what: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.state:<8} {self.name:<10} {self.what}"
        return line + (f"\n{'':<20}fix: {self.fix}" if self.fix else "")


def packages(
    required: Iterable[str] | None = None, installed: Callable[[str], str] = version
) -> Iterator[Finding]:
    """The packages we need: their versions, and each that is missing or too old.

    ``required``: requirements as in pyproject.toml, by default those of the installed package.
    """
    if required is None:
        try:
            required = requires(DISTRIBUTION) or ()
        except PackageNotFoundError:
            required = ()
    found: list[str] = []
    wrong: list[Finding] = []
    for requirement in map(Requirement, required):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        fix = f'pip install --upgrade "{requirement.name}{requirement.specifier}"'
        try:
            have = installed(requirement.name)
        except PackageNotFoundError:
            wrong.append(
                Finding("packages", "problem", f"{requirement.name} is not installed", fix)
            )
            continue
        found.append(f"{requirement.name} {have}")
        if not requirement.specifier.contains(have, prereleases=True):
            what = f"{requirement.name} {have} is too old: {requirement.specifier} is needed"
            restart = ", then restart the kernel"
            wrong.append(Finding("packages", "problem", what, fix + restart))
    yield Finding("python", "ok", f"{platform.python_version()}, gemini_magic {__version__}")
    yield Finding("packages", "ok", ", ".join(found) or "not installed by pip: not looked at")
    yield from wrong


def front_end(magics: GeminiMagics, now: Situation) -> Finding:
    """Whether the JupyterLab extension has said hello to this kernel, and how to get it to."""
    name = "front end"
    if now.terminal:
        return Finding(name, "ok", "a terminal: answers are printed as plain text")
    if magics.front_end is not None and magics.front_end.watching(now.session):
        return Finding(name, "ok", "JupyterLab or Notebook with the gemini-magic extension")
    if not now.watched:
        return Finding(name, "ok", "nobody is watching (a batch run): answers are shown once whole")
    if now.front_end is not None:
        what = f"{now.front_end}: answers are shown as widgets while they come, then as HTML"
        return Finding(name, "ok", what)
    seen = "is installed beside this kernel, but" if extension_installed() else "is missing:"
    return Finding(
        name,
        "note",
        f"the JupyterLab extension {seen} no page has said hello to this kernel; answers are shown "
        "as Markdown and HTML, without buttons and sidebar",
        f'pip install "{DISTRIBUTION}" in the environment that runs the Jupyter server, look at '
        "jupyter labextension list, and reload the page",
    )


def extension_installed(folders: Iterable[str] | None = None) -> bool:
    """Whether the built extension lies in one of Jupyter's folders of this environment."""
    if folders is None:
        from jupyter_core.paths import jupyter_path

        folders = jupyter_path("labextensions")
    return any((Path(folder) / EXTENSION / "package.json").is_file() for folder in folders)
