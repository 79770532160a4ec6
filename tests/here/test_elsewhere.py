"""Where there is no kernel, nothing runs here."""

from __future__ import annotations

import pytest

from gemini_magic import ask
from gemini_magic.errors import OptionError


def test_a_script_has_no_kernel_to_run_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gemini_magic.api._loaded", lambda: None)
    for more in ({"here": True}, {"context": 3}, {"yes": True}):
        with pytest.raises(OptionError, match="need a notebook's kernel"):
            ask("go", **more)  # type: ignore[arg-type]
