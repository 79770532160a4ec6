"""Runs notebooks unattended: the command line, jobs, their execution and their report.

nbclient, kernels and clusters live here alone; nothing in the package may import this folder.
"""
