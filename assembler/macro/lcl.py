"""LCLA, LCLB, LCLC: declare local SET symbols."""

from __future__ import annotations

import re

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.template import compile_template
from assembler.macro.variables import MAX_SUBSCRIPT, split_list
from assembler.message import Flaw

_DECLARED = re.compile(r"&?([A-Za-z$#@_][A-Za-z0-9$#@_]*)(?:\(([0-9]{1,9})\))?")


def declared(model: Model, frame: Frame) -> list[tuple[str, int]]:
    """Names and dimensions in the operand of LCLx or GBLx; raises Flaw."""
    found: list[tuple[str, int]] = []
    for piece in split_list(model.operand):
        text = piece.strip()
        if text.startswith("&("):
            close = text.index(")") if ")" in text else len(text)
            text = compile_template(text[2:close]).fill(frame) + text[close + 1 :]
        match = _DECLARED.fullmatch(text)
        if match is None:
            raise Flaw("IFO308", f"INVALID VARIABLE SYMBOL {piece[:20]}", 8, 0)
        dimension = int(match[2]) if match[2] else 0
        if dimension > MAX_SUBSCRIPT or (match[2] and not dimension):
            raise Flaw("IFO307", f"DIMENSION {dimension} OUT OF RANGE", 8, 0)
        found.append((match[1].upper(), dimension))
    return found


@conditional("LCLA", "LCLB", "LCLC")
class Lcl(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        for name, dimension in declared(model, frame):
            frame.declare(name, self.name[3], dimension)
