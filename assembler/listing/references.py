"""The cross-references of symbols, literals, dummy sections and registers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from assembler.listing.printer import Printer
from assembler.listing.uses import register_uses, symbol_uses
from assembler.symbols import Section, Symbol
from assembler.usings import KeptBases
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from assembler.passes import Assembler

XREF_HEADING = "SYMBOL    LEN   VALUE   DEFN    REFERENCES"
DSECT_HEADING = "DSECT     LENGTH    ID    DEFN"
REGISTER_HEADING = "REGISTER  REFERENCES (M=MODIFIED, B=BRANCH, U=USING, D=DROP, N=INDEX)"
_FRONT = 31
_WIDTH = 120


class Uses:
    """How statements use symbols, found out once for each statement."""

    def __init__(self, asm: Assembler, wanted: bool) -> None:
        self._asm = asm
        self._wanted = wanted
        self._known: dict[int, dict[str, str]] = {}

    def letter(self, number: int, name: str) -> str:
        """How the statement of that number uses a symbol; nothing if letters are not wanted."""
        if not self._wanted:
            return ""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = symbol_uses(self._asm.statements[number - 1])
        return found.get(name, "")


def _print(printer: Printer, front: str, references: Iterable[str], indent: int = _FRONT) -> None:
    """References behind `front`, as many as fit on each line."""
    line = f"{front:<{indent}}"
    empty = True
    for one in references:
        if not empty and len(line) + 1 + len(one) > _WIDTH:
            printer.line(line)
            line, empty = " " * indent, True
        line += one if empty else f" {one}"
        empty = False
    printer.line(line)


def _numbers(symbol: Symbol, numbers: Iterable[int], uses: Uses) -> list[str]:
    return [f"{number:05d}{uses.letter(number, symbol.name)}" for number in dict.fromkeys(numbers)]


def _values(symbol: Symbol) -> str:
    return f"{symbol.length:05d} {symbol.address & 0xFFFFFFFF:08X} {symbol.statement:05d}  "


def _front(name: str, rest: str, printer: Printer) -> str:
    """Name and values on a line; a name longer than 8 characters has a line of its own."""
    if len(name) > 8:
        printer.line(name[:_WIDTH])
        name = ""
    return f"{name:<8} {rest}"


def symbols(printer: Printer, asm: Assembler, short: bool) -> None:
    """Symbols, also those defined twice and those not defined; `short` leaves out those that nothing uses."""
    printer.section("CROSS-REFERENCE", XREF_HEADING)
    uses = Uses(asm, asm.options.flags)
    rows: list[tuple[bytes, int, Symbol | str, Sequence[int], str]] = []
    for symbol in asm.symbols.values():
        if symbol.references or not short:
            rows.append((to_ebcdic(symbol.name), symbol.statement, symbol, symbol.references, ""))
    for name, used in asm.undefined.items():
        rows.append((to_ebcdic(name), 0, name, used, "****UNDEFINED****"))
    for symbol in asm.duplicates:
        rows.append((to_ebcdic(symbol.name), symbol.statement, symbol, [], "****DUPLICATE****"))
    for _, _, one, numbers, remark in sorted(rows, key=lambda row: row[:2]):
        if isinstance(one, str):
            _print(printer, _front(one, remark, printer), [f"{number:05d}" for number in dict.fromkeys(numbers)])
        else:
            _print(printer, _front(one.name, _values(one) + remark, printer), _numbers(one, numbers, uses))
    if short and asm.options.unrefs:
        _unreferenced(printer, asm)


def _unreferenced(printer: Printer, asm: Assembler) -> None:
    printer.section("UNREFERENCED SYMBOLS DEFINED IN CSECTS", "DEFN    SYMBOL", column=41)
    for symbol in sorted(asm.symbols.values(), key=lambda one: one.statement):
        in_section = any(section.has_text for section, _ in symbol.terms)
        if not symbol.references and in_section and symbol.name not in {section.name for section, _ in symbol.terms}:
            printer.line(f"{symbol.statement:05d}   {symbol.name}")


def literals(printer: Printer, asm: Assembler) -> None:
    """The literals of all pools, in the order in which they lie."""
    found = [one for pool in asm.pools for one in pool.arranged() if one.symbol.terms]
    if not found:
        return
    printer.section("LITERAL CROSS-REFERENCE", XREF_HEADING)
    silent = Uses(asm, False)
    for literal in found:
        symbol = literal.symbol
        _print(printer, _front(literal.text, _values(symbol), printer), _numbers(symbol, symbol.references, silent))


def dummy_sections(printer: Printer, asm: Assembler) -> None:
    """The dummy sections: length and where each begins; they have no identification in the dictionary."""
    dummies = [item for item in asm.dictionary if isinstance(item, Section) and item.kind == "DS"]
    if not dummies:
        return
    printer.section("DSECT CROSS-REFERENCE", DSECT_HEADING)
    for section in sorted(dummies, key=lambda one: to_ebcdic(one.name)):
        symbol = asm.symbols.get(section.name)
        printer.line(
            _front(section.name, f"{section.size:08X}  FFFF  {symbol.statement if symbol else 0:05d}", printer)
        )


def registers(printer: Printer, asm: Assembler) -> None:
    """The general registers with the statements that use them."""
    printer.section("GENERAL PURPOSE REGISTER CROSS-REFERENCE", REGISTER_HEADING, column=41)
    found: list[list[str]] = [[] for _ in range(16)]
    usings: dict[int, dict[int, str]] = {}
    if isinstance(asm.bases, KeptBases):
        for action in asm.bases.actions:
            usings.setdefault(action.statement.number, {}).update(action.registers())
    for st in asm.statements:
        for number, letter in (usings.get(st.number) or register_uses(st)).items():
            found[number].append(f"{st.number:05d}{letter}")
    for number, references in enumerate(found):
        _print(printer, f"{number:>5}({number:X})", references or ["(NO REFERENCES IDENTIFIED)"], 10)
