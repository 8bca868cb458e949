"""DISPLAY: show storage, keys, registers, PSW, CAW and CSW (DMKCDB)."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.message import HEXLOC_MISSING, INVALID_HEXLOC, INVALID_OPERAND, INVALID_RANGE, INVALID_REGISTER, CPError
from cpvm.cp.operand import Operands
from cpvm.cp.place import Range, span
from cpvm.cp.vmblok import VMBLOK
from cpvm.machine.trace import peek
from cpvm.s370 import psa
from cpvm.s370.disassemble import disassemble
from cpvm.s370.ebcdic import printable
from cpvm.s370.formats import length_of

_LINE = 16
_BLOCK = 2048
_BREATH = 100  # steps after which others get their turn, and attention is noticed
SYNTAX = """\
Display [K|L|T|N|I|V][hexloc1][-[hexloc2|END]|.bytecount][;base] ...
Display G|Y|X[reg1][-[reg2|END]|.count] ...
Display Psw|CAW|CSW ..."""

Lines = Iterator[str | None]
"""Lines of the response; None where there is work without a line."""


@command("DISPLAY", module="DMKCDB", minimum=1, classes="G", syntax=SYNTAX, own=True)
def display(request: Request, operands: Operands) -> Answer:
    """Show what the operands name, one after the other."""
    words = operands.remaining()
    if not words:
        raise HEXLOC_MISSING.error()
    return _display(request, words)


def _display(request: Request, words: list[str]) -> Generator[Effect, Any, int | None]:
    steps = 0
    for word in words:
        for line in _lines(request.vm, word):
            if line is not None:
                request.write(line)
            steps += 1
            if steps % _BREATH == 0:
                yield from pause(0)
    return 0


def _lines(vm: VMBLOK, word: str) -> Lines:
    storage, machine = vm.machine.storage, vm.machine
    prefix = machine.io.prefix
    if word in ("P", "PS", "PSW"):
        psw = machine.psw.to_bytes().hex().upper()
        return iter([f"PSW = {psw[:8]} {psw[8:]}"])
    if word == "CAW":
        return iter([f"CAW = {storage.read(prefix + psa.CAW, 4).hex().upper()}"])
    if word == "CSW":
        csw = storage.read(prefix + psa.CSW, 8).hex().upper()
        return iter([f"CSW = {csw[:8]} {csw[8:]}"])
    kind = word[0]
    if kind in "GXY" and re.fullmatch(r"[GXY]([0-9A-F]{1,2})?([-:.]([0-9A-Z]*))?", word):
        return _registers(vm, kind, word[1:])
    kind, place = _place(vm, word)
    match kind:
        case "K":
            return _keys(vm, place)
        case "I":
            return _instructions(vm, place)
        case "V":
            return _storage(vm, place, lambda at, n: peek(machine, at, n), text=True, keys=False)
        case _:
            return _storage(vm, place, storage.read, text=kind == "T", keys=kind == "T")


def _place(vm: VMBLOK, word: str) -> tuple[str, Range]:
    """The letter in front, "" if there is none, and the range behind it; the word may be a name as a whole."""
    kind, typed = (word[0], word[1:]) if word[0] in "KLTNIV" else ("", word)
    if not typed:
        return kind, Range(0, vm.machine.storage.size - 1)
    try:
        return kind, span(vm, typed, stored=kind != "V")
    except CPError as error:
        if not kind or error.number != INVALID_HEXLOC.number:
            raise
        try:
            return "", span(vm, word, stored=True)
        except CPError:
            raise error from None


def _storage(vm: VMBLOK, place: Range, read: Callable[[int, int], bytes], *, text: bool, keys: bool) -> Lines:
    """Fullwords, four a line; with TEXT whole lines and their EBCDIC, with KEYS storage keys. Equal lines are told
    once."""
    unit = _LINE if text else 4
    at = place.first // unit * unit
    end = (place.last + unit) // unit * unit
    previous, suppressed = b"", -1
    while at < end:
        length = min(_LINE, end - at)
        data = read(at, length)
        if data == previous and at % _BLOCK and at + length < end:
            suppressed = at if suppressed < 0 else suppressed
            yield None
        else:
            if suppressed >= 0:
                yield f"{suppressed:06X}  TO  {at - 1:06X}  SUPPRESSED LINE(S) SAME AS ABOVE ....."
                suppressed = -1
            if len(data) == length:
                key = f"{vm.machine.storage.key(at):02X}" if keys and at % _BLOCK == 0 else "  "
                yield _storage_line(at, data, key if text else None)
            elif previous != b"" or at == place.first // unit * unit:
                yield f"{at:06X}  NON-ADDRESSABLE STORAGE"
            else:
                yield None
        previous = data
        at += length


def _storage_line(at: int, data: bytes, key: str | None) -> str:
    words = " ".join(data[offset : offset + 4].hex().upper() for offset in range(0, len(data), 4))
    line = f"{at:06X}  {words:<35}"
    if key is not None:
        line += f" {key} *{printable(data)}*"
    return line.rstrip()


def _instructions(vm: VMBLOK, place: Range) -> Lines:
    """Address, hexadecimal digits, assembler text, and the name of the place if it has one."""
    storage = vm.machine.storage
    at = place.first & ~1
    while at <= place.last:
        text = storage.read(at, min(6, storage.piece(at)[1] - at))
        text = text[: length_of(text[0])]
        whole = len(text) >= 2 and len(text) == length_of(text[0])
        shown = disassemble(text) if whole else f"DC    X'{text.hex().upper()}'"
        name = vm.names.near(at) if len(vm.names) else ""
        yield f"{at:06X}  {text.hex().upper():<14}{shown:<30}{name}".rstrip()
        at += len(text)


def _keys(vm: VMBLOK, place: Range) -> Lines:
    """Storage keys of the 2K blocks; neighbours with the same key are told together."""
    storage = vm.machine.storage
    start = place.first // _BLOCK * _BLOCK
    for block in range(start, place.last + 1, _BLOCK):
        behind = block + _BLOCK
        if behind > place.last or storage.key(behind) != storage.key(block):
            yield f"{start:06X}  TO  {behind - 1:06X}  KEY = {storage.key(block):02X}"
            start = behind


def _register(typed: str) -> int:
    """A register by its decimal number, or A to F."""
    if typed in ("A", "B", "C", "D", "E", "F"):
        return int(typed, 16)
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 2 or int(typed) > 15:
        raise INVALID_REGISTER.error(typed)
    return int(typed)


def _registers(vm: VMBLOK, kind: str, word: str) -> Iterator[str]:
    found = re.fullmatch(r"([^-:.]*)(?:([-:.])(.*))?", word)
    if found is None:
        raise INVALID_OPERAND.error(kind + word)
    start, separator, other = found.groups()
    first = _register(start) if start else 0
    if separator is None:
        last = first if start else 15
    elif other in ("", "END"):
        last = 15
    elif separator == ".":
        last = first + _register(other) - 1
    else:
        last = _register(other)
    if not first <= last <= 15:
        raise INVALID_RANGE.error(kind + word)
    if kind == "Y":
        if first & 1 or first > 6:
            raise INVALID_REGISTER.error(start or str(first))
        return (_floating(vm, number) for number in range(first, min(last, 6) + 1, 2))
    title, registers = ("GPR", vm.machine.gr) if kind == "G" else ("ECR", vm.machine.cr)
    return (
        f"{title} {number:2} = "
        + " ".join(f"{registers[index]:08X}" for index in range(number, min(number + 3, last) + 1))
        for number in range(first, last + 1, 4)
    )


def _floating(vm: VMBLOK, number: int) -> str:
    """A floating-point register, also as a decimal fraction and exponent."""
    value = vm.machine.fr[number]
    sign, exponent, fraction = value >> 63, value >> 56 & 0x7F, value & (1 << 56) - 1
    decimal_value = fraction / (1 << 56) * 16.0 ** (exponent - 64)
    mantissa, power = f"{decimal_value:.16E}".split("E")
    scaled = int(power) + 1 if fraction else 0
    digits = mantissa.replace(".", "")
    return f"FPR {number:2} = {value:016X}  {'-' if sign else '+'}.{digits} E {scaled:+03}"
