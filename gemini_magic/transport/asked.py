"""What was asked when something was refused: the facts that a hint needs beside the message."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gemini_magic.transport.backends import KEY_PAGE, Backend
from gemini_magic.transport.protocol import Config

RequestKind: TypeAlias = Literal["generate", "upload", "login", "count", "list"]

# Where a key for Vertex (express mode) is made, and where billing is set up for either.
VERTEX_KEY_PAGE = "https://console.cloud.google.com/apis/credentials"
BILLING_PAGE = "https://ai.google.dev/gemini-api/docs/billing"
VERTEX_BILLING_PAGE = "https://console.cloud.google.com/billing"
VERTEX_QUOTA_PAGE = "https://console.cloud.google.com/iam-admin/quotas"
# The variables that say which service is asked, and with what right.
_TELLING = (
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_APPLICATION_CREDENTIALS",
)


@dataclass(frozen=True)
class Asked:
    """A request, as far as a hint about its refusal needs it.

    ``backend``: developer, vertex or emulator, empty when not known. ``key_source``: where its key
    came from, empty without one. ``options``: those in use, by the names of `Config` (``tools`` for
    functions). ``environment``: the variables of `_TELLING` that are set. ``unkept``: whether it
    told the service to keep nothing (``store``). ``thoughts``: whether it asked for summaries of
    the thinking.
    """

    kind: RequestKind = "generate"
    backend: str = ""
    key_source: str = ""
    model: str = ""
    options: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    unkept: bool = False
    thoughts: bool = False

    @property
    def by_login(self) -> bool:
        """Whether it went to Vertex with Google Cloud credentials and no key."""
        return self.backend == "vertex" and not self.key_source

    @property
    def key_page(self) -> str:
        """Where a key that fits the service is made."""
        return VERTEX_KEY_PAGE if self.backend == "vertex" else KEY_PAGE

    @property
    def key_name(self) -> str:
        """Where the key in use stands, to be said."""
        return self.key_source or "GEMINI_API_KEY"

    @property
    def billing_page(self) -> str:
        return VERTEX_BILLING_PAGE if self.backend == "vertex" else BILLING_PAGE

    @property
    def key_unused(self) -> tuple[str, str]:
        """The key variable that is set and not used on Vertex, and what is in its way; or two "".

        Vertex takes a key (express mode) only where neither project nor location is set.
        """
        if not self.by_login:
            return "", ""
        keys = [name for name in self.environment if name.endswith("_API_KEY")]
        way = [name for name in self.environment if name.startswith("GOOGLE_CLOUD_")]
        return (keys[0], " and ".join(way)) if keys and way else ("", "")


def asked(
    kind: RequestKind,
    backend: Backend,
    model: str = "",
    config: Config | None = None,
    *,
    unkept: bool = False,
    thoughts: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Asked:
    """The facts of a request to ``backend``; ``environ``: by default this process's."""
    env = os.environ if environ is None else environ
    return Asked(
        kind,
        backend.kind,
        backend.key_source if backend.api_key is not None else "",
        model,
        _in_use(config),
        tuple(name for name in _TELLING if env.get(name, "").strip()),
        unkept,
        thoughts,
    )


def _in_use(config: Config | None) -> tuple[str, ...]:
    if config is None:
        return ()
    return tuple(name for name, value in config.to_dict().items() if value is not False)


# What the service calls our options in its refusals. Recorded or reported: "Code execution is not
# enabled for models/...", "Function calling is not enabled for models/...", "Developer instruction
# is not enabled for models/...", "Search Grounding is not supported", "Unknown name
# "google_search"", "Browse tool is not supported", "Function calling with a response mime type:
# 'application/json' is unsupported"; the others are assumed.
_FEATURES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "code": r"code[ _]?execution",
        "search": r"grounding|google[ _]?search|\bsearch tool\b",
        "urls": r"\burl[ _]?context|\bbrows(e|ing)\b",
        "tools": r"function[ _]?(call|declar)|\btool calling\b",
        "schema": r"response[ _]?((json[ _]?)?schema|mime|format)|\bjson (mode|schema)",
        "system": r"(developer|system)[ _]?instruction",
        "temperature": r"\btemperature\b",
        "max_tokens": r"max[ _]?output[ _]?tokens|\bmaxOutputTokens\b",
        "seed": r"\bseed\b",
    }.items()
}
_TOOL = re.compile(r"\b(tools?|built-?in tools?)\b", re.IGNORECASE)
_NOT = re.compile(
    r"not (enabled|supported|available|allowed|permitted|compatible)|n['o]t support|unsupported"
    r"|unknown name|cannot (use|be used)|cannot find field|unavailable|unable to use",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"\b(combin\w+|together|at the same time|only when they are all|multiple tools"
    r"|include_server_side_tool_invocations|with (function calling|code execution|google search"
    r"|search grounding|url context))\b",
    re.IGNORECASE,
)
TOOLS = ("code", "search", "urls", "tools")


def named_options(text: str, request: Asked) -> tuple[str, ...]:
    """The options in use that ``text``, of the service, speaks of."""
    return tuple(
        name
        for name in request.options
        if (known := _FEATURES.get(name)) is not None and known.search(text)
    )


def refused_options(message: str, request: Asked) -> tuple[tuple[str, ...], bool]:
    """The options in use that a refusal speaks of, and whether it is about using them together."""
    tools = tuple(name for name in request.options if name in TOOLS)
    named = named_options(message, request)
    about = bool(named) or _TOOL.search(message) is not None
    if about and len(tools) > 1 and _TOGETHER.search(message):
        return tools, True
    if not _NOT.search(message):
        return (), False
    if named:
        return named, False
    return (tools if _TOOL.search(message) else ()), False
