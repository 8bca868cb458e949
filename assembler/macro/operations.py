"""What operation codes stand for: instructions, statements, conditional assembly, macros of the source and the library.

Macro definitions are read here too, from whatever delivers their records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from assembler.instruction import MachineInstruction, instructions
from assembler.library import Library
from assembler.macro.conditional import Conditional, conditionals
from assembler.macro.definition import MacroDefinition, Model
from assembler.message import NAME_FIELD, OPERATION_FIELD, Flaw
from assembler.operation import Operation, statements
from assembler.source import Record, SourceFile, split_fields
from assembler.symbols import SYMBOL

Entry: TypeAlias = Operation | Conditional | MacroDefinition

MAX_COPIES = 100
"""COPY members inside each other."""


class OperationTable:
    """Operation codes and the library behind them."""

    def __init__(self, library: Library, complain: Callable[[Flaw, Record | None], None]) -> None:
        self.library = library
        self.library_records = 0
        self.definitions: list[MacroDefinition] = []
        """All that were read, in that order."""
        self.copies: list[tuple[str, Record, str]] = []
        """COPY statements: the member, the record, and the macro in whose definition it stands."""
        self.entries: dict[str, Entry | None] = {**instructions(), **statements(), **conditionals()}
        """What is known without the library; None for a code that is known to stand for nothing."""
        self.troubles: dict[str, Flaw] = {}
        """Why members of the library are no macros."""
        self._complain = complain

    def find(self, name: str) -> Entry | None:
        """What an operation code stands for, with macro definitions fetched from the library."""
        if name in self.entries:
            return self.entries[name]
        return self._from_library(name)

    def attribute(self, name: str) -> str:
        """O' of an operation code: what kind of operation it stands for."""
        entry = self.find(name)
        if isinstance(entry, MachineInstruction):
            return "O" if entry.mask is None else "E"
        if isinstance(entry, MacroDefinition):
            return "S" if entry.library else "M"
        return "U" if entry is None else "A"

    def rename(self, new: str, old: str) -> None:
        """OPSYN: let `new` stand for what `old` stands for, or for nothing if `old` is null; raises Flaw."""
        if not new:
            raise Flaw("IFO013", "OPSYN NAME FIELD NOT AN ORDINARY SYMBOL", 8, NAME_FIELD)
        if old in ("", ","):
            self.entries[new] = None
        elif self.find(old) is None:
            raise Flaw("IFO014", f"INVALID OPCODE IN OPSYN OPERAND - {old[:16]}", 8, 0)
        else:
            self.entries[new] = self.find(old)

    def _from_library(self, name: str) -> MacroDefinition | None:
        """The macro of that name in the library, entered; None (noted as well) if there is none."""
        definition: MacroDefinition | None = None
        lines = self.library.get(name) if name else None
        if lines is not None:
            file = SourceFile(list(lines), name)
            while (record := file.next()) is not None and (not record.text or record.text[0] in "*."):
                pass
            if record is None or split_fields(record.text)[1].upper() != "MACRO":
                self.troubles[name] = Flaw("IFO085", "MACRO HEADER MISSING, MACRO NOT EXPANDABLE", 8, OPERATION_FIELD)
            else:
                self.library_records += len(lines)
                try:
                    definition = self.read_definition(file.next)
                    definition.library = True
                except Flaw as flaw:
                    self._complain(flaw, None)
        self.entries[name] = definition
        return definition

    def member_records(self, name: str) -> list[Record]:
        """The records of a member, as they are to be listed; none if there is no such member."""
        file = SourceFile(list(self.library.get(name) or ()), name)
        return list(iter(file.next, None))

    def read_definition(self, next_record: Callable[[], Record | None]) -> MacroDefinition:
        """The definition behind a MACRO statement, up to its MEND; raises Flaw."""
        record = next_record()
        while record is not None and (not record.text or record.text[0] == "*" or record.text[:2] == ".*"):
            record = next_record()
        if record is None:
            raise Flaw("IFO303", "PROTOTYPE STATEMENT MISSING", 12)
        model = Model(record)
        definition = MacroDefinition(model.op.upper())
        definition.record = record
        self.definitions.append(definition)
        trouble: Flaw | None = None
        try:
            if not SYMBOL.fullmatch(definition.name):
                raise Flaw("IFO043", f"MACRO PROTOTYPE STATEMENT HAS INVALID OP CODE - {definition.name[:16]}")
            definition.prototype(model)
        except Flaw as flaw:
            trouble = flaw
        inside = 0
        pending: list[SourceFile] = []
        while True:
            record = pending[-1].next() if pending else next_record()
            if record is None:
                if pending:
                    pending.pop()
                    continue
                raise Flaw("IFO305", f"MEND STATEMENT MISSING IN {definition.name}", 12)
            if record.text[:2] == ".*" or not record.text:
                continue
            model = Model(record)
            op = self._known_as(model.op.upper()) if record.text[0] != "*" else ""
            if op == "MEND" and not inside:
                if model.sequence:
                    definition.labels.setdefault(model.sequence, len(definition.body))
                break
            inner = inside > 0
            inside += (op == "MACRO") - (op == "MEND")
            if op == "COPY" and not inside and "&" not in model.operand:
                if len(pending) >= MAX_COPIES:
                    raise Flaw("IFO301", "COPY MEMBERS NESTED TOO DEEPLY", 12)
                pending.append(SourceFile(self.copy_member(model.operand), model.operand.upper()))
                self.copies.append((model.operand.upper(), record, definition.name))
                continue
            definition.add(model, inner)
        if trouble is not None:
            raise trouble
        return definition

    def _known_as(self, op: str) -> str:
        """MACRO, MEND or COPY if OPSYN has made an operation code stand for it; the code itself otherwise."""
        entry = self.entries.get(op)
        return entry.name if isinstance(entry, Conditional) else op

    def peek(self, name: str) -> Sequence[str]:
        """The records of a COPY member, without counting them as read; null if there is none."""
        return self.library.get(name.upper()) or ()

    def copy_member(self, operand: str) -> list[str]:
        """The records of a COPY member; raises Flaw (IFO068)."""
        name = operand.strip().upper()
        lines = self.library.get(name) if name else None
        if lines is None:
            raise Flaw("IFO068", f"COPY MEMBER {name[:16]} NOT FOUND IN LIBRARY", 8, 0)
        self.library_records += len(lines)
        return list(lines)
