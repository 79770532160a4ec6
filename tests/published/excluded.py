"""The recorded bodies that the published schemas rightly refuse: each by name, with the reason.

The tests prove that each of them is refused.
"""

from __future__ import annotations

_NUMBERS = "enum numbers: a gapic client asked for enum-encoding=int"
_LOWER = "lower-case enum names, which the service takes in requests and protobuf does not"
_SINGLE = "one object for a repeated field, which the service takes and protobuf does not"
_MOCK = "a mock, made wrong on purpose"
_GATEWAY = "a gateway added a field of its own to the answer"

EXCLUDED: dict[str, str] = {
    "errors-400/maruel--gemini-2.5-flash-lite-GenStream-TopLogprobs.request.json": (
        "refused by the service too, for its misspelt logProbs"
    ),
    "errors-400/pydantic-ai--test_image_as_binary_content_tool_response--4ca042c.request.json": (
        _SINGLE
    ),
    "errors-401/otel--test_tool_events_no_content.request.json": _NUMBERS,
    "errors-403/langchaingo--TestGoogleAIErrorHandling.request.json": _NUMBERS,
    "function-calling/llm-gemini--test_tools--i1--ce1a83a.request.json": _LOWER,
    "function-calling/llm-gemini--test_tools--i1.request.json": _LOWER,
    "function-calling/llm-gemini--test_tools_with_gemini_3_thought_signatures.request.json": _LOWER,
    "function-calling/otel--test_function_call_choice--0aaffa5.json": _NUMBERS,
    "function-calling/otel--test_function_call_choice--0aaffa5.request.json": _NUMBERS,
    "function-calling/otel--test_function_call_choice.json": _NUMBERS,
    "function-calling/otel--test_function_call_choice.request.json": _NUMBERS,
    "function-calling/pydantic-ai--test_image_as_binary_content_tool_response--223837a"
    ".request.json": _SINGLE,
    "function-calling/pydantic-ai--test_image_as_binary_content_tool_response.request.json": (
        _SINGLE
    ),
    "grounding/ellmer--google-web-fetch--i1.request.json": _SINGLE,
    "grounding/ellmer--google-web-fetch.request.json": _SINGLE,
    "malformed/firebase-vertexai--streaming-failure-invalid-json.sse": _MOCK,
    "malformed/firebase-vertexai--streaming-failure-malformed-content.sse": _MOCK,
    "malformed/firebase-vertexai--unary-failure-invalid-response.json": _MOCK,
    "malformed/firebase-vertexai--unary-failure-malformed-content.json": _MOCK,
    "multi-turn-requests/llm-gemini--test_tools_with_gemini_3_thought_signatures--i1"
    ".request.json": _LOWER,
    "multi-turn-requests/lmnr--test_litellm_completion_with_tool_call_history--i1.request.json": (
        _LOWER
    ),
    "plain-text-unary/firebase-googleai--unary-failure-only-prompt-feedback.json": (
        "a mock copied from Vertex AI: blockReasonMessage is not the Developer API's"
    ),
    "plain-text-unary/langchaingo--TestGoogleAIWithOptions.json": _NUMBERS,
    "plain-text-unary/langchaingo--TestGoogleAIWithOptions.request.json": _NUMBERS,
    "safety-blocked/firebase-vertexai--unary-failure-unknown-enum-prompt-blocked.json": _MOCK,
    "thinking-signatures/llm-gemini--test_nested_model_optional.request.json": _LOWER,
    "thinking-signatures/otel--test_tool_events_no_content--20a8db0.json": _NUMBERS,
    "thinking-signatures/otel--test_tool_events_no_content--20a8db0.request.json": _NUMBERS,
    "usage/pydantic-ai--test_gateway_provider_with_google_cloud.json": _GATEWAY,
    "usage/pydantic-ai--test_gateway_provider_with_google_vertex--f1a6a76.json": _GATEWAY,
    "vertex/firebase-vertexai--streaming-failure-unknown-finish-enum.sse": _MOCK,
    "vertex/firebase-vertexai--streaming-success-quotes-escaped.sse": (
        "a mock with the harm categories of the PaLM API"
    ),
    "vertex/firebase-vertexai--streaming-success-unknown-safety-enum.sse": _MOCK,
    "vertex/firebase-vertexai--unary-failure-unknown-enum-finish-reason.json": _MOCK,
    "vertex/firebase-vertexai--unary-success-unknown-enum-safety-ratings.json": _MOCK,
    "vertex/otel--test_generate_content_extra_params--b3ab270.json": _NUMBERS,
    "vertex/otel--test_generate_content_extra_params.json": _NUMBERS,
    "vertex/otel--test_generate_content_with_files.json": _NUMBERS,
    "vertex/otel--test_vertexai_generate_content.json": _NUMBERS,
}

NOT_JSON: dict[str, str] = {
    "errors-400/otel--test_stream_generate_content_invalid_role.txt": (
        "scrubbed by hand into invalid JSON"
    ),
    "errors-400/pydantic-ai--test_gateway_provider_with_google_vertex.txt": "plain text",
    "errors-404/firebase-vertexai--unary-failure-invalid-location-url-not-found.html": (
        "a proxy's HTML page"
    ),
}

VERTEX_AFTER_ALL = frozenset(
    {
        "function-calling/vercel-ai--google-stream-no-args-tool-call.txt",
        "function-calling/vercel-ai--google-stream-tool-call-arguments.txt",
        "function-calling/vercel-ai--google-stream-tool-call-array-arguments"
        "-missing-terminal-function-call.txt",
        "usage/pydantic-ai--test_gateway_provider_with_google_cloud.json",
        "usage/pydantic-ai--test_gateway_provider_with_google_vertex--f1a6a76.json",
    }
)
"""Indexed as the Developer API's; createTime and trafficType show that Vertex AI answered."""
