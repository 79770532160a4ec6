"""The last bundle of a long answer: turn JSON, HTML, Markdown and plain text of 100 kB."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

from .measuring import Claim, Found, Results, in_turn, seconds

BUNDLE = Claim("the four forms of a 100 kB answer", "markdown-it-py, its HTML alone", ratio=5)
CLAIMS = (BUNDLE,)

SECTION = """## What came out

The sum is **5117**, which took `{number}` steps; see [the table](https://example.org/{number}).
It costs $5, and the formula is $a^2 + b^2 = c^2$.

- one item, and *another* word
- a second one

| name | value |
| --- | ---: |
| steps | {number} |

```python
for step in range({number}):
    print(step)
```

"""


def long(first: int) -> str:
    """100 kB of Markdown; ``first`` makes it another."""
    numbers = range(first, first + 100_000 // len(SECTION))
    return "".join(SECTION.format(number=number) for number in numbers)


def turn(text: str) -> Turn:
    return Turn("long", Request("?", "m", "developer"), status="complete", parts=(Text(text),))


def measure(folder: Path, rounds: int) -> Results:
    parser = MarkdownIt("commonmark").enable("table")
    # Each a text of its own: what was parsed once is remembered.
    texts = [long(first) for first in range(2 * (rounds + 1))]
    took = in_turn(
        rounds,
        {
            "ours": seconds(lambda: bundle(turn(texts.pop()))),
            "floor": seconds(lambda: parser.render(texts.pop())),
        },
    )
    return {BUNDLE: Found(took["ours"], took["floor"])}
