"""The listing: 121 columns, ASA carriage control first, laid out as by IBM's assemblers.

External symbol dictionary, source and object code, relocation dictionary, cross-reference, diagnostics and statistics.
Source: OS/VS Assembler Programmer's Guide (GC33-4021), "Assembler listing".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.deck import entry_owner
from assembler.instruction import MachineInstruction
from assembler.operation import Operation
from assembler.source import Statement
from assembler.statements.dc import Dc
from assembler.statements.ltorg import LiteralData
from assembler.symbols import Section, Symbol
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from assembler.assembly import Assembly
    from assembler.passes import Assembler

WIDTH = 121
SOURCE_HEADING = "  LOC  OBJECT CODE    ADDR1 ADDR2  STMT   SOURCE STATEMENT"
ESD_HEADING = "SYMBOL   TYPE  ID   ADDR  LENGTH LDID"
RLD_HEADING = "POS.ID   REL.ID   FLAGS   ADDRESS"
XREF_HEADING = "SYMBOL    LEN   VALUE   DEFN    REFERENCES"
DIAGNOSTIC_HEADING = "STMT  ERROR CODE   MESSAGE"


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
    for item in asm.dictionary:
        if not isinstance(item, Section):
            owner = entry_owner(asm, item.symbol)
            if owner is not None:
                address = asm.symbols[item.symbol].address & 0xFFFFFF
                printer.line(f"{item.symbol:<8}  LD       {address:06X}        {owner.esdid:04X}")
            continue
        if item.kind == "DS":
            continue
        start = item.loc - 1 if item.kind == "XD" else item.base
        place = "" if item.kind in ("ER", "WX") else f"{start:06X} {item.size:06X}"
        printer.line(f"{item.name:<8}  {item.kind:<2}  {item.esdid:04X} {place}".rstrip())


# --- source and object code -------------------------------------------------------------------------------------------


class _Status:
    """PRINT options, with PUSH and POP."""

    def __init__(self) -> None:
        self.on = True
        self.gen = True
        self.data = False
        self.saved: list[tuple[bool, bool, bool]] = []
        self.hidden = False
        """Whether the statement obeyed last is not to be listed itself (NOPRINT)."""

    def obey(self, st: Statement) -> None:
        words = st.operand.upper().split(",")
        self.hidden = "NOPRINT" in words and not st.messages
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
            if (was_on or status.on) and not status.hidden:
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
    first_address, second_address = st.addr1, st.addr2
    name = operation.name if isinstance(operation, Operation) else ""
    if isinstance(operation, MachineInstruction) and first_address < 0:
        first_address, second_address = second_address, -1
    elif name in ("EQU", "USING", "DROP", "ENTRY"):
        loc = ""
        if name == "EQU" and st.value is not None:
            second_address = st.value & 0xFFFFFFFF
    elif name == "ORG":
        second_address = st.loc + getattr(st.section, "base", 0)
    elif name == "END":
        loc = f"{second_address & 0xFFFFFF:06X}" if second_address >= 0 else ""
        second_address = -1
    addr1 = f"{first_address & 0xFFFFF:05X}" if first_address >= 0 else ""
    addr2 = f"{second_address & 0xFFFFF:05X}" if second_address >= 0 else ""
    source = st.text if st.text else (f"{'':15}{st.operand}",)
    sign = "+" if st.level else " "
    if st.show:
        if st.pad and st.code and getattr(st.section, "has_text", False):
            printer.line(f"{st.loc - st.pad + getattr(st.section, 'base', 0):06X} {'00' * st.pad}")
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


def _references(printer: Printer, front: str, numbers: list[int]) -> None:
    seen = [f"{number:05d}" for number in dict.fromkeys(numbers)]
    for at in range(0, max(len(seen), 1), 14):
        printer.line(f"{front if at == 0 else '':<31}{' '.join(seen[at : at + 14])}")


def _values(symbol: Symbol) -> str:
    return f"{symbol.length:05d} {symbol.address & 0xFFFFFFFF:08X} {symbol.statement:05d}  "


def _cross_reference(printer: Printer, asm: Assembler, short: bool) -> None:
    """Symbols, also those defined twice and those not defined; then the literals of all pools."""
    printer.section("CROSS-REFERENCE", XREF_HEADING)
    rows: list[tuple[bytes, int, str, list[int]]] = []
    for symbol in asm.symbols.values():
        if symbol.references or not short:
            front = f"{symbol.name[:20]:<8} {_values(symbol)}"
            rows.append((to_ebcdic(symbol.name), symbol.statement, front, symbol.references))
    for name, numbers in asm.undefined.items():
        rows.append((to_ebcdic(name), 0, f"{name[:20]:<8} ****UNDEFINED****", numbers))
    for symbol in asm.duplicates:
        front = f"{symbol.name[:20]:<8} {_values(symbol)}****DUPLICATE****"
        rows.append((to_ebcdic(symbol.name), symbol.statement, front, []))
    for _, _, front, numbers in sorted(rows, key=lambda row: row[:2]):
        _references(printer, front, numbers)
    literals = [one for pool in asm.pools for one in pool.arranged() if one.symbol.terms]
    if literals:
        printer.section("LITERAL CROSS-REFERENCE", XREF_HEADING)
    for literal in literals:
        symbol = literal.symbol
        short_text = literal.text if len(literal.text) <= 8 else ""
        if not short_text:
            printer.line(literal.text[:100])
        _references(printer, f"{short_text:<8} {_values(symbol)}", symbol.references)


BY_NAME = frozenset(("IFO016", "IFO158", "IFO188", "IFO189", "IFO196", "IFO206", "IFO231", "IFO239"))
"""Messages that tell what they are about without a column."""


def _diagnostics(printer: Printer, asm: Assembler, assembly: Assembly) -> None:
    printer.section("ASSEMBLER DIAGNOSTICS AND STATISTICS", DIAGNOSTIC_HEADING)
    flagged = [message for message in assembly.messages if message.severity > 0]
    for message in flagged:
        number, text = message.number, message.text
        if number == "MNOTE":
            number, text = "IFO197", f"*** MNOTE *** {text}"
        elif number not in BY_NAME:
            column = message.column - asm.statements[message.statement - 1].operand_column()
            text += f" NEAR OPERAND COLUMN {column}" if column > 0 and message.column else ""
        chain = f"  (IN {' IN '.join(message.chain)})" if message.chain else ""
        printer.line(f"{message.statement:>5}  {number:<6}      {text}{chain}")
    count = len({message.statement for message in flagged})
    if count:
        printer.line(f"NUMBER OF STATEMENTS FLAGGED IN THIS ASSEMBLY = {count:>5}")
    else:
        printer.line("NO STATEMENTS FLAGGED IN THIS ASSEMBLY")
    printer.line(summary(assembly)[1])
    for line in _options(assembly):
        printer.line(line)
    records = max((st.line for st in asm.statements if not st.level), default=0)
    printer.line(f"TOTAL RECORDS READ FROM SYSTEM INPUT   {records:>8}")
    printer.line(f"TOTAL RECORDS READ FROM SYSTEM LIBRARY {assembly.library_records:>8}")
    printer.line(f"TOTAL RECORDS PUNCHED                  {len(assembly.deck):>8}")
    printer.line(f"TOTAL RECORDS PRINTED                  {len(printer.lines) + 1:>8}")


def _options(assembly: Assembly) -> list[str]:
    """The options in effect, in the order in which Assembler XF lists its own."""
    options = assembly.options
    chosen = [
        "ALIGN",
        "ESD" if options.esd else "NOESD",
        f"LINECOUNT({options.linecount})",
        "LIST" if options.source else "NOLIST",
        "RLD" if options.rld else "NORLD",
        "TEST" if options.test else "NOTEST",
        "NOXREF" if options.xref == "NONE" else f"XREF({options.xref})",
    ]
    return ["OPTIONS FOR THIS ASSEMBLY", f"  {', '.join(chosen)}", f"  SYSPARM({assembly.sysparm[:100]})"]


def summary(assembly: Assembly) -> list[str]:
    """The closing lines: how many statements are flagged, and the highest severity."""
    flagged = len({message.statement for message in assembly.messages if message.severity > 0})
    highest = max((message.severity for message in assembly.messages), default=0)
    what = "NO STATEMENTS" if not flagged else f"{flagged:>5} STATEMENT{'S' if flagged > 1 else ''}"
    return [f"{what} FLAGGED IN THIS ASSEMBLY", f"HIGHEST SEVERITY WAS {highest:>4}"]
