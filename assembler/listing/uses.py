"""How a statement uses the symbols and registers in its operands, found out when a cross-reference is made.

The letters are the High Level Assembler's: M changed, B branched to, X executed, U in USING, D in DROP, N index.
"""

from __future__ import annotations

from collections.abc import Iterator

from assembler.effects import changed_registers, effects, used_registers
from assembler.expression import Expr, Name
from assembler.instruction import MachineInstruction
from assembler.message import Flaw
from assembler.operand import Operand, parse
from assembler.source import Statement


def names_in(tree: Expr | None) -> Iterator[str]:
    """The symbols in an expression."""
    if isinstance(tree, Name):
        yield tree.name
    for part in tree.walk() if tree is not None else ():
        yield from names_in(part)


def _operands(st: Statement) -> tuple[Operand, ...]:
    try:
        return parse(st.operand).operands if st.operand else ()
    except Flaw:
        return ()


def symbol_uses(st: Statement) -> dict[str, str]:
    """The letter for each symbol that a statement does more with than to read it."""
    found: dict[str, str] = {}
    operation = st.operation
    if isinstance(operation, MachineInstruction):
        known = effects(operation.row)
        for (kind, field, _), operand in zip(operation.order, _operands(st), strict=False):
            if kind != 1:
                continue
            letters = (("M", known.stored), ("B", known.branched), ("X", known.executed))
            letter = next((letter for letter, fields in letters if field in fields), "")
            if letter:
                found.update(dict.fromkeys(names_in(operand.address), letter))
    elif st.op in ("USING", "DROP"):
        text = st.operand
        if st.op == "USING" and text.startswith("("):
            text = text[1:].replace(")", "", 1)
        try:
            operands = parse(text).operands if text else ()
        except Flaw:
            operands = ()
        for operand in operands:
            found.update(dict.fromkeys(names_in(operand.address), st.op[0]))
    return found


def register_uses(st: Statement) -> dict[int, str]:
    """The general registers that a machine instruction, USING or DROP names, with a letter or an empty string."""
    operation = st.operation
    if not isinstance(operation, MachineInstruction) or not any(st.code):
        return {}
    code, row = st.code, operation.row
    value = int.from_bytes(code, "big")
    found = dict.fromkeys(used_registers(operation, code), "")
    for name, shift in operation.shift.items():
        if name in ("b1", "b2") and (value >> shift & 15):
            found.setdefault(value >> shift & 15, "")
    if operation.is_rx and (value >> operation.index_shift & 15):
        found[value >> operation.index_shift & 15] = "N"
    for name in effects(row).branched:
        if name in operation.shift and value >> operation.shift[name] & 15:
            found[value >> operation.shift[name] & 15] = "B"
    found.update(dict.fromkeys(changed_registers(operation, code), "M"))
    return found
