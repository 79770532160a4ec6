"""An offline Gemini on this machine: scripted words, really executed code, the exact wire.

    from gemini_magic.emulator import Emulator, Fault

An island: the wire's scripts, faults and server live here, and nothing of the package but its
sandbox and the table of models (`catalog`, values alone) may be imported; the rest meets it over
HTTP.
"""

from gemini_magic.emulator.faults import Fault
from gemini_magic.emulator.server import Emulator
from gemini_magic.emulator.serving import serve

__all__ = ["Emulator", "Fault", "serve"]
