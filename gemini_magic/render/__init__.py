"""Draws a turn in every form: plain text, Markdown, HTML, widgets, live.

A view gets a turn and a way to display it; requests, conversations and kernel state may not
live here.
"""
