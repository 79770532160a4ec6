"""Kernels of batch runs, forked where that is safe.

Nothing about notebooks or reports here.
"""
