"""An offline Gemini on this machine: scripted words, really executed code, the exact wire.

    from gemini_magic.emulator import Emulator, Fault

An island: it meets the rest of the package only over HTTP, and uses only its sandbox.
"""

from gemini_magic.emulator.faults import Fault
from gemini_magic.emulator.server import Emulator
from gemini_magic.emulator.serving import serve

__all__ = ["Emulator", "Fault", "serve"]
