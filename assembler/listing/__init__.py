"""The listing: 121 columns, ASA carriage control first, laid out as by IBM's assemblers.

External symbol dictionary, source and object code, relocation dictionary, cross-references, diagnostics and statistics
are Assembler XF's; macro, dummy section and register cross-references and the USING map are those of the High Level
Assembler.  Sources: OS/VS Assembler Programmer's Guide (GC33-4021), "Assembler listing"; High Level Assembler
Programmer's Guide (SC26-4941), chapter 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.listing.diagnostics import diagnostics, flagged, summary
from assembler.listing.dictionaries import external_symbols, relocations
from assembler.listing.printer import WIDTH, Printer, plain
from assembler.listing.references import dummy_sections, literals, registers, symbols
from assembler.listing.source import source
from assembler.listing.summaries import macros, using_map

if TYPE_CHECKING:
    from assembler.assembly import Assembly
    from assembler.passes import Assembler


def build(asm: Assembler, assembly: Assembly) -> list[str]:
    """The lines of the whole listing."""
    options = assembly.options
    printer = Printer(options, asm.deck_id[:8])
    if options.esd:
        external_symbols(printer, asm)
    if options.source:
        source(printer, asm)
    if options.rld and asm.relocations:
        relocations(printer, asm)
    if options.xref != "NONE":
        symbols(printer, asm, options.xref == "SHORT")
        literals(printer, asm)
    if options.mxref:
        macros(printer, assembly)
    if options.dxref:
        dummy_sections(printer, asm)
    if options.using_map:
        using_map(printer, asm)
    if options.rxref:
        registers(printer, asm)
    diagnostics(printer, asm, assembly)
    return printer.lines


__all__ = ["WIDTH", "build", "flagged", "plain", "summary"]
