"""The page says what the other forms of an answer say (`lab/src/answer`), run by node."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gemini_magic.emulator import performer
from gemini_magic.render import caption
from gemini_magic.render.sources import sources
from gemini_magic.render.telling import telling
from gemini_magic.text import short_size, visible
from gemini_magic.turn.parts import Call, File, Image, Opaque, Response, Result
from gemini_magic.turn.shown import shown_of
from gemini_magic.turn.turn import Turn

from ..hostile import HOSTILE
from ..strategies import turns
from .typescript import run

PIXELS = re.compile(r", \d+x\d+(?=, )")
CAPTIONS = """
const { visible } = await import('./src/model/characters.ts');
const { displayedOf } = await import('./src/answer/kernelRuns.ts');
const say = part => ({
  result: () => module.resultCaption(part, visible(part.output ?? '')),
  image: () => module.imageCaption(part, 2),
  file: () => module.fileCaption(part),
  call: () => module.callCaption(part),
  response: () => module.responseCaption(part),
  opaque: () => module.opaqueCaption(part)
})[part.kind]?.() ?? null;
console.log(JSON.stringify(given.map(turn => ({
  usage: (({ by, counts, cost }) => [by, ...[counts, cost].filter(Boolean)].join(' \u00b7 '))(
    module.usageLine(turn, '$1')
  ),
  reused: module.reusedLine(turn) ?? null,
  newest: turn.parts.map((_, at) => module.newestThought(turn.parts.slice(0, at + 1))),
  shown: turn.parts.flatMap(displayedOf).map(module.displayedCaption),
  parts: turn.parts.map(say)
}))));
"""


def examples(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    """The same examples of a strategy each time."""
    found: list[Any] = []

    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def said(turn: Turn) -> dict[str, Any]:
    words: list[str | None] = []
    for part in turn.parts:
        match part:
            case Result():
                words.append(caption.result_caption(part))
            case Image():
                # Its size in pixels is seen on a page.
                words.append(PIXELS.sub("", caption.image_caption(part, times=2)))
            case File():
                words.append(caption.file_caption(part))
            case Call():
                words.append(caption.call_caption(part))
            case Response():
                words.append(caption.response_caption(part))
            case Opaque():
                words.append(caption.opaque_caption(part))
            case _:
                words.append(None)
    return {
        "usage": caption.usage_line(turn, "$1"),
        "reused": caption.reused_line(turn),
        "newest": [caption.newest_thought(turn.parts[: at + 1]) for at in range(len(turn.parts))],
        "shown": [caption.shown_caption(one) for part in turn.parts for one in shown_of(part)],
        "parts": words,
    }


def test_the_captions_of_any_turn_are_the_same_words() -> None:
    cases = [
        one for one in examples(turns, 300) if _encodable(one) and _ordered(one) and _ends(one)
    ]
    assert len(cases) > 200
    found = run("answer/captions.ts", CAPTIONS, [turn.to_dict() for turn in cases])
    for turn, words in zip(cases, found, strict=True):
        assert words == said(turn)


CODES = {
    "import pandas as pd\n\n# Read\nn = 50\nvalues = []\nwhile len(values) < n:\n    pass\n": (
        "while len(values) < n:"
    ),
    "from x import (\n    a,\n    b,\n)\nsales = pd.read_csv('s.csv')  # all\n": (
        "sales = pd.read_csv('s.csv')"
    ),
    '"""Says.\nmore = f(x)\n"""\nimport x; print(x)': "print(x)",
    "result = (\n    sales\n    .groupby('region')['units']\n    .sum()\n)": (
        "result = (sales.groupby('region')['units'].sum())"
    ),
    "data = {\n    'a': [1, 2],  # no )\n}\ndf = pd.DataFrame(data)": "df = pd.DataFrame(data)",
    "@cache\ndef fib(n):\n    return n": "def fib(n):",
    "plt.style.use('x')\nnp.random.seed(0)\nwarnings.filterwarnings('ignore')\nplot()": "plot()",
    "x: int = -5e3 + 0x1F\nf'{x}'\nr'a' 'b'\nx": "x",
    "try:\n    go()\nexcept E: pass": "go()",
    "if __name__ == '__main__':\n    main()": "main()",
    "%matplotlib inline\n!pip install x\ngo()": "go()",
    "x = 1 \\\n  + y": "x = 1 + y",
    "gr\u00f6\u00dfe = 5\nprint(gr\u00f6\u00dfe)": "print(gr\u00f6\u00dfe)",
    "x = 'a;b' # ;": "x = 'a;b'",
    "n = 5\nm = None\n": "n = 5",
    "import numpy as np\n# nothing else\n": "",
    "print('never closed\ngo()": "print('never closed go()",
    "s = '''never closed\ngo()": "s = '''never closed go()",
    ")))\ngo(1)": ")))",
    'x = "\u202e"; y = f("\x1b[31mred")': 'y = f("red")',
    "call(" + "\U0001f3b2" * 70 + ")": "call(" + "\U0001f3b2" * 54 + "\u2026",
    " \t\n": "",
    "": "",
}


def test_the_telling_line_of_code_is_the_same_and_no_import() -> None:
    assert {code: telling(code) for code in CODES} == CODES
    fragments = [*CODES, *HOSTILE.values(), "\\", '"', "'", "#", "(", "]", ";", "=", "\n", "x", "5"]
    mixed = examples(st.lists(st.sampled_from(fragments), max_size=8).map("".join), 300)
    mixed = [code for code in mixed if _plain(code) and "\x1b]" not in code]
    assert len(mixed) > 200
    body = "console.log(JSON.stringify(given.map(module.telling)))"
    found = run("answer/telling.ts", body, [*CODES, *mixed])
    assert found == [telling(code) for code in (*CODES, *mixed)]


def test_the_offline_emulator_is_known_by_its_own_sentences() -> None:
    notes = [performer.RAN, performer.IN_KERNEL, performer.NOT_RUN]
    body = "console.log(JSON.stringify(given.map(note => module.apart(`x\\n\\n${note}`))))"
    found = run("answer/emulated.ts", body, notes)
    assert found == [{"text": "x", "note": note} for note in notes]


def test_sizes_and_times_are_given_alike() -> None:
    sizes = [0, 1, 999, 1000, 1499, 1500, 999_499, 999_500, 1_249_999, 1_250_001, 10**9]
    times = [0, 49, 50, 9_949, 9_950, 59_499, 119_499, 119_500, 185_000, 3_599_500]
    body = (
        "console.log(JSON.stringify([given[0].map(module.byteSize), given[1].map(module.seconds)]))"
    )
    expected = [list(map(short_size, sizes)), list(map(caption.seconds, times))]
    assert run("answer/captions.ts", body, [sizes, times]) == expected


def test_characters_that_act_are_made_harmless_alike() -> None:
    texts = [*HOSTILE.values(), *map(chr, range(0x180)), *map(chr, range(0x2000, 0x2070))]
    texts += ["a\x1b[31mb\x1b[0m", "a\x1b]0;t\x07b", "a\x1b", "\x01" * 1000, "a\r\nb\rc"]
    # Of a sequence that never ends other letters of its beginning are left: both are harmless.
    texts = [text for text in texts if _plain(text) and text != "\x1b]52;c;Y3VybCBldmls"]
    body = "console.log(JSON.stringify(given.map(module.visible)))"
    assert run("model/characters.ts", body, texts) == [visible(text) for text in texts]


def test_the_sources_of_an_answer_are_the_same() -> None:
    pages = [
        {"web": {"title": title, "uri": uri}}
        for title in ("A", "", None, " a\nb ", 5)
        for uri in ("https://a.example/x", "http://b", "javascript:alert(1)", "//c", "", None, 5)
    ]
    groundings: list[Any] = [{"groundingMetadata": {"groundingChunks": [page]}} for page in pages]
    groundings += [{"groundingMetadata": {"groundingChunks": pages}}, {}, None]
    body = "console.log(JSON.stringify(given.map(one => module.sources(one))))"
    found = run("answer/sources.ts", body, groundings)
    for grounding, ours in zip(groundings, found, strict=True):
        assert [(one["title"], one.get("url")) for one in ours] == [
            (one.title, one.url) for one in sources(grounding)
        ]


def _plain(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _ordered(turn: Turn) -> bool:
    """Whether JavaScript keeps the order of names: it puts numbers first."""
    opaque = [part for part in turn.parts if isinstance(part, Opaque)]
    return not any(name.isdigit() for part in opaque for name in part.raw)


def _ends(turn: Turn) -> bool:
    """Whether each escape sequence ends; of others different letters are left, see above."""
    return json.dumps(HOSTILE["OSC without end"])[1:-1] not in json.dumps(turn.to_dict())


def _encodable(turn: Turn) -> bool:
    return _plain(json.dumps(turn.to_dict(), ensure_ascii=False))
