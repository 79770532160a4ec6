"""Tells what a cell's source means, so that a formatter's work is not taken for a user's edit.

For code: its syntax tree, with what black, ruff, isort and whitespace hooks change left out
(layout, quotes, needless brackets, the order and grouping of imports that follow each other, white
space in docstrings), and its comments, which are a user's as much as the code. For Markdown: its
words. It is told in our own form, not by `ast.dump`, whose form differs between versions of Python.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import Any

from gemini_magic.cells.source import parsed

_BLANKS = re.compile(r"[ \t\r\n\f\v]+")  # as in plan.ts: the blanks of both languages' own differ
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_IMPORTS = (ast.Import, ast.ImportFrom)


def words(text: str) -> str:
    """``text`` with each run of white space as one blank, and none around it."""
    return _BLANKS.sub(" ", text).strip(" ")


def meaning(source: str, cell_type: str) -> str:
    """What ``source`` means, as a text to compare; code that is no Python means what it reads."""
    if cell_type != "code":
        return words(source)
    tree = parsed(source)
    if tree is None:
        return source
    try:
        comments = sorted(_comments(source))
        return "\n".join([_told(tree), *comments])
    except (tokenize.TokenError, SyntaxError, RecursionError):  # deeper than the parser goes
        return source


def _comments(source: str) -> list[str]:
    found = tokenize.generate_tokens(io.StringIO(source).readline)
    return [words(token.string.lstrip("#")) for token in found if token.type == tokenize.COMMENT]


def _told(node: Any) -> str:
    if isinstance(node, list):
        return "[" + ", ".join(_statements(node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name in _LEFT_OUT or value is None or value == []:
            continue
        if name == "body" and isinstance(value, list):
            fields.append(f"body=[{_docstring(node, value)}{', '.join(_statements(value))}]")
        elif name == "targets" and isinstance(node, ast.Delete):
            fields.append(f"targets={_told(_flat(value))}")
        else:
            fields.append(f"{name}={_told(value)}")
    return f"{type(node).__name__}({', '.join(fields)})"


def _statements(nodes: list[Any]) -> list[str]:
    """The nodes told; imports that follow each other one by one, in an order of their own."""
    found: list[str] = []
    imports: set[str] = set()
    for node in nodes:
        if isinstance(node, _IMPORTS):
            module = "" if isinstance(node, ast.Import) else f"{'.' * node.level}{node.module}"
            imports |= {f"import {module}:{one.name}:{one.asname}" for one in node.names}
            continue
        found += sorted(imports)
        imports.clear()
        found.append(_told(node))
    return found + sorted(imports)


def _docstring(node: ast.AST, body: list[Any]) -> str:
    """The docstring, taken out of ``body``: formatters move its lines."""
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    match body[:1]:
        case [ast.Expr(value=ast.Constant(value=str(text)))]:
            body[:1] = []
            return f"doc {words(text)!r}; "
    return ""


def _flat(targets: list[Any]) -> list[Any]:
    """What is deleted: ``del (a, b)`` is ``del a, b``."""
    if len(targets) == 1 and isinstance(targets[0], ast.Tuple):
        return targets[0].elts
    return targets
