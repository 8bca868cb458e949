"""DUMP: print the virtual machine's registers and storage to a spool file (DMKCDM)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.message import INVALID_RANGE
from cpvm.cp.operand import Operands, hexadecimal
from cpvm.cp.spool import SpoolWriter
from cpvm.cp.vmblok import VMBLOK
from cpvm.s370.ebcdic import printable, to_ebcdic

_LINE = 32
_BREATH = 500
_WRITE, _SKIP_TO_1 = 0x09, 0x8B  # write and space one, skip to channel 1 at once


@command("DUMP", module="DMKCDM", minimum=2, classes="G", syntax="DUmp [L|T][hexloc[-hexloc|.bytecount]] [*dumpid]")
def dump(request: Request, operands: Operands) -> Answer:
    """Print PSW, registers, keys and the storage named (all of it if nothing is named)."""
    size = request.vm.machine.storage.size
    first, end = 0, size
    word = operands.peek()
    if word is not None and not word.startswith("*"):
        operands.take()
        first, end = _range(word.lstrip("LT"), size)
    return _dump(request, first, end, operands.take_rest().lstrip("*")[:100])


def _range(word: str, size: int) -> tuple[int, int]:
    normal = word.replace(":", "-")
    start, dash, last = normal.partition("-")
    start, dot, length = (start, "", "") if dash else normal.partition(".")
    first = hexadecimal(start, 6) if start else 0
    if (dash and last in ("", "END")) or (dot and length in ("", "END")):
        end = size
    elif dash:
        end = hexadecimal(last, 6) + 1
    elif dot:
        end = first + hexadecimal(length, 6)
    else:
        end = first + 4
    if not first < end <= size:
        raise INVALID_RANGE.error(word)
    return first, end


def _dump(request: Request, first: int, end: int, title: str) -> Generator[Effect, Any, int | None]:
    vm, printer = request.vm, request.system.spool.open()
    done = False
    try:
        printer.put(_SKIP_TO_1, b"")
        _print(printer, f"VIRTUAL MACHINE {vm.userid}  {title}".rstrip())
        for line in _registers(vm):
            _print(printer, line)
        storage = vm.machine.storage
        previous, suppressed, count = b"", False, 0
        for at in range(first // _LINE * _LINE, end, _LINE):
            data = storage.read(at, min(_LINE, storage.size - at))
            if data != previous or at % 2048 == 0:
                suppressed = False
                words = " ".join(data[offset : offset + 4].hex().upper() for offset in range(0, len(data), 4))
                _print(printer, f"{at:06X}  {words:<71}  *{printable(data)}*")
                count += 1
            elif not suppressed:
                suppressed = True
                _print(printer, f"{at:06X}  SUPPRESSED LINE(S) SAME AS ABOVE .....")
            previous = data
            if (at // _LINE) % _BREATH == 0:
                yield from pause(0)
        options = vm.unit_records("PRT")[0].options if vm.unit_records("PRT") else None
        file = printer.close(
            queue="PRT",
            owner=vm.userid,
            origin=vm.userid,
            kind="PRT",
            spool_class=options.spool_class if options else "A",
            copies=1,
            hold=options.hold if options else False,
            dist=vm.entry.distribution,
            name="DUMP",
        )
        done = True
    finally:
        if not done:
            printer.discard()
    request.inform(f"PRT FILE {file.spoolid:04} FOR {file.owner:<8} COPY {file.copies:03} NOHOLD")
    return 0


def _print(printer: SpoolWriter, text: str) -> None:
    printer.put(_WRITE, to_ebcdic(text))


def _registers(vm: VMBLOK) -> list[str]:
    machine = vm.machine
    psw = machine.psw.to_bytes().hex().upper()
    lines = [f"PSW   {psw[:8]} {psw[8:]}"]
    for title, registers in (("GPR", machine.gr), ("ECR", machine.cr)):
        for number in (0, 8):
            lines.append(f"{title}{number:2} " + " ".join(f"{registers[number + index]:08X}" for index in range(8)))
    lines.append("FPR   " + " ".join(f"{machine.fr[number]:016X}" for number in (0, 2, 4, 6)))
    keys = [f"{machine.storage.key(block):02X}" for block in range(0, machine.storage.size, 2048)]
    for start in range(0, len(keys), 32):
        if start == 0 or keys[start : start + 32] != keys[start - 32 : start]:
            lines.append(f"KEYS {start * 2048:06X} " + " ".join(keys[start : start + 32]))
    return lines
