"""The MIME bundle of a turn: one answer in every form a front end may ask for."""

from __future__ import annotations

from gemini_magic.characters import encodable
from gemini_magic.parts import Json
from gemini_magic.render.html import html
from gemini_magic.render.markdown import markdown
from gemini_magic.render.plain import plain
from gemini_magic.turn import MIME, Turn

VIEWS = ("auto", "widget", "html", "markdown", "plain")


def bundle(
    turn: Turn,
    *,
    show: str = "all",
    view: str = "auto",
    notice: str | None = None,
    progress: str | None = None,
    cost: str | None = None,
) -> tuple[Json, Json]:
    """Data and metadata of ``turn`` for ``display(data, metadata=metadata, raw=True)``.

    ``show``: all, answer (the text alone), code or results. ``view``: auto, widget and html give
    all forms: turn JSON, HTML, Markdown, plain text. markdown and plain leave out the forms that a
    front end would prefer to them, but never the turn JSON: it is the record that
    ``%gemini restore`` and batch insertion read, whole whatever ``show`` and ``view`` say. Our
    extension, the one that draws from it, is told the view in the metadata.
    ``notice``: a line shown above the answer; ``progress``: what is happening, shown while the
    turn is streaming; ``cost``: the cost in words, shown at the end of the usage line.

    Everything of the model in it is inert: no script, no raw HTML, nothing that is fetched.
    Lone surrogates are replaced (also in the turn JSON), since no notebook can be saved with them.
    Raises ValueError on an unknown ``show`` or ``view``.
    """
    if view not in VIEWS:
        raise ValueError(f"view is {view!r}, not one of {', '.join(VIEWS)}")
    data: Json = {"text/plain": plain(turn, show=show, notice=notice, progress=progress, cost=cost)}
    if view != "plain":
        data["text/markdown"] = markdown(
            turn, show=show, notice=notice, progress=progress, cost=cost
        )
    if view not in ("plain", "markdown"):
        data["text/html"] = html(turn, show=show, notice=notice, progress=progress, cost=cost)
    data[MIME] = turn.to_dict()
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
