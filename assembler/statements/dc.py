"""DC and DS: constants and storage."""

from __future__ import annotations

from assembler.constant import Constant, parse_constants
from assembler.macro.attributes import explicit_type
from assembler.message import Flaw
from assembler.nominal import Relocation, generate
from assembler.operation import Operation, statement
from assembler.passes import MAX_SECTION, Assembler
from assembler.source import Statement


def place(asm: Assembler, st: Statement) -> tuple[tuple[Constant, int], ...]:
    """Place the operands, define the name; returns each operand with its offset from the statement's place."""
    if not st.operand:
        raise Flaw("IFO210", "TOO FEW OPERANDS", 12)
    constants = parse_constants(st.operand)
    first = constants[0]
    boundary = first.boundary()
    asm.place(st, boundary)
    section = asm.section
    assert section is not None
    placed: list[tuple[Constant, int]] = []
    offset = 0
    for constant in constants:
        boundary = constant.boundary()
        offset += -(st.loc + offset) % boundary
        if placed and offset:
            section.loc = st.loc + offset
        placed.append((constant, offset))
        offset += constant.size(asm)
        if offset >= MAX_SECTION:
            raise Flaw("IFO313", "LOCATION COUNTER OVERFLOW", 12)
    st.length = offset
    if st.name:
        kind = explicit_type(first.kind, first.length is not None)
        asm.label(st, section, st.loc, first.length_attribute(asm), kind)
    asm.advance(st, offset)
    return tuple(placed)


@statement("DC")
class Dc(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        st.pool = asm.pool_number
        placed = place(asm, st)
        st.parsed = placed
        for constant, _ in placed:
            asm.mention(constant)

    def generate(self, asm: Assembler, st: Statement) -> None:
        placed: tuple[tuple[Constant, int], ...] | None = st.parsed  # type: ignore[assignment]
        if placed is None:
            return
        out = bytearray()
        relocations: list[Relocation] = []
        try:
            for constant, offset in placed:
                out += bytes(offset - len(out))
                data, found = generate(constant, asm, offset)
                out += data
                relocations += found
        except Flaw:
            st.code = bytes(min(st.length, 8))
            asm.text(st, bytes(st.length))
            raise
        st.code = bytes(out)
        asm.text(st, st.code)
        asm.relocate(st, relocations)


@statement("DS")
class Ds(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        st.parsed = place(asm, st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        """Note the symbols that lengths and duplication factors use."""
        for constant, _ in st.parsed or ():  # type: ignore[attr-defined]
            for tree in (constant.duplication, constant.length):
                if tree is not None:
                    tree.evaluate(asm)
