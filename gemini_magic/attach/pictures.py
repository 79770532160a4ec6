"""Figures and images as PNG: matplotlib, Pillow, plotly, arrays, and whatever draws itself."""

from __future__ import annotations

import base64
import importlib.util
import io
from typing import Any

from gemini_magic.attach.arrays import is_array
from gemini_magic.attach.tables import of_module
from gemini_magic.errors import MissingExtra, OptionError
from gemini_magic.hints import Hint
from gemini_magic.text import first_line

PNG = "image/png"


def is_image_array(value: Any) -> bool:
    """Whether ``value`` is an array that is a picture: uint8, H x W, or H x W x 1, 3 or 4."""
    if not is_array(value) or str(value.dtype) != "uint8" or not value.size:
        return False
    return value.ndim == 2 or (value.ndim == 3 and value.shape[2] in (1, 3, 4))


def picture(value: Any, name: str) -> bytes | None:
    """The value as PNG, or None when it is no picture; OptionError when it cannot be drawn.

    matplotlib figures (also an Axes, by its figure), Pillow images (modes that PNG lacks become
    RGB), image arrays (need Pillow), plotly figures (need kaleido), and objects with
    ``_repr_png_``, the display protocol of Jupyter.
    """
    if is_image_array(value):
        if not importlib.util.find_spec("PIL"):
            raise MissingExtra("Attaching an array as a picture", "pillow", "batch")
        from PIL import Image

        grey = value.ndim == 3 and value.shape[2] == 1
        return _saved(Image.fromarray(value[:, :, 0] if grey else value))
    if of_module(value, "PIL.Image", "Image"):
        return _pillow(value, name)
    figure = value
    if not of_module(figure, "matplotlib.figure", "Figure"):
        figure = getattr(value, "figure", None)
    if of_module(figure, "matplotlib.figure", "Figure"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return buffer.getvalue()
    if type(value).__module__.partition(".")[0] == "plotly" and hasattr(value, "to_image"):
        return _plotly(value, name)
    return _drawn(value)


def _pillow(image: Any, name: str) -> bytes:
    if not image.width or not image.height:
        raise OptionError(f"{name} is empty: an image of {image.width} x {image.height}.", "")
    try:
        kept = image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else None
        return _saved(kept or image.convert("RGB"))
    except OSError as error:
        raise OptionError(
            f"{name} is an image that cannot be read: {error}", "Open it again, then attach it."
        ) from None


def _saved(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _plotly(figure: Any, name: str) -> bytes:
    try:
        return bytes(figure.to_image(format="png"))
    except Exception as error:  # noqa: BLE001 - plotly raises what kaleido and its browser raise
        raise OptionError(
            f"{name} is a plotly figure that cannot be drawn here: {first_line(error) or error!r}",
            Hint.ATTACH_AS_DICT(name=name),
        ) from None


def _drawn(value: Any) -> bytes | None:
    draw = getattr(type(value), "_repr_png_", None)
    if draw is None:
        return None
    data = draw(value)
    if isinstance(data, tuple):  # with metadata
        data = data[0]
    if isinstance(data, str):
        data = base64.b64decode(data)
    return data if isinstance(data, bytes) and data else None
