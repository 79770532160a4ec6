"""A bounded Python child process: real code, run apart from this process, with limits.

    with Session(files={"data.csv": b"a,b\\n1,2\\n"}) as session:
        result = session.run("print(open('data.csv').read())")

`run` is one snippet in one fresh process; a `Session` runs several in one namespace, as Gemini's
own sandbox does for the code parts of one request.

This is **not a security boundary**. It stops accidents (endless loops, memory, floods of output,
stray network calls, secrets in the environment), not an attacker: the child runs as the same user
and can read the files that user can read.
"""

from gemini_magic.sandbox.process import Cancelled
from gemini_magic.sandbox.result import Outcome, SandboxResult
from gemini_magic.sandbox.session import Session, run

__all__ = ["Cancelled", "Outcome", "SandboxResult", "Session", "run"]
