"""What a request says, as the scripted model reads it: prompts, earlier answers, files, tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_ENDINGS = {
    "text/csv": "csv",
    "text/plain": "txt",
    "text/html": "html",
    "text/markdown": "md",
    "text/xml": "xml",
    "text/x-python": "py",
    "application/json": "json",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template": "dotx",
    "application/msword": "doc",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.oasis.opendocument.presentation": "odp",
}


@dataclass(frozen=True)
class Attachment:
    """A file of the conversation, under the name the sandbox gives it (``input_file_0.csv``)."""

    name: str
    mime_type: str
    data: bytes
    display_name: str = ""


@dataclass(frozen=True)
class Exchange:
    """An earlier prompt with what the model answered to it."""

    prompt: str
    codes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class FunctionResponse:
    """What the caller's function gave back; ``pictures``: how many came with it."""

    name: str
    response: Any
    pictures: int = 0


@dataclass(frozen=True)
class Conversation:
    """A request, ready to be answered.

    ``question``: the prompt that the calls since then belong to, ``ran``: what they have returned,
    ``before``: the exchanges before it. ``told``: what stands before a prompt about the caller's
    notebook.
    """

    prompt: str
    earlier: tuple[Exchange, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    functions: tuple[str, ...] = ()
    responses: tuple[FunctionResponse, ...] = ()
    may_run: bool = False
    may_search: bool = False
    may_read_urls: bool = False
    system: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    question: str = ""
    told: str = ""
    ran: tuple[FunctionResponse, ...] = ()
    before: tuple[Exchange, ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """The sandbox's folder: every attachment, also under its own name when that is safe."""
        named = {
            safe_name(each.display_name): each.data
            for each in self.attachments
            if safe_name(each.display_name)
        }
        return {**named, **{each.name: each.data for each in self.attachments}}

    @property
    def tables(self) -> tuple[Attachment, ...]:
        """The attachments that are CSV."""
        return tuple(
            each
            for each in self.attachments
            if each.mime_type == "text/csv" or each.display_name.lower().endswith(".csv")
        )


def safe_name(name: str) -> str:
    """A display name as a file name inside the folder; empty when nothing usable is left."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w.\- ]", "_", last).strip(". ")[:100]


def conversation(
    request: Mapping[str, Any], uploads: Mapping[str, tuple[str, str, bytes]]
) -> Conversation:
    """Read a validated request; ``uploads`` maps file URIs to (mime type, display name, bytes)."""
    contents = request.get("contents", [])
    last = contents[-1]
    earlier: list[Exchange] = []
    pending: list[str] = []
    answer: list[Any] = []
    asked = _asked(contents)
    before: tuple[Exchange, ...] = ()
    for content in contents:
        if content.get("role") == "model":
            answer.extend(content.get("parts", []))
            continue
        if answer:
            earlier.append(_answered("\n".join(pending), answer))
            pending, answer = [], []
        if content is contents[asked]:
            before = tuple(earlier)
        if content is not last:
            pending.append(_said(content))
    tools = request.get("tools", [])
    return Conversation(
        prompt="\n".join([*pending, _said(last)]).strip(),
        earlier=tuple(earlier),
        attachments=_attachments(contents, uploads),
        functions=tuple(
            declared.get("name", "")
            for tool in tools
            for declared in tool.get("functionDeclarations", [])
        ),
        responses=_responses([last]),
        may_run=any("codeExecution" in tool for tool in tools),
        may_search=any("googleSearch" in tool for tool in tools),
        may_read_urls=any("urlContext" in tool for tool in tools),
        system=_text(request.get("systemInstruction", {})),
        config=request.get("generationConfig", {}),
        question=_said(contents[asked]).strip(),
        told=_text({"parts": [one for one in contents[asked].get("parts", []) if _told(one)]}),
        ran=_responses(contents[asked + 1 :]),
        before=before,
    )


def _asked(contents: list[Any]) -> int:
    """The position of the last Content in which the caller says something."""
    for at in range(len(contents) - 1, -1, -1):
        if contents[at].get("role") != "model" and _said(contents[at]).strip():
            return at
    return len(contents) - 1


def _responses(contents: list[Any]) -> tuple[FunctionResponse, ...]:
    return tuple(
        FunctionResponse(own.get("name", ""), own.get("response"), len(own.get("parts", ())))
        for content in contents
        if content.get("role") != "model"
        for part in content.get("parts", [])
        if (own := part.get("functionResponse")) is not None
    )


# What this package tells of a notebook stands in parts of its own, before the prompt.
_TOLD = ("Variables of the notebook's kernel", "Cells of the notebook that ran before this prompt")


def _told(part: Mapping[str, Any]) -> bool:
    return str(part.get("text", "")).startswith(_TOLD)


def _said(content: Mapping[str, Any]) -> str:
    """What a user's Content asks: where text stands behind files, what is before is about them."""
    every = content.get("parts", [])
    told = [at for at, part in enumerate(every) if _told(part)]
    # Pictures of the notebook stand behind what is told of its cells.
    parts = every[-1:] if told else every
    content = {"parts": parts}
    files = [at for at, part in enumerate(parts) if "inlineData" in part or "fileData" in part]
    behind = _text({"parts": parts[files[-1] + 1 :]}) if files else ""
    return behind if behind.strip() else _text(content)


def _text(content: Mapping[str, Any]) -> str:
    return "".join(
        part.get("text", "") for part in content.get("parts", []) if not part.get("thought")
    )


def _answered(prompt: str, parts: list[Any]) -> Exchange:
    return Exchange(
        prompt=prompt,
        codes=tuple(
            part["executableCode"].get("code", "") for part in parts if "executableCode" in part
        ),
        outputs=tuple(
            part["codeExecutionResult"].get("output", "")
            for part in parts
            if part.get("codeExecutionResult", {}).get("outcome") == "OUTCOME_OK"
        ),
        text=_text({"parts": parts}),
    )


def _attachments(
    contents: list[Any], uploads: Mapping[str, tuple[str, str, bytes]]
) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    for content in contents:
        if content.get("role") == "model":
            continue
        for part in content.get("parts", []):
            if blob := part.get("inlineData"):
                mime, shown, data = (
                    blob.get("mimeType", ""),
                    blob.get("displayName", ""),
                    blob.get("data", b""),
                )
            elif (file := part.get("fileData")) and file.get("fileUri") in uploads:
                mime, shown, data = uploads[file["fileUri"]]
                mime = file.get("mimeType") or mime
            else:
                continue
            ending = _ENDINGS.get(mime.split(";")[0], "bin")
            found.append(Attachment(f"input_file_{len(found)}.{ending}", mime, data, shown))
    return tuple(found)
