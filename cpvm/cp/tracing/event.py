"""One thing that happened in a traced machine, and the line that tells of it, in the shapes of VM/370's TRACE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cpvm.machine.trace import peek
from cpvm.s370 import psa
from cpvm.s370.insn import Insn
from cpvm.s370.psw import PSW

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

IO_MNEMONICS: Final = frozenset({"SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC"})
STARTS: Final = frozenset({"SIO", "SIOF"})
BRANCHES: Final = frozenset({"BC", "BCR", "BAL", "BALR", "BAS", "BASR", "BCT", "BCTR", "BXH", "BXLE"})
MASKS: Final = frozenset({"SSM", "STOSM", "STNSM"})
INTERRUPTIONS: Final = frozenset({"SVC", "PROG", "EXT", "I/O", "MCH", "RST"})

_NO_DEVICE = "DEV"
_EXECUTE = 0x44


@dataclass
class Event:
    """What happened. KIND is INSTR, or one of INTERRUPTIONS."""

    kind: str
    address: int
    """Of the instruction: the one that was executed, was interrupted, or would have come next."""
    psw: PSW
    """Afterwards."""
    code: int = 0
    """Of the interruption; of I/O the device's address; of DIAGNOSE the function."""
    row: Insn | None = None
    text: bytes = b""
    operand: int | None = None
    """Effective address of the operand in storage."""
    failed: bool = False
    """Whether a program interruption ends it."""
    jump: int | None = None
    """Where it branched to, or which address the new PSW has."""
    stored: list[tuple[int, int]] = field(default_factory=list)
    changed: dict[int, int] = field(default_factory=dict)
    """General registers that were altered, and their contents."""
    channel_program: list[str] = field(default_factory=list)
    referred: bytes = b""
    """What EXECUTE refers to."""

    @property
    def mnemonic(self) -> str:
        """Of the instruction; empty for an interruption."""
        return self.row.mnemonic if self.row is not None else ""

    @property
    def is_io(self) -> bool:
        """Whether it is an I/O instruction."""
        return self.mnemonic in IO_MNEMONICS


def digits(text: bytes) -> str:
    """An instruction: four bytes, and what is behind them apart."""
    shown = text[:4].hex().upper()
    return f"{shown} {text[4:].hex().upper()}" if len(text) > 4 else shown


def lines(vm: VMBLOK, event: Event, *, ccw: bool, csw: bool) -> Iterator[str]:
    """How the event is shown. CCW: with its channel program; CSW: with the channel status word."""
    if event.kind in INTERRUPTIONS:
        yield from _interruption(vm, event, csw=csw)
    elif event.is_io:
        yield _place(vm, event, _io(vm, event))
        if ccw:
            yield from event.channel_program
    elif event.row is not None and event.row.privileged and not event.failed:
        yield _place(vm, event, _privileged(event))
    else:
        yield _place(vm, event, _instruction(event))
    for register, value in event.changed.items():
        yield f"           GPR {register:2} = {value:08X}"
    for address, length in event.stored:
        yield f"           {address:06X} = {_contents(vm, address, length)}"


def _place(vm: VMBLOK, event: Event, text: str) -> str:
    """TEXT, and behind it the names of the place and of where it branches to."""
    if not len(vm.names):
        return text
    name, target = vm.names.near(event.address), vm.names.near(event.jump) if event.jump is not None else ""
    return f"{text:<46} {name}{' ==> ' if target else ''}{target}".rstrip()


def _contents(vm: VMBLOK, address: int, length: int) -> str:
    shown = peek(vm.machine, address, min(length, 16)).hex().upper()
    return shown + ("..." if length > 16 else "")


def _interruption(vm: VMBLOK, event: Event, *, csw: bool) -> Iterator[str]:
    jump = event.jump or 0
    if event.kind != "I/O":
        yield _place(vm, event, f"*** {event.address:06X} {event.kind:<5} {event.code:04X} ==> {jump:06X}")
        return
    machine = vm.machine
    word = machine.storage.read(machine.io.prefix + psa.CSW, 8).hex().upper()
    yield _place(vm, event, f"*** {event.address:06X} I/O   {event.code:03X}  ==> {jump:06X} CSW {word[8:12]}")
    if csw:
        yield f"CSW V {event.code:03X} {word[:8]} {word[8:]}"


def _io(vm: VMBLOK, event: Event) -> str:
    machine = vm.machine
    block = vm.devices.get(event.code)
    kind = block.kind if block is not None else _NO_DEVICE
    line = f"I/O {event.address:06X} {event.mnemonic:<5} {digits(event.text)} {kind:<4} {event.code:03X}"
    if event.failed:
        return line
    line += f" CC {event.psw.cc}"
    if event.mnemonic in ("TCH", "STIDC"):
        return line
    if event.psw.cc == 1:
        line += f" CSW {machine.storage.read(machine.io.prefix + psa.CSW + 4, 2).hex().upper()}"
    if event.mnemonic in STARTS:
        line += f" CAW {machine.storage.read(machine.io.prefix + psa.CAW, 4).hex().upper()}"
    return line


def _privileged(event: Event) -> str:
    line = f"::: {event.address:06X} {event.mnemonic:<5} {digits(event.text)}"
    if event.mnemonic in MASKS:
        line += f" {event.psw.system_mask:02X}"
    elif event.mnemonic == "LPSW":
        psw = event.psw.to_bytes().hex().upper()
        line += f" {'' if event.psw.wait else '==> '}{psw[:8]} {psw[8:]}"
    elif event.mnemonic == "DIAG":
        line += f" CODE {event.code:03X} CC {event.psw.cc}"
    return line


def _instruction(event: Event) -> str:
    assert event.row is not None
    line = f"    {event.address:06X} {event.mnemonic:<5} {digits(event.text):<13}"
    if event.jump is not None:
        line += f" ==> {event.jump:06X}"
    elif event.referred and event.row.opcode == _EXECUTE:
        line += f" {event.operand or 0:06X} {event.referred.hex().upper()}"
    elif event.operand is not None and event.mnemonic not in BRANCHES:
        line += f" >>  {event.operand:06X}"
    return f"{line:<38}" + ("" if event.failed else f" CC {event.psw.cc}")
