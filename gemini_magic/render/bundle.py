"""Makes the MIME bundle of a turn: one answer in every form a front end may ask for."""

from __future__ import annotations

from functools import cache

from gemini_magic.render.caption import image_caption
from gemini_magic.render.form import Options, entries_of
from gemini_magic.render.html import html
from gemini_magic.render.markdown import markdown
from gemini_magic.render.outline import pictures
from gemini_magic.render.plain import plain
from gemini_magic.render.raster import shown_type
from gemini_magic.render.telling import telling
from gemini_magic.settings import VIEWS
from gemini_magic.text import b64encode, encodable
from gemini_magic.turn.kernel_runs import images_of
from gemini_magic.turn.parts import Image, Json
from gemini_magic.turn.stored import record
from gemini_magic.turn.turn import MIME, Turn

PRINTED = 2_000_000  # bytes of a picture up to which unattended notebooks hold it for LaTeX, too


def bundle(
    turn: Turn,
    *,
    show: str = "all",
    view: str = "auto",
    notice: str | None = None,
    progress: str | None = None,
    cost: str | None = None,
    whole: Turn | None = None,
    markdown_only: bool = False,
) -> tuple[Json, Json]:
    """Data and metadata of ``turn`` for ``display(data, metadata=metadata, raw=True)``.

    ``show``: all, answer (the text alone), code or results. ``view``: auto, widget and html give
    all forms: turn JSON, HTML, Markdown, plain text. markdown and plain leave out the forms that a
    front end would prefer to them, but never the turn JSON: it is the record that
    ``%gemini restore`` and batch insertion read, whole whatever ``show`` and ``view`` say. Our
    extension, the one that draws from it, is told the view in the metadata.
    ``notice``: a line shown above the answer; ``progress``: what is happening, shown while the
    turn is streaming; ``cost``: the cost in words, shown at the end of the usage line.
    ``whole``: the turn to record, where ``turn`` is what is to be seen of it. A large picture
    stands once: in the HTML (or Markdown) where that shows it, and the turn JSON names it by its
    hash (`gemini_magic.turn.stored`).
    ``markdown_only``: no HTML, and the pictures in the Markdown; for VS Code, whose Markdown has
    formulas and coloured code and is shown in Restricted Mode, none of which its HTML is.

    Everything of the model in it is inert: no script, no raw HTML, nothing that is fetched.
    Lone surrogates are replaced (also in the turn JSON), since no notebook can be saved with them.
    Raises ValueError on an unknown ``show`` or ``view``.
    """
    if view not in VIEWS:
        raise ValueError(f"view is {view!r}, not one of {', '.join(VIEWS)}")
    said: Options = {
        "show": show,
        "notice": notice,
        "progress": progress,
        "cost": cost,
        # Once for all forms.
        "chosen": cache(telling),
        "entries": entries_of(turn, show),
    }
    data: Json = {"text/plain": plain(turn, **said)}
    if view != "plain":
        data["text/markdown"] = markdown(turn, embedded=markdown_only, **said)
    if view not in ("plain", "markdown") and not markdown_only:
        data["text/html"] = html(turn, **said)
    data[MIME] = record(turn if whole is None else whole, data)
    return encodable(data), metadata(turn, show=show, view=view, notice=notice, cost=cost)


def metadata(
    turn: Turn,
    *,
    show: str = "all",
    view: str = "auto",
    thoughts: bool = True,
    notice: str | None = None,
    cost: str | None = None,
) -> Json:
    """Output metadata of ``turn``: ``{"gemini_magic": {turn, model, status, usage}}``.

    What else a view says (``show``, ``view``, ``thoughts``, ``notice``, ``cost``, each only when it
    says something) stands under the MIME type of the turn JSON, as metadata of one representation
    does: the JupyterLab extension draws from that JSON, which is the record and never shortened.
    """
    look: Json = {
        "show": None if show == "all" else show,
        "view": view if view in ("markdown", "plain") else None,
        "thoughts": None if thoughts else False,
        "notice": encodable(notice),
        "cost": encodable(cost),
    }
    look = {name: value for name, value in look.items() if value is not None}
    return {
        "gemini_magic": {
            "turn": encodable(turn.id),
            "model": encodable(turn.model),
            "status": turn.status,
            "usage": turn.usage.to_dict(),
        },
        **({MIME: look} if look else {}),
    }


def printed(turn: Turn) -> list[tuple[Json, Json]]:
    """A bundle for each picture of ``turn`` that only converters without HTML show, as LaTeX.

    A picture above `PRINTED` bytes is left out: a notebook is not to grow by much for it.
    """
    found = []
    images = [
        image
        for part in turn.parts
        for image in ([part] if isinstance(part, Image) else images_of(part))
    ]
    for image, times in pictures(images):
        mime_type = shown_type(image.mime_type)
        if mime_type is not None and len(image.data) <= PRINTED:
            data = {
                "text/plain": f"<{image_caption(image, times=times)}>",
                "text/html": "<!-- The picture stands in the answer below. -->",
                mime_type: b64encode(image.data),
            }
            found.append((encodable(data), {"gemini_magic_printed": {"turn": encodable(turn.id)}}))
    return found
