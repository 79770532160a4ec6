"""The Markdown parsers of front ends, raw HTML on, as a trusted output meets them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune

MODULES = Path(__file__).parents[2] / "gemini_magic" / "lab" / "node_modules"

# What JupyterLab's rendermime does before its sanitiser, which leaves trusted outputs alone:
# take math out, run marked, put math back.
_LAB = """
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
globalThis.navigator ??= {};  // asked for the name of an old browser
const [modules] = process.argv.slice(2);
const { removeMath, replaceMath } = await import('./latex.mjs');
const { marked } = await import(join(modules, 'marked/lib/marked.esm.js'));
const shown = JSON.parse(readFileSync(0, 'utf8')).map(source => {
  const { text, math } = removeMath(source);
  return replaceMath(marked.parse(text, { gfm: true, async: false }), math);
});
process.stdout.write(JSON.stringify(shown));
"""


def jupyterlab(sources: Sequence[str], folder: Path) -> list[str]:
    """HTML of each source as JupyterLab's own code makes it; skips without Node and its modules."""
    node = shutil.which("node")
    if node is None or not (MODULES / "marked/lib/marked.esm.js").is_file():
        pytest.skip("JupyterLab's Markdown parser is not installed (npm ci in gemini_magic/lab)")
    script = folder / "lab.mjs"
    script.write_text(_LAB, encoding="utf-8")
    # Its package does not say that its files are modules.
    shutil.copy(MODULES / "@jupyterlab/rendermime/lib/latex.js", folder / "latex.mjs")
    done = subprocess.run(
        [node, str(script), str(MODULES)],
        input=json.dumps(list(sources)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def nbconvert(source: str) -> str:
    """HTML as nbconvert makes it of ``text/markdown`` (mistune)."""
    return str(markdown2html_mistune(source))


@cache
def _markdown_it() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def markdown_it(source: str) -> str:
    """HTML as front ends on markdown-it (VS Code, Colab) make it, before their sanitisers."""
    return str(_markdown_it().render(source))


@cache
def _without_tables() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True})


def commonmark(source: str) -> str:
    """HTML of a parser that knows neither tables nor math."""
    return str(_without_tables().render(source))
