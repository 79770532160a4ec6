"""What the sandbox returned, as the recorded outputs of the code cell that it belongs to.

The cell has not run here: its first output says so, to the reader in words and to programs in its
metadata (``gemini_magic``: ``sandbox``, ``turn``, ``part``, ``outcome``), since nbformat gives a
stream output no metadata. Pictures carry the same mark.
"""

from __future__ import annotations

import base64

from gemini_magic.cells.newcell import KEY
from gemini_magic.characters import visible
from gemini_magic.parts import Image, Json
from gemini_magic.render import caption
from gemini_magic.render.outline import pictures
from gemini_magic.render.raster import shown_type
from gemini_magic.steps import Run, outcome_word
from gemini_magic.turn import Turn


def outputs(turn: Turn, run: Run) -> tuple[Json, ...]:
    """nbformat outputs: the mark, each result as a stream, each picture; () without any."""
    if not (run.results or run.images):
        return ()
    where = caption.sandbox(turn.request.backend)
    mark = {
        "sandbox": where,
        "turn": turn.id,
        "part": run.index,
        **({"outcome": run.outcome} if run.outcome else {}),
    }
    how = f" ({outcome_word(run.outcome)})" if run.results else ""
    found = [_display({"text/plain": f"Recorded in {where}{how}, not run in this kernel:"}, mark)]
    for result in run.results:
        if result.output:
            name = "stderr" if caption.failed(result.outcome) else "stdout"
            found.append({"output_type": "stream", "name": name, "text": visible(result.output)})
    for image, times in pictures(run.images):
        found.append(_picture(image, times, mark))
    return tuple(found)


def attachment(image: Image) -> tuple[str, dict[str, str]] | None:
    """A picture as an attachment of a Markdown cell: name and bundle; None when never shown."""
    mime_type = shown_type(image.mime_type)
    if mime_type is None:
        return None
    name = f"picture.{mime_type.partition('/')[2]}"
    return name, {mime_type: base64.b64encode(image.data).decode()}


def _picture(image: Image, times: int, mark: Json) -> Json:
    data = {"text/plain": f"<{caption.image_caption(image, times=times)}>"}
    mime_type = shown_type(image.mime_type)
    if mime_type is not None:
        data[mime_type] = base64.b64encode(image.data).decode()
    return _display(data, mark)


def _display(data: dict[str, str], mark: Json) -> Json:
    return {"output_type": "display_data", "data": data, "metadata": {KEY: dict(mark)}}
