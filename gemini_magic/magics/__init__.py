"""Joins the package to IPython: ``%%gemini``, its options, completion and cell views.

IPython lives here alone; what a script or the command line needs as well may not.
"""
