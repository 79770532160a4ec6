"""Turns answers into notebook cells: their sources, their places, and notebook files.

Nothing is executed, asked or displayed here; nbformat and nbconvert belong to `document` and
`exporters` alone.
"""
