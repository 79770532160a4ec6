"""Turns the options of a request into the settings of a generateContent call; plain data.

Pure: the field names are those of the SDK's ``GenerateContentConfig`` (snake_case), which turns
them into the wire's; only what was asked for is set.
"""

from __future__ import annotations

from typing import Any

from gemini_magic import catalog
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.parts import Json

_BUDGETS = {"minimal": 0, "low": 1024, "medium": 8192, "high": 24576}
_LEAST = 512  # where thinking cannot be switched off


def generation(served: catalog.Model, config: Config, *, thoughts: bool) -> Json:
    """The fields of ``GenerateContentConfig`` for ``config``; ``served``: the model that answers.

    ``thoughts``: with summaries of the thinking, where it thinks.
    Automatic function calling and automatic continuation of the SDK are off: the first would copy
    the request each time, the second would send (and bill) a request the user did not make.
    """
    fields: Json = {
        "system_instruction": config.system,
        "temperature": config.temperature,
        "max_output_tokens": config.max_tokens,
        "seed": config.seed,
        "response_mime_type": None if config.schema is None else "application/json",
        "response_json_schema": config.schema,
        "tools": tools(config) or None,
        "tool_config": _tool_config(config),
        "thinking_config": thinking(served, config, thoughts) or None,
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


def thinking(served: catalog.Model, config: Config, thoughts: bool) -> Json:
    """The thinking settings: of the level, where one is asked for, and of the summaries.

    Models before 3 take a budget of tokens instead of a level. The mapping is assumed, not
    documented: minimal 0 (512 on pro, which cannot switch thinking off), low 1024, medium 8192,
    high 24576, xhigh the most that the model takes.

    Summaries switch no thinking on: they are asked for only where the model thinks by itself or is
    told to.
    """
    found: Json = {}
    level, thinks = config.thinking, served.thinks
    if level is not None and served.budget is None:
        found["thinking_level"] = level.upper()
        thinks = True
    elif level is not None and served.budget is not None:
        least, most = served.budget
        budget = _BUDGETS.get(level, most)
        if budget == 0 and not served.may_stop_thinking:
            budget = max(least, _LEAST)
        found["thinking_budget"] = budget
        thinks = budget > 0
    if thoughts and thinks and served.thoughts:
        found["include_thoughts"] = True
    return found
