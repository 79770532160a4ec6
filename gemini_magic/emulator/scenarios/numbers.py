"""Number theory and arithmetic over the numbers in the prompt."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, Think, ran

# (what the prompt must say, how many numbers, the code, the sentence around the output)
_FAMILIES: tuple[tuple[str, int, str, str], ...] = (
    (
        r"\bis\b.*\bprime\b|\bprime\?",
        1,
        "n = {0}\n"
        "divisor = next((d for d in range(2, int(n ** 0.5) + 1) if n % d == 0), None)\n"
        "if n < 2:\n"
        '    print(f"{{n}} is not prime")\n'
        "elif divisor:\n"
        '    print(f"{{n}} is not prime: {{divisor}} x {{n // divisor}}")\n'
        "else:\n"
        '    print(f"{{n}} is prime")\n',
        "Trial division says: **{output}**.",
    ),
    (
        r"\b(gcd|greatest common divisor)\b",
        2,
        "import math\n\nprint(math.gcd({0}, {1}))\n",
        "The greatest common divisor of {0} and {1} is **{output}**.",
    ),
    (
        r"\b(lcm|least common multiple)\b",
        2,
        "import math\n\nprint(math.lcm({0}, {1}))\n",
        "The least common multiple of {0} and {1} is **{output}**.",
    ),
    (
        r"\bfactorial\b|\d\s*!",
        1,
        "import math\nimport sys\n\nsys.set_int_max_str_digits(0)\nprint(math.factorial({0}))\n",
        "The factorial of {0} is **{output}**.",
    ),
    (
        r"\bfactor(s|is|iz|\b)|\bprime factors\b|\bdecompos",
        1,
        "n = rest = {0}\nfactors = []\nd = 2\n"
        "while d * d <= rest:\n"
        "    while rest % d == 0:\n"
        "        factors.append(d)\n"
        "        rest //= d\n"
        "    d += 1\n"
        "if rest > 1:\n    factors.append(rest)\n"
        'print(" x ".join(map(str, factors)))\n',
        "The prime factorisation of {0} is **{output}**.",
    ),
    (
        r"\bfibonacci\b",
        1,
        "a, b = 0, 1\nfor _ in range({0}):\n    a, b = b, a + b\nprint(a)\n",
        "The Fibonacci number with index {0} (F(0) = 0, F(1) = 1) is **{output}**.",
    ),
    (
        r"\bsquare root\b|\bsqrt\b",
        1,
        "import math\n\nprint(math.sqrt({0}))\n",
        "The square root of {0} is **{output}**.",
    ),
)
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?![\w.]*\d)")
_EXPRESSION = re.compile(r"[-(]*\d[\d.,\s()]*(?:(?:\*\*|//|[-+*/%^×÷])[\s(-]*\d[\d.,\s()]*)+")
MOST_DIGITS = 14


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers prompts about numbers, and bare arithmetic such as ``65465 - 6544 * 65464``."""
    numbers = [found.replace(",", "") for found in _NUMBER.findall(prompt)]
    numbers = [number for number in numbers if len(number) <= MOST_DIGITS]
    for pattern, count, code, sentence in _FAMILIES:
        if len(numbers) >= count and re.search(pattern, prompt, re.I):
            return _answer(code, sentence, numbers[:count])
    found = _EXPRESSION.search(prompt)
    if found and not re.search(r"\d{4}-\d\d-\d\d", prompt):
        expression = found[0].strip().replace("^", "**").replace("×", "*").replace("÷", "/")
        expression = expression.replace(",", "").rstrip(".")
        if expression.count("(") == expression.count(")"):
            return _arithmetic(expression)
    return None


def _answer(code: str, sentence: str, numbers: list[str]) -> Script:
    yield Think("**Choosing a method**\n\nA few lines of Python settle this.\n")
    yield Say("I let Python work this out.\n\n")
    result = yield from ran(code.format(*numbers))
    if result.outcome != "OUTCOME_OK":
        yield Say("The run did not succeed; its output above says why.")
        return
    yield Say(sentence.format(*numbers, output=result.stdout.strip()))


def _arithmetic(expression: str) -> Script:
    result = yield from ran(f"result = {expression}\nprint(result)\n")
    if result.outcome == "OUTCOME_OK":
        yield Say(f"`{expression}` is **{result.stdout.strip()}**.")
    else:
        yield Say(f"`{expression}` cannot be computed; the output above says why.")
