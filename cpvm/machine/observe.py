"""Watching a machine from outside: somebody is told of each instruction and each interruption that he asks for.

Neither the program nor what it does can tell that it is watched, except by the time it takes. What is watched is
executed by the reference engine, whatever engine the machine has. A machine that nobody watches costs nothing, since
what is looked at is wrapped when it is decoded, and classes are exchanged, as for program-event recording
(`cpvm.machine.per`).
"""

from collections.abc import Callable
from typing import Final, Protocol

from cpvm.machine.cpu import CPU
from cpvm.machine.interruptions import Interruptions
from cpvm.machine.per import PAIRS, WatchedCPU
from cpvm.machine.stop import ProgramCheck
from cpvm.s370 import psa
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import PSW

EXECUTE: Final = 0x44

KINDS: Final = {
    psa.EXTERNAL_OLD: "EXT",
    psa.SVC_OLD: "SVC",
    psa.PROGRAM_OLD: "PROG",
    psa.MACHINE_CHECK_OLD: "MCH",
    psa.IO_OLD: "I/O",
    psa.RESTART_OLD: "RST",
}
"""Where the old PSW of an interruption goes -> what the interruption is called."""


class Observer(Protocol):
    """Who watches. Methods are called by the thread that runs the machine, and may call `Machine.stop`."""

    stores: bool
    """Whether to note which bytes the instructions store."""
    blocks: frozenset[int] | None
    """Numbers of the blocks of 2K bytes, logical ones, in which all instructions stand of which somebody wants to know,
    interruptions being of no interest; None: they may stand anywhere. He may be told of others, too, but those far from
    there the machine's own engine executes."""

    def wants(self, row: Insn) -> bool:
        """Whether to be told of instructions of this kind; asked when one is decoded."""
        ...

    def before(self, row: Insn, text: bytes, address: int, target: bool) -> None:
        """An instruction is about to be executed: its bytes and logical address. TARGET: by an EXECUTE, which has put
        together these bytes."""
        ...

    def after(self, row: Insn, text: bytes, address: int, failed: bool) -> None:
        """It has been executed, or FAILED: a program interruption comes."""
        ...

    def interrupted(self, kind: str, code: int, ilc: int, old: PSW, new: PSW) -> None:
        """An interruption (one of KINDS) has exchanged PSWs. Code and length of the instruction (halfwords) are as
        in a BC-mode old PSW; the code of I/O is the address of the device."""
        ...


class ObservedInterruptions(Interruptions):
    """Tells of each exchange of PSWs. No state of its own: `Observation` exchanges classes."""

    def _swap(self, old: int, new: int, code: int, ilc: int) -> None:
        cpu = self._machine.cpu
        left = cpu.psw(code, ilc)
        super()._swap(old, new, code, ilc)
        observation = cpu.interpreter.observation
        if observation is not None:
            observation.observer.interrupted(KINDS[old], code, ilc, left, cpu.psw())


class NotingCPU(CPU):
    """Notes what instructions store. No state of its own."""

    def store1(self, a: int, v: int) -> None:
        super().store1(a, v)
        _note(self, a, 1)

    def store4(self, a: int, v: int) -> None:
        super().store4(a, v)
        _note(self, a, 4)

    def store_bytes(self, a: int, data: bytes) -> None:
        super().store_bytes(a, data)
        _note(self, a, len(data))

    put1 = store1
    put4 = store4


class NotingWatchedCPU(NotingCPU, WatchedCPU):
    """The same while there is program-event recording."""


PAIRS[NotingCPU] = NotingWatchedCPU


def _note(cpu: CPU, a: int, n: int) -> None:
    observation = cpu.interpreter.observation
    if observation is not None and n:
        observation.stored.append((a & ADDRESS_MASK, n))


class Observation:
    """One observer of one machine. Made by `Interpreter.observe`."""

    def __init__(self, cpu: CPU, interruptions: Interruptions, observer: Observer) -> None:
        self.observer = observer
        self.stored: list[tuple[int, int]] = []
        """What the current instruction has stored: logical address and number of bytes."""
        self._cpu = cpu
        self._interruptions = interruptions
        self._target: int | None = None
        """Where the instruction stands that EXECUTE has execute now."""
        interruptions.__class__ = ObservedInterruptions
        if observer.stores:
            cpu.__class__ = NotingCPU

    def end(self) -> None:
        """Nobody watches any more."""
        self._interruptions.__class__ = Interruptions
        self._cpu.__class__ = CPU

    def wrap(self, row: Insn, text: bytes, step: Callable[[], None]) -> Callable[[], None]:
        """The function of an instruction, made to tell of it if somebody wants to know."""
        if row.opcode == EXECUTE:
            step = self._execute(row, text, step)
        if not self.observer.wants(row):
            return step
        cpu, observer, stored = self._cpu, self.observer, self.stored

        def observed() -> None:
            target, self._target = self._target, None
            address = cpu.ia & ADDRESS_MASK if target is None else target
            stored.clear()
            observer.before(row, text, address, target is not None)
            try:
                step()
            except ProgramCheck:
                observer.after(row, text, address, True)
                raise
            observer.after(row, text, address, False)

        return observed

    def _execute(self, row: Insn, text: bytes, step: Callable[[], None]) -> Callable[[], None]:
        """EXECUTE says where its target stands."""

        def execute() -> None:
            self._target = effective_address(self._cpu, row, text)
            try:
                step()
            finally:
                self._target = None

        return execute


def effective_address(cpu: CPU, row: Insn, text: bytes) -> int | None:
    """The second operand's address (the first's if that is the only one), by the registers as they are now.

    None if the instruction has no such operand.
    """
    n = "2" if "a2" in row.operands else "1"
    if f"a{n}" not in row.operands:
        return None
    fields = row.decode(text)
    general = cpu.general
    address = fields[f"d{n}"]
    if fields[f"b{n}"]:
        address += general[fields[f"b{n}"]]
    if row.format is Format.RX and fields["x2"]:
        address += general[fields["x2"]]
    return address & ADDRESS_MASK
