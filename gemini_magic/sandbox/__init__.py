"""Runs real code in a bounded Python child process; imports nothing of the package.

    with SandboxProcess(files={"data.csv": b"a,b\\n1,2\\n"}) as session:
        result = session.run("print(open('data.csv').read())")

`run` is one snippet in one fresh process; a `SandboxProcess` runs several in one namespace, as
Gemini's own sandbox does for the code parts of one request.

Endless loops, memory and floods of output are stopped everywhere. What else the code can reach
depends on the operating system; each result names what stays open (``open_doors``):

- Linux with unprivileged user namespaces: nothing. The code sees the system's programs, the
  interpreter and the installed packages, read-only, and writes to its scratch folder; ``/tmp``,
  ``/var/tmp`` and ``/dev/shm`` are small ones of its own. No network, no other process, no socket.
- Linux without them, but with Landlock (6.2): the contents of the user's files are closed, other
  processes can be seen, UDP and Unix sockets used, modes and dates of files changed.
- macOS, Windows and other Linux systems: the code can do what the user can.

It is **not a security boundary** like a virtual machine: the kernel is shared, and where doors stay
open it only stops accidents.
"""

from gemini_magic.sandbox.process import Cancelled
from gemini_magic.sandbox.result import DOORS, Door, Outcome, SandboxResult, left_open
from gemini_magic.sandbox.session import SandboxProcess, run

__all__ = [
    "DOORS",
    "Cancelled",
    "Door",
    "Outcome",
    "SandboxProcess",
    "SandboxResult",
    "left_open",
    "run",
]
