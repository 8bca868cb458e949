"""DISPLAY: show storage, keys, registers, PSW, CAW and CSW (DMKCDB)."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.message import HEXLOC_MISSING, INVALID_HEXLOC, INVALID_OPERAND, INVALID_RANGE, INVALID_REGISTER
from cpvm.cp.operand import Operands, hexadecimal
from cpvm.cp.vmblok import VMBLOK
from cpvm.s370 import psa
from cpvm.s370.ebcdic import printable

_LINE = 16
_BLOCK = 2048
_BREATH = 50  # lines after which others get their turn, and attention is noticed
_RANGE = re.compile(r"([0-9A-F]*)(?:([-:.])([0-9A-F]+|END)?)?")
SYNTAX = """\
Display [K|L|T][hexloc1][-[hexloc2|END]|.bytecount] ...
Display G|Y|X[reg1][-[reg2|END]|.count] ...
Display Psw|CAW|CSW ..."""


@command("DISPLAY", module="DMKCDB", minimum=1, classes="G", syntax=SYNTAX, own=True)
def display(request: Request, operands: Operands) -> Answer:
    """Show what the operands name, one after the other."""
    words = operands.remaining()
    if not words:
        raise HEXLOC_MISSING.error()
    return _display(request, words)


def _display(request: Request, words: list[str]) -> Generator[Effect, Any, int | None]:
    shown = 0
    for word in words:
        for line in _lines(request.vm, word):
            request.write(line)
            shown += 1
            if shown % _BREATH == 0:
                yield from pause(0)
    return 0


def _lines(vm: VMBLOK, word: str) -> Iterator[str]:
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
    if kind in "GXY":
        return _registers(vm, kind, word[1:])
    if kind in "KLT":
        word = word[1:]
    first, end = _range(word, storage.size)
    if kind == "K":
        return _keys(vm, first, end)
    return _storage(vm, first, end, text=kind == "T")


def _range(word: str, size: int) -> tuple[int, int]:
    """First address and end (not included) of hexloc, hexloc-hexloc, hexloc.bytecount; - and : mean the same."""
    found = _RANGE.fullmatch(word)
    if found is None:
        raise INVALID_HEXLOC.error(word)
    start, separator, other = found.groups()
    first = hexadecimal(start, 6) if start else 0
    if first >= size:
        raise INVALID_HEXLOC.error(start)
    if separator is None:
        return first, min(first + 1, size) if start else size
    if other in (None, "END"):
        return first, size
    value = hexadecimal(other, 6)
    end = first + value if separator == "." else value + 1
    if end <= first or end > size:
        raise INVALID_RANGE.error(word)
    return first, end


def _storage(vm: VMBLOK, first: int, end: int, *, text: bool) -> Iterator[str]:
    """Fullwords, four a line; with TEXT whole lines and their EBCDIC. Equal lines are told once."""
    storage = vm.machine.storage
    unit = _LINE if text else 4
    at = first // unit * unit
    end = min((end + unit - 1) // unit * unit, storage.size)
    previous, suppressed = b"", -1
    while at < end:
        data = storage.read(at, min(_LINE, end - at))
        if data == previous and at % _BLOCK and at + len(data) < end:
            suppressed = at if suppressed < 0 else suppressed
        else:
            if suppressed >= 0:
                yield f"{suppressed:06X}  TO  {at - 1:06X}  SUPPRESSED LINE(S) SAME AS ABOVE ....."
                suppressed = -1
            yield _storage_line(vm, at, data, text=text)
        previous = data
        at += len(data)


def _storage_line(vm: VMBLOK, at: int, data: bytes, *, text: bool) -> str:
    words = " ".join(data[offset : offset + 4].hex().upper() for offset in range(0, len(data), 4))
    line = f"{at:06X}  {words:<35}"
    if text:
        key = f"{vm.machine.storage.key(at):02X}" if at % _BLOCK == 0 else "  "
        line += f" {key} *{printable(data)}*"
    return line.rstrip()


def _keys(vm: VMBLOK, first: int, end: int) -> Iterator[str]:
    """Storage keys of the 2K blocks; neighbours with the same key are told together."""
    storage = vm.machine.storage
    start = first // _BLOCK * _BLOCK
    for block in range(start, end, _BLOCK):
        behind = block + _BLOCK
        if behind >= end or storage.key(behind) != storage.key(block):
            yield f"{start:06X}  TO  {behind - 1:06X}  KEY = {storage.key(block):02X}"
            start = behind


def _register(typed: str) -> int:
    """A register by its decimal number, or A to F."""
    if typed in ("A", "B", "C", "D", "E", "F"):
        return int(typed, 16)
    if not typed.isdigit() or len(typed) > 2 or int(typed) > 15:
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
