"""The external symbol dictionary and the relocation dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.deck import entry_owner, pseudo_alignment
from assembler.listing.printer import Printer
from assembler.symbols import Section

if TYPE_CHECKING:
    from assembler.passes import Assembler

ESD_HEADING = "SYMBOL   TYPE  ID   ADDR  LENGTH LDID"
RLD_HEADING = "POS.ID   REL.ID   FLAGS   ADDRESS"


def external_symbols(printer: Printer, asm: Assembler) -> None:
    printer.section("EXTERNAL SYMBOL DICTIONARY", ESD_HEADING, column=47)
    for item in asm.dictionary:
        if not isinstance(item, Section):
            owner = entry_owner(asm, item.symbol)
            if owner is not None:
                address = asm.symbols[item.symbol].address & 0xFFFFFF
                printer.line(f"{item.symbol:<8}  LD       {address:06X}        {owner.esdid:04X}")
            continue
        if item.kind == "DS" and not item.external:
            continue
        kind = "XD" if item.kind == "DS" else item.kind
        start = pseudo_alignment(item) - 1 if kind == "XD" else item.base
        place = "" if item.kind in ("ER", "WX") else f"{start:06X} {item.size:06X}"
        printer.line(f"{item.name:<8}  {kind:<2}  {item.esdid:04X} {place}".rstrip())


def relocations(printer: Printer, asm: Assembler) -> None:
    printer.section("RELOCATION DICTIONARY", RLD_HEADING)
    flags = {"A": 0x00, "V": 0x10, "Q": 0x20, "CXD": 0x30}
    for entry in sorted(asm.relocations, key=lambda one: (one.section.esdid, one.relative.esdid, one.address)):
        flag = flags[entry.kind] | (entry.length - 1 & 3) << 2 | (2 if entry.sign < 0 else 0)
        address = entry.section.base + entry.address
        relative = 0 if entry.kind == "CXD" else entry.relative.esdid
        printer.line(f" {entry.section.esdid:04X}     {relative:04X}      {flag:02X}     {address:06X}")
