"""The macro stage: reads the source, carries out conditional assembly, expands macros, delivers plain statements.

Expansion uses a stack of frames, not recursion, so that nesting is limited by a message and not by the host.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from assembler.instruction import instructions
from assembler.library import Library
from assembler.macro.attributes import Attributes
from assembler.macro.conditional import Conditional, conditionals
from assembler.macro.definition import MacroDefinition, Model
from assembler.macro.frame import Frame
from assembler.macro.variables import Parameter, SetSymbol, Variable
from assembler.message import OPERATION_FIELD, Flaw
from assembler.operation import Operation, statements
from assembler.source import Record, SourceFile, Statement, rebuilt, scan_operand, split_fields

if TYPE_CHECKING:
    from assembler.passes import Assembler

MAX_NESTING = 100
"""Macros, and COPY members, inside each other."""

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
        self.library = library
        self.main = SourceFile(source)
        self.files = [self.main]
        self.system: dict[str, Variable] = {name: Parameter(text) for name, text in system.items()}
        self.globals: dict[str, SetSymbol] = {}
        self.open_code = Frame(self, None, ())
        self.frames: list[Frame] = []
        self.queue: deque[Statement] = deque()
        self.operations: dict[str, Operation | Conditional | MacroDefinition | None] = {
            **instructions(),
            **statements(),
            **conditionals(),
        }
        self.attributes = Attributes(asm.symbols, self.operation, self.main)
        self.sysndx = 0
        self.generated = 0
        self.branches = 0
        self.record: Record | None = None
        """The conditional statement in hand."""
        self.ended = False
        self.cut_short = False
        self.library_records = 0
        self._labels: dict[tuple[int, str], int] = {}
        self._models: dict[int, dict[int, Model]] = {}
        """Statements of open code that have been compiled, by file and line, for loops; each is listed once."""

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
        file = self.files[-1]
        record = file.next()
        if record is None:
            if len(self.files) > 1:
                left = self.files.pop()
                self._models.pop(id(left), None)
                self._labels = {key: at for key, at in self._labels.items() if key[0] != id(left)}
                return None
            self.ended = True
            st = Statement((f"{'':9}END",), "", "END", "", record_line(file))
            st.operation = end_statement()
            if not self.cut_short:
                self.complain(Flaw("IFO300", "END STATEMENT MISSING", 4), None)
            return st
        text = record.text
        if record.complaint[0]:
            self.complain(Flaw(*record.complaint, 4), record)
        if not text or text[0] == "*" or text[:2] == ".*":
            return Statement(record.lines, "", "", "", record.line)
        if "&" in text or text[0] == ".":
            return self._open_model(record)
        name, op, operand, _, column = split_fields(text)
        entry = self.operations.get(op.upper())
        if isinstance(entry, Conditional):
            return self._open_model(record)
        st = Statement(record.lines, name, op.upper(), operand, record.line)
        st.column = column
        return self._issue(st, entry)

    def _open_model(self, record: Record) -> Statement | None:
        models = self._models.setdefault(id(self.files[-1]), {})
        model = models.get(record.line)
        again = model is not None
        if model is None:
            model = models[record.line] = Model(record)
            if model.sequence:
                self._labels[id(self.files[-1]), model.sequence] = record.line - 1
        entry = self.operations.get(model.op.upper())
        if not isinstance(entry, Conditional):
            return self._generate(self.open_code, model)
        if not again:
            self.queue.append(Statement(record.lines, "", "", "", record.line))
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
        """Deliver a flaw of the macro stage with the record that it belongs to."""
        st = Statement(record.lines if record else (), "", "", "", record.line if record else 0)
        if record is not None:
            st.name, st.op, st.operand, _, _ = split_fields(record.text)
            st.show = frame is not None and frame.definition is not None
            for queued in self.queue:
                if queued.text is record.lines:
                    st.show = False
        st.level = len(self.frames)
        st.macro = frame.chain if frame is not None else ()
        st.operation = Complaint(flaw)
        self.queue.append(st)

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
                st = Statement(record.lines, "", "", "", record.line, level)
                return st
            if text[:2] == ".*":
                return None
        if not model.variable:
            name = "" if model.sequence else model.name
            st = Statement(record.lines, name, model.op.upper(), model.operand, record.line, level)
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
            if " " in operand and not isinstance(self.operation(op.upper()), MacroDefinition):
                end = scan_operand(operand, 0)
                remark = f"{operand[end:].strip()} {remark}".strip()
                operand = operand[:end]
            st = Statement(rebuilt(name, op, operand, remark), name, op.upper(), operand, record.line, level)
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
                self._opsyn(st)
            elif entry.name == "REPRO":
                self._reproduce(st)
            return st
        if entry is None:
            if st.op not in self.operations:
                entry = self._from_library(st.op)
            if entry is None:
                what = f"UNDEFINED OP CODE {st.op[:16]}" if st.op else "OPERATION CODE MISSING"
                st.operation = Complaint(Flaw("IFO078", what, 8, OPERATION_FIELD))
                return st
        if isinstance(entry, MacroDefinition):
            return self._call(st, entry)
        return st

    def take_record(self) -> str | None:
        """The next record of the file being read, as it stands; None at its end."""
        file = self.files[-1]
        if file.position >= len(file.lines):
            return None
        file.position += 1
        return file.lines[file.position - 1]

    def _reproduce(self, st: Statement) -> None:
        """Take the record behind a REPRO as it stands, without looking at it."""
        if self.frames:
            frame = self.frames[-1]
            assert frame.definition is not None
            if frame.position < len(frame.definition.body):
                st.parsed = frame.definition.body[frame.position].record.lines[0]
                frame.position += 1
        else:
            st.parsed = self.take_record()
        if isinstance(st.parsed, str):
            st.text = (*st.text, st.parsed)

    def _opsyn(self, st: Statement) -> None:
        new, old = st.name.upper(), st.operand.upper()
        if not new:
            st.operation = Complaint(Flaw("IFO013", "OPSYN NAME FIELD NOT AN ORDINARY SYMBOL", 8, 0))
        elif not old:
            self.operations[new] = None
        elif self.operation(old) is None:
            st.operation = Complaint(Flaw("IFO014", f"INVALID OPCODE IN OPSYN OPERAND - {old[:16]}", 8, 0))
        else:
            self.operations[new] = self.operation(old)

    def operation(self, name: str) -> Operation | Conditional | MacroDefinition | None:
        """What an operation code stands for, with macro definitions fetched from the library."""
        if name in self.operations:
            return self.operations[name]
        return self._from_library(name)

    # --- macros -------------------------------------------------------------------------------------------------------

    def _call(self, st: Statement, definition: MacroDefinition) -> Statement:
        if len(self.frames) >= MAX_NESTING:
            # All of the expansion is given up: what calls itself twice would otherwise fail two to the hundredth times.
            self.frames.clear()
            st.operation = Complaint(Flaw("IFO312", "MACROS NESTED TOO DEEPLY", 12, OPERATION_FIELD))
            return st
        frame = Frame(self, definition, (f"{definition.name} AT {st.line}", *st.macro))
        unknown = frame.bind(st.name, st.operand)
        self.sysndx += 1
        section = self.asm.section
        frame.variables["SYSNDX"] = Parameter(f"{self.sysndx:04d}")
        frame.variables["SYSECT"] = Parameter(section.name if section is not None else "")
        frame.variables["SYSNEST"] = Parameter(str(len(self.frames) + 1))
        frame.variables["SYSMAC"] = Parameter(definition.name)
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
            self.files = [self.main]
            self.main.position = len(self.main.lines)
            return
        while self.frames:
            if self.frames.pop() is frame:
                break

    def _from_library(self, name: str) -> MacroDefinition | None:
        """The macro of that name in the library, entered; None (noted as well) if there is none."""
        definition: MacroDefinition | None = None
        lines = self.library.get(name) if name else None
        if lines is not None:
            file = SourceFile(list(lines), name)
            while (record := file.next()) is not None and (not record.text or record.text[0] in "*."):
                pass
            if record is not None and split_fields(record.text)[1].upper() == "MACRO":
                self.library_records += len(lines)
                try:
                    definition = self.read_definition(file.next)
                    definition.library = True
                except Flaw as flaw:
                    self.complain(flaw, None)
        self.operations[name] = definition
        return definition

    def read_definition(self, next_record: Callable[[], Record | None]) -> MacroDefinition:
        """The definition behind a MACRO statement, up to its MEND; raises Flaw."""
        record = next_record()
        while record is not None and record.text[:1] in ("*",):
            record = next_record()
        if record is None:
            raise Flaw("IFO303", "PROTOTYPE STATEMENT MISSING", 12)
        model = Model(record)
        definition = MacroDefinition(model.op.upper())
        trouble: Flaw | None = None
        try:
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
            op = model.op.upper() if record.text[0] != "*" else ""
            if op == "MEND" and not inside:
                if model.sequence:
                    definition.labels.setdefault(model.sequence, len(definition.body))
                break
            inside += (op == "MACRO") - (op == "MEND")
            if op == "COPY" and not inside and "&" not in model.operand:
                lines = self.copy_member(model.operand)
                if len(pending) >= MAX_NESTING:
                    raise Flaw("IFO301", "COPY MEMBERS NESTED TOO DEEPLY", 12)
                pending.append(SourceFile(lines, model.operand))
                continue
            definition.add(model)
        if trouble is not None:
            raise trouble
        return definition

    def copy_member(self, operand: str) -> list[str]:
        """The records of a COPY member; raises Flaw (IFO068)."""
        name = operand.strip().upper()
        lines = self.library.get(name) if name else None
        if lines is None:
            raise Flaw("IFO068", f"COPY MEMBER {name[:16]} NOT FOUND IN LIBRARY", 8, 0)
        self.library_records += len(lines)
        return list(lines)

    def branch_in_open_code(self, label: str) -> None:
        """Go on at a sequence symbol of the file being read; raises Flaw."""
        file = self.files[-1]
        known = self._labels.get((id(file), label))
        if known is not None:
            file.position = known
            return
        ahead = SourceFile(file.lines, file.name, file.columns)
        ahead.position = file.position
        inside = 0
        while True:
            at = ahead.position
            record = ahead.next()
            if record is None:
                break
            first = record.text.split(None, 2)[:2]
            if record.text[:1] == " " and first[:1] == ["MACRO"]:
                inside += 1
            elif inside:
                inside -= "MEND" in first
            elif record.text[:1] == "." and first[0].upper() == label:
                file.position = at
                self._labels[id(file), label] = at
                return
        raise Flaw("IFO310", f"SEQUENCE SYMBOL {label[:20]} IS NOT DEFINED", 12)


def record_line(file: SourceFile) -> int:
    return len(file.lines) + 1


__all__ = ["Complaint", "Expander", "Frame"]
