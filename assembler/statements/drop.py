"""DROP: base registers no longer to be used; without operands, all of them."""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("DROP")
class Drop(Operation):
    def generate(self, asm: Assembler, st: Statement) -> None:
        if not st.operand or st.operand == ",":
            asm.bases.drop_all()
            return
        for operand in parse(st.operand).operands:
            register = asm.register(operand.address, operand.column)
            if not asm.bases.drop(register):
                raise Flaw("IFO324", f"REGISTER {register} IS NOT IN USE", 4, operand.column)
