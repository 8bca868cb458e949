"""Instructions as an assembler would take them: mnemonic and operands.

Operand syntax follows from format and operands: *OS/VS Assembler Language*, GC33-4010, "Machine Instructions".
"""

from collections.abc import Iterator, Mapping

from cpvm.s370.formats import Format, length_of
from cpvm.s370.insn import Insn, identify

CONDITIONS = {
    15: "", 8: "E", 4: "L", 2: "H", 1: "O", 7: "NE", 11: "NL", 13: "NH", 14: "NO",
}  # fmt: skip
"""Masks of BC and BCR that have a mnemonic of their own."""


def _address(row: Insn, n: str, fields: Mapping[str, int]) -> str:
    """D(X,B), D(B), D(L,B) or D."""
    inside = []
    base = fields[f"b{n}"]
    if row.format is Format.RX:
        index = fields[f"x{n}"]
        if index or base:
            inside = [str(index) if index else "", str(base)] if base else [str(index)]
    elif row.format is Format.SS and (n == "1" or "l2" in row.operands):
        length = fields["l"] if "l" in row.operands and n == "1" else fields.get(f"l{n}", 0)
        inside = [str(length + 1)] + ([str(base)] if base else [])
    elif base:
        inside = [str(base)]
    return f"{fields[f'd{n}']}({','.join(inside)})" if inside else str(fields[f"d{n}"])


def operands(row: Insn, fields: Mapping[str, int]) -> str:
    """The operands of an instruction with these fields, in the order in which they are written."""
    parts = [str(fields[name]) for name in row.operands if name[0] in "rm"]
    parts += [_address(row, name[1], fields) for name in row.operands if name[0] == "a"]
    parts += [str(fields[name]) for name in row.operands if name[0] == "i"]
    return ",".join(parts)


def disassemble(text: bytes) -> str:
    """The instruction with which these bytes begin; a constant if there is none.

    Raises ValueError if there are fewer bytes than the instruction has.
    """
    row = identify(text)
    if row is None:
        return f"DC    X'{text[: length_of(text[0])].hex().upper()}'"
    fields = row.decode(text)
    mnemonic, written = row.mnemonic, operands(row, fields)
    if mnemonic in ("BC", "BCR"):
        mask, _, rest = written.partition(",")
        if mask == "0":
            mnemonic, written = ("NOP" if mnemonic == "BC" else "NOPR"), rest
        elif int(mask) in CONDITIONS:
            mnemonic, written = f"B{CONDITIONS[int(mask)]}{mnemonic[2:]}", rest
    return f"{mnemonic:<5} {written}".rstrip()


def listing(text: bytes, address: int = 0) -> Iterator[tuple[int, bytes, str]]:
    """All instructions in these bytes, one behind the other: address, bytes and assembler text."""
    at = 0
    while at < len(text):
        size = length_of(text[at])
        piece = text[at : at + size]
        if len(piece) == size and len(piece) >= 2:
            yield address + at, piece, disassemble(piece)
        else:
            yield address + at, piece, f"DC    X'{piece.hex().upper()}'"
        at += size
