"""The models the emulator plays: by the table of models, at the emulator's date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gemini_magic import catalog

# Tokens of thinking before the first word, by level; made up, and more for more.
_EFFORT = {"MINIMAL": 0, "LOW": 24, "MEDIUM": 48, "HIGH": 96, "XHIGH": 192}


@dataclass(frozen=True)
class Model:
    """A model name with the facts that requests depend on.

    ``served``: what is known of the model that answers, which is another one for an alias and for
    a name that is routed. ``deprecated``: when it will be shut down, as long as that is to
    come.
    """

    name: str
    served: catalog.Model
    beta: bool = False
    deprecated: datetime | None = None

    @property
    def generation(self) -> int:
        return self.served.generation

    @property
    def levels(self) -> tuple[str, ...]:
        """The thinking levels it takes, in the API's words; empty: it takes a budget."""
        return tuple(level.upper() for level in self.served.levels or ())

    @property
    def budget(self) -> tuple[int, int] | None:
        return self.served.budget

    def effort(self, config: dict[str, Any]) -> int:
        """How many tokens it thinks before its first word, by the request's ``thinkingConfig``."""
        budget = config.get("thinkingBudget")
        if budget == 0 or (budget is None and not config.get("thinkingLevel", "")):
            off = budget == 0 or not self.served.thinks
            return 0 if off else _EFFORT[(self.served.default or "medium").upper()]
        return _EFFORT.get(config.get("thinkingLevel", ""), _EFFORT["MEDIUM"])

    def status(self) -> dict[str, Any] | None:
        """Its ``modelStatus``: that a shutdown is to come (assumed: nothing else is said)."""
        if self.deprecated is None:
            return None
        return {
            "modelStage": "DEPRECATED",
            "retirementTime": self.deprecated.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "message": f"{self.name} will be shut down (offline emulator).",
        }

    def listed(self) -> dict[str, Any]:
        """Its entry in ``models.list`` of the Developer API."""
        title = self.name.replace("-", " ").title()
        routed = self.served.name != self.name
        return {
            "name": f"models/{self.name}",
            "version": self.served.name if routed else "001",
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


def models(when: datetime, *, vertex: bool) -> dict[str, Model]:
    """The models by name, as they are at ``when``; the dates are those of the Developer API."""
    return {name: _model(row, when, vertex=vertex) for name, row in catalog.MODELS.items()}


def _model(row: catalog.Model, when: datetime, *, vertex: bool) -> Model:
    coming = row.ends is not None and when < row.ends and not vertex
    served = catalog.of(row.name, when, vertex=vertex)
    return Model(row.name, served, row.beta, row.ends if coming else None)
