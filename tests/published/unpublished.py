"""What the services send or take and the published schemas do not have yet: each by name.

Every entry says where it was seen: a recorded body (its path in the fixtures folder) or a type of
google-genai 3.4 (``types.X.y``). The tests prove that each is absent from the published schema and
present in its source, so an entry that a newer schema makes needless fails a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .json_rules import Field

Api = Literal["developer", "vertex"]
REQUEST, RESPONSE = "request", "response"


@dataclass(frozen=True)
class NewField:
    """A field that the published ``message`` lacks; or one of a message that lacks as a whole."""

    api: Api
    message: str
    field: Field
    source: str


@dataclass(frozen=True)
class NewValue:
    """A name that the published enum of ``message.field`` lacks."""

    api: Api
    message: str
    field: str
    value: str
    source: str


@dataclass(frozen=True)
class NotNeeded:
    """A field documented as required that real bodies leave out, in that ``direction``."""

    api: Api
    message: str
    field: str
    direction: str
    source: str


def _enum(name: str, *values: str) -> Field:
    return Field(name, "enum", values=frozenset(values))


_TOOLS = (
    "TOOL_TYPE_UNSPECIFIED",
    "GOOGLE_SEARCH_WEB",
    "GOOGLE_SEARCH_IMAGE",
    "URL_CONTEXT",
    "GOOGLE_MAPS",
    "FILE_SEARCH",
    "MEDIA_PROCESSING",
)
_LEVELS = ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
_STAGES = (
    "MODEL_STAGE_UNSPECIFIED",
    "UNSTABLE_EXPERIMENTAL",
    "EXPERIMENTAL",
    "PREVIEW",
    "STABLE",
    "LEGACY",
    "DEPRECATED",
    "RETIRED",
)
_TIERS = ("unspecified", "flex", "standard", "priority")

_RUN = "code-execution-unary/pydantic-ai--test_code_execution.json"
_SEARCH = "server-tool-calls/pydantic-ai--test_native_output_with_builtin_tools_stream"
_STORE = "server-tool-calls/pydantic-ai--test_google_model_file_search_grounding_gemini_3-True--i4"
_MCP = (
    "function-calling/js-genai--Chats_Tests_sendMessage_multiple_messages"
    "_with_server_side_MCP_tools--i1"
)
_NO_DESCRIPTION = "function-calling/ddtrace-py--agent_error_handling.request.json"
_COMPACTION = "function-calling/adk-go--TestCompactionE2E.json"
_MAPS = "grounding/pydantic-ai--test_google_model_maps_tool_with_location.json"
_LABELS = (
    "usage/dotnet-genai--GenerateContentErrorHandlingTest.GenerateContentLabelsVertexTest.json"
)
_HEADERS = (
    "usage/js-genai--Client_Tests_generateContent_Vertex_AI_should_re.."
    "_the_headers_in_the_sdkHttpResponse_by_default.json"
)

NEW_FIELDS: tuple[NewField, ...] = (
    # What may be kept, and the tier. On Vertex the SDK sends the second alone.
    NewField(
        "developer",
        "GenerateContentRequest",
        Field("store", "bool"),
        "types.GenerateContentConfig.store",
    ),
    NewField(
        "developer",
        "GenerateContentRequest",
        _enum("serviceTier", *_TIERS),
        "types.GenerateContentConfig.service_tier",
    ),
    NewField(
        "vertex",
        "GenerateContentRequest",
        _enum("serviceTier", *_TIERS),
        "types.GenerateContentConfig.service_tier",
    ),
    # Code execution on Gemini 3: the id that ties a result to its code.
    NewField("developer", "ExecutableCode", Field("id", "string"), _RUN),
    NewField("developer", "CodeExecutionResult", Field("id", "string"), _RUN),
    NewField(
        "developer",
        "ThinkingConfig",
        _enum("thinkingLevel", *_LEVELS),
        "types.ThinkingConfig.thinking_level",
    ),
    # Tools that the service runs itself.
    NewField("developer", "Part", Field("toolCall", "message", "ToolCall"), f"{_SEARCH}.sse"),
    NewField(
        "developer", "Part", Field("toolResponse", "message", "ToolResponse"), f"{_SEARCH}.sse"
    ),
    NewField("developer", "ToolCall", Field("id", "string"), f"{_SEARCH}.sse"),
    NewField("developer", "ToolCall", _enum("toolType", *_TOOLS), f"{_SEARCH}.sse"),
    NewField("developer", "ToolCall", Field("args", "struct"), f"{_SEARCH}.sse"),
    NewField("developer", "ToolResponse", Field("id", "string"), f"{_SEARCH}.sse"),
    NewField("developer", "ToolResponse", _enum("toolType", *_TOOLS), f"{_SEARCH}.sse"),
    NewField("developer", "ToolResponse", Field("response", "struct"), f"{_SEARCH}.sse"),
    NewField(
        "developer",
        "ToolConfig",
        Field("includeServerSideToolInvocations", "bool"),
        f"{_SEARCH}.request.json",
    ),
    NewField(
        "developer",
        "Tool",
        Field("mcpServers", "message", "McpServer", repeated=True),
        f"{_MCP}.request.json",
    ),
    NewField("developer", "McpServer", Field("name", "string"), f"{_MCP}.request.json"),
    NewField(
        "developer",
        "McpServer",
        Field("streamableHttpTransport", "message", "StreamableHttpTransport"),
        f"{_MCP}.request.json",
    ),
    NewField(
        "developer", "StreamableHttpTransport", Field("url", "string"), f"{_MCP}.request.json"
    ),
    NewField(
        "developer",
        "StreamableHttpTransport",
        Field("headers", "string", keyed=True),
        f"{_MCP}.request.json",
    ),
    NewField(
        "developer", "StreamableHttpTransport", Field("timeout", "duration"), f"{_MCP}.request.json"
    ),
    NewField(
        "developer",
        "FileSearch",
        Field("fileSearchStoreNames", "string", repeated=True),
        f"{_STORE}.request.json",
    ),
    # The token that goes on with an answer, which Vertex publishes. The wire's names are in
    # js-genai's recordings GenerateContentContinuationTest of October 2026, no fixtures of ours.
    NewField(
        "developer",
        "GenerateContentRequest",
        Field("continuationToken", "bytes"),
        "types.GenerateContentConfig.continuation_token",
    ),
    NewField(
        "developer",
        "Candidate",
        Field("continuationToken", "bytes"),
        "types.Candidate.continuation_token",
    ),
    # Answers.
    NewField(
        "developer",
        "GroundingChunk.RetrievedContext",
        Field("fileSearchStore", "string"),
        f"{_STORE}.json",
    ),
    NewField(
        "developer",
        "GroundingChunk.RetrievedContext",
        Field("customMetadata", "message", "CustomMetadata", repeated=True),
        f"{_STORE}.json",
    ),
    NewField("developer", "GroundingMetadata", Field("index", "int32"), _MAPS),
    NewField(
        "developer",
        "GenerateContentResponse",
        Field("modelStatus", "message", "ModelStatus"),
        "types.GenerateContentResponse.model_status",
    ),
    NewField("developer", "ModelStatus", Field("message", "string"), "types.ModelStatus.message"),
    NewField(
        "developer", "ModelStatus", _enum("modelStage", *_STAGES), "types.ModelStatus.model_stage"
    ),
    NewField(
        "developer",
        "ModelStatus",
        Field("retirementTime", "timestamp"),
        "types.ModelStatus.retirement_time",
    ),
    NewField("developer", "GenerateContentResponse", Field("turnToken", "string"), _COMPACTION),
    NewField(
        "developer",
        "GenerateContentResponse.UsageMetadata",
        _enum("serviceTier", *_TIERS),
        _COMPACTION,
    ),
    NewField(
        "developer",
        "GenerateContentResponse.UsageMetadata",
        Field("rawPromptTokenCount", "int32"),
        _COMPACTION,
    ),
    NewField("vertex", "Candidate", Field("score", "double"), _LABELS),
    NewField(
        "vertex",
        "GenerateContentResponseUsageMetadata",
        Field("billablePromptUsage", "message", "BillablePromptUsage"),
        _LABELS,
    ),
    NewField("vertex", "BillablePromptUsage", Field("textCount", "int32"), _LABELS),
)

NEW_VALUES: tuple[NewValue, ...] = (
    NewValue(
        "developer", "Candidate", "finishReason", "CONTINUATION", "types.FinishReason.CONTINUATION"
    ),
    NewValue(
        "developer",
        "Candidate",
        "finishReason",
        "MISSING_THOUGHT_SIGNATURE",
        "types.FinishReason.MISSING_THOUGHT_SIGNATURE",
    ),
    NewValue(
        "developer",
        "Candidate",
        "finishReason",
        "MALFORMED_RESPONSE",
        "types.FinishReason.MALFORMED_RESPONSE",
    ),
    NewValue(
        "vertex",
        "GenerationConfigThinkingConfig",
        "thinkingLevel",
        "XHIGH",
        "types.ThinkingLevel.XHIGH",
    ),
)

NOT_NEEDED: tuple[NotNeeded, ...] = (
    NotNeeded("developer", "FunctionDeclaration", "description", REQUEST, _NO_DESCRIPTION),
    NotNeeded("developer", "FileSearch", "retrievalResources", REQUEST, f"{_STORE}.request.json"),
    # A last stream event, or a blocked candidate: "content": {"role": "model"}.
    NotNeeded("vertex", "Content", "parts", RESPONSE, _HEADERS),
)
