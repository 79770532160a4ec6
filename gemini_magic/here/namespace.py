"""Describes the user's variables to the model: names, types and shapes, and never a value.

Only the user's own names, none that begins with ``_``. A variable whose name or text looks like a
key or a password is left out whole. Nothing of a foreign type is asked for anything: shapes, dtypes
and labels are read from arrays and frames of the libraries named here, lengths from Python's own
containers.
"""

from __future__ import annotations

import re
import types
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from gemini_magic.errors import redact
from gemini_magic.text import one_line

MOST_BYTES = 8_000
LABELS, LABEL = 40, 60  # column labels told of a frame, and characters of one
_ARRAYS = ("numpy", "pandas", "polars", "torch", "jax", "jaxlib", "tensorflow", "pyarrow", "xarray")
_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset, range, memoryview)
_SECRET = re.compile(
    r"passw|passphrase|secret|credential|api_?key|access_?key|private_?key|auth_?token"
    r"|(?:^|_)(?:token|pwd|bearer)(?:$|_)",
    re.IGNORECASE,
)


class Overview(NamedTuple):
    """``text``: what the model is told; ``names``: of the variables in it."""

    text: str
    names: tuple[str, ...]


class Known(NamedTuple):
    """What a variable is known by: its identity, and its look where that tells of a change."""

    value: object  # kept, so that no new object has its identity
    look: str


def own(namespace: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    """The user's variables: no modules, nothing that IPython put there or that begins with _."""
    found = {}
    for name, value in list(namespace.items()):
        # Exactly this type: a subclass may do anything when it is looked at.
        if type(name) is str and not name.startswith("_") and name not in hidden:
            found[name] = value
    return found


def secret(name: str, value: object) -> bool:
    """Whether a variable looks like a key or a password, by its name or by its text."""
    if _SECRET.search(name) or redact(name) != name:
        return True
    text = value.decode("utf-8", "replace") if type(value) is bytes else value
    # Exactly these types: a subclass may do anything when it is looked at.
    return type(text) is str and redact(text[:100_000]) != text[:100_000]


def overview(namespace: Mapping[str, Any], hidden: Collection[str]) -> Overview:
    """The variables, the biggest and the newest first, in at most `MOST_BYTES`."""
    variables = own(namespace, hidden)
    told = [name for name, value in variables.items() if not secret(name, value)]
    newest = {name: at for at, name in enumerate(told)}
    rank = sorted(told, key=lambda name: (-_weight(variables[name]), -newest[name]))
    lines: list[str] = []
    names: list[str] = []
    size = 0
    for name in rank:
        line = f"{one_line(name, 80)}: {describe(variables[name])}"
        if size + len(line.encode("utf-8", "replace")) + 1 > MOST_BYTES - 200:
            break
        lines.append(line)
        names.append(name)
        size += len(line.encode("utf-8", "replace")) + 1
    if len(told) > len(names):
        lines.append(f"({len(told) - len(names):,} more variables are not listed)")
    kept = len(variables) - len(told)
    if kept:
        lines.append(f"({kept:,} that look like keys or passwords are not listed)")
    body = "\n".join(lines) or "(no variables yet)"
    return Overview(f"Variables of the notebook's kernel (no values):\n{body}", tuple(names))


def describe(value: object) -> str:
    """The type of a value, with shape, dtype, length and column labels where it has them."""
    kind = type(value)
    module, name = _named(kind)
    said = one_line(name if module == "builtins" else f"{module}.{name}", 80)
    if kind is types.ModuleType:
        return f"module {one_line(str(getattr(value, '__name__', '')), 80)}"
    if kind is types.FunctionType:
        return f"function{_signature(value)}"
    if issubclass(kind, type):
        return "class"
    if kind in _SIZED:
        return f"{said}, length {len(value):,}"  # type: ignore[arg-type]
    return said + (_shape(value) if _is_array(kind) else "")


# Read past what a class's own class may say instead.
_MODULE = type.__dict__["__module__"].__get__
_NAME = type.__dict__["__name__"].__get__


def _named(kind: type) -> tuple[str, str]:
    try:
        module = _MODULE(kind)
    except AttributeError:  # deleted
        module = ""
    return (module if type(module) is str else ""), _NAME(kind)


def _is_array(kind: type) -> bool:
    return _named(kind)[0].partition(".")[0] in _ARRAYS


def _shape(value: Any) -> str:
    """Shape, dtype and column labels in words; what cannot tell them is told without."""
    try:
        return _shaped(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - of a foreign library, or of what says that it is one
        return ""


def _shaped(value: Any) -> str:
    said = ""
    shape = _get(value, "shape")
    if shape and isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        said += f", shape {tuple(map(int, shape))}"
    dtype = _get(value, "dtype")
    if dtype is not None:
        said += f", dtype {one_line(str(dtype), 40)}"
    columns = _get(value, "columns")
    if columns is None or len(shape or ()) != 2:
        return said
    dtypes = _get(value, "dtypes")
    labels = list(columns[:LABELS])
    kinds = [str(one) for one in list(dtypes)[:LABELS]] if dtypes is not None else []
    told = []
    for at, label in enumerate(labels):
        name = one_line(str(label), LABEL)
        if secret(name, str(label)):
            continue
        told.append(f"{name} ({one_line(kinds[at], 30)})" if at < len(kinds) else name)
    more = len(columns) - len(told)
    said += f", columns: {', '.join(told)}" + (f", and {more:,} more" if more else "")
    return said


def _get(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - what cannot tell its shape is told without one
        return None


def _signature(function: Any) -> str:
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return f"({one_line(', '.join(names), 200)})"


def _weight(value: object) -> int:
    """About how much a variable holds: elements of arrays and frames, length of containers."""
    kind = type(value)
    if kind in _SIZED:
        return len(value)  # type: ignore[arg-type]
    if _is_array(kind):
        shape = _get(value, "shape")
        if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
            product = 1
            for size in shape:
                product *= max(1, int(size))
            return product
    return 0


def snapshot(namespace: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Known]:
    """What `changes` compares with later."""
    return {
        name: Known(value, _shape(value) if _is_array(type(value)) else "")
        for name, value in own(namespace, hidden).items()
    }


def changes(
    before: Mapping[str, Known], namespace: Mapping[str, Any], hidden: Collection[str]
) -> dict[str, list[str]]:
    """Which variables are ``new``, ``changed`` or ``gone`` since ``before``; secrets left out.

    Changed: another object, or an array or frame of another shape, dtype or labels. A value that
    was changed in place and looks the same is not noticed.
    """
    now = own(namespace, hidden)
    new: list[str] = []
    changed: list[str] = []
    size = 0
    for name, value in now.items():
        known = before.get(name)
        look = _shape(value) if _is_array(type(value)) else ""
        if known is not None and known.value is value and known.look == look:
            continue
        if secret(name, value):
            continue
        if known is None:
            told = f"{one_line(name, 80)} ({describe(value)})"
            size += len(told)
            new.append(told if size <= MOST_BYTES else one_line(name, 80))
        else:
            changed.append(one_line(name, 80))
    gone = [name for name in before if name not in now and not secret(name, before[name].value)]
    found = {"new": new, "changed": changed, "gone": gone}
    return {kind: _few(names) for kind, names in found.items() if names}


def _few(names: list[str], most: int = 40) -> list[str]:
    return names if len(names) <= most else [*names[:most], f"{len(names) - most:,} more"]
