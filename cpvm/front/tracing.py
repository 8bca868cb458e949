"""What each instruction did: the instruction itself, the registers that it changed, the interruption that followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cpvm.machine import Machine, Stop, StopReason
from cpvm.machine.trace import Step
from cpvm.s370 import psa
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import PSW

HEADING = "* cpvm trace: address, instruction, what it changed"
"""First line of a trace in a file; by it a trace is known."""

_REGISTERS = (
    *((f"R{r}", 8) for r in range(16)),
    *((f"F{r}", 16) for r in range(8)),
    *((f"C{r}", 8) for r in range(16)),
)

_INTERRUPTIONS = (
    ("SVC", psa.SVC_OLD, psa.SVC_NEW, psa.SVC_ILC + 2),
    ("PROGRAM", psa.PROGRAM_OLD, psa.PROGRAM_NEW, psa.PROGRAM_ILC + 2),
    ("EXTERNAL", psa.EXTERNAL_OLD, psa.EXTERNAL_NEW, psa.EXTERNAL_CODE + 2),
    ("MACHINE CHECK", psa.MACHINE_CHECK_OLD, psa.MACHINE_CHECK_NEW, psa.MACHINE_CHECK_OLD + 2),
    ("I/O", psa.IO_OLD, psa.IO_NEW, psa.IO_ADDRESS + 2),
)
"""Name, real addresses of old and new PSW, and where the EC mode puts the code."""

_SVC = b"\x0a"
_PROGRAM = "PROGRAM INTERRUPTION "
_EVENT = _PROGRAM + "0080"  # program-event recording: the instruction went well


@dataclass(frozen=True)
class Executed:
    """One instruction that was executed, and what it changed; as a string a line of a trace."""

    step: Step
    """The instruction: address, bytes, disassembly, PSW afterwards."""
    changes: Mapping[str, int]
    """New values of what has changed: R0-R15, F0-F6, C0-C15, CC, and PSW if more of it than address and CC."""
    interruption: str
    """The interruption that followed, such as PROGRAM INTERRUPTION 0001; empty if there was none."""

    @property
    def address(self) -> int:
        """Where the instruction stands, a logical address."""
        return self.step.address

    @property
    def instruction(self) -> str:
        """Mnemonic and operands."""
        return self.step.instruction

    def __str__(self) -> str:
        widths = {**dict(_REGISTERS), "PSW": 16}
        changes = [f"{name}={value:0{widths.get(name, 1)}X}" for name, value in self.changes.items()]
        return f"{str(self.step)[:20]}{self.instruction:<24} {' '.join([*changes, self.interruption])}".rstrip()


def _registers(machine: Machine) -> list[int]:
    return [*machine.gr, *machine.fr, *machine.cr]


def _old_psws(machine: Machine) -> bytes:
    """The first 64 bytes of storage as the CPU sees it."""
    return machine.storage.read(machine.cpu.prefix_register, psa.CSW)


def _interruption(machine: Machine, psw: PSW, before: bytes, step: Step) -> str:
    """Which interruption loaded this PSW after the instruction, empty if none did.

    It left an old PSW that is not the one from before or, if another from the same place came before, has the address
    of this instruction or the next.
    """
    prefix = machine.cpu.prefix_register
    resumed = (step.address, step.address + len(step.text) & ADDRESS_MASK)
    unchanged = ""
    for name, old, new, code in _INTERRUPTIONS:
        loaded = PSW.from_bytes(machine.storage.read(prefix + new, 8))
        if replace(loaded, code=0, ilc=0) != psw or (name == "SVC" and step.text[:1] != _SVC):
            continue
        left = machine.storage.read(prefix + old, 8)
        number = machine.storage.read(prefix + code, 2) if PSW.from_bytes(left).ec else left[2:4]
        told = f"{name} INTERRUPTION {number.hex().upper()}"
        if left != before[old : old + 8]:
            return told
        if PSW.from_bytes(left).address in resumed:
            unchanged = unchanged or told
    return unchanged


def execute(machine: Machine) -> Executed | Stop:
    """Execute one instruction; gives a Stop if the machine does not get as far as that."""
    stop = machine.run(0)  # interruptions first: what they change is none of the instruction's doing
    if stop.reason is not StopReason.BUDGET:
        return stop
    before, registers, old = machine.psw, _registers(machine), _old_psws(machine)
    step = machine.step()
    if isinstance(step, Stop):
        return step
    after = machine.psw
    values = zip(_REGISTERS, registers, _registers(machine), strict=True)
    changes = {name: new for (name, _), old, new in values if new != old}
    if after.cc != before.cc:
        changes["CC"] = after.cc
    if replace(after, address=0, cc=0) != replace(before, address=0, cc=0):
        changes["PSW"] = int.from_bytes(after.to_bytes(), "big")
    interruption = ""
    if after.address != step.address + len(step.text) & ADDRESS_MASK:
        interruption = _interruption(machine, after, old, step)
    return Executed(step, changes, interruption)


class Follower:
    """Follows a machine instruction by instruction."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._checks = 0
        """Program interruptions since the last instruction without one."""

    def next(self) -> Executed | Stop:
        """Execute one instruction; gives a Stop if the machine does not get as far as that."""
        if self._checks >= 2:  # `Machine.run` notices this only if one call of it executes them all
            self._checks = 0
            return Stop(StopReason.PROGRAM_LOOP, 0, self._machine.psw.address)
        done = execute(self._machine)
        if isinstance(done, Executed):
            failed = done.interruption.startswith(_PROGRAM) and done.interruption != _EVENT
            self._checks = self._checks + 1 if failed else 0
        return done

    def steps(self, limit: int) -> Iterator[Executed]:
        """Execute instructions one by one, at most `limit`; ends where the machine stops."""
        for _ in range(limit):
            done = self.next()
            if isinstance(done, Stop):
                return
            yield done
            if done.step.stop.reason is not StopReason.BUDGET:
                return


def _rows(name: str, values: list[int], digits: int, columns: int) -> Iterator[str]:
    for r in range(0, len(values), columns):
        yield f"{name + str(r):<5}" + " ".join(f"{value:0{digits}X}" for value in values[r : r + columns])


def registers(machine: Machine) -> list[str]:
    """PSW, all registers and the clocks as lines of text, hexadecimal except for the explanation of the PSW."""
    psw, timers = machine.psw, machine.cpu.timers
    image = psw.to_bytes().hex().upper()
    state = ("supervisor", "problem")[psw.problem] + (" state, waiting" if psw.wait else " state")
    told = f"{'EC' if psw.ec else 'BC'} mode, {state}, key {psw.key:X}, CC {psw.cc}, address {psw.address:06X}"
    floating = " ".join(f"{machine.fr[r]:016X}" for r in (0, 2, 4, 6))
    mask = (1 << 64) - 1
    clocks = (
        ("TOD", timers.now() & mask, 16),
        ("comparator", timers.comparator & mask, 16),
        ("CPU timer", timers.cpu_timer() & mask, 16),
        ("interval timer", machine.cpu.real4(psa.INTERVAL_TIMER) & 0xFFFFFFFF, 8),
        ("prefix", machine.cpu.prefix_register, 6),
    )
    shown = [f"{name} {value:0{digits}X}" for name, value, digits in clocks]
    return [
        f"PSW  {image[:8]} {image[8:]}  {told}",
        *_rows("R", list(machine.gr), 8, 8),
        f"F0-6 {floating}",
        *_rows("C", list(machine.cr), 8, 8),
        ", ".join(shown[:3]),
        ", ".join(shown[3:]),
    ]
