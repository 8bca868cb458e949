"""How a bare machine ended: what is told, and the exit status."""

from __future__ import annotations

from cpvm.front.bare import BareMachine
from cpvm.front.operate.panel import Quit
from cpvm.front.status import ABANDONED, INTERRUPTED, TIMED_OUT, exit_status
from cpvm.machine import Machine, Stop, StopReason
from cpvm.s370 import psa

_SIGNALS = 128  # exit statuses of signals begin behind it


def told(machine: BareMachine, stop: Stop | None) -> str:
    """Why the machine ended, its PSW, and the number of instructions. Nearly always one line."""
    image = machine.psw.to_bytes().hex().upper()
    behind = f"; PSW {image[:8]} {image[8:]}; {machine.executed} INSTRUCTIONS"
    if stop is None:
        return f"END OF INPUT WHILE THE MACHINE WAITS{behind}"
    if isinstance(stop.detail, Quit):
        by = "THE OPERATOR" if stop.detail.status < _SIGNALS else f"SIGNAL {stop.detail.status - _SIGNALS}"
        return f"ENDED BY {by}{behind}"
    reasons = {StopReason.HOST: "ENDED BY CTRL-C", StopReason.BUDGET: "INSTRUCTION LIMIT"}
    return f"{reasons.get(stop.reason, stop.reason.upper())}{behind}{_unhandled(machine, stop)}"


def status_of(machine: BareMachine, stop: Stop | None) -> int:
    """The exit status."""
    if stop is None:
        return ABANDONED
    if stop.reason is StopReason.DISABLED_WAIT:
        return exit_status(machine.psw.address)
    if isinstance(stop.detail, Quit):
        return stop.detail.status
    others = {StopReason.ADDRESS_STOP: 0, StopReason.BUDGET: TIMED_OUT, StopReason.HOST: INTERRUPTED}
    return others.get(stop.reason, ABANDONED)


_NEW_PSWS = {
    psa.EXTERNAL_NEW: "EXTERNAL",
    psa.SVC_NEW: "SVC",
    psa.PROGRAM_NEW: "PROGRAM",
    psa.MACHINE_CHECK_NEW: "MACHINE CHECK",
    psa.IO_NEW: "I/O",
}
_NEW_TO_OLD = psa.EXTERNAL_NEW - psa.EXTERNAL_OLD


def _unhandled(machine: Machine, stop: Stop) -> str:
    """If the wait code is that of the loader's new PSWs: which interruption it was, and the old PSW."""
    code = machine.psw.address
    if stop.reason is not StopReason.DISABLED_WAIT or code not in _NEW_PSWS or machine.ec_mode:
        return ""
    if machine.storage.read(code, 8) != machine.psw.to_bytes():
        return ""
    old = machine.storage.read(code - _NEW_TO_OLD, 8).hex().upper()
    return f"\n{_NEW_PSWS[code]} INTERRUPTION NOT HANDLED; CODE {old[4:8]}; OLD PSW {old[:8]} {old[8:]}"
