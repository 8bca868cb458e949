"""VMDUMP: a dump for a program to read, as cards in a reader (DMKVMD)."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Any

from cpvm.cp import clock
from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.message import NOT_IN_DIRECTORY, message
from cpvm.cp.operand import Operands
from cpvm.cp.place import Range, span
from cpvm.cp.spool import SpoolError
from cpvm.cp.vmblok import VMBLOK
from cpvm.s370.ebcdic import to_ebcdic

NO_SPACE = message("427I", "SPOOL SPACE FULL; DUMP NOT TAKEN")
CARD = 0x41
DATA = 64
"""Bytes of storage on a card."""
_BLOCK = 2048
_BREATH = 2000
SYNTAX = "VMDump [hexloc[-[hexloc|END]|.bytecount]] ... [FORMAT type] [TO userid|*|SYSTEM] [*dumpid]"


@command("VMDUMP", module="DMKVMD", minimum=3, classes="G", syntax=SYNTAX)
def vmdump(request: Request, operands: Operands) -> Answer:
    """Write registers, keys and the storage named into a file of class V in the reader of TO."""
    vm = request.vm
    places: list[Range] = []
    owner, kind = vm.userid, "FILE"
    while (word := operands.peek()) is not None and not word.startswith("*"):
        operands.take()
        if word == "TO":
            owner = _receiver(request, operands.need())
        elif word == "FORMAT":
            kind = operands.need()[:8]
        elif word == "DSS":
            continue  # segments are part of storage
        else:
            places.append(span(vm, word, unit=DATA, stored=True))
    title = operands.take_rest().lstrip("*")
    return _write(request, places or _everything(vm), owner, kind, title)


def _everything(vm: VMBLOK) -> list[Range]:
    storage = vm.machine.storage
    return [Range(0, storage.size - 1), *(Range(start, end - 1) for start, end in storage.segments)]


def _receiver(request: Request, word: str) -> str:
    name = request.vm.userid if word == "*" else "OPERATOR" if word == "SYSTEM" else request.userid(word)
    if name not in request.system.directory.users:
        raise NOT_IN_DIRECTORY.error(name)
    return name


def _write(
    request: Request, places: list[Range], owner: str, kind: str, title: str
) -> Generator[Effect, Any, int | None]:
    vm, system = request.vm, request.system
    try:
        writer = system.spool.open(vm.userid)
    except SpoolError:
        raise NO_SPACE.error() from None
    done = False
    try:
        count = 0
        for number, card in enumerate(_cards(vm, places, kind, title)):
            if card is not None:
                count += 1
                writer.put(CARD, card + to_ebcdic(f"{count:08}"))
            if number % _BREATH == _BREATH - 1:
                yield from pause(0)
        file = writer.close(
            queue="RDR",
            owner=owner,
            origin=vm.userid,
            kind="PUN",
            spool_class="V",
            copies=1,
            hold=False,
            dist=vm.entry.distribution,
            name=vm.userid,
            filetype="VMDUMP",
        )
        done = True
    except SpoolError:
        raise NO_SPACE.error() from None
    finally:
        if not done:
            writer.discard()
    request.inform(f"PUN FILE {file.spoolid:04} TO  {file.owner:<8} COPY 001 NOHOLD")
    system.file_arrived(file)
    return 0


def _cards(vm: VMBLOK, places: list[Range], kind: str, title: str) -> Iterator[bytes | None]:
    """The first 72 columns of each card; None for one that is left out, since it has nothing but zeros."""
    machine, storage = vm.machine, vm.machine.storage
    now = time.time()
    head = f"{vm.userid:<8}{kind:<8}{clock.mmddyy(now):<8} {clock.hhmmss(now):<8}{title}"
    yield _card("H", storage.size, to_ebcdic(head[:DATA]).ljust(DATA, b"\x40"))
    yield _card("P", 0, machine.psw.to_bytes())
    yield _card("G", 0, b"".join(value.to_bytes(4, "big") for value in machine.gr))
    yield _card("X", 0, b"".join(value.to_bytes(4, "big") for value in machine.cr))
    yield _card("F", 0, b"".join(machine.fr[number].to_bytes(8, "big") for number in (0, 2, 4, 6)))
    for start in range(0, storage.size, DATA * _BLOCK):
        blocks = range(start, min(start + DATA * _BLOCK, storage.size), _BLOCK)
        yield _card("K", start, bytes(storage.key(block) for block in blocks))
    for place in places:
        for at in range(place.first // DATA * DATA, place.last + 1, DATA):
            data = storage.read(at, min(DATA, storage.piece(at)[1] - at))
            yield _card("S", at, data) if any(data) else None


def _card(letter: str, address: int, data: bytes) -> bytes:
    return to_ebcdic(letter.ljust(4)) + address.to_bytes(4, "big") + data.ljust(DATA, b"\0")
