"""The page groups parts into runs as the kernel does (`lab/src/answer/steps.ts`), run by node."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from gemini_magic.turn.parts import Call, Code, Image, Opaque, Part, Response, Result, Text
from gemini_magic.turn.steps import CodeRun, steps

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
    "signature": Opaque({"thoughtSignature": "c2ln"}),
}
HERE: dict[str, Part] = {
    **{name: KINDS[name] for name in ("code", "result", "picture", "words")},
    "call": Call("run_python", {"code": "x"}),
    "call with id": Call("run_python", {"code": "x"}, "a"),
    "ran": Response("run_python", {"outcome": "OUTCOME_OK", "stdout": "1", "value": "2"}),
    "skipped": Response("run_python", {"not_run": "no", "reason": "late"}, "a"),
}
IN_KERNEL = """console.log(JSON.stringify(given.map(parts => module.steps(parts)
  .filter(step => step.kind === 'run')
  .map(({index, code, results, images, kernel, changes}) => [index, code?.code ?? null,
    results.map(one => [one.outcome, one.output]), images.length, !!kernel, changes ?? '']))))"""
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
        if isinstance(step, CodeRun)
    ]


def test_every_short_sequence_of_parts_is_grouped_alike() -> None:
    sequences = [
        [copy.copy(KINDS[name]) for name in names]
        for length in range(5)
        for names in itertools.product(KINDS, repeat=length)
    ]
    given = [[part.to_dict() for part in parts] for parts in sequences]
    assert len(sequences) == 7381
    assert run("answer/steps.ts", RUNS, given) == [grouped(parts) for parts in sequences]


def test_runs_in_the_kernel_are_read_off_calls_and_responses_alike() -> None:
    sequences = [
        [copy.copy(HERE[name]) for name in names]
        for length in range(5)
        for names in itertools.product(HERE, repeat=length)
    ]
    given = [[part.to_dict() for part in parts] for parts in sequences]
    expected = [
        [
            [
                run.index,
                run.code.code if run.code else None,
                [[one.outcome, one.output] for one in run.results],
                len(run.images),
                run.kernel,
                run.changes,
            ]
            for run in steps(parts)
            if isinstance(run, CodeRun)
        ]
        for parts in sequences
    ]
    assert run("answer/steps.ts", IN_KERNEL, given) == expected
