"""The user's data on its way to the model: values and files as immutable items, nothing sent.

`resolve.gather` reads what ``--attach`` says, `resolve.gather_values` what ``ask(attach=...)`` is
given; `content` makes items into the parts that stand before the prompt.
"""
