"""SETA, SETB, SETC: give a SET symbol a value; several values go to successive elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.evaluators import Evaluator
from assembler.macro.expander import Expander, Frame
from assembler.macro.expression import compile_expression
from assembler.macro.template import Reference, read_reference
from assembler.macro.values import MAX_STRING, as_int, as_text
from assembler.macro.variables import SetSymbol, split_list
from assembler.message import NAME_FIELD, Flaw


@conditional("SETA", "SETB", "SETC")
class Set(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        compiled = model.compiled
        if not isinstance(compiled, _Compiled):
            compiled = model.compiled = _compile(model)
        assign(self.name[3], compiled.target, compiled.values, frame)


@dataclass(frozen=True, slots=True)
class _Compiled:
    target: Reference
    values: Sequence[Evaluator | None]
    """None where an element is left out, which keeps its value."""


def _compile(model: Model) -> _Compiled:
    if not model.name.startswith("&"):
        raise Flaw("IFO308", f"{model.op} WANTS A VARIABLE SYMBOL AS ITS NAME", 8, NAME_FIELD)
    target, end = read_reference(model.name, 0)
    if end != len(model.name):
        raise Flaw("IFO308", f"INVALID VARIABLE SYMBOL {model.name[:20]}", 8, NAME_FIELD)
    if not model.operand:
        raise Flaw("IFO178", f"SYNTAX ERROR - {model.op} WANTS AN OPERAND")
    return _Compiled(
        target,
        [
            compile_expression(piece, arithmetic=model.op.upper() != "SETB") if piece else None
            for piece in split_list(model.operand)
        ],
    )


def assign(kind: str, target: Reference, values: Sequence[Evaluator | None], frame: Frame) -> None:
    """Give a SET symbol of that kind, declared here if it is not yet, these values; raises Flaw."""
    name = target.name if target.created is None else target.created.fill(frame).upper()
    variable = frame.variables.get(name)
    if variable is None:
        variable = frame.declare(name, kind, 1 if target.plain is not None else 0)
    if not isinstance(variable, SetSymbol) or variable.kind != kind:
        raise Flaw("IFO007", f"USAGE OF &{name[:20]} IS INCONSISTENT WITH ITS DECLARATION AS SET{kind}", 8, NAME_FIELD)
    index: int | None = None
    if target.plain is not None:
        if target.subscripts is None or len(target.subscripts) != 1:
            raise Flaw("IFO307", f"INVALID SUBSCRIPT OF &{name[:20]}", 8, NAME_FIELD)
        index = as_int(target.subscripts[0](frame))
    for step, evaluate in enumerate(values):
        if evaluate is None:
            if index is not None:
                variable.extend(index + step)
            continue
        result = evaluate(frame)
        if kind == "A":
            result = as_int(result)
        elif kind == "B":
            result = int(bool(as_int(result)))
        else:
            result = as_text(result)
            if len(result) > MAX_STRING:
                raise Flaw("IFO309", "CHARACTER EXPRESSION TOO LONG")
        variable.set(index if index is None else index + step, result)
