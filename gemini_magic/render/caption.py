"""Writes the captions of a turn: every fact that a view says in words, the same in every form.

An outcome, a status or a kind is always a word, never a colour or a sign alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gemini_magic.render.outline import EMULATED, GOOGLE, KERNEL, Entry
from gemini_magic.render.raster import size
from gemini_magic.render.telling import telling
from gemini_magic.text import counted, last_error, one_line, short_size, visible
from gemini_magic.turn.assembly import phase
from gemini_magic.turn.kernel_runs import NAME, SKIPPED
from gemini_magic.turn.parts import (
    OK,
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Response,
    Result,
    Thought,
)
from gemini_magic.turn.shown import LIVE, Displayed
from gemini_magic.turn.steps import CodeRun, outcome_word
from gemini_magic.turn.turn import Status, Turn

_LANGUAGES = {"PYTHON": "Python", "LANGUAGE_UNSPECIFIED": "Code", "": "Code"}
_ENDINGS: dict[Status, tuple[str, str]] = {
    "interrupted": ("Interrupted", "The answer was stopped; what had arrived is kept."),
    "blocked": ("Blocked", "A filter blocked the prompt or the answer."),
    "truncated": ("Cut short", "The answer is not complete."),
    "failed": ("Failed", "The answer failed."),
}


def count_lines(text: str) -> int:
    """Lines of ``text`` without white space at its ends."""
    stripped = text.strip()
    return stripped.count("\n") + 1 if stripped else 0


def not_shown(count: int) -> str:
    """What stands below a text of which ``count`` characters are left out of this form."""
    return f"{count:,} more characters are not shown here; the notebook has them."


def failed(outcome: str | None) -> bool:
    """Whether an outcome is known not to be OK; one that was not given is not, nor is a skip."""
    return outcome not in (None, OK, "OUTCOME_UNSPECIFIED", SKIPPED)


def language(code: Code) -> str:
    """The code's language as a name: "Python"."""
    return _LANGUAGES.get(code.language.upper(), one_line(code.language, 30))


def sandbox(backend: str) -> str:
    """Where the code of an answer of ``backend`` runs."""
    return EMULATED if backend == "emulator" else GOOGLE


class CodeCaption(NamedTuple):
    """The one line that a piece of code folds to: its length, its telling line, what became of it.

    ``line`` is empty where the code has none, or is never out of sight.
    """

    length: str
    line: str
    became: str

    def __str__(self) -> str:
        return self.length + (f": {self.line} \u00b7 " if self.line else ", ") + self.became


def code_caption(
    run: CodeRun,
    *,
    running: bool = False,
    where: str = GOOGLE,
    folded: bool = True,
    chosen: Callable[[str], str] = telling,
) -> CodeCaption:
    """The caption of a run's code.

    ``running``: the answer still streams and nothing has come after this code. ``where``: the
    sandbox it runs in. ``folded``: the code itself may be out of sight; where it never is, no line
    of it is said twice. ``chosen``: `telling`, or what remembers what that said.
    """
    assert run.code is not None
    return CodeCaption(
        f"{language(run.code)}, {counted(count_lines(run.code.code), 'line')}",
        chosen(run.code.code) if folded else "",
        _became(run, running, where),
    )


def _became(run: CodeRun, running: bool, where: str) -> str:
    assert run.code is not None
    where = KERNEL if run.kernel else where
    if run.outcome == SKIPPED:
        said = "not run: skipped by you"
    elif run.kernel and not run.results:
        said = f"for {where}" if running else "not run"  # what ran has its result
    elif running:
        said = f"running in {where}"
    elif run.results or run.images:
        said = f"ran in {where}"
    else:
        # Search tools come as code that never gets a result.
        said = f"no result from {where}"
    return said + (", while thinking" if run.code.thought else "")


def place(run: CodeRun, where: str) -> str:
    """Where a run's code ran, in a word: kernel, emulator or sandbox."""
    return "kernel" if run.kernel else "emulator" if where == EMULATED else "sandbox"


