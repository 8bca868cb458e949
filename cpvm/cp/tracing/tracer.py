"""Watches one virtual machine for its user: finds the traps that an event springs, shows it, stops the machine.

The machine is watched only while there are traps. All methods are called with the system lock: by commands, when the
machine is at rest, and from within the machine's slices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cpvm.cp.command import CommandRun
from cpvm.cp.tracing.channelprogram import ccw_lines
from cpvm.cp.tracing.event import BRANCHES, IO_MNEMONICS, STARTS, Event, lines
from cpvm.cp.tracing.trap import WATCHING, Trap
from cpvm.cp.vspool import Output
from cpvm.machine.observe import effective_address
from cpvm.machine.trace import instruction_at, peek
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.s370.insn import Insn
from cpvm.s370.interruption import NULLIFYING
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import PSW

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

INITIAL: Final = "INITIAL"
LIMIT: Final = 100
"""Traps in one set, and sets of one user."""
TRACEBACK: Final = 5
"""Branches that PER BRANCH shows before the one into its range."""

_WINDOW_LINES = 20
_REST = 0.02  # seconds after so many lines: nobody reads faster, and attention must come through
_PRINT = 0x09
_DIAGNOSE_COMMAND = 8
_EXECUTE = "EX"
_BLOCK = 2048
_MOST_BLOCKS = 512
_AHEAD: Final = frozenset({_EXECUTE, "SVC"})
"""Told of before they are done: what they cause is told of then."""


@dataclass
class TraceSet:
    """Traps that are active together."""

    name: str
    traps: list[Trap] = field(default_factory=list)


class Tracer:
    """All tracing of one virtual machine."""

    def __init__(self, vm: VMBLOK) -> None:
        self._vm = vm
        self.sets: dict[str, TraceSet] = {}
        self.active = ""
        """Name of the set in use; empty if there is none."""
        self.returns: list[str] = []
        """Sets to which TRACE RETURN goes back, the last one last."""
        self.per: list[Trap] = []
        """What PER has set."""
        self.saved: dict[str, list[Trap]] = {}
        """PER's named trace sets."""
        self.suspended = False
        self.count: int | None = None
        """Instructions executed since TRACE COUNT; None if they are not counted."""
        self.stores = False
        self.blocks: frozenset[int] | None = None
        self.history: list[tuple[int, int]] = []
        """The last branches: from and to."""
        self._traps: list[Trap] = []
        self._watched = False
        self._under_way: list[tuple[Event, int, list[int]]] = []
        """The instruction that is being executed, with what follows it and the registers before; behind an EXECUTE its
        target."""
        self._shown = 0
        self._counts_from = 0

    # For commands

    @property
    def current(self) -> TraceSet:
        """The active trace set, made if there is none."""
        if self.active not in self.sets:
            self.active = self.active or INITIAL
            self.sets[self.active] = TraceSet(self.active)
        return self.sets[self.active]

    @property
    def tracing(self) -> bool:
        """Whether any trap is set."""
        return any(found.traps for found in self.sets.values()) or bool(self.per)

    def update(self) -> None:
        """Traps have changed, or the machine is another one: watch what is to be watched."""
        active = self.sets.get(self.active)
        traps = [] if self.suspended else [*(active.traps if active is not None else []), *self.per]
        self._traps = traps
        self.stores = any(trap.event in ("STORE", "MASK") for trap in traps)
        self._watched = any(trap.event in WATCHING for trap in traps)
        self.blocks = _blocks(traps)
        for trap in traps:
            if trap.event == "MASK" and trap.into is not None:
                trap.altered(peek(self._vm.machine, trap.into.first, trap.into.last - trap.into.first + 1))
        self._vm.machine.observe(self if traps else None)

    def end(self) -> None:
        """No tracing any more."""
        self.sets.clear()
        self.returns.clear()
        self.per.clear()
        self.active, self.suspended, self.count = "", False, None
        self.history.clear()
        self.update()

    def start_count(self) -> None:
        """Count instructions from here."""
        self.count = 0
        self._counts_from = self._vm.machine.engine_statistics().instructions

    def counted(self) -> int:
        """Instructions executed since then."""
        return self._vm.machine.engine_statistics().instructions - self._counts_from

    # The machine's observer

    def wants(self, row: Insn) -> bool:
        """See `cpvm.machine.observe.Observer`."""
        return any(trap.wants(row) for trap in self._traps)

    def before(self, row: Insn, text: bytes, address: int, target: bool) -> None:
        """An instruction is about to be executed."""
        machine = self._vm.machine
        cpu = machine.cpu
        event = Event("INSTR", address, PSW(), row=row, text=text, operand=effective_address(cpu, row, text))
        if row.mnemonic in IO_MNEMONICS:
            event.code = (event.operand or 0) & (0xF00 if row.mnemonic in ("TCH", "STIDC") else 0xFFF)
            if row.mnemonic in STARTS and any(trap.event in ("CCW", "ALL") for trap in self._traps):
                event.channel_program = list(ccw_lines(machine))
        elif row.mnemonic == "DIAG":
            event.code = (event.operand or 0) & 0xFFFF
        if not target:
            self._under_way.clear()
        registers = list(cpu.general) if self._watched else []
        self._under_way.append((event, cpu.ia + len(text) & ADDRESS_MASK, registers))
        if row.mnemonic in _AHEAD:
            if row.mnemonic == _EXECUTE and event.operand is not None:
                event.referred = instruction_at(machine, event.operand)
            event.psw = cpu.psw()
            self._happened(event)

    def after(self, row: Insn, text: bytes, address: int, failed: bool) -> None:
        """It has been executed."""
        cpu = self._vm.machine.cpu
        if not self._under_way:
            return  # a command has changed the traps in between
        event, following, registers = self._under_way.pop()
        if row.mnemonic in _AHEAD:
            return
        event.psw, event.failed = cpu.psw(), failed
        if not failed:
            if row.mnemonic in BRANCHES and event.psw.address != following:
                event.jump = event.psw.address
                self.history.append((address, event.jump))
                del self.history[:-TRACEBACK]
            event.changed = {
                number: value & 0xFFFFFFFF
                for number, (value, old) in enumerate(zip(cpu.general, registers, strict=False))
                if value != old
            }
            if self.stores and cpu.interpreter.observation is not None:
                event.stored = list(cpu.interpreter.observation.stored)
        self._happened(event)

    def interrupted(self, kind: str, code: int, ilc: int, old: PSW, new: PSW) -> None:
        """An interruption has exchanged PSWs."""
        address = old.address
        if kind in ("SVC", "PROG") and not (kind == "PROG" and code & 0x7F in NULLIFYING):
            address = old.address - 2 * ilc & ADDRESS_MASK
        self._happened(Event(kind, address, new, code=code, jump=new.address))

    # What is sprung

    def _happened(self, event: Event) -> None:
        try:
            sprung = [trap for trap in self._traps if self._springs(trap, event) and trap.fires()]
            if sprung:
                self._tell(sprung, event)
        except Exception as error:  # the machine must not suffer from being watched
            self._vm.system.log.failure(f"TRACE OF {self._vm.userid}", error)
            self._vm.defer(self.end, own=True)

    def _tell(self, sprung: list[Trap], event: Event) -> None:
        vm = self._vm
        kinds = {trap.event for trap in sprung}
        if "GREG" not in kinds:
            event.changed = {}
        if not kinds & {"STORE", "MASK"}:
            event.stored = []
        shown = list(lines(vm, event, ccw=bool(kinds & {"CCW", "ALL"}), csw=bool(kinds & {"CSW", "ALL"})))
        if any(trap.traceback for trap in sprung):
            back = [f"    {start:06X} ==> {to:06X}" for start, to in self.history[:-1]]
            shown = [*back, *shown]
        if any(trap.terminal for trap in sprung):
            self._show(shown)
        if any(trap.printer for trap in sprung):
            self._print(shown)
        stops = [trap for trap in sprung if trap.stops()]
        commands = [command for trap in sprung for command in trap.commands]
        if event.mnemonic == "DIAG" and event.code == _DIAGNOSE_COMMAND:
            stops = []
        if stops or commands:
            vm.defer(lambda: self._sprung(bool(stops), commands), own=not commands)

    def _springs(self, trap: Trap, event: Event) -> bool:
        if not trap.matches(event, self._vm.machine.cpu.general):
            return False
        if trap.event in ("STORE", "MASK") and trap.data is not None and trap.into is not None:
            first, last = trap.into.first, trap.into.last
            return trap.altered(peek(self._vm.machine, first, last - first + 1))
        return True

    def _sprung(self, stop: bool, commands: list[str]) -> None:
        """The slice is over: stop, and give the commands."""
        vm = self._vm
        if vm.stopped or vm.logged_off:
            return
        if stop and commands:
            vm.stopped = True
            vm.console.wait_for_cp()
        elif stop:
            vm.enter_cp()
        if commands and vm.function is None:
            vm.commanding = True
            vm.function = CommandRun(
                vm.system, commands, vm=vm, session=vm.console.session, output=vm.console.write_cp, done=self._commanded
            )
            vm.function.start()

    def _commanded(self, code: int) -> None:
        self._vm.commanding = False
        self._vm.console.function_ended()

    def _show(self, shown: list[str]) -> None:
        for line in shown:
            self._vm.console.write_cp(line)
        self._shown += len(shown)
        if self._shown >= _WINDOW_LINES:
            self._shown = 0
            self._vm.defer(lambda: self._vm.rest(_REST), own=True)

    def _print(self, shown: list[str]) -> None:
        printers = self._vm.unit_records("PRT")
        if printers and isinstance(printers[0], Output):
            for line in shown:
                printers[0].put(_PRINT, to_ebcdic(line))


def _blocks(traps: list[Trap]) -> frozenset[int] | None:
    """The blocks of storage in which stands all that these traps are for; None if it may be anywhere."""
    blocks: set[int] = set()
    for trap in traps:
        if not trap.where or trap.anywhere:
            return None
        for place in trap.where:
            if place.last - place.first >= _MOST_BLOCKS * _BLOCK:
                return None
            blocks.update(range(place.first // _BLOCK, place.last // _BLOCK + 1))
    return frozenset(blocks) if len(blocks) <= _MOST_BLOCKS else None
