"""One virtual System/370: everything that has state."""

from cpvm.machine.machine import Machine
from cpvm.machine.machinecheck import Damage
from cpvm.machine.snapshot import SnapshotError
from cpvm.machine.stop import IPLError, ProgramCheck, Stop, StopReason
from cpvm.machine.storage import AddressError
from cpvm.machine.trace import Step

__all__ = [
    "AddressError",
    "Damage",
    "IPLError",
    "Machine",
    "ProgramCheck",
    "SnapshotError",
    "Step",
    "Stop",
    "StopReason",
]
