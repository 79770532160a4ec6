"""The subcommands of ``%gemini``: a table, and one file for each group.

Nothing here that asks, shows or stores by itself: that is the session's and the views'.
"""
