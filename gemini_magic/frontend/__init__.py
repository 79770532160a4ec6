"""The kernel's side of the JupyterLab extension: comms, deltas, the sidebar's requests.

No IPython magics and no rendering of turns here.
"""
