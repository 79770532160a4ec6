"""The names that ``safetySettings`` takes.

Those of Google's published v1beta messages (the first of them were the PaLM API's), and the
categories that google-genai 3.4 has besides.
"""

from __future__ import annotations

_CATEGORIES = (
    "UNSPECIFIED",
    *("DEROGATORY", "TOXICITY", "VIOLENCE", "SEXUAL", "MEDICAL", "DANGEROUS"),
    *("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY"),
    *("IMAGE_HATE", "IMAGE_DANGEROUS_CONTENT", "IMAGE_HARASSMENT", "IMAGE_SEXUALLY_EXPLICIT"),
    "JAILBREAK",
)
HARMS = tuple(f"HARM_CATEGORY_{name}" for name in _CATEGORIES)
THRESHOLDS = (
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "BLOCK_NONE",
    "OFF",
)
