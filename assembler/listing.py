"""The listing: 121 columns, ASA carriage control first, laid out as by IBM's assemblers.

External symbol dictionary, source and object code, relocation dictionary, cross-reference, diagnostics and statistics.
Source: OS/VS Assembler Programmer's Guide (GC33-4021), "Assembler listing".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.operation import Operation
from assembler.source import Statement
from assembler.statements.dc import Dc
from assembler.statements.ltorg import LiteralData

if TYPE_CHECKING:
    from assembler.assembly import Assembly
    from assembler.passes import Assembler

WIDTH = 121
SOURCE_HEADING = "  LOC  OBJECT CODE    ADDR1 ADDR2  STMT   SOURCE STATEMENT"
ESD_HEADING = "SYMBOL   TYPE  ID   ADDR  LENGTH  LD ID"
RLD_HEADING = "POS.ID   REL.ID   FLAGS   ADDRESS"
XREF_HEADING = "SYMBOL    LEN   VALUE   DEFN     REFERENCES"
DIAGNOSTIC_HEADING = "  STMT  ERROR NO.  COLUMN  SEV   MESSAGE"


class Printer:
    """Lines on pages: each page begins with a title line and the heading of the section in hand."""

    def __init__(self, assembly: Assembly, deck_id: str) -> None:
        self.lines: list[str] = []
        self.options = assembly.options
        self.deck_id = deck_id
        self.page = 0
        self.left = 0
        self.title = ""
        self.heading = ""

    def section(self, title: str, heading: str) -> None:
        """Begin a new page of another section."""
        self.title, self.heading = title, heading
        self.eject()

    def eject(self) -> None:
        self.left = 0

    def _head(self) -> None:
        self.page += 1
        stamp = f"ASM 0201 {self.options.time} {self.options.date}"
        first = f"{self.deck_id:<8} {self.title:^90}"[:108]
        self.lines.append(f"1{first:<109}PAGE {self.page:>5}"[:WIDTH])
        self.lines.append(f"0{self.heading:<94} {stamp:>24}"[:WIDTH])
        self.lines.append(" ")
        self.left = self.options.linecount - 4 if self.options.linecount else 1 << 30

    def line(self, text: str = "") -> None:
        if self.left <= 0:
            self._head()
        self.lines.append((" " + text).rstrip()[:WIDTH] or " ")
        self.left -= 1

    def space(self, count: int) -> None:
        for _ in range(min(count, max(self.left, 0), 60)):
            self.line()


def build(asm: Assembler, assembly: Assembly) -> list[str]:
    """The lines of the whole listing."""
    printer = Printer(assembly, asm.deck_id[:8])
    options = assembly.options
    if options.esd:
        _dictionary(printer, asm)
    if options.source:
        _source(printer, asm)
    if options.rld and asm.relocations:
        _relocations(printer, asm)
    if options.xref != "NONE":
        _cross_reference(printer, asm, options.xref == "SHORT")
    _diagnostics(printer, asm, assembly)
    return printer.lines


def _dictionary(printer: Printer, asm: Assembler) -> None:
    printer.section("EXTERNAL SYMBOL DICTIONARY", ESD_HEADING)
    for section in asm.order:
        if section.kind == "DS":
            continue
        place = "" if section.kind in ("ER", "WX") else f"{section.base:06X} {section.size:06X}"
        printer.line(f"{section.name:<8}  {section.kind:<2}   {section.esdid:04X} {place}".rstrip())
    for entry in asm.entries:
        symbol = asm.symbols.get(entry.symbol)
        if symbol is not None and len(symbol.terms) == 1:
            owner = symbol.terms[0][0].esdid
            printer.line(f"{entry.symbol:<8}  LD        {symbol.address & 0xFFFFFF:06X}          {owner:04X}")


# --- source and object code -------------------------------------------------------------------------------------------


class _Status:
    """PRINT options, with PUSH and POP."""

    def __init__(self) -> None:
        self.on = True
        self.gen = True
        self.data = False
        self.saved: list[tuple[bool, bool, bool]] = []

    def obey(self, st: Statement) -> None:
        words = st.operand.upper().split(",")
        if st.op == "PRINT":
            for word in words:
                off = word.startswith("NO") or word == "OFF"
                name = word.removeprefix("NO")
                if name in ("ON", "OFF"):
                    self.on = not off
                elif name == "GEN":
                    self.gen = not off
                elif name == "DATA":
                    self.data = not off
        elif "PRINT" in words and st.op == "PUSH":
            self.saved.append((self.on, self.gen, self.data))
        elif "PRINT" in words and st.op == "POP" and self.saved:
            self.on, self.gen, self.data = self.saved.pop()


def _source(printer: Printer, asm: Assembler) -> None:
    printer.section("", SOURCE_HEADING)
    status = _Status()
    for st in asm.statements:
        op = st.op
        if op in ("PRINT", "PUSH", "POP"):
            was_on = status.on
            status.obey(st)
            if was_on or status.on:
                _statement(printer, st, status)
            continue
        if not status.on:
            if st.messages:
                _statement(printer, st, status)
            continue
        if op == "TITLE" and not st.messages:
            printer.title = st.operand.strip("'").replace("''", "'").replace("&&", "&")[:90]
            printer.eject()
        elif op == "EJECT":
            printer.eject()
        elif op == "SPACE" and not st.messages:
            printer.space(1 if st.value is None else st.value)
        elif not st.level or status.gen or st.messages or op == "MNOTE":
            _statement(printer, st, status)


def _statement(printer: Printer, st: Statement, status: _Status) -> None:
    operation = st.operation
    loc = ""
    code: list[str] = []
    if isinstance(operation, (Dc, LiteralData)):
        text = (st.code if status.data else st.code[:8]).hex().upper()
        code = [text[at : at + 16] for at in range(0, len(text), 16)]
    elif st.code:
        text = st.code.hex().upper()
        code = [" ".join(text[at : at + 4] for at in range(0, len(text), 4))]
    if st.loc >= 0 and operation is not None:
        base = getattr(st.section, "base", 0)
        loc = f"{st.loc + base:06X}"
    if isinstance(operation, Operation) and operation.name == "EQU" and st.value is not None and not st.messages:
        loc = f"{st.value & 0xFFFFFF:06X}"
    addr1 = f"{st.addr1 & 0xFFFFF:05X}" if st.addr1 >= 0 else ""
    addr2 = f"{st.addr2 & 0xFFFFF:05X}" if st.addr2 >= 0 else ""
    source = st.text if st.text else (f"{'':15}{st.operand}",)
    sign = "+" if st.level else " "
    if st.show:
        first = code[0] if code else ""
        front = f"{loc:<6} {first:<14} {addr1:<5} {addr2:<5}" if len(first) <= 14 else f"{loc:<6} {first:<26}"
        printer.line(f"{front} {st.number:>5}{sign}{source[0][:80]}")
        for more in source[1:]:
            printer.line(f"{'':34}{'':5}{sign}{more[:80]}")
        if status.data:
            place = st.loc + getattr(st.section, "base", 0)
            for index, piece in enumerate(code[1:], 1):
                printer.line(f"{place + 8 * index:06X} {piece}")
    for message in st.messages or ():
        if message.number == "MNOTE":
            printer.line(f"{'':40}{message.severity},{message.text}"[:WIDTH])
        else:
            mark = f"{'':40}{'':{max(message.column - 1, 0)}}*" if 0 < message.column <= 71 else ""
            if mark:
                printer.line(mark)
            printer.line(f"      *** ERROR ***  {message.number:<6} {message.text}")


# --- the rest ---------------------------------------------------------------------------------------------------------


def _relocations(printer: Printer, asm: Assembler) -> None:
    printer.section("RELOCATION DICTIONARY", RLD_HEADING)
    flags = {"A": 0x00, "V": 0x10, "Q": 0x20, "CXD": 0x30}
    for entry in sorted(asm.relocations, key=lambda one: (one.section.esdid, one.relative.esdid, one.address)):
        flag = flags[entry.kind] | (entry.length - 1 & 3) << 2 | (2 if entry.sign < 0 else 0)
        address = entry.section.base + entry.address
        printer.line(f" {entry.section.esdid:04X}     {entry.relative.esdid:04X}     {flag:02X}      {address:06X}")


def _cross_reference(printer: Printer, asm: Assembler, short: bool) -> None:
    printer.section("CROSS-REFERENCE", XREF_HEADING)
    literals = {
        one.symbol.name + f"\0{number}": one.symbol
        for number, pool in enumerate(asm.pools)
        for one in pool.literals.values()
    }
    for _, symbol in sorted({**asm.symbols, **literals}.items(), key=lambda item: item[0].encode("cp037", "replace")):
        if short and not symbol.references:
            continue
        seen = list(dict.fromkeys(symbol.references))
        front = f"{symbol.name[:20]:<8} {symbol.length:>5} {symbol.address & 0xFFFFFFFF:08X} {symbol.statement:>5}   "
        for at in range(0, max(len(seen), 1), 14):
            numbers = " ".join(f"{number:>5}" for number in seen[at : at + 14])
            printer.line(f"{front if at == 0 else '':<31}{numbers}")


def _diagnostics(printer: Printer, asm: Assembler, assembly: Assembly) -> None:
    printer.section("ASSEMBLER DIAGNOSTICS AND STATISTICS", DIAGNOSTIC_HEADING)
    flagged = [message for message in assembly.messages if message.severity > 0]
    for message in flagged:
        column = f"{message.column:>4}" if message.column else ""
        chain = f"  (IN {' IN '.join(message.chain)})" if message.chain else ""
        text = (
            f"{message.statement:>6}  {message.number:<9}  {column:<6}  {message.severity:>3}   {message.text}{chain}"
        )
        printer.line(text)
    printer.line()
    for line in summary(assembly):
        printer.line(line)
    records = max((st.line for st in asm.statements if not st.level), default=0)
    printer.line(f"TOTAL RECORDS READ FROM SYSTEM INPUT   {records:>8}")
    printer.line(f"TOTAL RECORDS READ FROM SYSTEM LIBRARY {assembly.library_records:>8}")
    printer.line(f"TOTAL RECORDS PUNCHED                  {len(assembly.deck):>8}")
    printer.line(f"TOTAL RECORDS PRINTED                  {len(printer.lines) + 1:>8}")


def summary(assembly: Assembly) -> list[str]:
    """The closing lines: how many statements are flagged, and the highest severity."""
    flagged = len({message.statement for message in assembly.messages if message.severity > 0})
    highest = max((message.severity for message in assembly.messages), default=0)
    what = "NO STATEMENTS" if not flagged else f"{flagged:>5} STATEMENT{'S' if flagged > 1 else ''}"
    return [f"{what} FLAGGED IN THIS ASSEMBLY", f"HIGHEST SEVERITY WAS {highest:>4}"]
