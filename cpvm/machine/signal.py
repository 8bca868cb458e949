"""SIGNAL PROCESSOR in a configuration of one CPU, which has the address 0 and can signal itself.

Source: *Principles of Operation*, GA22-7000, "CPU Signaling and Response".
"""

from enum import IntEnum
from typing import TYPE_CHECKING

from cpvm.s370 import psa
from cpvm.s370.interruption import ExternalCode

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine


class Order(IntEnum):
    """Orders of SIGP. Initial microprogram load (10) is not one of ours."""

    SENSE = 1
    EXTERNAL_CALL = 2
    EMERGENCY_SIGNAL = 3
    START = 4
    STOP = 5
    RESTART = 6
    INITIAL_PROGRAM_RESET = 7
    PROGRAM_RESET = 8
    STOP_AND_STORE_STATUS = 9
    INITIAL_CPU_RESET = 11
    CPU_RESET = 12


CALL_PENDING, INVALID_ORDER = 0x80, 0x02
"""Status bits."""
NOT_OPERATIONAL = -1


def signal(machine: "Machine", address: int, order: int) -> int:
    """Carry out an order: status, 0 if it was accepted; NOT_OPERATIONAL if there is no such CPU."""
    if address != machine.cpu.cpu_address():
        return NOT_OPERATIONAL
    pending = machine.interruptions.others
    match order:
        case Order.SENSE:
            return CALL_PENDING if ExternalCode.EXTERNAL_CALL in pending else 0
        case Order.EXTERNAL_CALL:
            if ExternalCode.EXTERNAL_CALL in pending:
                return CALL_PENDING
            machine.external(ExternalCode.EXTERNAL_CALL)
        case Order.EMERGENCY_SIGNAL:
            if ExternalCode.EMERGENCY_SIGNAL not in pending:
                machine.external(ExternalCode.EMERGENCY_SIGNAL)
        case Order.START:
            pass  # it runs
        case Order.STOP:
            machine.stop("SIGP STOP")
        case Order.RESTART:
            machine.interruptions.request_restart()
        case Order.STOP_AND_STORE_STATUS:
            store_status(machine)
            machine.stop("SIGP STOP AND STORE STATUS")
        case Order.INITIAL_PROGRAM_RESET | Order.INITIAL_CPU_RESET:
            machine.interruptions.reset()
            if order == Order.INITIAL_PROGRAM_RESET:
                machine.io.reset()
            machine.cpu.reset()
            machine.stop("SIGP INITIAL RESET")
        case Order.PROGRAM_RESET | Order.CPU_RESET:
            machine.interruptions.reset()
            if order == Order.PROGRAM_RESET:
                machine.io.reset()
            machine.stop("SIGP RESET")
        case _:
            return INVALID_ORDER
    return 0


def store_status(machine: "Machine") -> None:
    """Put timers, PSW, prefix and registers at their places in absolute storage."""
    cpu, storage = machine.cpu, machine.storage
    storage.write(psa.STATUS_CPU_TIMER, (cpu.timers.cpu_timer() & (1 << 64) - 1).to_bytes(8, "big"))
    storage.write(psa.STATUS_COMPARATOR, cpu.timers.comparator.to_bytes(8, "big"))
    storage.write(psa.STATUS_PSW, cpu.psw().to_bytes())
    storage.write(psa.STATUS_PREFIX, cpu.prefix_register.to_bytes(4, "big"))
    storage.write(psa.STATUS_FLOATING, b"".join(machine.fr[r].to_bytes(8, "big") for r in (0, 2, 4, 6)))
    storage.write(psa.STATUS_GENERAL, b"".join(v.to_bytes(4, "big") for v in machine.gr))
    storage.write(psa.STATUS_CONTROL, b"".join(v.to_bytes(4, "big") for v in machine.cr))
