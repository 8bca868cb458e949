"""The macro stage: reads the source, carries out conditional assembly, expands macros, delivers plain statements.

Expansion uses a stack of frames, not recursion, so that nesting is limited by a message and not by the host.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assembler.library import Library
from assembler.macro.attributes import Attributes
from assembler.macro.conditional import Conditional
from assembler.macro.definition import MacroDefinition, Model
from assembler.macro.frame import Frame
from assembler.macro.opencode import OpenCode
from assembler.macro.operations import OperationTable
from assembler.macro.system import SystemVariables
from assembler.macro.variables import SetSymbol
from assembler.message import OPERATION_FIELD, Call, Flaw
from assembler.operation import Operation, statements
from assembler.source import Record, Statement, rebuilt, scan_operand, split_fields
from assembler.state import MAX_MESSAGES

if TYPE_CHECKING:
    from assembler.passes import Assembler

MAX_NESTING = 100
"""Macros inside each other."""

MAX_BRANCHES = 3_000_000
"""AIF and AGO branches that one assembly may take, whatever ACTR allows."""

MAX_STATEMENTS = 1_000_000
"""Statements that one assembly may generate."""


class Complaint(Operation):
    """A flaw of the macro stage, told where the statement in which it came up stands in the listing."""

    def __init__(self, *flaws: Flaw) -> None:
        self.flaws = flaws

    def define(self, asm: Assembler, st: Statement) -> None:
        for flaw in self.flaws:
            asm.flaw(st, flaw)


def end_statement() -> Operation:
    return statements()["END"]


class Expander:
    """Delivers the statements of an assembly one by one."""

    def __init__(self, asm: Assembler, source: list[str], library: Library, system: dict[str, str]) -> None:
        self.asm = asm
        self.code = OpenCode(source)
        self.system = SystemVariables(self, system)
        self.noted_last = self.noted_highest = 0
        """Severity of the last MNOTE, and the highest of all."""
        self.globals: dict[str, SetSymbol] = {}
        self.open_code = Frame(self, None, ())
        self.frames: list[Frame] = []
        self.queue: deque[Statement] = deque()
        self.table = OperationTable(library, self.complain)
        self.operations = self.table.entries
        self.attributes = Attributes(asm.symbols, self.table.find, self.code, self.table.peek)
        self.sysndx = 0
        self.generated = 0
        self.calls: list[Call] = []
        """The macro instructions that were expanded, in their order."""
        self.branches = 0
        self.complaints = 0
        self.record: Record | None = None
        """The conditional statement in hand."""
        self.ended = False
        self.cut_short = False

    # --- delivery -----------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Statement]:
        while True:
            while self.queue:
                yield self.queue.popleft()
            if self.ended:
                return
            st = self._macro_step(self.frames[-1]) if self.frames else self._open_step()
            if st is not None:
                yield st

    def _open_step(self) -> Statement | None:
        record = self.code.next()
        if record is None:
            if self.code.leave():
                return None
            self.ended = True
            end = Statement((f"{'':9}END",), "", "END", "", len(self.code.main.lines) + 1)
            end.operation = end_statement()
            if not self.cut_short:
                end.early = [Flaw("IFO300", "END STATEMENT MISSING", 4)]
            return end
        st = self._open_record(record)
        if record.complaint[0]:
            flaw = Flaw(*record.complaint, 4)
            if st is None:
                self.complain(flaw, record)
            else:
                st.early = [*(st.early or ()), flaw]
        return st

    def _open_record(self, record: Record) -> Statement | None:
        text = record.text
        if not text or text[0] == "*" or text[:2] == ".*":
            return Statement(record.lines, "", "", "", record.line, 0, record.file)
        if "&" in text or text[0] == ".":
            return self._open_model(record)
        name, op, operand, _, column = split_fields(text)
        entry = self.operations.get(op.upper())
        if isinstance(entry, Conditional):
            return self._open_model(record)
        st = Statement(record.lines, name, op.upper(), operand, record.line, 0, record.file)
        st.column = column
        return self._issue(st, entry)

    def _open_model(self, record: Record) -> Statement | None:
        model, again = self.code.model(record)
        entry = self.operations.get(model.op.upper())
        if not isinstance(entry, Conditional):
            return self._generate(self.open_code, model)
        if not again:
            self.queue.append(Statement(record.lines, "", "", "", record.line, 0, record.file))
        self._execute(entry, self.open_code, model)
        return None

    def _macro_step(self, frame: Frame) -> Statement | None:
        definition = frame.definition
        assert definition is not None
        if frame.position >= len(definition.body):
            self.leave(frame)
            return None
        model = definition.body[frame.position]
        frame.position += 1
        entry = self.operations.get(model.op.upper())
        if isinstance(entry, Conditional):
            if self.asm.options.mlogic:
                record = model.record
                shown = Statement(record.lines, "", "", "", record.line, len(self.frames), record.file)
                shown.macro = frame.chain
                self.queue.append(shown)
            self._execute(entry, frame, model)
            return None
        return self._generate(frame, model)

    def _execute(self, entry: Conditional, frame: Frame, model: Model) -> None:
        self.record = model.record
        try:
            entry.execute(self, frame, model)
        except Flaw as flaw:
            self.complain(flaw, model.record, frame)

    def complain(self, flaw: Flaw, record: Record | None, frame: Frame | None = None) -> None:
        """Deliver a flaw of the macro stage with the record that it belongs to; end the assembly after too many."""
        flaw.__traceback__ = None  # it is kept, and would keep all that was in hand
        self.complaints += 1
        if self.complaints > MAX_MESSAGES:  # state has told of it, or will; a loop would go on for millions
            self.frames.clear()
            self.leave(self.open_code)
        listed = self.listed(record) if record is not None and (frame is None or frame.definition is None) else None
        if record is not None and listed is not None:
            listed.name, listed.op, listed.operand, _, _ = split_fields(record.text)
            listed.early = [*(listed.early or ()), flaw]
            return
        st = Statement(record.lines if record else (), "", "", "", record.line if record else 0)
        if record is not None:
            st.file = record.file
            st.name, st.op, st.operand, _, _ = split_fields(record.text)
            st.show = frame is not None and frame.definition is not None
        st.level = len(self.frames)
        st.macro = frame.chain if frame is not None else ()
        st.operation = Complaint(flaw)
        self.queue.append(st)

    def listed(self, record: Record) -> Statement | None:
        """The statement that lists a record of open code, if it has not been delivered yet."""
        return next((st for st in self.queue if st.text is record.lines), None)

    # --- plain statements ---------------------------------------------------------------------------------------------

    def _generate(self, frame: Frame, model: Model) -> Statement | None:
        record = model.record
        text = record.text
        level = len(self.frames)
        if level:
            self.generated += 1
            if self.generated > MAX_STATEMENTS:
                self.ended = True
                self.complain(Flaw("IFO311", "TOO MANY STATEMENTS GENERATED", 16), record, frame)
                return None
            if not text or text[0] == "*":
                st = Statement(record.lines, "", "", "", record.line, level, record.file)
                st.macro = frame.chain
                return st
            if text[:2] == ".*":
                return None
        if not model.variable:
            name = "" if model.sequence else model.name
            st = Statement(record.lines, name, model.op.upper(), model.operand, record.line, level, record.file)
        else:
            self.record = record
            try:
                name, op, operand = (template.fill(frame) for template in model.fields())
            except Flaw as flaw:
                self.complain(flaw, record, frame)
                return None
            name = name.rstrip()
            remark = model.remark
            if " " in op:
                op, _, more = op.strip().partition(" ")
                operand = f"{more.strip()} {operand}".strip()
            # The fields are those of the model: a blank that is filled into the operand of a macro instruction does not
            # end it (Assembler XF).
            if " " in operand and not isinstance(self.table.find(op.upper()), MacroDefinition):
                end = scan_operand(operand, 0)
                remark = f"{operand[end:].strip()} {remark}".strip()
                operand = operand[:end]
            lines = rebuilt(name, op, operand, remark)
            sequence = record.lines[0][72:80]
            if sequence:
                lines = (lines[0].ljust(72) + sequence, *lines[1:])
            st = Statement(lines, name, op.upper(), operand, record.line, level, record.file)
            if name.startswith("."):
                st.name = ""
        st.macro = frame.chain
        entry = self.operations.get(st.op)
        if isinstance(entry, Conditional) and not isinstance(entry, MacroDefinition):
            entry = None if model.op.upper() != st.op else entry
        return self._issue(st, entry)

    def _issue(self, st: Statement, entry: Operation | Conditional | MacroDefinition | None) -> Statement | None:
        if isinstance(entry, Operation):
            st.operation = entry
            if entry.name == "END":
                self.ended = True
            elif entry.name == "OPSYN":
                try:
                    self.table.rename(st.name.upper(), st.operand.upper())
                except Flaw as flaw:
                    st.operation = Complaint(flaw)
            elif entry.name == "REPRO":
                self._reproduce(st)
            return st
        if entry is None:
            if st.op not in self.operations:
                entry = self.table.find(st.op)
                if self.asm.options.libmac and isinstance(entry, MacroDefinition):
                    self._list_definition(st, entry)
                    return None
            if entry is None:
                what = f"UNDEFINED OP CODE {st.op[:16]}" if st.op else "OPERATION CODE MISSING"
                st.operation = Complaint(self.table.troubles.get(st.op) or Flaw("IFO078", what, 8, OPERATION_FIELD))
                return st
        if isinstance(entry, MacroDefinition):
            return self._call(st, entry)
        return st

    def _list_definition(self, st: Statement, definition: MacroDefinition) -> None:
        """Deliver a library macro's records (LIBMAC), then its first call."""
        frame = self.frames[-1] if self.frames else self.open_code
        for record in self.table.member_records(definition.name):
            shown = Statement(record.lines, "", "", "", record.line, len(self.frames), record.file)
            shown.macro = frame.chain
            self.queue.append(shown)
        self.queue.append(self._call(st, definition))

    def _reproduce(self, st: Statement) -> None:
        """Take the record behind a REPRO as it stands, without looking at it."""
        if self.frames:
            frame = self.frames[-1]
            assert frame.definition is not None
            if frame.position < len(frame.definition.body):
                st.parsed = frame.definition.body[frame.position].record.lines[0]
                frame.position += 1
        else:
            st.parsed = self.code.take_record()
        if isinstance(st.parsed, str):
            st.text = (*st.text, st.parsed)

    # --- macros -------------------------------------------------------------------------------------------------------

    def _call(self, st: Statement, definition: MacroDefinition) -> Statement:
        if len(self.frames) >= MAX_NESTING:
            # All of the expansion is given up: what calls itself twice would otherwise fail two to the hundredth times.
            self.frames.clear()
            st.operation = Complaint(Flaw("IFO312", "MACROS NESTED TOO DEEPLY", 12, OPERATION_FIELD))
            return st
        call = Call(definition.name, st, st.macro[0].macro if st.macro else "")
        self.calls.append(call)
        frame = Frame(self, definition, (call, *st.macro))
        unknown = frame.bind(st.name, st.operand)
        self.sysndx += 1
        frame.variables.update(self.system.of_call(st, definition))
        self.frames.append(frame)
        if unknown:
            st.operation = Complaint(
                *(Flaw("IFO092", f"KEYWORD PARAMETER {word[:16]} UNDEFINED IN MACRO DEFINITION", 8) for word in unknown)
            )
        return st

    def count_branch(self) -> None:
        """Count a branch of conditional assembly; raises Flaw, and ends the assembly, if there were too many."""
        self.branches += 1
        if self.branches > MAX_BRANCHES:
            self.frames.clear()
            self.leave(self.open_code)
            raise Flaw("IFO329", "TOO MANY BRANCHES IN THIS ASSEMBLY", 16)

    def leave(self, frame: Frame) -> None:
        """End an expansion and everything inside it; in open code, end the assembly."""
        if frame.definition is None:
            self.cut_short = True
            self.code.cut()
            return
        while self.frames:
            if self.frames.pop() is frame:
                break


__all__ = ["Complaint", "Expander", "Frame"]
