"""What a statement shows besides its source, in all forms of the listing: location, object code, addresses."""

from __future__ import annotations

from dataclasses import dataclass

from assembler.instruction import MachineInstruction
from assembler.operation import Operation
from assembler.source import Statement
from assembler.statements.dc import Dc
from assembler.statements.ltorg import LiteralData
from assembler.symbols import Section

_WITHOUT_LOCATION = frozenset(("EQU", "USING", "DROP", "ENTRY", "END", "PUSH", "POP"))


@dataclass(slots=True)
class Row:
    """Numbers are -1 where there is nothing to show."""

    loc: int = -1
    code: bytes = b""
    addr1: int = -1
    addr2: int = -1
    instruction: bool = False
    """Object code is shown in halfwords, not as data."""


def base_of(st: Statement) -> int:
    """The address at which the statement's section begins in this assembly."""
    return st.section.base if isinstance(st.section, Section) else 0


def row(st: Statement) -> Row:
    """What the listing shows to the left of a statement."""
    operation = st.operation
    name = operation.name if isinstance(operation, Operation) else ""
    shown = Row(-1, st.code, st.addr1, st.addr2)
    if not isinstance(operation, (Dc, LiteralData)):
        shown.instruction = bool(st.code)
    if st.loc >= 0 and operation is not None and name not in _WITHOUT_LOCATION:
        shown.loc = st.loc + base_of(st)
    if isinstance(operation, MachineInstruction) and shown.addr1 < 0:
        shown.addr1, shown.addr2 = shown.addr2, -1
    elif name == "EQU" and st.value is not None:
        shown.addr2 = st.value & 0xFFFFFFFF
    elif name == "ORG":
        shown.addr2 = st.loc + base_of(st)
    elif name == "END" and st.addr2 >= 0:
        shown.loc, shown.addr2 = st.addr2 & 0xFFFFFF, -1
    return shown


def source_of(st: Statement) -> tuple[str, ...]:
    """The statement's records as they are listed; a sequence symbol is not part of what a macro generates."""
    if not st.text:
        return (f"{'':15}{st.operand}",)
    first = st.text[0]
    if st.level and first[:1] == "." and st.op:
        word = first.split(None, 1)[0]
        return (" " * len(word) + first[len(word) :], *st.text[1:])
    return st.text


def is_inner_call(st: Statement) -> bool:
    """Whether a macro called a macro here."""
    return st.level > 0 and st.operation is None and bool(st.op)
