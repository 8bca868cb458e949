"""SYM cards: what a debugger wants to know of the program's symbols (option TEST).

Entries follow one another without regard to cards: a byte that tells what the entry is about, the address in its
section, the name, and for data their type, length, number and scale.  Source: OS/VS Assembler Programmer's Guide
(GC33-4021), "Object deck output", SYM.  There are entries for sections, for named instructions, and for each operand of
DC and DS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.constant import Constant, placed
from assembler.instruction import MachineInstruction
from assembler.operation import Operation
from assembler.source import Statement
from assembler.symbols import Section
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from assembler.passes import Assembler

BYTES_PER_CARD = 56

_SECTIONS = {"SD": 0x10, "PC": 0x10, "DS": 0x20, "CM": 0x30}
_INSTRUCTION, _CCW = 0x40, 0x50
_DATA, _MULTIPLE, _CLUSTER, _SCALED, _NAMELESS = 0x80, 0x40, 0x20, 0x10, 0x08
_TYPES = {
    "C": 0x00, "X": 0x04, "B": 0x08, "F": 0x10, "H": 0x14, "E": 0x18, "D": 0x1C, "A": 0x20, "Q": 0x20, "Y": 0x24,
    "S": 0x28, "V": 0x2C, "P": 0x30, "Z": 0x34, "L": 0x38,
}  # fmt: skip
_LONG = "CXB"
"""Types whose lengths take two bytes."""


def entries(asm: Assembler) -> list[bytes]:
    """The entries of a finished assembly, 56 bytes to a card."""
    data = bytearray()
    last: object = None
    for st in asm.statements:
        section = st.section
        if st.operation is None or not isinstance(section, Section) or section.kind not in _SECTIONS or st.loc < 0:
            continue
        if section is not last:
            last = section
            data += _entry(_SECTIONS[section.kind], 0, section.name)
        data += _statement(asm, st)
    return [bytes(data[at : at + BYTES_PER_CARD]) for at in range(0, len(data), BYTES_PER_CARD)]


def _entry(what: int, address: int, name: str, rest: bytes = b"") -> bytes:
    what |= len(name) - 1 if 1 <= len(name) <= 8 else _NAMELESS
    known = b"" if what & _NAMELESS else to_ebcdic(name)
    return bytes((what,)) + (address & 0xFFFFFF).to_bytes(3, "big") + known + rest


def _statement(asm: Assembler, st: Statement) -> bytes:
    operation = st.operation
    if isinstance(operation, MachineInstruction):
        return _entry(_INSTRUCTION, st.loc, st.name.upper()) if st.name else b""
    name = operation.name if isinstance(operation, Operation) else ""
    if name in ("CCW", "CCW0"):
        return _entry(_CCW, st.loc, st.name.upper())
    if name not in ("DC", "DS") or not isinstance(st.parsed, tuple):
        return b""
    return b"".join(
        _constant(asm, constant, st.loc + bit // 8, "" if index else st.name.upper())
        for index, (constant, bit) in enumerate(placed(st.parsed))
    )


def _constant(asm: Assembler, constant: Constant, address: int, name: str) -> bytes:
    count = constant.duplicate(asm) * max(len(constant.values or ()), 1)
    scale = constant.scale.evaluate(asm)[0] if constant.scale is not None else 0
    length = (constant.length_attribute(asm) - 1) & (0xFFFF if constant.kind in _LONG else 0xFF)
    rest = bytes((_TYPES[constant.kind],)) + length.to_bytes(2 if constant.kind in _LONG else 1, "big")
    what = _DATA | (_CLUSTER if constant.kind in "PZ" else 0)
    if count != 1:
        what |= _MULTIPLE
        rest += (count & 0xFFFFFF).to_bytes(3, "big")
    if scale:
        what |= _SCALED
        rest += (scale & 0xFFFF).to_bytes(2, "big")
    return _entry(what, address, name, rest)
