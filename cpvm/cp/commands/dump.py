"""DUMP: print the virtual machine's registers and storage to a spool file (DMKCDM)."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Any

from cpvm.cp import clock
from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.message import message
from cpvm.cp.operand import Operands
from cpvm.cp.place import Range, span
from cpvm.cp.spool import SpoolError, SpoolWriter
from cpvm.cp.vmblok import VMBLOK
from cpvm.s370 import psa
from cpvm.s370.ebcdic import printable, to_ebcdic

NO_SPACE = message("427I", "SPOOL SPACE FULL; DUMP NOT TAKEN")
_LINE = 32
_BLOCK = 2048
_BREATH = 500
_WRITE, _SKIP_TO_1 = 0x09, 0x8B  # write and space one, skip to channel 1 at once
_HEADING = 100  # characters of a dump's name
SYNTAX = "DUmp [L|T][hexloc[-[hexloc|END]|.bytecount]][;base] ... [*dumpid]"


@command("DUMP", module="DMKCDM", minimum=2, classes="G", syntax=SYNTAX)
def dump(request: Request, operands: Operands) -> Answer:
    """Print PSW, registers, keys and the storage named (all of it if nothing is named)."""
    places = ranges(request.vm, operands)
    return _dump(request, places, operands.take_rest().lstrip("*")[:_HEADING])


def ranges(vm: VMBLOK, operands: Operands) -> list[Range]:
    """Take the ranges in front of *dumpid; all of storage if there is none. L and T in front change nothing."""
    places = []
    while (word := operands.peek()) is not None and not word.startswith("*"):
        operands.take()
        if vm.names.find(word.partition("+")[0]) is None and word[0] in "LT":
            word = word[1:] or "0-END"
        places.append(span(vm, word, unit=4, stored=True))
    return places or everything(vm)


def everything(vm: VMBLOK) -> list[Range]:
    """All of storage, and the segments beyond it."""
    storage = vm.machine.storage
    return [Range(0, storage.size - 1), *(Range(start, end - 1) for start, end in storage.segments)]


def _dump(request: Request, places: list[Range], title: str) -> Generator[Effect, Any, int | None]:
    vm = request.vm
    try:
        printer = request.system.spool.open(vm.userid)
    except SpoolError:
        raise NO_SPACE.error() from None
    done = False
    try:
        printer.put(_SKIP_TO_1, b"")
        when = f"{clock.mmddyy(time.time())} {clock.hhmmss(time.time())}"
        _print(printer, f"VIRTUAL MACHINE {vm.userid:<8}  STORAGE {vm.storage // 1024}K  {when}  {title}".rstrip())
        for line in _state(vm):
            _print(printer, line)
        steps = 0
        for place in places:
            _print(printer, "")
            for text in _storage(vm, place):
                if text is not None:
                    _print(printer, text)
                steps += 1
                if steps % _BREATH == 0:
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
    except SpoolError:
        raise NO_SPACE.error() from None
    finally:
        if not done:
            printer.discard()
    hold = "HOLD" if file.hold else "NOHOLD"
    request.inform(f"PRT FILE {file.spoolid:04} FOR {file.owner:<8} COPY {file.copies:03} {hold}")
    return 0


def _print(printer: SpoolWriter, text: str) -> None:
    printer.put(_WRITE, to_ebcdic(text))


def _storage(vm: VMBLOK, place: Range) -> Iterator[str | None]:
    """Eight words a line with their characters, and the storage key where it begins; equal lines are told once."""
    storage = vm.machine.storage
    previous, suppressed = b"", -1
    for at in range(place.first // _LINE * _LINE, place.last + 1, _LINE):
        data = storage.read(at, min(_LINE, storage.piece(at)[1] - at))
        if data == previous and at % _BLOCK and at + _LINE <= place.last:
            suppressed = at if suppressed < 0 else suppressed
            yield None
            continue
        if suppressed >= 0:
            yield f"{suppressed:06X}  TO  {at - 1:06X}  SUPPRESSED LINE(S) SAME AS ABOVE ....."
            suppressed = -1
        key = f"{storage.key(at):02X}" if at % _BLOCK == 0 or previous == b"" else "  "
        words = " ".join(data[offset : offset + 4].hex().upper() for offset in range(0, len(data), 4))
        yield f"{at:06X}  {words:<71}  {key} *{printable(data)}*"
        previous = data


def _state(vm: VMBLOK) -> list[str]:
    machine, storage = vm.machine, vm.machine.storage
    timers = machine.cpu.timers
    psw = machine.psw.to_bytes().hex().upper()
    prefix = machine.cpu.prefix_register
    csw = storage.read(prefix + psa.CSW, 8).hex().upper()
    lines = [
        f"PSW   {psw[:8]} {psw[8:]}   CSW {csw[:8]} {csw[8:]}   CAW {storage.read(prefix + psa.CAW, 4).hex().upper()}"
        f"   PREFIX {prefix:06X}"
    ]
    for title, registers in (("GPR", machine.gr), ("ECR", machine.cr)):
        for number in (0, 8):
            lines.append(f"{title}{number:2} " + " ".join(f"{registers[number + index]:08X}" for index in range(8)))
    lines.append("FPR   " + " ".join(f"{machine.fr[number]:016X}" for number in (0, 2, 4, 6)))
    mask = (1 << 64) - 1
    lines.append(
        f"TOD {timers.now() & mask:016X}   CPU TIMER {timers.cpu_timer() & mask:016X}"
        f"   COMPARATOR {timers.comparator & mask:016X}"
    )
    keys = [f"{storage.key(block):02X}" for block in range(0, storage.size, _BLOCK)]
    for start in range(0, len(keys), 32):
        if start == 0 or keys[start : start + 32] != keys[start - 32 : start]:
            lines.append(f"KEYS {start * _BLOCK:06X} " + " ".join(keys[start : start + 32]))
    return lines
