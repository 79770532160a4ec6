"""Options of one request to the settings of a generateContent call, as plain data.

Pure: the field names are those of the SDK's ``GenerateContentConfig`` (snake_case), which turns
them into the wire's; only what was asked for is set.
"""

from __future__ import annotations

import re
from typing import Any

from gemini_magic.parts import Json
from gemini_magic.transport.protocol import Config

THINKING_LEVELS = ("minimal", "low", "medium", "high", "xhigh")

_BUDGETS = {"minimal": 0, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576}
_PRO_BUDGETS = {**_BUDGETS, "minimal": 512, "xhigh": 32768}
_BUDGET_MODEL = re.compile(r"(^|/)gemini-2\.5-(?P<kind>[a-z]+)", re.IGNORECASE)


def generation(model: str, config: Config) -> Json:
    """The fields of ``GenerateContentConfig`` for ``config``.

    Automatic function calling and automatic continuation of the SDK are off: the first would copy
    the request each time, the second would send (and bill) a request the user did not make.
    """
    fields: Json = {
        "system_instruction": config.system,
        "temperature": config.temperature,
        "max_output_tokens": config.max_tokens,
        "seed": config.seed,
        "tools": tools(config) or None,
        "tool_config": _tool_config(config),
        "thinking_config": thinking(model, config.thinking) if config.thinking else None,
        "automatic_function_calling": {"disable": True},
        "automatic_continuation": False,
    }
    return {name: value for name, value in fields.items() if value is not None}


def tools(config: Config) -> list[dict[str, Any]]:
    """The built-in tools asked for, one Tool each, and one Tool with the declared functions."""
    asked = {
        "code_execution": config.code,
        "google_search": config.search,
        "url_context": config.urls,
    }
    built_in: list[dict[str, Any]] = [{name: {}} for name, wanted in asked.items() if wanted]
    if not config.functions:
        return built_in
    declared = [
        {_DECLARED.get(name, name): value for name, value in declaration.items()}
        for declaration in config.functions
    ]
    return [*built_in, {"function_declarations": declared}]


_DECLARED = {"parametersJsonSchema": "parameters_json_schema"}


def _tool_config(config: Config) -> Json | None:
    # Documented for built-in tools together with functions (Gemini 3); with it the functions'
    # mode is VALIDATED unless another is asked for.
    combined = config.functions and (config.code or config.search or config.urls)
    return {"include_server_side_tool_invocations": True} if combined else None


def thinking(model: str, level: str) -> Json:
    """The thinking settings for ``level``, with summaries asked for.

    Models before 3 take a budget of tokens instead of a level. The mapping for ``gemini-2.5-*`` is
    assumed, not documented: minimal 0 (512 on pro, which cannot switch thinking off), low 1024,
    medium 8192, high 24576, xhigh the most the model takes (24576, pro 32768).
    """
    found = _BUDGET_MODEL.search(model)
    if found is None:
        return {"thinking_level": level.upper(), "include_thoughts": True}
    budgets = _PRO_BUDGETS if found["kind"].lower() == "pro" else _BUDGETS
    return {"thinking_budget": budgets[level], "include_thoughts": True}
