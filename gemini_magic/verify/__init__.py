"""Runs an answer's code again and compares what comes out.

Nothing is run here but in the sandbox's process.
"""
