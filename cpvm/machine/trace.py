"""Following a machine instruction by instruction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpvm.machine.dat import FOUND, walk
from cpvm.machine.stop import ProgramCheck, Stop, StopReason
from cpvm.s370.disassemble import disassemble
from cpvm.s370.formats import length_of
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import PSW

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine


@dataclass(frozen=True)
class Step:
    """One instruction that was executed, or that was interrupted."""

    address: int
    """Where it stands, a logical address."""
    text: bytes
    """Its bytes, as they were before; empty if they could not be fetched."""
    instruction: str
    """The same for a reader: mnemonic and operands."""
    psw: PSW
    """The PSW afterwards: if there was a program or supervisor-call interruption, the new one."""
    stop: Stop
    """How `Machine.run` ended; BUDGET unless the machine has stopped."""

    def __str__(self) -> str:
        return f"{self.address:06X} {self.text.hex().upper():<12} {self.instruction}"


def peek(machine: "Machine", address: int, n: int) -> bytes:
    """n bytes at a logical address, as the CPU would translate it now; what cannot be had is left out.

    Protection is not looked at, and no reference bit changes.
    """
    cpu = machine.cpu
    data = bytearray()
    for a in range(address, address + n):
        real = a & ADDRESS_MASK
        if cpu.translating:
            try:
                result, real, _ = walk(cpu, cpu.control[0], cpu.control[1], real)
            except ProgramCheck:
                break
            if result != FOUND:
                break
        absolute = cpu.absolute(real)
        if absolute >= machine.storage.size and not machine.storage.holds(absolute):
            break
        data += machine.storage.read(absolute, 1)
    return bytes(data)


def instruction_at(machine: "Machine", address: int) -> bytes:
    """The bytes of the instruction at a logical address; empty if they are not all there."""
    text = peek(machine, address, 6)
    size = length_of(text[0]) if text else 1
    return text[:size] if len(text) >= size >= 2 else b""


def step(machine: "Machine") -> Step | Stop:
    """Execute one instruction, after the interruptions that come before it.

    Gives a Stop, as `Machine.run` does, if the machine does not get as far as an instruction.
    """
    before = machine.run(0)
    if before.reason is not StopReason.BUDGET:
        return before
    address = machine.psw.address
    text = instruction_at(machine, address)
    stop = machine.run(1)
    if stop.instructions == 0:
        return stop
    return Step(address, text, disassemble(text) if text else "", machine.psw, stop)


def steps(machine: "Machine", limit: int) -> Iterator[Step]:
    """Execute instructions one by one, at most `limit`; ends where the machine stops.

    Between two of them everything about the machine may be looked at and changed. Timers are looked at after every
    instruction, which `Machine.run` does less often.
    """
    for _ in range(limit):
        done = step(machine)
        if isinstance(done, Stop):
            return
        yield done
        if done.stop.reason is not StopReason.BUDGET:
            return
