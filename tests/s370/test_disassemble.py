"""The disassembler writes what the assembler reads."""

import random

import pytest

from assembler import assemble
from cpvm.s370.disassemble import disassemble, listing
from cpvm.s370.formats import FIELDS
from cpvm.s370.insn import Insn, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1812", "LR    1,2"),
        ("58123456", "L     1,1110(2,3)"),
        ("58103456", "L     1,1110(,3)"),
        ("58120456", "L     1,1110(2)"),
        ("58100456", "L     1,1110"),
        ("47F0C010", "B     16(,12)"),
        ("4780C010", "BE    16(,12)"),
        ("47000000", "NOP   0"),
        ("4730C010", "BC    3,16(,12)"),
        ("07FE", "BR    14"),
        ("078E", "BER   14"),
        ("0700", "NOPR  0"),
        ("0ACA", "SVC   202"),
        ("D203C0102000", "MVC   16(4,12),0(2)"),
        ("FA21C0102001", "AP    16(3,12),1(2,2)"),
        ("F075C0100003", "SRP   16(8,12),3,5"),
        ("9101C010", "TM    16(12),1"),
        ("8910000C", "SLL   1,12"),
        ("90ECD00C", "STM   14,12,12(13)"),
        ("BF1FC010", "ICM   1,15,16(12)"),
        ("B205C010", "STCK  16(12)"),
        ("B20B0000", "IPK"),
        ("B22D0004", "DXR   0,4"),
        ("E501C0102050", "TPROT 16(12),80(2)"),
        ("0000", "DC    X'0000'"),
        ("B2FF1234", "DC    X'B2FF1234'"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert disassemble(bytes.fromhex(text)) == expected


@pytest.mark.parametrize("row", table().values(), ids=lambda row: row.mnemonic)
def test_the_assembler_gives_the_bytes_back(row: Insn) -> None:
    r = random.Random(row.mnemonic)
    for _ in range(6):
        fields = {name: r.getrandbits(FIELDS[row.format][name][1]) for name in row.fields}
        if row.opcode == 0x83:
            fields["b2"] = 0
        text = row.encode(**fields)
        done = assemble(["T        CSECT", f"         {disassemble(text)}", "         END"])
        code = done.statements[1].code
        if (row.mnemonic == "BC" and fields["m1"] == 0) or (row.mnemonic == "BCR" and fields["m1"] == 0):
            assert code[0] == text[0]
        else:
            assert code == text, disassemble(text)


def test_listing() -> None:
    text = bytes.fromhex("1812" + "58100456" + "D203")
    assert [(address, piece.hex(), line) for address, piece, line in listing(text, 0x100)] == [
        (0x100, "1812", "LR    1,2"),
        (0x102, "58100456", "L     1,1110"),
        (0x106, "d203", "DC    X'D203'"),
    ]
