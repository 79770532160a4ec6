"""Gemini code execution, native in Jupyter."""

__version__ = "0.1.0"