def result_caption(result: Result, drawn: int = 0, changes: str = "") -> str:
    """The line of a result: its outcome in words, and its error or its length.

    ``drawn``: how many pictures follow it, which is what a run made that printed nothing.
    ``changes``: which variables it made, changed or removed in the kernel.
    """
    if result.outcome == SKIPPED:
        why = one_line(result.output or "", 80)
        return f"Result: skipped, {why}" if why else "Result: skipped"
    changed = f"; {one_line(changes, 200)}" if changes else ""
    said = f"Result: {one_line(outcome_word(result.outcome), 60)}"
    output = result.output or ""
    if not output.strip():
        said += f", {_pictures(drawn)}" if drawn else ", no output"
    else:
        named = last_error(output) if result.outcome != OK else ""
        if named:
            said += f", {one_line(named, 80)}"
        else:
            said += f", {counted(count_lines(visible(output)), 'line')} of output"
    return said + changed + (", while thinking" if result.thought else "")


def _pictures(number: int) -> str:
    return "a picture" if number == 1 else counted(number, "picture")


def image_caption(image: Image, *, times: int = 1) -> str:
    """ "image/png, 1200x750, 83 kB"; ``times``: how often in a row the same bytes were sent."""
    found = size(image.data)
    said = [one_line(image.mime_type, 60)]
    if found:
        said.append(f"{found[0]}x{found[1]}")
    said.append(short_size(len(image.data)))
    if times > 1:
        said.append(f"sent {times} times")
    return ", ".join(said)


def shown_caption(shown: Displayed) -> str:
    """What a run has shown beside its text: "HTML with scripts, 12,345 characters"."""
    said = one_line(shown.title or _SHOWN.get(shown.mime_type) or shown.mime_type, 200)
    if shown.frame == LIVE and shown.mime_type == "text/html" and not shown.title:
        said += " with scripts"
    size = len(shown.data) or shown.size
    lost = "" if shown.data else ", too large to be kept"
    return f"{said}, {counted(size, 'character')}{lost}"


_SHOWN = {
    "text/html": "HTML",
    "image/svg+xml": "SVG picture",
    "application/javascript": "JavaScript",
    "text/markdown": "Markdown",
    "text/latex": "LaTeX",
}


def file_caption(file: File) -> str:
    """ "text/csv, 12 kB" or the type alone for a file that is only linked."""
    said = one_line(file.mime_type or "unknown type", 60)
    return said if file.data is None else f"{said}, {short_size(len(file.data))}"


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
    that arrived tells; and the newest line of a summary of the thinking.
    """
    if turn.status == "streaming":
        said = one_line(progress or phase(turn.parts), 200)
        newest = newest_thought(turn.parts)
        said += f" \u00b7 {newest}" if newest else ""
        return said[:1].upper() + said[1:] + "\u2026"
    if turn.status == "complete":
        return None
    word, default = _ENDINGS[turn.status]
    return f"{word}: {one_line(turn.message or default, 600)}"


def newest_thought(parts: Sequence[Part]) -> str:
    """The newest line of the thinking while it goes on, without marks of Markdown; else empty."""
    last = parts[-1] if parts else None
    if not isinstance(last, Thought):
        return ""
    lines = reversed(_ENDS.split(last.text[-_LOOK:]))
    return next(filter(None, (_MARKS.sub("", one_line(line, 100)) for line in lines)), "")


_ENDS = re.compile(r"[\r\n]+")
_MARKS = re.compile(r"^[ #>*_+-]+|[ *_#]+$")
_LOOK = 4000  # characters of a summary that are searched for its last line


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
    said = f"Stored answer of {stored}, shown again without calling the model (--fresh calls it)."
    if any(isinstance(part, Call) and part.name == NAME for part in turn.parts):
        said += " Its code ran then, not now: no variable of it is set."
    return said


def model_lines(turn: Turn) -> list[str]:
    """What there is to say about the model that answered; none while the answer streams."""
    return [] if turn.status == "streaming" else [one_line(note, 600) for note in turn.notes]


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
