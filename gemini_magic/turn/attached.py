"""The files of an answer's request, under the names that the sandbox gave them.

``input_file_0.csv`` was recorded for a CSV; that other types follow the same pattern, and that
files are counted over the whole conversation, is assumed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_magic.text import b64decode, one_line

if TYPE_CHECKING:
    from gemini_magic.turn.turn import Turn

_ENDINGS = {
    "text/csv": "csv",
    "text/plain": "txt",
    "text/html": "html",
    "text/markdown": "md",
    "text/xml": "xml",
    "text/x-python": "py",
    "application/json": "json",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template": "dotx",
    "application/msword": "doc",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.oasis.opendocument.presentation": "odp",
}


@dataclass(frozen=True)
class Attached:
    """A file of a request: its name in the sandbox, the user's name for it ("": none), bytes."""

    name: str
    own_name: str
    data: bytes


def sandbox_name(mime_type: str, number: int, unknown: str = "bin") -> str:
    """The name of the conversation's ``number``-th file in the sandbox; ``unknown``: an ending."""
    return f"input_file_{number}.{_ENDINGS.get(mime_type, unknown)}"


def attached(contents: Iterable[Mapping[str, Any]]) -> list[Attached]:
    """The files whose bytes stand in the user's Contents; those given by address are counted."""
    found = []
    number = 0
    for part in (part for content in contents for part in content["parts"]):
        if "inlineData" not in part and "fileData" not in part:
            continue
        inline = part.get("inlineData", {})
        if "data" in inline:
            name = sandbox_name(inline.get("mimeType", ""), number)
            found.append(Attached(name, inline.get("displayName", ""), b64decode(inline["data"])))
        number += 1
    return found


def by_name(files: Iterable[Attached]) -> dict[str, bytes]:
    """Files by the sandbox's names, and by their own where those name a file of data.

    An own name never takes the place of a sandbox's. A module, a hidden file and matplotlib's
    settings have no own name here: a library would load them, and nobody has been shown them.
    """
    from gemini_magic.sandbox.session import checked_name

    files = list(files)
    found: dict[str, bytes] = {}
    for file in files:
        with contextlib.suppress(ValueError):
            name = checked_name(file.own_name)
            if not _loaded_by_itself(name):
                found[name] = file.data
    return {**found, **{file.name: file.data for file in files}}


def _loaded_by_itself(name: str) -> bool:
    from importlib.machinery import all_suffixes

    lower = name.lower()
    return (
        lower.endswith(tuple(all_suffixes()))
        or lower.startswith(".")
        or lower in ("matplotlibrc", "sitecustomize", "usercustomize")
    )


def missing(turn: Turn, files: Iterable[Attached]) -> list[str]:
    """The attachments of ``turn`` whose bytes are not among ``files``, by the user's names."""
    known = {file.own_name for file in files}
    return [item.name for item in turn.request.attachments if item.name not in known]


def not_here(names: Iterable[str]) -> str:
    """What is said of attachments that are missing."""
    told = ", ".join(one_line(name, 60) for name in names)
    return f"Attachments whose content is no longer in this kernel: {told}."


@contextlib.contextmanager
def beside_files(turn: Turn) -> Iterator[None]:
    """Have the files of ``turn`` in the working directory while inside (`sandbox.beside`).

    What was written is named on stdout. A FileNotFoundError is given a note when files are missing.
    """
    from gemini_magic.sandbox.beside import beside

    files = attached(turn.carried)
    with contextlib.ExitStack() as stack:
        written = stack.enter_context(beside(by_name(files)))
        try:
            yield
        except FileNotFoundError as error:
            lost = missing(turn, files)
            if lost:
                error.add_note(f"{not_here(lost)} Run the cell that asked again to have them.")
            raise
        finally:
            stack.close()
            for line in written.told():
                print(line)  # noqa: T201 - beside what the code prints
