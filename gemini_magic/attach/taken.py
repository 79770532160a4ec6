"""Says which models take which files; what one does not take is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gemini_magic import catalog
from gemini_magic.attach import media
from gemini_magic.errors import OptionError
from gemini_magic.hints import Hint

OFFICE_MODEL = "gemini-4-hydrogen"  # named where another model is needed


def refuse_files(model: catalog.Model, contents: Iterable[Mapping[str, Any]]) -> None:
    """Raise OptionError on an Office file that ``model`` does not take, also of the history.

    The last of ``contents`` is what is asked now.
    """
    if model.office or not catalog.known(model.name):
        return
    contents = list(contents)
    for content in contents:
        if content.get("role") != "user":
            continue
        for part in content["parts"]:
            file = part.get("inlineData") or part.get("fileData")
            if file is not None and media.is_office(file.get("mimeType", "")):
                raise _not_taken(model.name, file, earlier=content is not contents[-1])


def _not_taken(model: str, file: Mapping[str, Any], *, earlier: bool) -> OptionError:
    address = str(file.get("fileUri", "")).partition("?")[0].rpartition("/")[2]
    name = file.get("displayName") or address
    if earlier:
        return OptionError(
            f"{name} of an earlier exchange is an Office file, which {model} does not take; "
            "nothing was sent.",
            Hint.OFFICE_IN_HISTORY(newer=OFFICE_MODEL),
        )
    read = (
        f"Read it and attach the value (pandas.read_excel({name!r}))"
        if media.is_spreadsheet(file["mimeType"])
        else "Save it as PDF or text and attach that"
    )
    return OptionError(
        f"{name} is an Office file, which {model} does not take; nothing was sent.",
        Hint.ATTACH_OFFICE(read=read, newer=OFFICE_MODEL),
    )
