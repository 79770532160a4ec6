"""Code in the caller's kernel: the same scripts, their runs played as calls of ``run_python``.

A request that declares that function has no sandbox. Each round of the answer is a request of its
own: the script is played again from its beginning, is given what the runs so far returned, and
goes on from there to its next run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gemini_magic.emulator.conversation import Conversation, FunctionResponse
from gemini_magic.emulator.script import CallFunction, Run, Say, Script, Think, attempts, ran
from gemini_magic.sandbox import SandboxResult

NAME = "run_python"
_TOPIC = re.compile(
    r"\b(data|table|frame|columns?|rows?|mean|average|median|statistic\w*|summar\w+|describe|plot"
    r"|chart|graph|draw|grew|growth|fastest|trend|total|sum|max\w*|highest|lowest|min\w*|which)\b",
    re.I,
)
_FRAME = re.compile(
    r"^(?P<name>[^\W\d]\w*): pandas\.(?:core\.frame\.)?DataFrame, shape \(\d+, \d+\), "
    r"columns: (?P<columns>.*)$",
    re.M,
)
_COLUMN = re.compile(r"(?P<label>.+?) \((?P<dtype>[^()]+)\)(?:, |$)")
_TIMES = ("year", "month", "date", "quarter", "week", "day")
_GROWTH = """\
by_time = {name}.pivot_table(index={time!r}, columns={group!r}, values={value!r}, sort=False)
growth = (by_time.iloc[-1] / by_time.iloc[0] - 1).sort_values(ascending=False)
print(growth.round(3).to_string())
print(f"fastest: {{growth.index[0]}} ({{growth.iloc[0]:+.1%}} in {value})")
"""
_GROWTH_AGAIN = """\
ends = {name}.groupby({group!r}, sort=False)[{value!r}].agg(["first", "last"])
growth = (ends["last"] / ends["first"] - 1).sort_values(ascending=False)
print(growth.round(3).to_string())
print(f"fastest: {{growth.index[0]}} ({{growth.iloc[0]:+.1%}} in {value})")
"""
_PLOT = """\
import matplotlib.pyplot as plt

axes = {name}.pivot_table(index={time!r}, columns={group!r}, values={value!r}, sort=False).plot(
    figsize=(8, 4.5), marker="o", title={value!r}
)
plt.show()
"""
_PLOT_AGAIN = """\
import matplotlib.pyplot as plt

{name}.plot(figsize=(8, 4.5))
plt.show()
"""
_DESCRIBE = "{name}.describe(include='all')\n"  # shown as a table


def frames(prompt: str, conversation: Conversation) -> Script | None:
    """Answers questions about a data frame of the kernel that the request tells of."""
    if NAME not in conversation.functions or not _TOPIC.search(prompt):
        return None
    found = list(_FRAME.finditer(conversation.told))
    if not found:
        return None
    named = [one for one in found if re.search(rf"\b{re.escape(one['name'])}\b", prompt)]
    frame = (named or found)[0]
    labels = [(one["label"], one["dtype"]) for one in _COLUMN.finditer(frame["columns"])]
    return _answer(prompt, frame["name"], labels)


def _answer(prompt: str, name: str, labels: list[tuple[str, str]]) -> Script:
    growth = bool(re.search(r"\b(grew|grow\w*|fastest|trend|increase\w*)\b", prompt, re.I))
    plot = bool(re.search(r"\b(plot|chart|graph|draw|visuali[sz]e)\b", prompt, re.I))
    times = [label for label, _ in labels if label.lower() in _TIMES]
    numbers = [
        label for label, kind in labels if kind.startswith(("int", "float")) and label not in times
    ]
    groups = [label for label, _ in labels if label not in times and label not in numbers]
    names = {
        "name": name,
        "time": times[0] if times else "year",
        "group": groups[0] if groups else "group",
        "value": numbers[-1] if numbers else "value",
    }
    yield Think("**Looking at the variables**\n\nThere is a data frame; its columns are told.\n")
    yield Say(f"I use the data frame `{name}` of your kernel.\n\n")
    said = []
    if growth:
        grown = yield from attempts(_GROWTH.format(**names), _GROWTH_AGAIN.format(**names))
        fastest = re.search(r"^fastest: (.*)$", grown.stdout, re.M)
        said.append(f"Fastest growing is **{fastest[1]}**." if fastest else "It did not run.")
    if plot:
        drawn = yield from attempts(_PLOT.format(**names), _PLOT_AGAIN.format(**names))
        said.append("The chart shows it." if drawn.images else "The chart did not succeed.")
    if not said:
        yield from ran(_DESCRIBE.format(**names))
        said.append("Its statistics are in the output above.")
    yield Say(" ".join(said))


def plays(conversation: Conversation) -> bool:
    """Whether code of the answer runs in the caller's kernel; not where the prompt names calls."""
    return (
        NAME in conversation.functions
        and NAME not in conversation.question
        and all(one.name == NAME for one in conversation.responses)
    )


def played(script: Script, conversation: Conversation) -> Script:
    """``script``, its runs as calls; what the rounds before have said is not said again."""
    runs = [response for response in conversation.ran if response.name == NAME]
    done = 0
    result: SandboxResult | None = None
    while True:
        try:
            step = script.send(result)
        except StopIteration:
            return
        result = None
        if isinstance(step, Run):
            if done == len(runs):
                yield CallFunction(NAME, {"code": step.code})
                return
            response = runs[done].response
            if isinstance(response, Mapping) and "not_run" in response:
                reason = response.get("reason")
                why = f" (you said: {reason})" if reason else ""
                yield Say(f"You did not run this{why}, so I stop here and conclude nothing.")
                return
            result = _result(runs[done])
            done += 1
        elif done == len(runs):
            yield step


def _result(response: FunctionResponse) -> SandboxResult:
    told: Any = response.response if isinstance(response.response, Mapping) else {}
    return SandboxResult(
        outcome="OUTCOME_OK" if told.get("outcome") == "OUTCOME_OK" else "OUTCOME_FAILED",
        stdout=str(told.get("stdout", "")),
        stderr=str(told.get("stderr", "")) + str(told.get("traceback", "")),
        images=tuple(b"" for _ in range(response.pictures)),
    )
