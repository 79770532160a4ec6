"""What Google's pages say of the models (November 2026), apart from the table in the code."""

from __future__ import annotations

# The thinking levels that a model takes.
LEVELS = {
    "gemini-4-hydrogen": "low medium high xhigh",
    "gemini-4-neon": "low medium high xhigh",
    "gemini-4-carbon": "low medium high",
    "gemini-4-argon": "low medium high",
    "gemini-3.8-flash": "low medium high",
    "gemini-3.6-flash": "minimal low medium high",
    "gemini-3.5-flash-lite": "minimal low medium high",
    "gemini-3.1-flash-lite": "minimal low medium high",
    "gemini-3.1-pro-preview": "low medium high",
    "gemini-3-flash-preview": "minimal low medium high",
}
