"""QUERY VIRTUAL: the virtual machine's storage and devices (DMKCQG)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.commands.query.real import chosen
from cpvm.cp.message import DEVICE_MISSING, INVALID_OPTION
from cpvm.cp.operand import Operands, is_vaddr
from cpvm.cp.registry import WordTable
from cpvm.cp.spoolfile import STANDARD_FORM
from cpvm.cp.vdevblok import VDEVBLOK, DASDBlock
from cpvm.cp.vmblok import VMBLOK
from cpvm.cp.vspool import Output, UnitRecord


def storage_line(vm: VMBLOK) -> str:
    """STORAGE = nnnnnK."""
    return f"STORAGE = {vm.storage // 1024:05}K"


def channels_line(vm: VMBLOK) -> str:
    """CHANNELS = SEL|BMX."""
    return f"CHANNELS = {vm.channels}"


def device_lines(vm: VMBLOK, block: VDEVBLOK) -> list[str]:
    """What QUERY VIRTUAL says of one device."""
    if isinstance(block, DASDBlock):
        disk, access = block.link.disk, "R/W" if block.link.writable else "R/O"
        return [f"DASD {block.vaddr:03X} {disk.devtype} {block.link.volid:<6} {access}  {disk.cylinders:03} CYL"]
    if not isinstance(block, UnitRecord):
        return [block.describe()]
    return unit_record_lines(vm, block)


def unit_record_lines(vm: VMBLOK, block: UnitRecord) -> list[str]:
    """A reader, punch, printer or console."""
    options, vaddr = block.options, f"{block.vaddr:03X}"
    cont = "CONT  " if options.cont else "NOCONT"
    hold = "HOLD  " if options.hold else "NOHOLD"
    full = isinstance(block, Output) and block.full
    state = "READY" if block.ready and not full else "NOTREADY"
    if block.kind == "RDR":
        eof = "EOF  " if options.eof else "NOEOF"
        return [f"RDR  {vaddr} CL {options.spool_class} {cont} {hold} {eof} {state}"]
    settings = f"{vaddr} CL {options.spool_class} {cont} {hold} COPY {options.copies:02} {state}"
    to = f"{'TO ' if options.to else 'FOR'} {options.to or options.for_user or vm.userid:<8} DIST {options.dist}"
    where = f"     {vaddr} {to}"
    if options.keep or options.form != STANDARD_FORM:
        where += f" FORM {options.form} {'KEEP' if options.keep else 'NOKEEP'}"
    if block.kind != "CONS":
        return [f"{block.kind:<4} {settings}", where]
    term = "TERM" if vm.console.terminal_output else "NOTERM"
    line = "DISCONNECTED" if vm.disconnected else f"ON {vm.line}"
    return [
        f"CONS {vaddr} {line}  {term} {'START' if vm.console.spooling else 'STOP'}",
        f"     {settings}",
        where,
    ]


def _of_kinds(*kinds: str) -> Callable[[VMBLOK], Iterator[str]]:
    def lines(vm: VMBLOK) -> Iterator[str]:
        for vaddr in sorted(vm.devices):
            if vm.devices[vaddr].kind in kinds:
                yield from device_lines(vm, vm.devices[vaddr])

    return lines


def _everything(vm: VMBLOK) -> Iterator[str]:
    yield storage_line(vm)
    yield channels_line(vm)
    for vaddr in sorted(vm.devices):
        yield from device_lines(vm, vm.devices[vaddr])


PARTS: WordTable[Callable[[VMBLOK], Iterator[str]]] = WordTable("QUERY VIRTUAL operands")
PARTS.add("ALL", 3, _everything)
PARTS.add("CHANNELS", 4, lambda vm: iter([channels_line(vm)]))
PARTS.add("CONSOLE", 3, _of_kinds("CONS"))
PARTS.add("DASD", 2, _of_kinds("DASD"))
PARTS.add("GRAF", 4, _of_kinds("GRAF"))
PARTS.add("LINES", 5, _of_kinds("LINE"))
PARTS.add("STORAGE", 4, lambda vm: iter([storage_line(vm)]))
PARTS.add("TAPES", 2, _of_kinds("TAPE"))
PARTS.add("UR", 2, _of_kinds("RDR", "PUN", "PRT"))
_UNIT_RECORD = ("RDR", "PRT", "PUN")
_NONE = {"DASD": "NO DASD", "GRAF": "NO GRAF", "LINES": "NO LINES", "TAPES": "NO TAPES", "UR": "NO UR"}


def virtual(request: Request, word: str) -> int:
    """Answer QUERY VIRTUAL word."""
    vm = request.vm
    part = PARTS.find(word)
    if part is not None:
        lines = list(part(vm))
        name = next(name for name, _, entry in PARTS if entry is part)
        for line in lines or [_NONE.get(name, f"NO {name}")]:
            request.write(line)
        return 0
    if not is_vaddr(word):
        raise INVALID_OPTION.error(word)
    block = vm.devices.get(int(word, 16))
    if block is None:
        raise DEVICE_MISSING.error(f"{int(word, 16):03X}")
    for line in device_lines(vm, block):
        request.write(line)
    return 0


@query("VIRTUAL", minimum=1, classes="G")
def query_virtual(request: Request, operands: Operands) -> Answer:
    """All of the machine, or one part of it."""
    word = operands.take() or "ALL"
    operands.end()
    return virtual(request, word)


def _shortcut(name: str, minimum: int) -> None:
    @query(name, minimum=minimum, classes="G")
    def part(request: Request, operands: Operands) -> Answer:
        """QUERY part: the same as QUERY VIRTUAL part; for classes B and D, UR is the system's."""
        if name == "UR" and request.allowed("BD") and request.system.real.of_kind(*_UNIT_RECORD):
            real = chosen(request, operands, *_UNIT_RECORD, default="ALL")
            for line in [line for device in real for line in device.lines()] or [_NONE[name]]:
                request.write(line)
            return 0
        operands.end()
        return virtual(request, name)


for _name, _minimum, _ in list(PARTS):
    _shortcut(_name, _minimum)
