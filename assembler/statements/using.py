"""USING: base registers and what they will hold; each further register covers the next 4096 bytes.

`USING (base,end),register` bounds the range; with a name it is a labelled USING; with an address in the place of the
register it is a dependent one (these three are the High Level Assembler's).
"""

from __future__ import annotations

from assembler.addressing import REACH, Promise
from assembler.datafield import split_commas
from assembler.message import NAME_FIELD, Flaw
from assembler.operand import Operand, parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.symbols import SYMBOL, Terms

MAX_REGISTERS = 16


@statement("USING")
class Using(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        section = asm.section or asm.private_code()
        st.section = section
        st.loc = section.loc
        if st.name:
            label = st.name.upper()
            if not SYMBOL.fullmatch(label):
                raise Flaw("IFO016", f"ILLEGAL OR INVALID NAME FIELD - {label[:16]}", 8, NAME_FIELD)
            asm.labels.add(label)

    def generate(self, asm: Assembler, st: Statement) -> None:
        label = st.name.upper()
        if label in asm.symbols:
            raise Flaw("IFO196", f"{label} HAS BEEN PREVIOUSLY DEFINED", 8, NAME_FIELD)
        value, terms, size, operands = _range(asm, st)
        st.addr2 = value + sum(section.base * count for section, count in terms)
        _, where = operands[0].address.evaluate(asm)
        if where:
            self._dependent(asm, operands, Promise(0, value, terms, size or REACH, 0, label))
            return
        if operands[0].first is not None or operands[0].two:
            raise Flaw("IFO178", "SYNTAX ERROR IN USING", 8, operands[0].column)
        promises: list[Promise] = []
        for index, operand in enumerate(operands):
            try:
                register = _base_register(asm, operand, index)
            except Flaw:
                if promises:  # the registers before the wrong one are in use
                    asm.bases.using(*promises)
                raise
            left = REACH if size is None else min(size - index * REACH, REACH)
            if left > 0:
                promises.append(Promise(register, value + index * REACH, terms, left, 0, label))
        asm.bases.using(*promises)

    @staticmethod
    def _dependent(asm: Assembler, operands: tuple[Operand, ...], wanted: Promise) -> None:
        if len(operands) > 1:
            raise Flaw("IFO195", "INVALID USING OR DROP STATEMENT - A DEPENDENT USING HAS ONE ADDRESS", 12,
                       operands[1].column)  # fmt: skip
        operand = operands[0]
        value, terms = operand.address.evaluate(asm)
        asm.bases.resolve(value, terms, operand.column, operand.label)
        found = asm.bases.find(value, terms, operand.label)
        assert found is not None
        anchor, start = found
        left = anchor.start + anchor.size - start
        size = min(wanted.size, left)
        asm.bases.using(Promise(anchor.register, wanted.value, wanted.terms, size, start, wanted.label, anchor))


def _base_register(asm: Assembler, operand: Operand, index: int) -> int:
    """The register; 0 is of use only as the first one.  Raises Flaw."""
    value, terms = operand.address.evaluate(asm)
    if terms or not 0 <= value <= 15 or (value == 0 and index):
        what = "AN ADDRESS" if terms else f"REGISTER {value}"
        why = "IS NOT THE FIRST" if not terms and value == 0 else "IS NO BASE REGISTER"
        raise Flaw("IFO195", f"INVALID USING OR DROP STATEMENT - {what} {why}", 12, operand.column)
    return value


def _range(asm: Assembler, st: Statement) -> tuple[int, Terms, int | None, tuple[Operand, ...]]:
    """Base address, its terms, bytes of the range (None if it is not bounded) and the other operands; raises Flaw."""
    pieces = split_commas(st.operand) if st.operand else []
    if len(pieces) < 2:
        raise Flaw("IFO195", "INVALID USING OR DROP STATEMENT - AN ADDRESS AND A REGISTER ARE NEEDED", 12, 0)
    if len(pieces) > MAX_REGISTERS + 1:
        raise Flaw("IFO211", "TOO MANY OPERANDS - REGISTERS", 12, pieces[-1][1])
    text, at = pieces[0][0], pieces[1][1]
    bounded = text.startswith("(") and text.endswith(")") and len(split_commas(text[1:-1])) == 2
    try:
        base = parse(text[1:-1] if bounded else text).operands
    except Flaw as flaw:
        raise flaw.shifted(int(bounded)) from None
    try:
        rest = parse(st.operand[at:]).operands
    except Flaw as flaw:
        raise flaw.shifted(at) from None
    if any(one.first is not None or one.two for one in base):
        raise Flaw("IFO178", "SYNTAX ERROR IN USING", 8, 0)
    value, terms = base[0].address.evaluate(asm)
    if len(terms) > 1 or (terms and terms[0][1] != 1):
        raise Flaw("IFO217", "RELOCATABILITY ERROR - USING WANTS A SIMPLY RELOCATABLE OR ABSOLUTE ADDRESS", 12, 0)
    size = None
    if bounded:
        end, end_terms = base[1].address.evaluate(asm)
        if end_terms != terms or end <= value:
            raise Flaw("IFO330", "END OF THE RANGE IS NOT BEHIND ITS BASE IN THE SAME SECTION", 8, base[1].column + 1)
        size = end - value
    shifted = tuple(
        Operand(one.address, one.first, one.second, one.two, one.column + at, one.label) for one in rest
    )  # fmt: skip
    return value, terms, size, shifted
