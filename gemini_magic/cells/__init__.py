"""Answers as cells: what of a turn becomes a cell, and how cells reach a notebook."""
