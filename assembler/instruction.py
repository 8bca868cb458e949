"""Machine instructions: operands by the instruction's format, extended mnemonics, encoding.

The rows are those of `cpvm.s370.insn` and of `uninstalled.py`; nothing about a single instruction is written here.
Operand syntax: Principles of Operation (GA22-7000), "Instruction Formats", and OS/VS Assembler Language (GC33-4010),
"Machine instructions".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from assembler.alignment import BOUNDARIES
from assembler.expression import Expr, Here, Literal, Name, Sum, absolute
from assembler.message import Flaw
from assembler.operand import Operand, parse
from assembler.operation import Operation
from assembler.uninstalled import uninstalled
from cpvm.s370.formats import FIELDS, Format
from cpvm.s370.insn import Insn, table

if TYPE_CHECKING:
    from assembler.passes import Assembler
    from assembler.source import Statement

EXTENDED = {
    "": 15, "NOP": 0, "H": 2, "L": 4, "E": 8, "O": 1, "P": 2, "M": 4, "Z": 8,
    "NH": 13, "NL": 11, "NE": 7, "NO": 14, "NP": 13, "NM": 11, "NZ": 7,
}  # fmt: skip
"""Conditions of the extended mnemonics B.., B..R and their masks."""


class MachineInstruction(Operation):
    """One row of the instruction table; `mask` is the first operand of an extended mnemonic."""

    type_attribute = "I"

    def __init__(self, name: str, row: Insn, mask: int | None = None) -> None:
        self.name = name
        self.row = row
        self.mask = mask
        self.length = row.length
        size = self.length * 8
        self.code = row.opcode << size - (8 if row.opcode < 256 else 16)
        places = FIELDS[row.format]
        self.index_shift = size - 16
        self.shift = {field: size - first - bits for field, (first, bits) in places.items()}
        self.bits = {field: bits for field, (_, bits) in places.items()}
        operands = list(row.operands)
        if mask is not None:
            self.code |= mask << self.shift["m1"]
            operands.remove("m1")
        self.order = _written_order(operands)
        self.is_rx = row.format is Format.RX
        self.boundary = BOUNDARIES.get(name, 1)
        self.must_be_even = row.even
        self.must_be_floating = row.floating

    def define(self, asm: Assembler, st: Statement) -> None:
        section = asm.section or asm.private_code()
        loc = section.loc
        if loc & 1:
            loc += 1
            st.pad = 1
        st.section = section
        st.loc = loc
        st.pool = asm.pool_number
        length = self.length
        st.length = length
        if st.name:
            asm.label(st, section, loc, length, "I")
        section.loc = loc = loc + length
        if loc > section.size:
            asm.grow(section, loc)
        if "=" in st.operand:
            asm.note_literals(st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        try:
            value = self.code
            order = self.order
            if order:
                given = parse(st.operand).operands if st.operand else ()
                if len(given) != len(order):
                    if len(given) < len(order):
                        raise Flaw("IFO210", f"TOO FEW OPERANDS, {len(order)} ARE NEEDED", 12, len(st.operand))
                    raise Flaw("IFO211", f"TOO MANY OPERANDS, {len(order)} ARE NEEDED", 12, given[len(order)].column)
                for (kind, field, length_field), operand in zip(order, given, strict=True):
                    if kind == 0:
                        value |= self._small(operand, asm, self.bits[field]) << self.shift[field]
                    elif kind == 1:
                        value |= self._address(operand, asm, st, field, length_field)
                    else:
                        value |= self._immediate(operand, asm, field) << self.shift[field]
            code = value.to_bytes(self.length, "big")
        except Flaw as flaw:
            st.code = bytes(self.length)
            asm.text(st, st.code)
            if flaw.number in ("IFO209", "IFO228"):
                self._list_addresses(asm, st, flaw.number == "IFO228")
            raise
        st.code = code
        asm.text(st, code)
        if self.must_be_even or self.must_be_floating:
            self._check_registers(value, asm, st)

    def _list_addresses(self, asm: Assembler, st: Statement, known: bool) -> None:
        """The addresses that Assembler XF lists although it could not make the instruction: the operands' if they are
        `known`, else zero."""
        for (kind, field, _), operand in zip(self.order, parse(st.operand).operands, strict=False):
            if kind != 1:
                continue
            try:
                value, terms = operand.address.evaluate(asm) if known else (0, ())
            except Flaw:
                value, terms = 0, ()
            address = value + sum(section.base * count for section, count in terms)
            if field == "a1":
                st.addr1 = address
            else:
                st.addr2 = address

    def _check_registers(self, value: int, asm: Assembler, st: Statement) -> None:
        """Warn of registers with which the instruction would end in a specification exception."""
        for field in (*self.must_be_even, *self.must_be_floating):
            register = value >> self.shift[field] & 15
            if field in self.must_be_floating and register not in (0, 2, 4, 6):
                asm.flaw(st, Flaw("IFO323", f"REGISTER {register} IS NO FLOATING-POINT REGISTER", 4, 0))
            elif field in self.must_be_even and register & 1:
                asm.flaw(st, Flaw("IFO323", f"REGISTER {register} IS NOT EVEN", 4, 0))

    @staticmethod
    def _small(operand: Operand, asm: Assembler, bits: int) -> int:
        """A register or mask."""
        if operand.first is not None or operand.two:
            raise Flaw("IFO216", "ILLEGAL OPERAND FORMAT - REGISTER OR MASK WITH A SUBFIELD", 12, operand.column)
        value = absolute(operand.address, asm)
        if not 0 <= value < 1 << bits:
            raise Flaw("IFO320", f"REGISTER OR MASK {value} IS NOT BETWEEN 0 AND 15", 8, operand.column)
        return value

    @staticmethod
    def _immediate(operand: Operand, asm: Assembler, field: str) -> int:
        if operand.first is not None or operand.two:
            raise Flaw("IFO216", "ILLEGAL OPERAND FORMAT - IMMEDIATE OPERAND WITH A SUBFIELD", 12, operand.column)
        value = absolute(operand.address, asm)
        high = 15 if field == "i3" else 255
        if not -(high + 1) // 2 <= value <= high:
            raise Flaw("IFO320", f"IMMEDIATE VALUE {value} IS NOT BETWEEN 0 AND {high}", 8, operand.column)
        return value & high

    def _address(self, operand: Operand, asm: Assembler, st: Statement, field: str, length_field: str) -> int:
        """Base and displacement of an effective address, with index or length."""
        value, terms = operand.address.evaluate(asm)
        first, second, two = operand.first, operand.second, operand.two
        extra = None
        base: Expr | None
        if self.is_rx or length_field:
            extra, base = first, second
        elif two:
            raise Flaw(
                "IFO216", "ILLEGAL OPERAND FORMAT - ONLY A BASE REGISTER MAY STAND IN PARENTHESES", 12, operand.column
            )
        else:
            base = first
        if base is None and not (two and not self.is_rx and not length_field):
            if two and second is None and first is not None:
                register, displacement = 0, value
                if terms:
                    raise Flaw("IFO228", "RELOCATABLE DISPLACEMENT IN MACHINE INSTRUCTION", 8, operand.column)
            else:
                register, displacement = asm.bases.resolve(value, terms, operand.column, operand.label)
                # A section begins on a doubleword, so that the place in it tells; what an index adds is not known.
                if terms and extra is None and value & self.boundary - 1 and asm.options.align:
                    asm.warn(Flaw("IFO220", f"ALIGNMENT ERROR - {self.boundary} BYTES", 4, operand.column))
        else:
            assert base is not None
            if terms:
                raise Flaw("IFO228", "RELOCATABLE DISPLACEMENT IN MACHINE INSTRUCTION", 8, operand.column)
            register, displacement = asm.register(base, operand.column), value
            if not 0 <= displacement <= 4095:
                raise Flaw("IFO321", f"DISPLACEMENT {displacement} IS NOT BETWEEN 0 AND 4095", 8, operand.column)
        number = field[1]
        bits = register << self.shift["b" + number] | displacement << self.shift["d" + number]
        address = value
        for section, count in terms:
            address += section.base * count
        if number == "1":
            st.addr1 = address
        else:
            st.addr2 = address
        if self.is_rx:
            if extra is not None:
                bits |= asm.register(extra, operand.column) << self.index_shift
        elif length_field in ("l", "l1", "l2"):
            length = absolute(extra, asm) if extra is not None else implied_length(operand.address, asm)
            top = 256 if length_field == "l" else 16
            if not 0 <= length <= top:
                raise Flaw("IFO224", f"LENGTH ERROR - {length} IS NOT BETWEEN 0 AND {top}", 8, operand.column)
            bits |= max(length - 1, 0) << self.shift[length_field]
        elif length_field:
            if extra is None:
                raise Flaw("IFO216", "ILLEGAL OPERAND FORMAT - A REGISTER IS NEEDED IN PARENTHESES", 12, operand.column)
            bits |= asm.register(extra, operand.column) << self.shift[length_field]
        return bits


def implied_length(tree: Expr, asm: Assembler) -> int:
    """The length attribute of an operand's leftmost term, at least 1."""
    while isinstance(tree, Sum):
        tree = tree.parts[0][1]
    inner = tree.walk()
    if isinstance(tree, Name):
        return max(asm.symbol(tree.name, tree.column).length, 1)
    if isinstance(tree, Literal):
        return max(asm.literal(tree.text, tree.column).length, 1)
    if isinstance(tree, Here):
        return asm.here_length()
    return implied_length(inner[0], asm) if inner and not hasattr(tree, "kind") else 1


