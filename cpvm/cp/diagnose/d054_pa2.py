"""DIAGNOSE X'54': what the PA2 key of the console does (DMKHVC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose


@diagnose(0x54)
def attention_key(call: DiagnoseCall) -> None:
    """Rx: 0 PA2 clears the screen, else it is an external interruption while TERMINAL APL is ON. Line-mode terminals
    have no such key."""
    call.vm.pa2_external = call.x != 0
