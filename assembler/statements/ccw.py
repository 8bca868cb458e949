"""CCW, CCW0 and CCW1: a channel command word: command, data address, flags, count.

System/370 has the format of CCW and CCW0; that of CCW1, with an address of 31 bits, is System/370-XA's.
"""

from __future__ import annotations

from assembler.expression import absolute
from assembler.message import Flaw
from assembler.nominal import Relocation
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("CCW", "CCW0", "CCW1")
class Ccw(Operation):
    type_attribute = "W"
    length_attribute = 8

    def define(self, asm: Assembler, st: Statement) -> None:
        asm.place(st, 8)
        section = asm.section
        assert section is not None
        if st.name:
            asm.label(st, section, st.loc, 8, "W")
        if "=" in st.operand:
            asm.note_literals(st)
        asm.advance(st, 8)

    def generate(self, asm: Assembler, st: Statement) -> None:
        operands = parse(st.operand).operands if st.operand else ()
        if len(operands) != 4:
            asm.text(st, bytes(8))
            raise Flaw("IFO210", "TOO FEW OPERANDS, 4 ARE NEEDED", 12, 0)
        command = absolute(operands[0].address, asm)
        value, terms = operands[1].address.evaluate(asm)
        flags = absolute(operands[2].address, asm)
        count = absolute(operands[3].address, asm)
        for name, number, top, index in (
            ("COMMAND", command, 255, 0),
            ("FLAGS", flags, 255, 2),
            ("COUNT", count, 65535, 3),
        ):
            if not 0 <= number <= top:
                raise Flaw("IFO320", f"{name} {number} IS NOT BETWEEN 0 AND {top}", 8, operands[index].column)
        relocations = []
        if any(section.kind == "DS" for section, _ in terms) and asm.has_text():
            asm.warn(Flaw("IFO158", "NAME OF STATEMENT IN DSECT USED IN RELOCATABLE ADDRESS CONSTANT", 8,
                          operands[1].column))  # fmt: skip
            value, terms = 0, ()
        for section, times in terms:
            value += section.base * times
            place, size = (4, 4) if self.name == "CCW1" else (1, 3)
            relocations += [Relocation(place, size, "A", section, 1 if times > 0 else -1)] * abs(times)
        if self.name == "CCW1":
            code = bytes((command, flags)) + count.to_bytes(2, "big") + (value & 0x7FFFFFFF).to_bytes(4, "big")
        else:
            address = (value & 0xFFFFFF).to_bytes(3, "big")
            code = bytes((command,)) + address + bytes((flags, 0)) + count.to_bytes(2, "big")
        st.code = code
        asm.text(st, code)
        asm.relocate(st, relocations)
