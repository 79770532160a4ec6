"""Settings: plain values, and where each comes from.

Precedence: option of the call > ``%gemini`` setting > trait ``GeminiMagics.*`` > environment >
default. The SDK's own variables (keys, Vertex, base URLs) are read by the transport.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_MODEL = "gemini-3.8-flash"
BACKENDS = ("auto", "developer", "vertex", "emulator")
THINKING = ("minimal", "low", "medium", "high", "xhigh")
VIEWS = ("auto", "widget", "html", "markdown", "plain")
SHOWS = ("all", "answer", "code", "results")
INSERTS = ("none", "code", "all")

ENVIRONMENT = {
    "backend": "GEMINI_MAGIC_BACKEND",
    "model": "GEMINI_MAGIC_MODEL",
    "answers_dir": "GEMINI_MAGIC_ANSWERS",
    "api_version": "GOOGLE_GENAI_API_VERSION",  # the SDK's own
}
RUN = "GEMINI_MAGIC_RUN"  # names the folder of the run a kernel belongs to (`gemini_magic.run`)


@dataclass(frozen=True)
class Settings:
    """What a call uses when its options say nothing.

    ``timeout``: seconds, the longest wait between complete events of an answer. ``retries``: how
    often a request is tried again before its first event. ``max_attachment_bytes``: of all
    attachments of one request together. ``api_version``: of the Developer API.
    """

    model: str = DEFAULT_MODEL
    backend: str = "auto"
    api_version: str = "v1beta"
    system: str | None = None
    thinking: str | None = None
    insert: str = "none"
    view: str = "auto"
    timeout: float = 120.0
    retries: int = 4
    max_attachment_bytes: int = 20_000_000
    show_thoughts: bool = True
    show_tracebacks: bool = False
    answers_dir: str | None = None
    reuse: bool = False
    max_cost: float | None = None
    session_max_cost: float | None = None


def from_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings that environment variables give, empty ones left out."""
    found = {name: environ.get(variable, "").strip() for name, variable in ENVIRONMENT.items()}
    if found["api_version"] == "beta":  # the SDK's word for its default
        del found["api_version"]
    return {name: value for name, value in found.items() if value}
