"""Source records into statements: columns, continuation, and the name, operation, operand and remark fields.

Source: OS/VS Assembler Language (GC33-4010), "Coding made easy": begin column 1, end column 71, continuation indicator
in column 72, continue column 16.  Columns are no grammar, so this is done by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assembler.message import Call, Flaw, Message

# One piece of an operand field: text without quotes, an attribute reference (L'SYMBOL: no string begins there), or a
# string, whose blanks count.  An unfinished string runs to the end of the record.
_ATTRIBUTE = r"(?<![A-Za-z0-9_$#@&'])[LTKNSIDOltknsido]'(?=[A-Za-z$#@&_*=])"
_STRING = r"'(?:[^']++|'')*+(?:'|\Z)"
_OPERAND = re.compile(rf"(?:[^\s'LTKNSIDOltknsido]++|{_ATTRIBUTE}|[LTKNSIDOltknsido]|{_STRING})*+")
_PIECE = re.compile(rf"[^\s'()LTKNSIDOltknsido]++|{_ATTRIBUTE}|[LTKNSIDOltknsido]|{_STRING}|[()]|\s++")

BEFORE_CONTINUE = "CHARACTERS APPEAR BETWEEN THE BEGIN AND CONTINUE COLUMNS ON CONTINUATION CARD"
NOTHING_CONTINUED = "THE LAST CONTINUATION CARD IS BLANK: COLUMN 72 OF THE CARD BEFORE IT IS NOT"
MAX_RECORDS = 400
"""Physical records of one statement at most (a run-away continuation column would swallow the program)."""


class Statement:
    """One statement as the assembler sees it: its fields, where it came from, and what the passes found out."""

    __slots__ = (
        "addr1",
        "addr2",
        "code",
        "column",
        "early",
        "file",
        "length",
        "level",
        "line",
        "loc",
        "macro",
        "messages",
        "name",
        "number",
        "op",
        "operand",
        "operation",
        "pad",
        "parsed",
        "pool",
        "section",
        "show",
        "text",
        "value",
    )

    def __init__(  # noqa: PLR0917
        self, text: tuple[str, ...], name: str, op: str, operand: str, line: int = 0, level: int = 0, file: str = ""
    ) -> None:
        self.text = text
        """Source records as they are listed, columns 1-80."""
        self.name = name
        self.op = op
        self.operand = operand
        self.line = line
        """Record number in its file, from 1."""
        self.level = level
        """Macro nesting: 0 in open code."""
        self.number = 0
        self.column = -1
        self.operation: object = None
        self.parsed: object = None
        self.section: object = None
        self.loc = -1
        self.length = 0
        self.pad = 0
        """Bytes skipped before `loc` to reach a boundary and filled with zeros."""
        self.code = b""
        self.addr1 = -1
        self.addr2 = -1
        self.value: int | None = None
        self.pool = 0
        self.show = True
        self.macro: tuple[Call, ...] = ()
        """The calls that it comes from, the innermost first."""
        self.file = file
        """The library member in which it stands; empty for the source."""
        self.messages: list[Message] | None = None
        self.early: list[Flaw] | None = None
        """What was wrong before pass 1 saw the statement."""

    def operand_column(self) -> int:
        """Index in the logical text at which the operand field begins."""
        text = self.text[0] if self.text else ""
        op_at = text.find(self.op, len(self.name)) if self.op else -1
        if op_at < 0:
            return 15
        at = text.find(self.operand[:20], op_at + len(self.op)) if self.operand else -1
        return at if at >= 0 else 15


def is_comment(text: str) -> bool:
    return text.startswith("*") or text.startswith(".*")


@dataclass(slots=True)
class Columns:
    """Begin, end and continue columns (ICTL), counted from 1."""

    begin: int = 1
    end: int = 71
    resume: int = 16


def records(source: str | Iterable[str]) -> list[str]:
    """Source text as records without line ends and tabs (stops every eight columns)."""
    lines = source.splitlines() if isinstance(source, str) else list(source)
    return [
        line.rstrip("\r\n").expandtabs(8) if "\t" in line else line.rstrip("\r\n") for line in (str(x) for x in lines)
    ]


def scan_operand(text: str, start: int, blanks_in_parentheses: bool = False) -> int:
    """Index of the end of the operand field that begins at `start`."""
    if not blanks_in_parentheses:
        match = _OPERAND.match(text, start)
        return match.end() if match else start
    depth = 0
    at = start
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            return at + 1 if depth else at
        piece = match[0]
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
        elif piece.isspace() and depth <= 0 and not _INVERTED.search(text, start, at):
            return at
        at = match.end()
    return len(text.rstrip())


_INVERTED = re.compile(r"(?<![A-Za-z0-9$#@_&.'])NOT$", re.IGNORECASE)
"""NOT in front of its operand, with a blank that does not end the field."""

CONDITIONAL_BLANKS = frozenset({"AIF", "AIFB", "SETA", "SETB", "SETC", "AGO"})
"""Operations in whose operands blanks inside parentheses do not end the field (logical expressions)."""


def split_fields(text: str) -> tuple[str, str, str, str, int]:
    """Name, operation, operand, remark and the index at which the operand begins (-1 if there is none)."""
    named = text[:1] not in ("", " ")
    if "'" not in text and "(" not in text:
        parts = text.split(None, 3 if named else 2)
        if not named:
            parts.insert(0, "")
        while len(parts) < 4:
            parts.append("")
        if not (parts[2][-3:].upper() == "NOT" and parts[1].upper() in CONDITIONAL_BLANKS):
            return parts[0], parts[1], parts[2], parts[3], -1
    parts = text.split(None, 2 if named else 1)
    if not named:
        parts.insert(0, "")
    if len(parts) < 3:
        return parts[0], parts[1] if len(parts) > 1 else "", "", "", -1
    name, op, rest = parts
    start = len(text) - len(rest)
    end = scan_operand(text, start, op.upper() in CONDITIONAL_BLANKS)
    return name, op, text[start:end], text[end:].strip(), start


_SOUND = ("", "")


@dataclass(slots=True)
class Record:
    """A logical record: its physical lines as listed, its joined text, its line number and any complaint."""

    lines: tuple[str, ...]
    text: str
    line: int
    complaint: tuple[str, str] = ("", "")
    """Number and text of a message about the continuation."""
    file: str = ""
    """The library member that holds it; empty for the source."""


class SourceFile:
    """A file being read: open code, a COPY member or a macro library member."""

    def __init__(self, lines: list[str], name: str = "", columns: Columns | None = None) -> None:
        self.lines = lines
        self.name = name
        self.columns = columns or Columns()
        self.position = 0

    def next(self) -> Record | None:
        """The next logical record with its continuations joined; None at the end of the file."""
        position = self.position
        lines = self.lines
        if position >= len(lines):
            return None
        first = lines[position]
        self.position = position + 1
        columns = self.columns
        end = columns.end
        if len(first) <= end or first[end] == " ":
            text = first[:end] if columns.begin == 1 else first[columns.begin - 1 : end]
            return Record((first,), text.rstrip(), position + 1, _SOUND, self.name)
        return self._continued(first, position)

    def _continued(self, first: str, position: int) -> Record:
        columns = self.columns
        end, resume = columns.end, columns.resume - 1
        held = [first]
        text = first[columns.begin - 1 : end]
        complaint = ("", "")
        comment = is_comment(text)
        line = first
        while len(line) > end and line[end] != " ":
            if self.position >= len(self.lines):
                complaint = ("IFO326", "CONTINUATION CARD MISSING")
                break
            if len(held) >= MAX_RECORDS:
                complaint = ("IFO069", "TOO MANY CONTINUATION CARDS")
                break
            line = self.lines[self.position]
            self.position += 1
            held.append(line)
            if line[columns.begin - 1 : resume].strip() and not complaint[0]:
                complaint = ("IFO026", BEFORE_CONTINUE)
            more = line[resume:end]
            if not comment:
                operand_end = _comma_end(text)
                text = text[:operand_end] + more.lstrip() if operand_end else text.ljust(end) + more
        if len(held) > 1 and not (comment or complaint[0] or line[:end].strip()):
            complaint = ("IFO026", NOTHING_CONTINUED)
        return Record(tuple(held), text.rstrip(), position + 1, complaint, self.name)


def _comma_end(text: str) -> int:
    """End of an operand field that breaks off behind a comma with a blank after it (alternate format), or 0."""
    name, _, operand, _, _ = split_fields(text)
    if not operand.endswith(","):
        return 0
    named = bool(name)
    rest = text.split(None, 2 if named else 1)[-1]
    return len(text) - len(rest) + len(operand)


def place_in_records(records: tuple[str, ...], at: int) -> tuple[int, int]:
    """The record (from 0) and the column (from 1) in which the character with index `at` of a statement's text stands.

    Statements whose records have the usual columns; see `SourceFile.next`, which joins them.
    """
    text = records[0][:71] if records else ""
    place = (0, at + 1)
    for number, line in enumerate(records[1:], 1):
        more = line[15:71]
        cut = _comma_end(text)
        start = cut or max(len(text), 71)
        skipped = len(more) - len(more.lstrip()) if cut else 0
        if at >= start:
            place = (number, 16 + skipped + at - start)
        text = text[:cut] + more.lstrip() if cut else text.ljust(71) + more
    return place[0], min(place[1], 71)


def rebuilt(name: str, op: str, operand: str, remark: str = "") -> tuple[str, ...]:
    """The records in which a generated statement is listed: name, operation and operand in columns 1, 10 and 16."""
    text = f"{name:<8} {op:<5} {operand}"
    if remark:
        text = f"{text} {remark}" if len(text) >= 40 else f"{text:<39} {remark}"
    text = text.rstrip()
    if len(text) <= 71:
        return (text,)
    out = [text[:71].ljust(71) + "X"]
    rest = text[71:]
    while len(rest) > 56:
        out.append(" " * 15 + rest[:56] + "X")
        rest = rest[56:]
    out.append(" " * 15 + rest)
    return tuple(out)
