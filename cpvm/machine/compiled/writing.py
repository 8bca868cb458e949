"""The function of the host that native code calls to write a file."""

from __future__ import annotations

import ctypes
import sys


def write_address() -> int:
    """Host address of pwrite, 0 if there is none with offsets of 64 bits: then native code does not write disks."""
    if sys.platform not in ("linux", "darwin") or ctypes.sizeof(ctypes.c_long) != 8:
        return 0
    try:
        return ctypes.cast(ctypes.CDLL(None).pwrite, ctypes.c_void_p).value or 0
    except (OSError, AttributeError):
        return 0
