"""Open code: the source and the COPY members being read, with the sequence symbols and loops in them."""

from __future__ import annotations

from assembler.macro.definition import Model
from assembler.message import Flaw
from assembler.source import Record, SourceFile
from cpvm.s370.ebcdic import to_ebcdic

MAX_INSERTED = 100_000
"""Records that AINSERT may put before the source."""


class Inserted(SourceFile):
    """The records of AINSERT that have not been read yet: a file that grows at both ends."""


class OpenCode:
    """A stack of files; the source itself is at the bottom."""

    def __init__(self, source: list[str]) -> None:
        self.main = SourceFile(source)
        self.files = [self.main]
        self.sequence: tuple[int, int] | None = None
        """Columns of the sequence field that ISEQ wants checked."""
        self.last_sequence = b""
        self._checked = 0
        """Records of the source whose sequence has been checked: a loop reads them again."""
        self._inserted = 0
        self._labels: dict[tuple[int, str], int] = {}
        self._models: dict[int, dict[int, Model]] = {}
        """Statements that have been compiled, by file and line, for loops; each is listed once."""

    @property
    def file(self) -> SourceFile:
        """The file being read."""
        return self.files[-1]

    def next(self) -> Record | None:
        """The next record of the file being read; None at its end, which `leave` takes note of."""
        record = self.files[-1].next()
        if self.sequence is not None and record is not None and len(self.files) == 1 and record.line > self._checked:
            self._checked = record.line
            self._check_sequence(record, *self.sequence)
        return record

    def _check_sequence(self, record: Record, left: int, right: int) -> None:
        """Complain of a record whose sequence field is not greater than the last one; empty fields do not count."""
        for line in record.lines:
            field = line[left - 1 : right].ljust(right - left + 1)
            if not field.strip():
                continue
            if to_ebcdic(field) <= self.last_sequence and not record.complaint[0]:
                record.complaint = ("IFO025", f"STATEMENT OUT OF SEQUENCE - {field}")
            self.last_sequence = to_ebcdic(field)

    def leave(self) -> bool:
        """Go back to the file that copied the one at its end; False if that is the source itself."""
        if len(self.files) == 1:
            return False
        left = self.files.pop()
        self._models.pop(id(left), None)
        self._labels = {key: at for key, at in self._labels.items() if key[0] != id(left)}
        return True

    def cut(self) -> None:
        """Read no more."""
        self.files = [self.main]
        self.main.position = len(self.main.lines)

    def insert(self, record: str, front: bool) -> None:
        """Put a record before the source, in front of those that wait already or behind them; raises Flaw."""
        self._inserted += 1
        if self._inserted > MAX_INSERTED:
            raise Flaw("IFO311", "TOO MANY STATEMENTS GENERATED", 16)
        if not isinstance(self.files[-1], Inserted):
            self.files.append(Inserted([]))
        file = self.files[-1]
        file.lines.insert(file.position if front else len(file.lines), record)

    def take_record(self) -> str | None:
        """The next physical record of the file being read, as it stands; None at its end."""
        file = self.files[-1]
        while isinstance(file, Inserted) and file.position >= len(file.lines):
            self.leave()
            file = self.files[-1]
        if file.position >= len(file.lines):
            return None
        file.position += 1
        return file.lines[file.position - 1]

    def model(self, record: Record) -> tuple[Model, bool]:
        """The statement of a record, compiled once, and whether it has been met before (in a loop)."""
        models = self._models.setdefault(id(self.files[-1]), {})
        model = models.get(record.line)
        if model is not None:
            return model, True
        model = models[record.line] = Model(record)
        if model.sequence:
            self._labels[id(self.files[-1]), model.sequence] = record.line - 1
        return model, False

    def branch(self, label: str) -> None:
        """Go on at a sequence symbol of the file being read, met before or further on; raises Flaw."""
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
            first = record.text.upper().split(None, 2)[:2]
            if record.text[:1] == " " and first[:1] == ["MACRO"]:
                inside += 1
            elif inside:
                inside -= "MEND" in first
            elif record.text[:1] == ".":
                self._labels.setdefault((id(file), first[0]), at)  # to be found behind a branch over it, too
                if first[0] == label:
                    file.position = at
                    return
        raise Flaw("IFO310", f"SEQUENCE SYMBOL {label[:20]} IS NOT DEFINED", 12)
