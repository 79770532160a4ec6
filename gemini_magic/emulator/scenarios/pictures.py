"""Plots that need no data: sine and cosine, Collatz, a histogram of dice."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, Think, ran

_WAVES = """\
import numpy as np
import matplotlib.pyplot as plt

x = np.linspace(0, 2 * np.pi, 400)
crossings = np.array([np.pi / 4, 5 * np.pi / 4])
plt.figure(figsize=(8, 4.5))
plt.plot(x, np.sin(x), label="sin(x)")
plt.plot(x, np.cos(x), label="cos(x)")
plt.plot(crossings, np.sin(crossings), "ko", label="sin(x) = cos(x)")
plt.title("Sine and cosine")
plt.xlabel("x (radians)")
plt.legend()
plt.grid(alpha=0.3)
plt.tight_layout()
plt.show()
print("they cross at", ", ".join(f"{value:.4f}" for value in crossings))
"""
_COLLATZ = """\
import matplotlib.pyplot as plt

n = {start}
path = [n]
while n != 1:
    n = n // 2 if n % 2 == 0 else 3 * n + 1
    path.append(n)
print(f"steps: {{len(path) - 1}}")
print(f"highest: {{max(path)}}")
plt.figure(figsize=(8, 4.5))
plt.plot(path, linewidth=1)
plt.title("Collatz sequence from {start}")
plt.xlabel("step")
plt.ylabel("value")
plt.tight_layout()
plt.show()
"""
_DICE = """\
import random
from collections import Counter

import matplotlib.pyplot as plt

random.seed({seed})
rolls = Counter(random.randint(1, 6) + random.randint(1, 6) for _ in range({count}))
totals = sorted(rolls)
plt.figure(figsize=(8, 4.5))
plt.bar(totals, [rolls[total] for total in totals])
plt.title("Total of two dice, {count} throws")
plt.xlabel("total")
plt.ylabel("times thrown")
plt.tight_layout()
plt.show()
print("most frequent:", max(totals, key=rolls.get))
"""


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers prompts about Collatz, dice, and sine and cosine."""
    numbers = [int(found) for found in re.findall(r"\d{1,9}", prompt)]
    if re.search(r"\bcollatz\b", prompt, re.I):
        return _collatz(max(2, numbers[0]) if numbers else 27)
    if re.search(r"\b(sine|sin|cosine|cos)\b", prompt, re.I):
        return _waves()
    if re.search(r"\bdice\b", prompt, re.I):
        seed = conversation.config.get("seed", 0)
        return _dice(min(numbers[0], 1_000_000) if numbers else 10_000, int(seed))
    return None


def _waves() -> Script:
    yield Think("**Planning the chart**\n\nBoth curves over one period, crossings marked.\n")
    yield Say("I draw both curves over one period and mark where they meet.\n\n")
    result = yield from ran(_WAVES)
    if result.images:
        yield Say(
            "The curves meet where $\\sin x = \\cos x$, that is at $\\pi/4$ and $5\\pi/4$: "
            f"`{result.stdout.strip()}`."
        )
    else:
        yield Say("No picture came back; the output above says why.")


def _collatz(start: int) -> Script:
    yield Say(f"I follow the Collatz rule from {start} and draw the path.\n\n")
    result = yield from ran(_COLLATZ.format(start=start))
    told = dict(line.split(": ", 1) for line in result.stdout.splitlines() if ": " in line)
    if "steps" in told:
        yield Say(
            f"From {start} it takes **{told['steps']}** steps to reach 1, "
            f"climbing to {told['highest']} on the way."
        )
    if not result.images:
        yield Say(" No picture came back; the output above says why.")


def _dice(count: int, seed: int) -> Script:
    yield Say(f"I throw two dice {count} times.\n\n")
    result = yield from ran(_DICE.format(count=count, seed=seed))
    yield Say(f"The outcome of the run: {result.stdout.strip() or 'see above'}.")
