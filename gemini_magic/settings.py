"""Defines the settings, their sources, and every closed list of values.

Precedence: option of the call > ``%gemini`` setting > trait ``GeminiMagics.*`` > environment >
default. The SDK's own variables (keys, Vertex, base URLs) are read by the transport.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

DEFAULT_MODEL = "gemini-3.8-flash"
BACKENDS = ("auto", "developer", "vertex", "emulator")
# Those of `gemini_magic.catalog`, whose table is not to be made by %load_ext.
THINKING = ("minimal", "low", "medium", "high", "xhigh")
VIEWS = ("auto", "widget", "html", "markdown", "plain")
SHOWS = ("all", "answer", "code", "results")
INSERTS = ("none", "code", "all")
TIERS = ("flex", "flex,standard", "standard", "priority")

ENVIRONMENT = {
    "backend": "GEMINI_MAGIC_BACKEND",
    "model": "GEMINI_MAGIC_MODEL",
    "answers_dir": "GEMINI_MAGIC_ANSWERS",
    "api_version": "GOOGLE_GENAI_API_VERSION",  # the SDK's own
}
RUN = "GEMINI_MAGIC_RUN"  # the folder of a kernel's run (`session.batch_run`)


class Settings(NamedTuple):
    """The values a call uses where its options say nothing.

    ``timeout``: seconds, the longest wait between complete events of an answer; None for what suits
    the request (`gemini_magic.transport.deadlines`). ``tier``: one of `TIERS`, None for the
    service's own choice. ``store``: whether the service may keep prompts and answers. ``retries``:
    how often a request is tried again before its first event. ``max_attachment_bytes``: of all
    attachments of one request together. ``api_version``: of the Developer API. ``run_timeout``:
    seconds for one run of the model's code in the kernel, None for no limit. ``delete_uploads``:
    whether files that were uploaded are deleted when the session ends. A tuple, since %load_ext
    needs the names, and a dataclass of as many takes milliseconds to make.
    """

    model: str = DEFAULT_MODEL
    backend: str = "auto"
    api_version: str = "v1beta"
    system: str | None = None
    thinking: str | None = None
    insert: str = "none"
    view: str = "auto"
    timeout: float | None = None
    tier: str | None = None
    store: bool = False
    retries: int = 4
    max_attachment_bytes: int = 20_000_000
    delete_uploads: bool = False
    show_thoughts: bool = True
    show_tracebacks: bool = False
    save_record: bool = True
    answers_dir: str | None = None
    reuse: bool = False
    here: bool = False
    here_yes: bool = False
    run_timeout: float | None = None
    max_cost: float | None = None
    session_max_cost: float | None = None


def from_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings that environment variables give, empty ones left out."""
    found = {name: environ.get(variable, "").strip() for name, variable in ENVIRONMENT.items()}
    if found["api_version"] == "beta":  # the SDK's word for its default
        del found["api_version"]
    return {name: value for name, value in found.items() if value}
