"""DIAGNOSE X'70': accounting by the time-of-day clock (DMKHVC, DMKDSP)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

AREA_LENGTH = 16


@diagnose(0x70)
def clock_area(call: DiagnoseCall) -> None:
    """Rx: doubleword-aligned area of 16 bytes. From now until a reset, each time the machine is dispatched, it gets the
    processor time used so far and the time of day, both in the form of the TOD clock."""
    call.specification(bool(call.x & 7))
    call.read(call.x, AREA_LENGTH)
    call.vm.clock_area = call.x & 0xFFFFFF
