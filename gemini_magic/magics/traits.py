"""Declares the traits of the magics: names, defaults, rules, and which of them were set."""

from __future__ import annotations

import math
import re
from typing import Any

from IPython.core.magic import Magics
from traitlets import Bool, Enum, Float, Integer, TraitError, Unicode, observe, validate

from gemini_magic.settings import BACKENDS, DEFAULT_MODEL, INSERTS, THINKING, TIERS, VIEWS, Settings


class GeminiTraits(Magics):
    """What can be set with ``%config GeminiMagics.NAME`` or in ipython_config.py."""

    model = Unicode(DEFAULT_MODEL, help="model that answers; also GEMINI_MAGIC_MODEL").tag(
        config=True
    )
    backend = Enum(
        BACKENDS, "auto", help="who answers; auto: Vertex when switched on, else a key"
    ).tag(config=True)
    api_version = Unicode("v1beta", help="version of the Developer API").tag(config=True)
    system = Unicode(None, allow_none=True, help="system instruction").tag(config=True)
    thinking = Enum(THINKING, None, allow_none=True, help="how long the model thinks").tag(
        config=True
    )
    insert = Enum(INSERTS, "none", help="new cells below each answer").tag(config=True)
    view = Enum(VIEWS, "auto", help="how answers are shown").tag(config=True)
    timeout = Float(
        None,
        allow_none=True,
        help="seconds, the longest wait for what comes next; None: 120 between events, 300 before "
        "the first, 900 where the model thinks long",
    ).tag(config=True)
    tier = Enum(
        TIERS, None, allow_none=True, help="flex is half price, priority 1.8 times; None: standard"
    ).tag(config=True)
    store = Bool(
        False, help="let the Gemini API keep prompts and answers, as the project says"
    ).tag(config=True)
    retries = Integer(4, min=0, max=20, help="tries again before the first event").tag(config=True)
    max_attachment_bytes = Integer(
        20_000_000, min=1, help="the most that the attachments of one request may have together"
    ).tag(config=True)
    delete_uploads = Bool(
        False, help="delete the files that were uploaded when the kernel ends"
    ).tag(config=True)
    show_thoughts = Bool(True, help="show the summaries of the model's thinking").tag(config=True)
    show_tracebacks = Bool(False, help="show Python's traceback under an error").tag(config=True)
    save_record = Bool(
        True, help="keep the turn JSON in outputs, for restoring and for cells inserted later"
    ).tag(config=True)
    magic_name = Unicode("gemini", help="the name of the magic, set before loading").tag(
        config=True
    )
    answers_dir = Unicode(
        None, allow_none=True, help="folder that keeps answers; also GEMINI_MAGIC_ANSWERS"
    ).tag(config=True)
    reuse = Bool(False, help="show stored answers to the same request, without calling").tag(
        config=True
    )
    max_cost = Float(None, allow_none=True, min=0, help="limit of one call's cost in USD").tag(
        config=True
    )
    session_max_cost = Float(
        None, allow_none=True, min=0, help="limit of this kernel's cost in USD"
    ).tag(config=True)
    here = Bool(False, help="the model's code runs in this kernel, after your word").tag(
        config=True
    )
    here_yes = Bool(False, help="it runs there without asking").tag(config=True)
    run_timeout = Float(
        None, allow_none=True, help="seconds for one run of it; none by default"
    ).tag(config=True)
    preload = Bool(True, help="import the SDK and connect in the background after loading").tag(
        config=True
    )

    def __init__(self, shell: Any, **kwargs: Any) -> None:
        self._set_by_user: set[str] = set()
        self.loaded = False  # set by loading.load, when the magic stands under its name
        super().__init__(shell, **kwargs)

    @property
    def set_by_user(self) -> frozenset[str]:
        """The traits that were set, by configuration or ``%config``."""
        return frozenset(self._set_by_user)

    @validate("model", "magic_name")
    def _not_empty(self, proposal: Any) -> Any:
        value = proposal["value"].strip()
        if not value or (proposal["trait"].name == "magic_name" and not value.isidentifier()):
            raise TraitError(f"{proposal['trait'].name} cannot be {proposal['value']!r}")
        if proposal["trait"].name == "magic_name" and self.loaded and value != self.magic_name:
            raise TraitError("magic_name is read when the extension is loaded: set it before")
        return value

    @validate("api_version")
    def _version(self, proposal: Any) -> Any:
        if not re.fullmatch(r"v\d\w*", proposal["value"]):
            raise TraitError(f"api_version is a name like v1beta, not {proposal['value']!r}")
        return proposal["value"]

    @validate("timeout")
    def _positive(self, proposal: Any) -> Any:
        if proposal["value"] is not None and not 0 < proposal["value"] <= 86_400:
            raise TraitError("timeout is a number of seconds above 0")
        return proposal["value"]

    @validate("run_timeout")
    def _positive_or_none(self, proposal: Any) -> Any:
        if proposal["value"] is not None and not 0 < proposal["value"] <= 86_400:
            raise TraitError("run_timeout is a number of seconds above 0")
        return proposal["value"]

    @validate("max_cost", "session_max_cost")
    def _finite(self, proposal: Any) -> Any:
        if proposal["value"] is not None and not math.isfinite(proposal["value"]):
            raise TraitError(f"{proposal['trait'].name} is an amount of US dollars")
        return proposal["value"]

    @observe(*Settings._fields)
    def _note(self, change: Any) -> None:
        self._set_by_user.add(change["name"])
