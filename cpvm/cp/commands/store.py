"""STORE: change storage, registers and PSW of the virtual machine (DMKCDS)."""

from __future__ import annotations

import re

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DATA_MISSING, HEXLOC_MISSING, INVALID_DATA, INVALID_HEXLOC, INVALID_REGISTER, message
from cpvm.cp.operand import Operands, hexadecimal
from cpvm.cp.place import base, location
from cpvm.cp.vmblok import VMBLOK
from cpvm.machine.signal import store_status
from cpvm.s370.psw import PSW

INVALID_PSW = message("011E", "INVALID PSW - {}")
SYNTAX = """\
STore [L]hexloc[;base] hexword ...
STore Shexloc[;base] hexdata ...
STore Greg|Xreg|Yreg hexword ...
STore Psw [hexword] hexword
STore STATUS"""


@command("STORE", module="DMKCDS", minimum=2, classes="G", syntax=SYNTAX, own=True)
def store(request: Request, operands: Operands) -> Answer:
    """Store the data given."""
    target = operands.need(HEXLOC_MISSING)
    words = operands.remaining()
    vm = request.vm
    if target == "STATUS":
        if words:
            raise INVALID_DATA.error(words[0])
        _status(vm)
    elif not words:
        raise DATA_MISSING.error()
    elif "PSW".startswith(target):
        _psw(vm, words)
    elif re.fullmatch(r"[GXY](\d+|[A-F])?", target):
        _registers(vm, target[0], target[1:], words)
    elif target[0] == "S" and vm.names.find(target.partition(";")[0].partition("+")[0]) is None:
        _string(vm, target[1:], "".join(words))
    else:
        named = vm.names.find(target.partition(";")[0].partition("+")[0]) is not None
        _words(vm, target if named else target.removeprefix("L"), words)
    request.write("STORE COMPLETE")
    return 0


def _words(vm: VMBLOK, hexloc: str, words: list[str]) -> None:
    """Fullwords from a fullword boundary on."""
    data = b"".join(hexadecimal(word, 8, INVALID_DATA).to_bytes(4, "big") for word in words)
    _put(vm, _address(vm, hexloc) & ~3, data, hexloc)


def _string(vm: VMBLOK, hexloc: str, digits: str) -> None:
    """Bytes from any address on."""
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        raise INVALID_DATA.error(digits) from None
    _put(vm, _address(vm, hexloc), data, hexloc)


def _address(vm: VMBLOK, typed: str) -> int:
    """hexloc or a name, with ;base behind it."""
    start, _, behind = typed.partition(";")
    return location(vm, start or "0") + (base(vm, behind) if behind else 0)


def _put(vm: VMBLOK, at: int, data: bytes, hexloc: str) -> None:
    if not vm.machine.storage.holds(at, len(data)):
        raise INVALID_HEXLOC.error(hexloc)
    vm.machine.storage.write(at, data)


def _registers(vm: VMBLOK, kind: str, number: str, words: list[str]) -> None:
    """Consecutive registers; floating-point ones have up to 16 digits, filled up on the right."""
    if number in ("A", "B", "C", "D", "E", "F"):
        register = int(number, 16)
    elif number.isascii() and number.isdigit() and len(number) <= 2 and int(number) <= 15:
        register = int(number)
    else:
        raise INVALID_REGISTER.error(number or kind)
    step, last = (2, 6) if kind == "Y" else (1, 15)
    if register % step or register + step * (len(words) - 1) > last:
        raise INVALID_REGISTER.error(number)
    values = [
        hexadecimal(word, 16, INVALID_DATA) << 4 * max(0, 16 - len(word))
        if kind == "Y"
        else hexadecimal(word, 8, INVALID_DATA)
        for word in words
    ]
    for offset, value in enumerate(values):
        if kind == "G":
            vm.machine.gr[register + offset] = value
        elif kind == "X":
            vm.machine.set_cr(register + offset, value)
        else:
            vm.machine.fr[register + step * offset] = value


def _psw(vm: VMBLOK, words: list[str]) -> None:
    """Both words of the PSW, or only the second."""
    if len(words) > 2:
        raise INVALID_PSW.error(words[2])
    values = [hexadecimal(word, 8, INVALID_PSW) for word in words]
    first = int.from_bytes(vm.machine.psw.to_bytes()[:4], "big") if len(values) == 1 else values[0]
    vm.machine.psw = PSW.from_words(first, values[-1])


def _status(vm: VMBLOK) -> None:
    """STORE STATUS: what the button of that name stores."""
    store_status(vm.machine)
