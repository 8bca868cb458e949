"""DCP, DMCP, STCP: CP's storage (DMKCDB, DMKCDM, DMKCDS)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.image import SIZE, Image
from cpvm.cp.message import HEXLOC_MISSING, INVALID_HEXLOC, INVALID_RANGE, message
from cpvm.cp.operand import Operands
from cpvm.cp.place import Range, span
from cpvm.cp.spool import SpoolError
from cpvm.s370.ebcdic import printable, to_ebcdic

NOT_STORED = message("163E", "CP'S STORAGE CANNOT BE CHANGED")
NO_SPACE = message("427I", "SPOOL SPACE FULL; DUMP NOT TAKEN")
_LINE = 16
_BREATH = 100
_LONGEST = 1 << 20  # bytes of one range
_WRITE = 0x09


def _place(request: Request, typed: str) -> Range:
    place = span(request.vm, typed, unit=4)
    if place.first >= SIZE:
        raise INVALID_HEXLOC.error(typed)
    if place.last - place.first >= _LONGEST:
        raise INVALID_RANGE.error(typed)
    return place


def _lines(image: Image, place: Range, *, text: bool) -> Iterator[str | None]:
    """Lines as of DISPLAY; None for one that is the same as that before it."""
    unit = _LINE if text else 4
    first, end = place.first // unit * unit, (place.last + unit) // unit * unit
    data = image.read(first, end - first)
    previous, same = b"", False
    for at in range(0, len(data), _LINE):
        piece = data[at : at + _LINE]
        if piece == previous and at + _LINE < len(data):
            if not same:
                yield f"{first + at:06X}  SUPPRESSED LINE(S) SAME AS ABOVE ....."
            same = True
            yield None
            continue
        same = False
        words = " ".join(piece[offset : offset + 4].hex().upper() for offset in range(0, len(piece), 4))
        yield f"{first + at:06X}  {words:<35} *{printable(piece)}*" if text else f"{first + at:06X}  {words}"
        previous = piece


@command("DCP", module="DMKCDB", minimum=3, classes="CE", syntax="DCP [L|T]hexloc[-hexloc|.bytecount] ...")
def dcp(request: Request, operands: Operands) -> Answer:
    """Show CP's storage."""
    words = operands.remaining()
    if not words:
        raise HEXLOC_MISSING.error()
    return _dcp(request, words)


def _dcp(request: Request, words: list[str]) -> Generator[Effect, Any, int | None]:
    for word in words:
        text, typed = word[0] == "T", word[1:] if word[0] in "LT" else word
        for number, line in enumerate(_lines(request.system.operations.image, _place(request, typed), text=text)):
            if line is not None:
                request.write(line)
            if number % _BREATH == _BREATH - 1:
                yield from pause(0)
    return 0


@command("DMCP", module="DMKCDM", minimum=4, classes="CE", syntax="DMCP hexloc[-hexloc|.bytecount] ... [*dumpid]")
def dmcp(request: Request, operands: Operands) -> Answer:
    """Print CP's storage into the spool."""
    places: list[Range] = []
    while (word := operands.peek()) is not None and not word.startswith("*"):
        operands.take()
        places.append(_place(request, word[1:] if word[0] in "LT" else word))
    if not places:
        raise HEXLOC_MISSING.error()
    vm, image = request.vm, request.system.operations.image
    try:
        writer = request.system.spool.open()
        writer.put(_WRITE, to_ebcdic(f"STORAGE OF CP  {operands.take_rest().lstrip('*')[:100]}".rstrip()))
        for place in places:
            for line in _lines(image, place, text=True):
                if line is not None:
                    writer.put(_WRITE, to_ebcdic(line))
        file = writer.close(
            queue="PRT",
            owner=vm.userid,
            origin=vm.userid,
            kind="PRT",
            spool_class="A",
            copies=1,
            hold=False,
            dist=vm.entry.distribution,
            name="CPDUMP",
        )
    except SpoolError:
        raise NO_SPACE.error() from None
    request.inform(f"PRT FILE {file.spoolid:04} FOR {file.owner:<8} COPY 001 NOHOLD")
    return 0


@command("STCP", module="DMKCDS", minimum=4, classes="C", syntax="STCP hexloc hexword ...")
def stcp(request: Request, operands: Operands) -> Answer:
    """Refuse: nothing that CP needs is in the storage that it shows."""
    operands.need(HEXLOC_MISSING)
    raise NOT_STORED.error()
