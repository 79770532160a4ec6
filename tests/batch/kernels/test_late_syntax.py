"""What jsonschema needs for one format is loaded when that is checked, and works as ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("rfc3987_syntax", reason="jsonschema is installed without its formats")

PROGRAM = """
import gemini_magic.batch.perform, sys
import nbformat, jsonschema
assert "lark" not in sys.modules, "the grammar was built"
checker = jsonschema.FormatChecker()
assert checker.conforms("https://example.org/ä", "iri")
assert not checker.conforms("not an iri", "iri")
assert "lark" in sys.modules
import rfc3987_syntax
assert rfc3987_syntax.__file__ and rfc3987_syntax.is_valid_syntax("iri", "https://example.org/")
"""
FIRST = """
import rfc3987_syntax, gemini_magic.batch.perform
assert rfc3987_syntax.__file__, "one that is there already stays"
"""


@pytest.mark.parametrize("program", [PROGRAM, FIRST])
def test_an_iri_is_checked_by_the_module_itself_once_somebody_asks(program: str) -> None:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
