"""The first N members of a known sequence: summed, listed, averaged, plotted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, Think, ran

MOST = 5000


@dataclass(frozen=True)
class Sequence:
    """A sequence with the Python that makes its first ``n`` members."""

    title: str
    pattern: str
    code: str


SEQUENCES = (
    Sequence(
        "prime numbers",
        r"primes?\b",
        "values = []\n"
        "candidate = 2\n"
        "while len(values) < n:\n"
        "    if all(candidate % prime for prime in values if prime * prime <= candidate):\n"
        "        values.append(candidate)\n"
        "    candidate += 1\n",
    ),
    Sequence(
        "Fibonacci numbers",
        r"fibonacci",
        "values = [0, 1]\n"
        "while len(values) < n:\n"
        "    values.append(values[-1] + values[-2])\n"
        "values = values[:n]\n",
    ),
    Sequence("square numbers", r"squares?\b", "values = [k * k for k in range(1, n + 1)]\n"),
    Sequence("cubes", r"cubes?\b", "values = [k ** 3 for k in range(1, n + 1)]\n"),
    Sequence(
        "triangular numbers",
        r"triang(ular|le)",
        "values = [k * (k + 1) // 2 for k in range(1, n + 1)]\n",
    ),
    Sequence("even numbers", r"even\b", "values = list(range(2, 2 * n + 1, 2))\n"),
    Sequence("odd numbers", r"odd\b", "values = list(range(1, 2 * n, 2))\n"),
    Sequence(
        "natural numbers",
        r"(natural numbers|integers|numbers)\b",
        "values = list(range(1, n + 1))\n",
    ),
)
_FIRST = re.compile(r"first\s+(\d[\d,]*)\s+(.*)", re.I | re.S)
_PLOT = """
import matplotlib.pyplot as plt

plt.figure(figsize=(8, 4.5))
plt.plot(range(1, n + 1), values, marker="o", markersize=3)
plt.title(f"The first {{n}} {title}")
plt.xlabel("position")
plt.ylabel("value")
plt.grid(alpha=0.3)
plt.tight_layout()
plt.show()
"""


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers "the first N ..." prompts."""
    found = _FIRST.search(prompt)
    if not found:
        return None
    count = int(found[1].replace(",", ""))
    for sequence in SEQUENCES:
        if re.search(sequence.pattern, found[2], re.I) and 1 <= count <= MOST:
            return _answer(sequence, count, prompt)
    return None


def _answer(sequence: Sequence, count: int, prompt: str) -> Script:
    listing = bool(re.search(r"\b(list|print|show|what are|give me)\b", prompt, re.I))
    mean = bool(re.search(r"\b(mean|average)\b", prompt, re.I))
    plot = bool(re.search(r"\b(plot|draw|chart|graph)\b", prompt, re.I))
    yield Think(f"**Counting {sequence.title}**\n\nI write a short program and run it.\n")
    yield Say(f"I compute the first {count} {sequence.title} and check how many there are.\n\n")
    code = f"n = {count}\n{sequence.code}"
    if listing:
        code += "print(values)\n"
    code += 'print(f"count: {len(values)}")\nprint(f"last: {values[-1]}")\n'
    code += 'print(f"mean: {sum(values) / n}")\n' if mean else ""
    code += 'print(f"sum: {sum(values)}")\n'
    result = yield from ran(code)
    if result.outcome != "OUTCOME_OK":
        yield Say("The code failed; see its output above.")
        return
    told = dict(line.split(": ", 1) for line in result.stdout.splitlines() if ": " in line)
    if plot:
        # Code parts of one request share their variables: ``values`` is still there.
        drawn = yield from ran(_PLOT.format(title=sequence.title).lstrip())
        if drawn.outcome != "OUTCOME_OK":
            yield Say("The numbers are there, but the plot failed; see its output above.")
            return
    also = f" Their mean is **{told['mean']}**." if mean else ""
    yield Say(
        f"There are {told['count']} of them, the last one is {told['last']}, and the sum of the "
        f"first {count} {sequence.title} is **{told['sum']}**.{also}"
    )
