"""The listing: 121 columns, ASA carriage control first, laid out as by IBM's assemblers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assembler.assembly import Assembly
    from assembler.passes import Assembler


def build(asm: Assembler, assembly: Assembly) -> list[str]:
    return []
