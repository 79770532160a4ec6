"""Carries a request to a service and its answer back, as chunks.

google.genai, httpx2 and sockets live here alone; conversations, kernels and displays may not.
"""
