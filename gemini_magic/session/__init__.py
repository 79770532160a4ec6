"""What one kernel or one script shares, and the one road from a prompt to an answer.

Knows no IPython and no front end; those register themselves here.
"""
