"""UNLOADED: a USING for the program's own code whose register is loaded nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from assembler.effects import changed_registers
from assembler.expression import Here, Name, Number
from assembler.instruction import MachineInstruction
from assembler.message import Flaw
from assembler.source import Statement
from assembler.symbols import Section
from assembler.warnings.registry import Blunder, View, blunder
from cpvm.s370.formats import Format

_OURS = range(2, 12)
"""Registers that no linkage convention loads: a caller leaves addresses in 0, 1 and 12 to 15."""


@blunder("UNLOADED", "IFO353", ())
class Unloaded(Blunder):
    def finish(self, view: View) -> Iterable[tuple[Statement, Flaw]]:
        told: set[int] = set()
        for st in view.usings:
            if st.messages is not None or st.operand.startswith("("):
                continue
            try:
                base, *registers = view.operands(st)
            except Flaw:
                continue
            if not _is_code(view, base.address, st):
                continue
            for operand in registers:
                register = _number(view, operand.address)
                if register in _OURS and register not in told and not _loaded(view, register):
                    told.add(register)
                    yield st, self.flaw(f"NO INSTRUCTION LOADS REGISTER {register}", operand.column)


def _is_code(view: View, tree: object, st: Statement) -> bool:
    if isinstance(tree, Here):
        section = st.section
    elif isinstance(tree, Name) and tree.name in view.asm.symbols:
        terms = view.asm.symbols[tree.name].terms
        section = terms[0][0] if len(terms) == 1 else None
    else:
        return False
    return isinstance(section, Section) and section.has_text


def _number(view: View, tree: object) -> int:
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Name) and tree.name in view.asm.symbols and not view.asm.symbols[tree.name].terms:
        return view.asm.symbols[tree.name].value
    return -1


def _loaded(view: View, register: int) -> bool:
    """Whether any instruction changes the register; one that could not be read may change all."""
    known = view.notes.get("loaded")
    if known is None:
        known = view.notes["loaded"] = _changed(view)
    return register in known


def _changed(view: View) -> frozenset[int]:
    """All registers that are changed anywhere."""
    found: set[int] = set()
    seen: set[tuple[object, bytes]] = set()
    for st in view.statements:
        operation = st.operation
        if not isinstance(operation, MachineInstruction):
            continue
        code = st.code
        if not code or st.messages is not None:
            return frozenset(range(16))
        key = (operation, code[1:] if operation.row.format is Format.RRE else code[1:2])
        if key not in seen:
            seen.add(key)
            found.update(changed_registers(operation, code))
    return frozenset(found)
