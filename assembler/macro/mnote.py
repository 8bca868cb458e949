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


def _operands(written: str, filled: str, frame: Frame) -> tuple[str | None, str]:
    """Severity (None if there is none, null if it is left out before the comma) and text of a note; raises Flaw.

    Apostrophes and commas in what a variable symbol stands for are no part of the statement's syntax, unless all of the
    text comes from variable symbols.
    """
    pieces = split_list(written)
    quoted = len(pieces[-1]) >= 2 and pieces[-1][0] == pieces[-1][-1] == "'"
    if quoted:
        parts = compile_template(pieces[-1][1:-1]).parts
        text = "".join([undouble(part) if isinstance(part, str) else part.text(frame) for part in parts])
        pieces = [compile_template(piece).fill(frame) for piece in pieces]
    else:
        pieces = split_list(filled)
        text = pieces[-1]
        if len(text) >= 2 and text[0] == text[-1] == "'":
            text = undouble(text[1:-1])
        elif len(pieces) == 1:
            raise Flaw("IFO178", "SYNTAX ERROR - MNOTE WANTS A TEXT IN APOSTROPHES", 8, 0)
    return (",".join(pieces[:-1]).strip() if len(pieces) > 1 else None), text


@conditional("MNOTE")
class Mnote(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        operand = compile_template(model.operand).fill(frame)
        severity, text = _operands(model.operand, operand, frame)
        st = Statement(rebuilt("", "MNOTE", operand), "", "MNOTE", operand, model.record.line, len(engine.frames))
        st.macro = frame.chain
        st.file = model.record.file
        st.show = frame.definition is not None
        listed = engine.listed(model.record) if frame.definition is None else None
        if listed is not None:
            st = listed
        if severity != "*":
            level = as_int(compile_expression(severity)(frame)) if severity else 0 if severity is None else 1
            if not 0 <= level <= 255:
                raise Flaw("IFO178", f"SYNTAX ERROR - SEVERITY {level} OUT OF RANGE", 8, 0)
            st.operation = Note(level, text)
            engine.noted_last = level
            engine.noted_highest = max(engine.noted_highest, level)
        if listed is None:
            engine.queue.append(st)
