"""Where results go: one output path per input, never the input's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gemini_magic.errors import OptionError


def outputs(sources: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """The output path in ``folder`` of each input, by its absolute path, in the order given.

    An input given twice is run once. Same-named inputs get their folder's name as prefix
    (``a/n.ipynb`` becomes ``a-n.ipynb``), and those of its parents while that is not enough.
    Raises OptionError where an output would be an input.
    """
    found = list(dict.fromkeys(source.resolve() for source in sources))
    taken = set(found)
    names = _names(found)
    paths = {source: folder.resolve() / name for source, name in zip(found, names, strict=True)}
    for path in paths.values():
        if path.resolve() in taken:
            raise OptionError(
                f"The result would replace the input {path.name} in {folder}.",
                "Choose another --out DIR: inputs are never written to.",
            )
    return paths


def _names(sources: Sequence[Path]) -> list[str]:
    used = [1] * len(sources)
    while True:
        names = ["-".join(source.parts[-n:]) for source, n in zip(sources, used, strict=True)]
        # File systems that ignore case would make one file of two names.
        count = Counter(name.casefold() for name in names)
        longer = [
            # The root's own "part" is a slash.
            n + 1 if count[name.casefold()] > 1 and n + 1 < len(source.parts) else n
            for source, name, n in zip(sources, names, used, strict=True)
        ]
        if longer == used:
            return _numbered(names)
        used = longer


def _numbered(names: Sequence[str]) -> list[str]:
    """The same names; those that the folders could not tell apart (a-b/n, a/b/n) get numbers."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name.casefold()] += 1
        number = seen[name.casefold()]
        path = Path(name)
        found.append(name if number == 1 else f"{path.stem}-{number}{path.suffix}")
    return found
