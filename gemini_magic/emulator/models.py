"""The models the emulator knows by name, and what each refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_ALL_LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH")


@dataclass(frozen=True)
class Model:
    """A model name with the facts that requests depend on.

    ``levels`` are the thinking levels it takes (empty: it takes a budget), ``budget`` the range
    of that budget, ``beta`` that only v1beta has it, ``version`` what ``modelVersion`` says.
    """

    name: str
    levels: tuple[str, ...] = ()
    budget: tuple[int, int] = (0, 24576)
    beta: bool = False
    version: str = ""

    @property
    def generation(self) -> int:
        """2 for the 2.x models, 3 for everything newer."""
        return 3 if self.levels else 2

    def listed(self) -> dict[str, Any]:
        """Its entry in ``models.list`` of the Developer API."""
        title = self.name.replace("-", " ").title()
        return {
            "name": f"models/{self.name}",
            "version": self.version or "001",
            "displayName": f"{title} (offline emulator)",
            "description": "Scripted answers of the offline emulator under this model's name",
            "inputTokenLimit": 1048576,
            "outputTokenLimit": 65536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "temperature": 1,
            "topP": 0.95,
            "topK": 64,
            "maxTemperature": 2,
            "thinking": True,
        }


_WITHOUT_MINIMAL = _ALL_LEVELS[1:]
MODELS = {
    model.name: model
    for model in (
        Model("gemini-3.8-flash", _WITHOUT_MINIMAL),
        Model("gemini-3.7-flash", _WITHOUT_MINIMAL, version="gemini-3.8-flash"),
        Model("gemini-3.6-flash", _ALL_LEVELS),
        Model("gemini-3.5-flash", _ALL_LEVELS, version="gemini-3.6-flash"),
        Model("gemini-3.5-flash-lite", _ALL_LEVELS),
        Model("gemini-3-flash-preview", _ALL_LEVELS, beta=True),
        Model("gemini-3.1-pro-preview", _WITHOUT_MINIMAL, beta=True),
        # That the 4 series takes XHIGH is assumed: it is the only series it could be meant for.
        Model("gemini-4-argon", (*_WITHOUT_MINIMAL, "XHIGH")),
        Model("gemini-4-carbon", (*_WITHOUT_MINIMAL, "XHIGH")),
        Model("gemini-4-hydrogen", (*_WITHOUT_MINIMAL, "XHIGH")),
        Model("gemini-2.5-flash"),
        Model("gemini-2.5-flash-lite", budget=(512, 24576)),
        Model("gemini-2.5-pro", budget=(128, 32768)),
        Model("gemini-flash-latest", _WITHOUT_MINIMAL, beta=True, version="gemini-3.8-flash"),
        Model("gemini-flash-lite-latest", _ALL_LEVELS, beta=True, version="gemini-3.5-flash-lite"),
        Model("gemini-pro-latest", _WITHOUT_MINIMAL, beta=True, version="gemini-3.1-pro-preview"),
    )
}
