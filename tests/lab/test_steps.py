"""The page groups parts into runs as the kernel does (`lab/src/steps.ts`), run by node."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from gemini_magic.parts import Code, Image, Opaque, Part, Result, Text
from gemini_magic.steps import Run, steps

from ..strategies import PNG
from .typescript import run

KINDS: dict[str, Part] = {
    "code": Code("x"),
    "code with id": Code("x", id="a"),
    "result": Result("OUTCOME_OK", "1"),
    "result with id": Result("OUTCOME_OK", "1", "a"),
    "picture": Image("image/png", PNG),
    "words": Text("w"),
    "nothing": Text(""),
    "unknown": Opaque({"new": 1}),
}
RUNS = """console.log(JSON.stringify(given.map(kinds => {
  const {steps} = module;
  const parts = kinds.map((part, at) => ({...part, at}));
  return steps(parts).filter(step => step.kind === 'run').map(({index, code, results, images}) =>
    [index, code ? code.at : null, results.map(one => one.at), images.map(one => one.at)]);
})))"""


def grouped(parts: list[Part]) -> list[Any]:
    """The runs of ``parts``, told by positions."""
    at = {id(part): number for number, part in enumerate(parts)}
    return [
        [
            step.index,
            at[id(step.code)] if step.code else None,
            [at[id(one)] for one in step.results],
            [at[id(one)] for one in step.images],
        ]
        for step in steps(parts)
        if isinstance(step, Run)
    ]


def test_every_short_sequence_of_parts_is_grouped_alike() -> None:
    sequences = [
        [copy.copy(KINDS[name]) for name in names]
        for length in range(5)
        for names in itertools.product(KINDS, repeat=length)
    ]
    given = [[part.to_dict() for part in parts] for parts in sequences]
    assert len(sequences) == 4681
    assert run("steps.ts", RUNS, given) == [grouped(parts) for parts in sequences]
