"""Names what is tried: versions that hosted platforms bring, and programs that show answers."""

from __future__ import annotations

import os

from ..replay import Replay

COLAB = (
    "ipython==7.34.0",
    "ipykernel==6.17.1",
    "ipywidgets==7.7.1",
    "traitlets==5.7.1",
    "jupyter_client==7.4.9",
    "nbclient",  # its newest that takes these; the images have it beside their notebook server
)
# What each pins; what else is installed is whatever pip takes.
STACKS: dict[str, tuple[str, ...]] = {
    "colab": COLAB,
    "kaggle": (*(one for one in COLAB if "ipywidgets" not in one), "ipywidgets==8.1.5"),
    "databricks": ("ipython==8.30.0", "ipykernel==6.29.5", "ipywidgets==7.8.1"),
    "between": ("ipython==8.12.3", "ipykernel==6.25.2", "ipywidgets==8.1.1"),
    "sagemaker": ("ipython==8.37.0", "ipykernel==7.3.0", "ipywidgets==8.1.9"),
    "newest": ("ipython", "ipykernel", "ipywidgets"),
}
OLDEST, NEWEST = "colab", "newest"

KERNEL = ("ipykernel", "ipywidgets")
JUPYTERLAB = ("jupyterlab", *KERNEL)
# Programs that show answers, by their driver (`programs.DRIVERS`), each with what it needs.
PROGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "lab": ("lab", JUPYTERLAB),
    "lab-4.5": ("lab", ("jupyterlab==4.5.10", *KERNEL)),
    "lab-4.4": ("lab", ("jupyterlab==4.4.10", *KERNEL)),
    "lab-4.2": ("lab", ("jupyterlab==4.2.7", *KERNEL)),
    "notebook": ("notebook", ("notebook", *KERNEL)),
    "notebook-7.2": ("notebook", ("notebook==7.2.3", *KERNEL)),
    "lab-bare": ("bare", JUPYTERLAB),
    "output-widgets": ("output-widgets", JUPYTERLAB),
    "nbmodel": (
        "lab",
        (*JUPYTERLAB, "jupyter-server-nbmodel==0.2.9", "jupyter-collaboration==5.0.4"),
    ),
    "server-documents": ("lab", (*JUPYTERLAB, "jupyter-server-documents==0.3.3")),
    "vscode-rules": ("vscode", KERNEL),
    "colab-rules": ("colab", COLAB),
    "console": ("console", ("jupyter_console==6.6.3", *KERNEL)),
    "qtconsole": ("qtconsole", ("qtconsole==5.7.2", "PySide6-Essentials", *KERNEL)),
    "terminal": ("terminal", ("ipython",)),
    "xeus": ("xeus", ("xeus-python==0.19.0", "ipywidgets", "jupyter_client")),
    "nbconvert": ("nbconvert", ("nbconvert", *KERNEL)),
    "papermill": ("papermill", ("papermill==2.7.0", *KERNEL)),
    "nbclient-0.5": ("nbclient", ("nbclient==0.5.13", "jupyter_client==7.4.9", *KERNEL)),
}
EACH = int(os.environ.get("GEMINI_MAGIC_EACH", "5"))  # cells of a kind, fewer for a quick look
CELLS = [kind for kind in ("quick", "slow", "ask") for _ in range(EACH)]  # each is run twice


def own(server: Replay) -> dict[str, str]:
    """The variables with which ``server`` answers."""
    return {"GEMINI_API_KEY": "test-key-12345", "GOOGLE_GEMINI_BASE_URL": server.url}
