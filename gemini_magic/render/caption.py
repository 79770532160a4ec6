"""Captions: every fact of a turn that a view says in words, the same words in every form.

An outcome, a status or a kind is always a word, never a colour or a sign alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gemini_magic.characters import one_line
from gemini_magic.events import phase
from gemini_magic.parts import OK, Call, Code, File, Image, Opaque, Response, Result
from gemini_magic.render.outline import EMULATED, GOOGLE, Entry
from gemini_magic.render.raster import size
from gemini_magic.steps import Run, outcome_word
from gemini_magic.turn import Status, Turn

_LANGUAGES = {"PYTHON": "Python", "LANGUAGE_UNSPECIFIED": "Code", "": "Code"}
_ERROR_LINE = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b.*$", re.M)
_ENDINGS: dict[Status, tuple[str, str]] = {
    "interrupted": ("Interrupted", "The answer was stopped; what had arrived is kept."),
    "blocked": ("Blocked", "A filter blocked the prompt or the answer."),
    "truncated": ("Cut short", "The answer is not complete."),
    "failed": ("Failed", "The answer failed."),
}


def lines(count: int) -> str:
    """ "1 line", "14 lines"."""
    return f"{count:,} line" if count == 1 else f"{count:,} lines"


def count_lines(text: str) -> int:
    """Lines of ``text`` without white space at its ends."""
    stripped = text.strip()
    return stripped.count("\n") + 1 if stripped else 0


def not_shown(count: int) -> str:
    """What stands below a text of which ``count`` characters are left out of this form."""
    return f"{count:,} more characters are not shown here; the notebook has them."


def failed(outcome: str | None) -> bool:
    """Whether an outcome is known not to be OK; an outcome that was not given is not."""
    return outcome not in (None, OK, "OUTCOME_UNSPECIFIED")


def byte_size(count: int) -> str:
    """A size in bytes for reading: "830 B", "83 kB", "1.2 MB" (powers of 1000)."""
    if count < 1000:
        return f"{count} B"
    if count < 999_500:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1e6:.1f} MB"


def language(code: Code) -> str:
    """The code's language as a name: "Python"."""
    return _LANGUAGES.get(code.language.upper(), one_line(code.language, 30))


def sandbox(backend: str) -> str:
    """Where the code of an answer of ``backend`` runs."""
    return EMULATED if backend == "emulator" else GOOGLE


def code_caption(run: Run, *, running: bool = False, where: str = GOOGLE) -> str:
    """The one line that a piece of code folds to.

    ``running``: the answer still streams and nothing has come after this code. ``where``: the
    sandbox it runs in.
    """
    assert run.code is not None
    said = f"{language(run.code)}, {lines(count_lines(run.code.code))}, "
    if running:
        said += f"running in {where}"
    elif run.results or run.images:
        said += f"ran in {where}"
    else:
        # Search tools come as code that never gets a result.
        said += f"no result from {where}"
    return said + (", while thinking" if run.code.thought else "")


def result_caption(result: Result) -> str:
    """The line of a result: its outcome in words, and its error or its length."""
    said = f"Result: {one_line(outcome_word(result.outcome), 60)}"
    output = result.output or ""
    if not output.strip():
        said += ", no output"
    else:
        named = _ERROR_LINE.findall(output[-20_000:]) if result.outcome != OK else []
        if named:
            said += f", {one_line(named[-1], 80)}"
        else:
            said += f", {lines(count_lines(output))} of output"
    return said + (", while thinking" if result.thought else "")


def image_caption(image: Image, *, times: int = 1) -> str:
    """ "image/png, 1200x750, 83 kB"; ``times``: how often in a row the same bytes were sent."""
    found = size(image.data)
    said = [one_line(image.mime_type, 60)]
    if found:
        said.append(f"{found[0]}x{found[1]}")
    said.append(byte_size(len(image.data)))
    if times > 1:
        said.append(f"sent {times} times")
    return ", ".join(said)


def file_caption(file: File) -> str:
    """ "text/csv, 12 kB" or the type alone for a file that is only linked."""
    said = one_line(file.mime_type or "unknown type", 60)
    return said if file.data is None else f"{said}, {byte_size(len(file.data))}"


def file_text(mime_type: str, data: bytes) -> str | None:
    """The content of a text file (text, JSON, SVG) as text, None for anything else."""
    plain = mime_type.split(";", 1)[0].strip().lower()
    if plain.startswith("text/") or plain.endswith(("json", "+xml", "/xml")):
        return data.decode("utf-8", "replace")
    return None


def call_caption(call: Call) -> str:
    """The line of a call of a kernel function."""
    return f"Call of {one_line(call.name, 60)}"


def response_caption(response: Response) -> str:
    """The line of what a called function returned."""
    return f"Returned by {one_line(response.name, 60)}"


def opaque_caption(part: Opaque) -> str:
    """The line of a part of a kind this version does not know: the kind by its wire name."""
    known = {"thought", "thoughtSignature", "thought_signature", "videoMetadata", "partMetadata"}
    names = [key for key in part.raw if key not in known]
    return f"Part of an unknown kind: {one_line(', '.join(map(str, names)), 60) or 'no name'}"


def json_text(value: Any) -> str:
    """``value`` as indented JSON; what JSON has no form for is written as its ``str``."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def status_line(turn: Turn, progress: str | None = None) -> str | None:
    """What there is to say about the state of the turn; None when it is complete.

    While it streams: ``progress`` (for example "retrying in 3 s, 2 of 4"), else what the last part
    that arrived tells.
    """
    if turn.status == "streaming":
        said = one_line(progress or phase(turn.parts), 200)
        return said[:1].upper() + said[1:] + "\u2026"
    if turn.status == "complete":
        return None
    word, default = _ENDINGS[turn.status]
    return f"{word}: {one_line(turn.message or default, 600)}"


def nothing_line(turn: Turn, entries: Sequence[Entry], show: str) -> str | None:
    """What to say when ``show`` leaves nothing to see of a turn that has something."""
    if entries or show == "all" or turn.status == "streaming":
        return None
    names = {"answer": "text", "code": "code", "results": "results"}
    return f"This answer has no {names[show]}; --show all shows all of it."


def reused_line(turn: Turn) -> str | None:
    """The label of an answer that came from the answer store; None when Gemini was called."""
    if turn.reused is None:
        return None
    stored = one_line(str(turn.reused.get("stored", "an unknown date")), 40)
    return f"Stored answer of {stored}, shown again without calling the model (--fresh calls it)."


def usage_line(turn: Turn, cost: str | None = None) -> str:
    """The quiet last line: model, time, tokens and, when known, the cost as given."""
    said = [one_line(turn.model, 80).removeprefix("models/")]
    if turn.elapsed_ms:
        said.append(seconds(turn.elapsed_ms))
    usage = turn.usage
    counts = [
        (usage.input_tokens, "input"),
        (usage.output_tokens, "output"),
        (usage.thinking_tokens, "thinking"),
        (usage.tool_use_tokens, "tool use"),
        (usage.cached_tokens, "cached"),
    ]
    told = [f"{count:,} {word}" for count, word in counts if count]
    if told:
        said.append("tokens: " + ", ".join(told))
    if cost:
        said.append(one_line(cost, 60))
    return " \u00b7 ".join(said)


def seconds(elapsed_ms: int) -> str:
    """Milliseconds for reading: "0.8 s", "42 s", "3 min 5 s"."""
    if elapsed_ms < 9_950:
        return f"{elapsed_ms / 1000:.1f} s"
    whole = round(elapsed_ms / 1000)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"
