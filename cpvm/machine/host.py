"""All that a machine asks of whoever runs it."""

from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from cpvm.machine.steadyclock import host_clock
from cpvm.machine.stop import ProgramCheck
from cpvm.s370.interruption import ProgramCode

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine

TOD_EPOCH = 2208988800
"""Seconds from the epoch of the TOD clock, 1 January 1900, to that of the host, 1 January 1970."""

CPU_ID = bytes.fromhex("0000000003700000")
"""Version 0, serial number 0, model 0370, no extended log-out."""


def tod_from_unix(nanoseconds: int) -> int:
    """TOD clock value (bit 51 is a microsecond) of a time in nanoseconds since 1970."""
    return (nanoseconds + TOD_EPOCH * 10**9) * 4096 // 1000 & 0xFFFFFFFFFFFFFFFF


class Host(Protocol):
    """The surroundings of a machine. Everything that its state does not determine comes through here."""

    def diagnose(self, machine: "Machine", code: int, r1: int, r3: int) -> None:
        """Carry out DIAGNOSE: the code is the second-operand address, r1 and r3 are register numbers.

        May change registers, storage and condition code, call `machine.stop`, and raise ProgramCheck.
        """

    def tod(self) -> int:
        """Time of day in the format of the TOD clock."""

    def cpu_id(self) -> bytes:
        """The 8 bytes that STIDP stores."""

    def elapsed(self, instructions: int) -> int:
        """Microseconds of virtual CPU time to charge for these instructions."""


class Outside(Protocol):
    """A lock that is let go of while native code runs; see `Machine.outside`."""

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for it."""

    def __enter__(self) -> object:
        """Let go of it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Take it again."""


class NullHost:
    """A machine of its own: the host's clock, one microsecond an instruction, no DIAGNOSE services."""

    def diagnose(self, machine: "Machine", code: int, r1: int, r3: int) -> None:
        """Every code is a specification exception."""
        raise ProgramCheck(ProgramCode.SPECIFICATION)

    def tod(self) -> int:
        """The host's clock."""
        return tod_from_unix(host_clock.nanoseconds())

    def cpu_id(self) -> bytes:
        """Model 370 with no serial number."""
        return CPU_ID

    def elapsed(self, instructions: int) -> int:
        """One microsecond an instruction."""
        return instructions
