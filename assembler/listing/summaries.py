"""What a program took from libraries, and what its USINGs did: tables of the High Level Assembler, in XF's dress.

Source: High Level Assembler Programmer's Guide (SC26-4941), "Macro and copy code cross reference", "Using map".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assembler.listing.printer import Printer
from assembler.symbols import Terms
from assembler.usings import KeptBases
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from assembler.assembly import Assembly
    from assembler.passes import Assembler

MACRO_HEADING = "MACRO     LIBRARY   CALLED BY        DEFN   REFERENCES"
USING_HEADING = (
    " STMT  LOCATION  ID   ACTION  TYPE        VALUE     RANGE     ID   REG  MAX   LAST",
    "                                                                        DISP  STMT     LABEL AND USING TEXT",
)
_MACRO_FRONT = 44
_WIDTH = 120
_KINDS = {
    (False, False): "ORDINARY",
    (True, False): "LABELED",
    (False, True): "DEPENDENT",
    (True, True): "LAB+DEPND",
}


@dataclass(slots=True)
class Member:
    """A macro or COPY member, as it was used from one place."""

    name: str
    by: str
    """The macro from which it is called; empty in open code."""
    copied: bool
    defined: int = 0
    """The statement of its prototype, 0 if it came from a library."""
    references: list[int] = field(default_factory=list)


def members(assembly: Assembly) -> list[Member]:
    """All macros that were called and members that were copied, by name and caller."""
    asm, table = assembly.assembler, assembly.expander.table
    found: dict[tuple[str, str, bool], Member] = {}
    places = {id(st.text): st.number for st in asm.statements if st.text}
    definitions = {
        definition.name: places.get(id(definition.record.lines), 0)
        for definition in table.definitions
        if definition.record is not None
    }
    for call in assembly.expander.calls:
        one = found.setdefault((call.macro, call.by, False), Member(call.macro, call.by, False))
        one.defined = definitions.get(call.macro, 0)
        one.references.append(call.number)
    for name, record, by in table.copies:
        one = found.setdefault((name, by, True), Member(name, by, True))
        one.references.append(places.get(id(record.lines), 0))
    return sorted(found.values(), key=lambda one: (to_ebcdic(one.name), one.by))


def macros(printer: Printer, assembly: Assembly) -> None:
    """Macros and COPY members: where they are defined, from where and in which statements they are called."""
    found = members(assembly)
    if not found:
        return
    printer.section("MACRO AND COPY CODE CROSS-REFERENCE", MACRO_HEADING, column=44)
    numbers: dict[str, int] = {}
    for one in found:
        where = "" if one.defined else assembly.where(one.name)
        concatenation = f"L{numbers.setdefault(_library(where), len(numbers) + 1)}" if where else ""
        references = [f"{number:05d}{'C' if one.copied else ''}" for number in dict.fromkeys(one.references) if number]
        name = one.name
        if len(name) > 8:
            printer.line(name[:_WIDTH])
            name = ""
        defined = f"{one.defined:05d}" if one.defined else "-"
        line = f"{name:<8}  {concatenation:<8}  {one.by or 'PRIMARY INPUT':<15}  {defined:<5}  "[:_MACRO_FRONT]
        for at in range(0, max(len(references), 1), 10):
            printer.line((line if not at else " " * _MACRO_FRONT) + " ".join(references[at : at + 10]))
    if numbers:
        printer.line()
    for path, number in numbers.items():
        printer.line(f"L{number:<3} {path}"[:_WIDTH])


def _library(where: str) -> str:
    """The library of a member's place: its folder, or the MACLIB file without the member's name."""
    return where.partition("(")[0] if where.endswith(")") else where.rpartition("/")[0]


def _section_id(terms: Terms) -> str:
    """The identification that a table shows: FFFF for dummy sections, 0000 for absolute addresses."""
    if not terms:
        return "0000"
    section = terms[0][0]
    return "FFFF" if section.kind == "DS" else f"{section.esdid:04X}"


def using_map(printer: Printer, asm: Assembler) -> None:
    """What USING, DROP, PUSH and POP did, and how far each USING was used."""
    if not isinstance(asm.bases, KeptBases) or not asm.bases.actions:
        return
    printer.section("USING MAP", *USING_HEADING, column=54)
    for action in asm.bases.actions:
        st = action.statement
        terms: Terms = getattr(st.section, "terms", ())
        base = getattr(st.section, "base", 0)
        front = f"{st.number:>5}  {max(st.loc, 0) + base:08X}  {_section_id(terms):<4} {st.op:<6}"
        for register in action.dropped or ([] if action.kept else [-1]):
            printer.line(f"{front}{'':39}{register if register >= 0 else '':>3}{'':17}{st.operand}".rstrip())
        for kept in action.kept:
            promise = kept.promise
            kind = _KINDS[bool(promise.label), promise.anchor is not None]
            value = promise.value + sum(section.base * count for section, count in promise.terms)
            far = f"{kept.furthest:05X} {kept.last:>6}" if kept.furthest >= 0 else f"{'':12}"
            text = f"{promise.label + ' ' if promise.label else ''}{st.operand}" if kept is action.kept[0] else ""
            printer.line(
                f"{front}  {kind:<10}  {value & 0xFFFFFFFF:08X}  {promise.size:08X}"
                f"  {_section_id(promise.terms):<4} {promise.register:>3}  {far}   {text}"
            )
            front = " " * len(front)
