"""Runs the model's code in the user's kernel, with the user's word, and tells it of the notebook.

`consent` shows the code and asks; `running` runs it as a cell and catches what it makes; `runner`
joins the two for the engine. `namespace` describes the variables, `recorder` and `cells` the cells
that ran before. The shell is handed in: nothing here imports IPython.
"""
