"""AIF: branch if a logical expression is true; several branches may be given, the first true one is taken."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.evaluators import Evaluator
from assembler.macro.expander import Expander, Frame
from assembler.macro.expression import compile_expression
from assembler.macro.template import matching
from assembler.macro.values import as_int
from assembler.macro.variables import split_list
from assembler.message import Flaw


@conditional("AIF", "AIFB")
class Aif(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        branches = model.compiled
        if branches is None:
            branches = model.compiled = [_branch(piece) for piece in split_list(model.operand)]
        for condition, label in branches:  # type: ignore[attr-defined]
            if as_int(condition(frame)):
                frame.branch(label)
                return


def _branch(text: str) -> tuple[Evaluator, str]:
    text = text.strip()
    close = matching(text, 0) if text.startswith("(") else -1
    label = text[close + 1 :].strip()
    if close < 0 or not label.startswith("."):
        raise Flaw("IFO178", f"SYNTAX ERROR - AIF WANTS (CONDITION).LABEL -- {text[:20]}", 8, 0)
    return compile_expression(text[1:close]), label
