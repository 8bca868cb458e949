"""AGO: branch to a sequence symbol, or to one of several by the value of an expression."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.expression import compile_expression
from assembler.macro.template import matching
from assembler.macro.values import as_int
from assembler.message import Flaw


@conditional("AGO", "AGOB")
class Ago(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        text = model.operand
        if text.startswith("("):
            close = matching(text, 0)
            if close < 0:
                raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED PARENTHESIS", 8, 0)
            labels = text[close + 1 :].split(",")
            choice = as_int(compile_expression(text[1:close], arithmetic=True)(frame))
            if 1 <= choice <= len(labels):
                frame.branch(labels[choice - 1].strip())
            return
        if not text.startswith("."):
            raise Flaw("IFO178", f"SYNTAX ERROR - AGO WANTS A SEQUENCE SYMBOL -- {text[:20]}", 8, 0)
        frame.branch(text)
