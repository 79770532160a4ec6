"""The last bundle of a long answer: turn JSON, HTML, Markdown and plain text of 100 kB."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from gemini_magic.parts import Text
from gemini_magic.render.bundle import bundle
from gemini_magic.turn import Request, Turn

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


def measure(folder: Path, rounds: int) -> Results:
    text = "".join(SECTION.format(number=number) for number in range(100_000 // len(SECTION)))
    turn = Turn("long", Request("?", "m", "developer"), status="complete", parts=(Text(text),))
    parser = MarkdownIt("commonmark").enable("table")
    took = in_turn(
        rounds,
        {"ours": seconds(lambda: bundle(turn)), "floor": seconds(lambda: parser.render(text))},
    )
    return {BUNDLE: Found(took["ours"], took["floor"])}
