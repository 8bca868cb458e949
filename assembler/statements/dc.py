"""DC and DS: constants and storage."""

from __future__ import annotations

from assembler.constant import Constant, Placed, placed
from assembler.datafield import declared_types, parse_constants
from assembler.expression import Attribute, Expr, Literal, Number
from assembler.macro.attributes import explicit_type
from assembler.message import Flaw
from assembler.nominal import Relocation, generate
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.scale import scale_and_integer
from assembler.source import Statement
from assembler.state import MAX_SECTION

_NONE = Number(0)
"""A duplication factor that does nothing but align, whatever option ALIGN says."""


def place(asm: Assembler, st: Statement) -> Placed:
    """Place the operands, define the name; returns each operand with its offset in bits (see `assembler.constant`).

    Operands with bit lengths that follow one another are packed; only behind the last of them the byte is filled up.
    """
    try:
        if not st.operand:
            raise Flaw("IFO210", "TOO FEW OPERANDS", 12)
        constants = parse_constants(st.operand)
    except Flaw:
        if st.name:  # so that one mistake gives one message
            asm.label(st, asm.section or asm.private_code(), asm.place(st), 1, "U")
        raise
    first = constants[0]
    aligned = asm.options.align
    asm.place(st, first.boundary() if aligned or first.duplication == _NONE else 1)
    section = asm.section
    assert section is not None
    # Lengths may use the statement's own name: its address is known.
    kind = explicit_type(first.kind, first.length is not None)
    symbol = asm.define(st, st.loc, section.terms, 1, kind) if st.name else None
    if "=" in st.operand:
        _note_literals(asm, st, constants)
    found: list[tuple[Constant, int]] = []
    offset = 0
    open_bits = 0  # of the last byte before `offset`, left by an operand with a bit length
    for constant in constants:
        offset += -(st.loc + offset) % (constant.boundary() if aligned or constant.duplication == _NONE else 1)
        if found and offset:
            section.loc = st.loc + offset
        if constant.bits:
            start = offset * 8 - open_bits
            end = start + constant.bit_size(asm)
            found.append((constant, start))
            offset = (end + 7) // 8
            open_bits = -end % 8
        else:
            found.append((constant, offset * 8))
            offset += constant.size(asm)
            open_bits = 0
        if offset >= MAX_SECTION:
            raise Flaw("IFO313", "LOCATION COUNTER OVERFLOW", 12)
    st.length = offset
    if symbol is not None:
        symbol.length = first.length_attribute(asm)
        symbol.scale, symbol.integer = scale_and_integer(first, asm)
        symbol.declared = declared_types(first)
    asm.advance(st, offset)
    return tuple(found) if len(constants) > 1 else constants


def _note_literals(asm: Assembler, st: Statement, constants: tuple[Constant, ...]) -> None:
    """Enter the literals whose attributes are asked for; they may not stand in a constant otherwise."""
    pending: list[Expr | None] = []
    for one in constants:
        pending += [one.duplication, one.length, one.scale, one.exponent, *(tree for tree, _ in one.given)]
    while pending:
        tree = pending.pop(0)
        if isinstance(tree, Attribute) and isinstance(tree.of, Literal):
            asm.pools[asm.pool_number].note(tree.of.text, tree.of.column, st, asm)
        elif tree is not None:
            pending[:0] = tree.walk()


@statement("DC")
class Dc(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        st.pool = asm.pool_number
        st.parsed = place(asm, st)
        for constant, _ in placed(st.parsed):
            if constant.duplication is None or constant.duplicate(asm):  # else nothing refers to the names
                asm.mention(constant)

    def generate(self, asm: Assembler, st: Statement) -> None:
        if st.parsed is None:
            return
        out = bytearray()
        relocations: list[Relocation] = []
        try:
            for constant, bit in placed(st.parsed):
                offset, inside = divmod(bit, 8)
                out += bytes(max(offset - len(out), 0))
                data, found = generate(constant, asm, offset)
                if inside and data:
                    shifted = (int.from_bytes(data, "big") << 8 - inside).to_bytes(len(data) + 1, "big")
                    out[-1] |= shifted[0]
                    data = shifted[1 : (constant.bit_size(asm) + inside + 7) // 8]
                out += data
                relocations += found
        except Flaw:
            st.code = bytes(min(st.length, 8))
            asm.text(st, bytes(st.length))
            raise
        st.code = bytes(out)
        try:
            asm.text(st, st.code)
        except Flaw:
            st.code = st.code[:8]  # what is too much is not kept either
            raise
        asm.relocate(st, relocations)


@statement("DS")
class Ds(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        st.parsed = place(asm, st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        """Note the symbols that lengths and duplication factors use."""
        for constant, _ in placed(st.parsed):
            for tree in (constant.duplication, constant.length):
                if tree is not None:
                    tree.evaluate(asm)
