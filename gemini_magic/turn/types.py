"""The shape of the turn JSON, version 1, typed: the one source of its schema and of its TypeScript.

``scripts/generate_types.py`` writes ``turn.schema.json`` and ``lab/src/model/generated.ts`` from
these types, with their docstrings as descriptions; type checkers hold `Turn.to_dict` to them. Only
those two read this module: it is imported under ``TYPE_CHECKING`` and costs nothing at run time.

Every object is closed, so a field that is not here is an error, except where foreign data is kept
as it came (``args``, ``response``, ``raw``, ``extra``, ``grounding``) or options may be added
(``config``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from pydantic.config import JsonDict
from typing_extensions import TypeAliasType, TypedDict

from gemini_magic.turn import Status
from gemini_magic.turn.usage import Tier

CLOSED = ConfigDict(extra="forbid", use_attribute_docstrings=True)

StatusJson = TypeAliasType("StatusJson", Status)
Count = TypeAliasType("Count", Annotated[int, Field(ge=0)])
Base64 = TypeAliasType(
    "Base64",
    Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$", json_schema_extra={"contentEncoding": "base64"}),
    ],
)

ONE_OF_BOTH: JsonDict = {"oneOf": [{"required": ["data"]}, {"required": ["sha256"]}]}


class AnyPart(TypedDict):
    """Fields of every part."""

    # Not as docstrings: pydantic finds those of a class's own fields only.
    thought: NotRequired[Annotated[bool, Field(description="Made while thinking.")]]
    signature: NotRequired[
        Annotated[str, Field(description="The service's signature, sent back on this part.")]
    ]
    extra: NotRequired[
        Annotated[
            dict[str, Any],
            Field(description="Fields this version does not know, sent back as they came."),
        ]
    ]


class TextPart(AnyPart):
    """Text of the answer, in Markdown."""

    kind: Literal["text"]
    text: str


class ThoughtPart(AnyPart):
    """A summary of the model's thinking, in Markdown."""

    kind: Literal["thought"]
    text: str


class CodePart(AnyPart):
    """Code that the model ran."""

    kind: Literal["code"]
    code: str
    language: str
    id: NotRequired[str]
    """Pairs the code with its results; older models send none."""


class ResultPart(AnyPart):
    """What a run of code returned."""

    kind: Literal["result"]
    outcome: NotRequired[str]
    """OUTCOME_OK, OUTCOME_FAILED, OUTCOME_DEADLINE_EXCEEDED or a later one; left out when the
    service sent none."""
    output: NotRequired[str]
    id: NotRequired[str]


@with_config(ConfigDict(**CLOSED, json_schema_extra=ONE_OF_BOTH))
class ImagePart(AnyPart):
    """A picture, usually a plot: its data, or the hash of data that stands elsewhere.

    With ``sha256`` the bytes stand in an earlier part of this turn, or in the HTML of the same
    output.
    """

    kind: Literal["image"]
    mime_type: str
    data: NotRequired[Base64]
    sha256: NotRequired[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]


@with_config(ConfigDict(**CLOSED, json_schema_extra={"not": {"required": ["uri", "data"]}}))
class FilePart(AnyPart):
    """Another file: its data or its URI, never both."""

    kind: Literal["file"]
    mime_type: NotRequired[str]
    uri: NotRequired[str]
    data: NotRequired[Base64]


class CallPart(AnyPart):
    """A call of a function in the kernel that the model asks for."""

    kind: Literal["call"]
    name: str
    args: NotRequired[dict[str, Any]]
    id: NotRequired[str]


