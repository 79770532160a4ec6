"""The schema and the TypeScript in the repository are those that the types in Python make."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import pytest
from pydantic import ValidationError

from gemini_magic.extension import BUTTONS
from gemini_magic.frontend.messages import InsertCells, Push, Services
from gemini_magic.frontend.serving import SIDEBAR

from .messages import check, check_answered

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "scripts/generate_types.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_schema_of_a_turn_is_up_to_date(generate: ModuleType) -> None:
    assert generate.SCHEMA.read_text(encoding="utf-8") == generate.turn_schema(), (
        "run scripts/generate_types.py"
    )


def test_the_typescript_is_up_to_date(generate: ModuleType) -> None:
    if not (ROOT / "gemini_magic/lab/node_modules/json-schema-to-typescript").exists():
        reason = "npm ci has not been run in gemini_magic/lab"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    assert generate.TYPESCRIPT.read_text(encoding="utf-8") == generate.typescript(), (
        "run scripts/generate_types.py"
    )


def test_the_kernel_serves_what_the_types_name() -> None:
    assert set(get_type_hints(Services)) == {*BUTTONS, *SIDEBAR}


def test_the_types_cost_nothing_where_the_extension_runs() -> None:
    code = (
        "import sys, gemini_magic.frontend.link, gemini_magic.frontend.deltas\n"
        "import gemini_magic.verify.verification\n"
        "import gemini_magic.frontend.sidebar_requests, gemini_magic.extension\n"
        "own = {'gemini_magic.frontend.messages', 'gemini_magic.turn.types', 'pydantic'}\n"
        "print(own & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()", run.stdout


@pytest.mark.parametrize(
    "message",
    [
        {"type": "models", "id": 1, "models": "x"},
        {"type": "models", "id": 1},
        {"type": "models", "id": 1, "models": [], "more": 1},
        {"type": "models", "id": 1, "error": None},
        {"type": "turn", "turn": "t", "seq": 1, "parts": [{"kind": "text"}], "phase": ""},
        {"type": "bye"},
    ],
)
def test_an_answer_of_another_type_is_found(message: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        check_answered(message)


def test_pushes_and_insertions_of_another_type_are_found() -> None:
    check(Push, {"type": "end", "turn": "t", "cell": None})
    with pytest.raises(ValidationError):
        check(Push, {"type": "end", "turn": "t"})
    with pytest.raises(ValidationError):
        check(InsertCells, {"turn": "t", "source_cell": "c", "answers": [], "cells": []})
