"""Run Python in a process whose system calls are refused, as containers and old kernels do.

``python refusing.py CALL=ERRNO,... CODE``: a seccomp filter, which the children inherit, answers
each call with the error; then the code runs.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

# By the kernel's tables: x86_64, aarch64.
NUMBERS = {
    "unshare": (272, 97),
    "mount": (165, 40),
    "pivot_root": (155, 41),
    "mount_setattr": (442, 442),
    "landlock_create_ruleset": (444, 444),
}
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # <linux/bpf_common.h>
ALLOW, ERRNO = 0x7FFF0000, 0x00050000  # <linux/seccomp.h>
NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2


def refuse(errors: dict[str, int]) -> None:
    """Let each of these calls fail with its error number, in this process and its children."""
    column, architecture = ARCHITECTURES[os.uname().machine]
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 0)]
    for name, error in errors.items():
        steps += [(EQUAL, 0, 1, NUMBERS[name][column]), (RETURN, 0, 0, ERRNO | error)]
    steps.append((RETURN, 0, 0, ALLOW))
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(filters))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    assert libc.prctl(NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) == 0
    assert libc.prctl(SET_SECCOMP, ctypes.c_ulong(FILTER), program, zero, zero) == 0


if __name__ == "__main__":
    asked = [one.split("=") for one in sys.argv[1].split(",") if one]
    refuse({name: int(error) for name, error in asked})
    exec(compile(sys.argv[2], "<refusing>", "exec"), {"__name__": "__main__"})
