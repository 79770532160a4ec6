"""Turns the user's values and files into immutable items; sends nothing, asks nobody.

`resolve.gather` reads what ``--attach`` says, `resolve.gather_values` what ``ask(attach=...)`` is
given; `content` makes items into the parts that stand before the prompt.
"""
