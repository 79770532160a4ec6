"""The matplotlib backend of the sandbox child: ``plt.show()`` keeps a PNG and closes the figure.

Named to matplotlib by ``MPLBACKEND=module://gemini_magic_figures`` (its documented way to name a
backend module), so matplotlib is imported only by code that asks for it. Runs in the child only,
where it is loaded from its file: it must not import the package.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

FigureCanvas = FigureCanvasAgg
FigureManager = FigureManagerBase

MOST_IMAGES = 20
shown: list[bytes] = []


def show(*args: Any, **kwargs: Any) -> None:
    """Keep every open figure as PNG, then close it, as a window closed by hand would be."""
    try:
        for manager in Gcf.get_all_fig_managers():
            if len(shown) < MOST_IMAGES:
                png = io.BytesIO()
                manager.canvas.figure.savefig(png, format="png")
                shown.append(png.getvalue())
    finally:
        Gcf.destroy_all()


def take() -> list[bytes]:
    """The figures shown since the last call, with those that are still open."""
    show()
    taken = shown.copy()
    shown.clear()
    return taken
