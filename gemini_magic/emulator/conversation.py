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
    "application/json": "json",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
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
    """What the caller's function gave back."""

    name: str
    response: Any


@dataclass(frozen=True)
class Conversation:
    """A request, ready to be answered."""

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
    for content in contents:
        if content.get("role") == "model":
            answer.extend(content.get("parts", []))
            continue
        if answer:
            earlier.append(_answered("\n".join(pending), answer))
            pending, answer = [], []
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
        responses=tuple(
            FunctionResponse(
                part["functionResponse"].get("name", ""), part["functionResponse"].get("response")
            )
            for part in last.get("parts", [])
            if "functionResponse" in part
        ),
        may_run=any("codeExecution" in tool for tool in tools),
        may_search=any("googleSearch" in tool for tool in tools),
        may_read_urls=any("urlContext" in tool for tool in tools),
        system=_text(request.get("systemInstruction", {})),
        config=request.get("generationConfig", {}),
    )


def _said(content: Mapping[str, Any]) -> str:
    """What a user's Content asks: where text stands behind files, what is before is about them."""
    parts = content.get("parts", [])
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