def _written_order(operands: list[str]) -> tuple[tuple[int, str, str], ...]:
    """Operands as they are written: (0 register or mask | 1 address | 2 immediate, field, length field)."""
    lengths = [name for name in operands if name in ("l", "l1", "l2")]
    storage = "a1" in operands and "a2" in operands
    keyed = storage and not lengths and "r1" in operands  # D1(R1,B1),D2(B2),R3
    out: list[tuple[int, str, str]] = []
    for name in operands:
        if name in lengths or (keyed and name == "r1"):
            continue
        if name[0] == "a":
            length = next((one for one in lengths if one in ("l" + name[1], "l" if name == "a1" else "")), "")
            out.append((1, name, "r1" if keyed and name == "a1" else length))
        elif name[0] == "i":
            out.append((2, name, ""))
        else:
            out.append((0, name, ""))
    order = {"r1": 0, "m1": 0, "i1": 0, "a1": 1, "r2": 2, "r3": 3, "m3": 3, "a2": 4, "i2": 5, "i3": 6}
    if keyed:
        order["r3"] = 7
    if "a1" in operands and "i2" in operands and "a2" not in operands:
        order["i2"] = 5
    return tuple(sorted(out, key=lambda entry: order.get(entry[1], 9)))


def instructions() -> dict[str, MachineInstruction]:
    """Every mnemonic, extended ones included."""
    return _instructions(tuple(table().values()))


@lru_cache(maxsize=2)  # the table changes if plugins come and go
def _instructions(all_rows: tuple[Insn, ...]) -> dict[str, MachineInstruction]:
    rows = uninstalled() | {row.mnemonic: row for row in all_rows}
    found = {name: MachineInstruction(name, row) for name, row in rows.items()}
    for condition, mask in EXTENDED.items():
        plain = "NOP" if condition == "NOP" else "B" + condition
        if "BC" in rows:
            found.setdefault(plain, MachineInstruction(plain, rows["BC"], mask))
        if "BCR" in rows:
            found.setdefault(plain + "R", MachineInstruction(plain + "R", rows["BCR"], mask))
    return found
