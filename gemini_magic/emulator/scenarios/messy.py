"""Numbers written in many ways: the first, naive code fails, the second copes."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, Think, attempts

_NAIVE = """\
raw = {raw!r}
values = [float(entry) for entry in raw]
print(f"total: {{sum(values):.2f}}")
"""
_CAREFUL = """\
import re

raw = {raw!r}


def number(entry):
    digits = re.sub(r"[^0-9.,-]", "", entry)
    if not re.search(r"[0-9]", digits):
        return None
    # The last separator followed by one or two digits is the decimal point; others group.
    whole, mark, cents = re.match(r"(.*?)(?:([.,])(\\d{{1,2}}))?$", digits).groups()
    return float(re.sub(r"[.,]", "", whole) + ("." + cents if mark else ""))


values = [value for value in map(number, raw) if value is not None]
for entry in raw:
    print(f"{{entry!r:>16}} -> {{number(entry)}}")
print(f"count: {{len(values)}}")
print(f"total: {{sum(values):.2f}}")
print(f"mean: {{sum(values) / len(values):.2f}}")
"""


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers "add up these prices: a; b; c" with entries that are not all plain numbers."""
    if not re.search(r"\b(prices?|amounts?|costs?|figures|receipts?|expenses)\b", prompt, re.I):
        return None
    _, colon, after = prompt.partition(":")
    listed = [entry.strip(" .\t`\"'*-") for entry in re.split(r"[;\n|]", after)]
    raw = [entry for entry in listed if entry]
    if not colon or len(raw) < 2 or not any(re.search(r"\d", entry) for entry in raw):
        return None
    return _answer(raw)


def _answer(raw: list[str]) -> Script:
    yield Think("**Reading the amounts**\n\nPerhaps they are all plain numbers. I try.\n")
    yield Say("I read the entries as numbers and add them up.\n\n")
    result = yield from attempts(_NAIVE.format(raw=raw), _CAREFUL.format(raw=raw))
    if result.outcome != "OUTCOME_OK":
        yield Say("I could not read these entries; the output above shows where it stopped.")
        return
    told = dict(re.findall(r"^(count|total|mean): (.*)$", result.stdout, re.M))
    left = len(raw) - int(told.get("count", len(raw)))
    skipped = f" ({left} of {len(raw)} entries hold no number and were left out)" if left else ""
    mean = f" and their mean **{told['mean']}**" if "mean" in told else ""
    yield Say(f"The total is **{told['total']}**{mean}{skipped}. Currencies were not converted.")
