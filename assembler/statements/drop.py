"""DROP: base registers, or labels of USING, no longer to be used; without operands, all of them."""

from __future__ import annotations

from assembler.expression import Name
from assembler.message import Flaw
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("DROP")
class Drop(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        asm.note_place(st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        if not st.operand or st.operand == ",":
            asm.bases.drop_all()
            return
        for operand in parse(st.operand).operands:
            tree = operand.address
            if isinstance(tree, Name) and tree.name in asm.labels and tree.name not in asm.symbols:
                if not asm.bases.has_label(tree.name):
                    raise Flaw("IFO324", f"LABEL {tree.name[:20]} IS NOT IN USE", 4, operand.column)
                asm.bases.drop_label(tree.name)
                continue
            register = asm.register(tree, operand.column)
            if not asm.bases.drop(register):
                raise Flaw("IFO324", f"REGISTER {register} IS NOT IN USE", 4, operand.column)