class DisplayedJson(TypedDict):
    """One thing that a run in the user's kernel has shown: what it is, and its data or its size."""

    mime_type: str
    data: NotRequired[str]
    """Text; base64 of a picture that did not go to the model."""
    sha256: NotRequired[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
    """Names a picture whose data stand elsewhere in the same output."""
    only: NotRequired[bool]
    """No text of the response says the same."""
    frame: NotRequired[Literal["still", "live"]]
    """It needs a page of its own; a live one has scripts, too."""
    title: NotRequired[str]
    """What a JSON describes."""
    size: NotRequired[Count]
    """Characters of what was too large to be kept."""


class ResponsePart(AnyPart):
    """What a function in the kernel returned."""

    kind: Literal["response"]
    name: str
    response: NotRequired[dict[str, Any]]
    id: NotRequired[str]
    shown: NotRequired[list[DisplayedJson]]
    """What a run in the user's kernel has shown beside its text; for the reader, never sent."""


class OpaquePart(AnyPart):
    """A part of a kind this version does not know, kept as it came."""

    kind: Literal["opaque"]
    raw: dict[str, Any]


PartJson = TypeAliasType(
    "PartJson",
    Annotated[
        TextPart
        | ThoughtPart
        | CodePart
        | ResultPart
        | ImagePart
        | FilePart
        | CallPart
        | ResponsePart
        | OpaquePart,
        Field(discriminator="kind"),
    ],
)


class AttachmentJson(TypedDict):
    """What was sent beside the prompt, without its content."""

    name: str
    mime_type: str
    bytes: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class RequestJson(TypedDict):
    """What was asked."""

    prompt: str
    model: str
    backend: str
    config: dict[str, Any]
    """The options that were set."""
    attachments: list[AttachmentJson]
    issuer: NotRequired[str]
    """Who signed the answer, where that is not the backend's usual service: its word and a hash of
    its address."""


class UsageJson(TypedDict):
    """Tokens of the whole answer."""

    input_tokens: Count
    output_tokens: Count
    thinking_tokens: Count
    tool_use_tokens: Count
    cached_tokens: Count
    total_tokens: Count
    details: NotRequired[
        Annotated[
            dict[str, Count],
            Field(
                json_schema_extra={
                    "propertyNames": {
                        "pattern": "^(input|tool_use|cached|output)_(audio|image|video)_tokens$"
                    }
                }
            ),
        ]
    ]
    """How many tokens of a side were no text; only where there were any."""
    tier: NotRequired[Tier]
    """Which tier of the service served, where it says so."""


class ReusedJson(TypedDict):
    """Where the answer came from when the model was not called."""

    stored: str
    """When the answer was stored: ISO 8601 date."""


class ToldJson(TypedDict):
    """A cell whose source and outputs the model was told."""

    cell: int | None
    """Its execution count; null where it had none."""
    source: Count
    """Characters of its source, as told."""
    output: Count
    """Characters of its outputs, as told."""
    pictures: Count


class ContextJson(TypedDict):
    """What the model was told of the notebook: names and sizes, no values."""

    namespace: NotRequired[list[str]]
    """The variables it was told of, by name."""
    cells: NotRequired[list[ToldJson]]
    characters: Count
    """Of all of it, as text."""


class ContinuationJson(TypedDict):
    """By which the service goes on with an answer that it has not finished."""

    token: str
    """The service's token, base64 as it came; sent back unchanged."""
    parts: Count
    """How many parts had come when the token was given."""
    characters: Count
    """How long the last of them was then, where it is a text or a thought; else 0."""


class ContinuedJson(TypedDict):
    """A later request that went on with the answer."""

    started: str
    """ISO 8601 with offset."""
    elapsed_ms: Count
    usage: UsageJson
    model_version: str | None


class ModelStatusJson(TypedDict):
    """What the service says of the model that answered."""

    stage: str
    """DEPRECATED and the like; empty where the service says none."""
    retires: NotRequired[str]
    """When it is retired, as the service says it: ISO 8601."""
    message: NotRequired[str]


class TurnJson(TypedDict):
    """One exchange with the model: what application/vnd.gemini-magic.turn+json, conversation files
    and the answer store hold. Closed, except where foreign data is kept as it came (args, response,
    raw, extra, grounding) or options may be added (config)."""

    version: Literal[1]
    id: str
    conversation: str
    cell: str | None
    """Id of the cell that asked; null in a terminal."""
    status: StatusJson
    reused: ReusedJson | None
    """Null, or when the answer was stored if it came from the answer store."""
    request: RequestJson
    parts: list[PartJson]
    usage: UsageJson
    finish_reason: str | None
    message: str | None
    """What there is to say about an ending that is not complete."""
    model_version: str | None
    response_id: str | None
    started: str
    """ISO 8601 with offset."""
    elapsed_ms: Count
    grounding: dict[str, Any] | None
    """Gemini's grounding, URL context and citation metadata as they came."""
    replaced: NotRequired[str]
    """Id of the turn whose place in the conversation it took: its cell was run again."""
    context: NotRequired[ContextJson]
    """What the model was told of the notebook beside the prompt."""
    model_status: NotRequired[ModelStatusJson]
    notes: NotRequired[list[str]]
    """What the caption says of the model that answered; each once in a kernel."""
    continuation: NotRequired[ContinuationJson]
    """Only where the service has stopped and can go on."""
    continued: NotRequired[list[ContinuedJson]]
    """The later requests that went on with the answer; usage and elapsed_ms count them in."""
