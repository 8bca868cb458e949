"""COPY: read a member of the macro library as part of the source."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.operations import MAX_COPIES
from assembler.macro.template import compile_template
from assembler.message import Flaw
from assembler.source import SourceFile


@conditional("COPY")
class Copy(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        if not model.operand:
            raise Flaw("IFO210", "TOO FEW OPERANDS", 12)
        operand = compile_template(model.operand).fill(frame)
        if len(engine.code.files) >= MAX_COPIES:
            raise Flaw("IFO301", "COPY MEMBERS NESTED TOO DEEPLY", 12, 0)
        lines = engine.table.copy_member(operand)
        if frame.definition is not None:
            raise Flaw("IFO302", "COPY WITH A VARIABLE SYMBOL INSIDE OF A MACRO", 8, 0)
        engine.table.copies.append((operand.strip().upper(), model.record, ""))
        engine.code.files.append(SourceFile(lines, operand.strip().upper()))
