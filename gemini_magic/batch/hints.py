"""Says hints in the words of the command line: where it has none of its own, those of ``ask()``."""

from __future__ import annotations

from dataclasses import replace

from gemini_magic.hints import API, Hint

COMMAND_LINE = replace(
    API,
    words={
        **API.words,
        "Again": "Run it again",
        "again": "run it again",
        "model": "GEMINI_MAGIC_MODEL",
    },
    own={
        Hint.ASK_LATER: "{Again} in a while; --resume goes on where a run was stopped.",
        Hint.CHOOSE_MODEL: "Name another model with GEMINI_MAGIC_MODEL; Google lists the models "
        "at https://ai.google.dev/gemini-api/docs/models.",
        Hint.CHOOSE_MODEL_OR_REGION: "Name another model with GEMINI_MAGIC_MODEL, or a region "
        "that has it: GOOGLE_CLOUD_LOCATION (global has most).",
        Hint.FRESH: "--fresh calls the model and {instead}.",
        Hint.RAISE_TIMEOUT: "The call may have been billed. {Again}, or check the network.",
    },
)
"""The words of ``jupyter gemini``."""
