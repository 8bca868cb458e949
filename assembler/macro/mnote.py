"""MNOTE: a message of the macro's own, with its severity, or with `*` a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.expression import undouble
from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.expression import compile_expression
from assembler.macro.template import compile_template
from assembler.macro.values import as_int
from assembler.macro.variables import split_list
from assembler.message import Flaw
from assembler.operation import Operation
from assembler.source import Statement, rebuilt

if TYPE_CHECKING:
    from assembler.passes import Assembler


class Note(Operation):
    """The statement by which a note reaches the messages."""

    def __init__(self, severity: int, text: str) -> None:
        self.severity = severity
        self.text = text

    def define(self, asm: Assembler, st: Statement) -> None:
        asm.message(st, 0, self.severity, "MNOTE", self.text)


@conditional("MNOTE")
class Mnote(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        operand = compile_template(model.operand).fill(frame)
        pieces = split_list(operand)
        text = pieces[-1]
        severity = ",".join(pieces[:-1]).strip()
        if len(text) >= 2 and text[0] == text[-1] == "'":
            text = undouble(text[1:-1])
        elif len(pieces) == 1:
            raise Flaw("IFO178", "SYNTAX ERROR - MNOTE WANTS A TEXT IN APOSTROPHES", 8, 0)
        st = Statement(rebuilt("", "MNOTE", operand), "", "MNOTE", operand, model.record.line, len(engine.frames))
        st.macro = frame.chain
        st.show = frame.definition is not None
        listed = engine.listed(model.record) if frame.definition is None else None
        if listed is not None:
            st = listed
        if severity != "*":
            level = as_int(compile_expression(severity)(frame)) if severity else 0 if len(pieces) == 1 else 1
            if not 0 <= level <= 255:
                raise Flaw("IFO178", f"SYNTAX ERROR - SEVERITY {level} OUT OF RANGE", 8, 0)
            st.operation = Note(level, text)
            engine.noted_last = level
            engine.noted_highest = max(engine.noted_highest, level)
        if listed is None:
            engine.queue.append(st)
