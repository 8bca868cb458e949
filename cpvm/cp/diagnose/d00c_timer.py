"""DIAGNOSE X'0C': pseudo timer (DMKHVC)."""

from __future__ import annotations

import time

from cpvm.cp.clock import hhmmss, mmddyy
from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.s370.ebcdic import to_ebcdic


@diagnose(0x0C)
def pseudo_timer(call: DiagnoseCall) -> None:
    """Rx: a doubleword-aligned area of 32 bytes, which gets the date mm/dd/yy, the time hh:mm:ss, and the virtual and
    the total processor time in microseconds."""
    call.specification(bool(call.x & 7))
    now, usage = time.time(), call.vm.usage
    call.write(
        call.x,
        to_ebcdic(mmddyy(now) + hhmmss(now))
        + usage.virtual_microseconds.to_bytes(8, "big")
        + usage.total_microseconds.to_bytes(8, "big"),
    )
