"""What a generate request is refused for, beyond unknown fields and wrong types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gemini_magic.emulator.api_errors import ApiError, invalid
from gemini_magic.emulator.models import Model

_DATA = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
_BUILT_IN = ("codeExecution", "googleSearch", "urlContext", "googleMaps", "fileSearch")
_OFFICE = re.compile(
    r"application/(msword|vnd\.(ms-|oasis\.opendocument\.|openxmlformats-officedocument\.))"
)
_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_RANGE = (
    "Unable to submit request because it has a temperature value of {:g} but the supported range "
    "is from 0 (inclusive) to 2.0001 (exclusive). Update the value and try again."
)


def check(request: Mapping[str, Any], model: Model) -> None:
    """Raise ApiError 400 for a request that the service would refuse."""
    _contents(request.get("contents", []))
    _files(request.get("contents", []), model)
    _tools(request, model)
    config = request.get("generationConfig", {})
    _form(request, config, model)
    _thinking(config.get("thinkingConfig", {}), model)
    temperature = config.get("temperature")
    if temperature is not None and not 0 <= temperature < 2.0001:
        raise invalid(_RANGE.format(temperature))
    if config.get("candidateCount", 1) > 1:
        raise invalid(f"Multiple candidates is not enabled for models/{model.name}")  # assumed
    penalties = [name for name in ("frequencyPenalty", "presencePenalty") if config.get(name)]
    if penalties and model.generation >= 4:
        # Documented as refused; the wording is the one that older models have for it.
        raise invalid(f"Penalty is not enabled for models/{model.name}")
    if config.get("maxOutputTokens", 1) < 1:
        raise invalid("max_output_tokens must be positive.")  # assumed


def _contents(contents: list[Any]) -> None:
    if not contents:
        # Known from public reports, not recorded.
        raise invalid("* GenerateContentRequest.contents: contents is not specified\n")
    for index, content in enumerate(contents):
        if content.get("role", "user") not in {"user", "model"}:
            raise invalid("Please use a valid role: user, model.")
        where = f"GenerateContentRequest.contents[{index}].parts"
        if not content.get("parts"):
            raise invalid(f"* {where}: contents.parts must not be empty.\n")
        for number, part in enumerate(content["parts"]):
            kinds = [kind for kind in _DATA if kind in part]
            if not kinds and "thoughtSignature" not in part:
                raise invalid(
                    f"* {where}[{number}].data: required oneof field 'data' must have one "
                    "initialized field\n"
                )
            if len(kinds) > 1:
                raise ApiError(
                    400,
                    f"Invalid value at 'contents[{index}].parts[{number}]' (oneof), oneof field "
                    f"'data' is already set. Cannot set '{kinds[1]}'",
                )
    if contents[-1].get("role") == "model":
        # Gemini 3 takes no prefilled model turn (documented; the wording is assumed).
        raise invalid("Please ensure that the conversation ends with a user turn.")


def _files(contents: list[Any], model: Model) -> None:
    """Office files are of a type that models before Gemini 4 do not take.

    The wording was recorded for another type: "text/plain; charset=utf-8".
    """
    if model.served.office:
        return
    for part in (part for content in contents for part in content.get("parts", [])):
        kind = part.get("inlineData", part.get("fileData", {})).get("mimeType", "")
        if _OFFICE.match(kind):
            raise invalid(f"Unsupported MIME type: {kind}")


def _tools(request: Mapping[str, Any], model: Model) -> None:
    tools = request.get("tools", [])
    functions = [name for tool in tools for name in tool.get("functionDeclarations", [])]
    built_in = [kind for tool in tools for kind in _BUILT_IN if kind in tool]
    held = any(
        kind in part
        for content in request.get("contents", [])
        for part in content.get("parts", [])
        for kind in ("functionCall", "functionResponse")
    )
    if (functions or held) and built_in and model.generation < 3:
        # Documented as impossible before Gemini 3; known from public reports, not recorded. The
        # history counts as well, from public reports too: its wording is assumed to be the same.
        raise invalid("Tool use with function calling is unsupported")
    names = [declared.get("name") for declared in functions]
    for name in names:
        if not name:
            raise invalid("* GenerateContentRequest.tools.function_declarations.name: required\n")
        if not _FUNCTION.fullmatch(name):
            # The rule is documented; the wording is known from public reports, not recorded.
            raise invalid(
                "Invalid function name. Must start with a letter or an underscore. Must be "
                "alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes "
                "(-), with a maximum length of 128."
            )
        if names.count(name) > 1:
            raise invalid(f"Duplicate function declaration found: {name}")


def _form(request: Mapping[str, Any], config: Mapping[str, Any], model: Model) -> None:
    """What is refused of the form of an answer."""
    json_asked = config.get("responseMimeType") == "application/json"
    schemas = [name for name in ("responseSchema", "responseJsonSchema") if name in config]
    if len(schemas) > 1:
        raise invalid("Only one of response_schema and response_json_schema may be set.")  # assumed
    if schemas and not json_asked:
        # That one goes with the other is documented; the wording is assumed.
        raise invalid("A response schema is only supported with mime type 'application/json'.")
    tools = request.get("tools", [])
    if not json_asked or model.served.schema:
        return
    if any("functionDeclarations" in tool for tool in tools):
        raise invalid(
            "Function calling with a response mime type: 'application/json' is unsupported"
        )
    if any(kind in tool for tool in tools for kind in _BUILT_IN):
        # Known from public reports, not recorded.
        raise invalid("Tool use with a response mime type: 'application/json' is unsupported")


def _thinking(config: Mapping[str, Any], model: Model) -> None:
    level, budget = config.get("thinkingLevel"), config.get("thinkingBudget")
    if level is not None and budget is not None:
        raise invalid("You can only set only one of thinking budget and thinking level.")
    if level is not None and level != "THINKING_LEVEL_UNSPECIFIED" and level not in model.levels:
        if not model.levels:
            raise invalid("Thinking level is not supported for this model.")  # assumed
        raise invalid(
            f"Thinking level {level} is not supported for this model. "
            "Please retry with other thinking level."
        )
    if budget is not None and model.generation >= 4:
        # Documented as refused; the wording is assumed.
        raise invalid("Thinking budget is not supported for this model. Use thinking level.")
    thinks = budget != 0 if budget is not None else model.served.thinks
    if config.get("includeThoughts") and model.generation < 3 and not thinks:
        # Known from public reports; that it holds for flash-lite is assumed.
        raise invalid(
            "Unable to submit request because Thinking_config.include_thoughts is only enabled "
            "when thinking is enabled."
        )
    if budget is not None and model.budget is not None and budget not in {-1}:
        lowest, highest = model.budget
        off = budget == 0 and lowest != 128
        if not off and not lowest <= budget <= highest:
            raise invalid(
                f"The thinking budget {budget} is invalid. Please choose a value between "
                f"{lowest} and {highest}."
            )
