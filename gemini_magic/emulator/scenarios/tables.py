"""Statistics, growth and plots over an attached CSV file, with pandas in the sandbox."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Attachment, Conversation
from gemini_magic.emulator.script import Say, Script, Think, attempts, ran

_TOPIC = re.compile(
    r"\b(csv|data|table|file|columns?|rows?|mean|average|median|statistic\w*|summar\w+|describe"
    r"|plot|chart|graph|draw|histogram|correlat\w+|grew|growth|fastest|trend|total|sum|max\w*"
    r"|highest|lowest|min\w*|which|group)\b",
    re.I,
)
# What a prompt says that is about a file, and not only beside one ("a table of the first primes").
_DATA = re.compile(
    r"\b(csv|data|dataset|spreadsheet|files?|columns?|rows?|attach\w*|(?:the|this|that) table)\b",
    re.I,
)
_READ = """\
import pandas as pd

df = pd.read_csv({name!r})
print(f"{{len(df)}} rows, columns: {{', '.join(df.columns)}}")
"""
_DESCRIBE = "print(df.describe(include='all').to_string())\n"
# Without pandas the numbers come from the standard library.
_PLAIN = """\
import csv
import statistics

with open({name!r}, newline="") as file:
    rows = list(csv.DictReader(file))
print(f"{{len(rows)}} rows, columns: {{', '.join(rows[0])}}")
for column in rows[0]:
    try:
        values = [float(row[column]) for row in rows]
    except ValueError:
        continue
    print(f"{{column}}: mean {{statistics.fmean(values):.4g}}, "
          f"min {{min(values):g}}, max {{max(values):g}}")
"""
_GROWTH = """\
numbers = list(df.select_dtypes("number").columns)
times = [c for c in df.columns if c.lower() in ("year", "month", "date", "quarter", "week", "day")]
groups = [c for c in df.columns if c not in numbers and c not in times]
value = [c for c in numbers if c not in times][-1]
if groups:
    ordered = df.sort_values(times) if times else df
    ends = ordered.groupby(groups[0], sort=False)[value].agg(["first", "last"])
    ends["growth"] = ends["last"] / ends["first"] - 1
else:  # each row against the one before it
    order = [c for c in times if c in numbers]  # names of months have an order of their own
    ends = (df.sort_values(order) if order else df).set_index(times[0]) if times else df
    ends = ends[[value]].dropna()
    ends["growth"] = ends[value] / ends[value].shift() - 1
ends = ends.dropna().sort_values("growth", ascending=False)
print(ends.to_string(float_format=lambda number: f"{number:.3f}"))
print(f"fastest: {ends.index[0]} ({ends['growth'].iloc[0]:+.1%} in {value})")
"""
_PLOT = """\
import matplotlib.pyplot as plt

numbers = list(df.select_dtypes("number").columns)
times = [c for c in df.columns if c.lower() in ("year", "month", "date", "quarter", "week", "day")]
groups = [c for c in df.columns if c not in numbers and c not in times]
value = [c for c in numbers if c not in times][-1]
figure, axes = plt.subplots(figsize=(8, 4.5))
if groups and times:
    table = df.pivot_table(index=times[0], columns=groups[0], values=value, sort=False)
    table.plot(ax=axes, marker="o")
elif groups:
    df.groupby(groups[0], sort=False)[value].sum().plot.bar(ax=axes)
else:
    df[[c for c in numbers if c not in times]].plot(ax=axes)
axes.set_title(value)
figure.tight_layout()
plt.show()
"""


def about_data(prompt: str, conversation: Conversation) -> Script | None:
    """Answers prompts that speak of the attached CSV file, its kind, its name or its columns."""
    if not conversation.tables or not (
        _DATA.search(prompt) or _names(prompt, conversation.tables[-1])
    ):
        return None
    return script(prompt, conversation)


def _names(prompt: str, table: Attachment) -> bool:
    """Whether the prompt holds the file's name or that of a column."""
    header = table.data[:4096].decode("utf-8", "replace").partition("\n")[0]
    columns = [column.strip(" \"'\r").lower() for column in re.split(r"[,;\t]", header)]
    names = [table.display_name.lower().removesuffix(".csv"), *columns]
    said = prompt.lower()
    return any(
        len(name) > 1 and re.search(rf"(?<!\w){re.escape(name)}s?(?!\w)", said) for name in names
    )


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers questions about the last attached CSV file."""
    if not conversation.tables or not _TOPIC.search(prompt):
        return None
    return _answer(prompt, conversation.tables[-1])


def _answer(prompt: str, table: Attachment) -> Script:
    growth = bool(re.search(r"\b(grew|grow\w*|fastest|trend|increase\w*)\b", prompt, re.I))
    plot = bool(re.search(r"\b(plot|chart|graph|draw|histogram|visuali[sz]e)\b", prompt, re.I))
    shown = f" ({table.display_name})" if table.display_name else ""
    yield Think("**Looking at the file**\n\nFirst its columns, then the question.\n")
    yield Say(f"I read the attached file `{table.name}`{shown}.\n\n")
    read = _READ.format(name=table.name)
    first = read if growth or plot else read + _DESCRIBE
    result = yield from attempts(first, _PLAIN.format(name=table.name))
    if result.outcome != "OUTCOME_OK":
        yield Say("The file could not be read as CSV; the output above says why.")
        return
    said = [f"The file has {result.stdout.splitlines()[0]}."]
    if growth:
        grown = yield from ran(_GROWTH)
        found = re.search(r"^fastest: (.*)$", grown.stdout, re.M)
        said.append(f"Fastest growing is **{found[1]}**." if found else "Growth was not found.")
    if plot:
        drawn = yield from ran(_PLOT)
        said.append("The chart shows it." if drawn.images else "The chart did not succeed.")
    if not growth and not plot:
        said.append("Its statistics are in the output above.")
    yield Say(" ".join(said))
