"""Machine instructions: every encoding against another assembler's, extended mnemonics, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from assembler import assemble
from assembler.addressing import CANNOT
from assembler.instruction import instructions
from cpvm.s370.insn import table

ENCODINGS = [
    (line[:12].strip(), line[13:20].strip(), line[20:].strip())
    for line in (Path(__file__).parent / "encodings.txt").read_text().splitlines()
]

# Instructions that the other assembler does not know, encoded by Principles of Operation, GA22-7000.
BY_THE_MANUAL = (
    [
        (code + place, op, operands)
        for code, op in (
            ("9C00", "SIO"),
            ("9C01", "SIOF"),
            ("9D00", "TIO"),
            ("9D01", "CLRIO"),
            ("9E00", "HIO"),
            ("9E01", "HDV"),
            ("9F00", "TCH"),
            ("B203", "STIDC"),
            ("B213", "RRB"),
            ("9F01", "CLRCH"),
            ("B200", "CONCS"),
            ("B201", "DISCS"),
        )
        for place, operands in (("0000", "0(0)"), ("0123", "291(0)"), ("E123", "291(14)"), ("FFFF", "4095(15)"))
    ]
    + [
        (code + registers, op, operands)
        for code, op in (("08", "SSK"), ("09", "ISK"))
        for registers, operands in (("00", "0,0"), ("12", "1,2"), ("F0", "15,0"), ("0F", "0,15"), ("FF", "15,15"))
    ]
    + [
        (code + place, op, operands)
        for code, op in (("85", "RDD"), ("84", "WRD"))
        for place, operands in (("000000", "0(0),0"), ("C1E123", "291(14),C'A'"), ("FFFFFF", "4095(15),255"))
    ]
)


def assembled(op: str, operands: str) -> tuple[str, list[str]]:
    done = assemble(["T        CSECT", f"         {op:<5} {operands}", "         END"])
    return done.statements[1].code.hex().upper(), [f"{m.number} {m.text}" for m in done.messages]


@pytest.mark.parametrize("op", sorted({op for _, op, _ in ENCODINGS + BY_THE_MANUAL}))
def test_encodings(op: str) -> None:
    lines = [(code, operands) for code, name, operands in ENCODINGS + BY_THE_MANUAL if name == op]
    done = assemble(["T        CSECT", *[f"         {op:<5} {operands}" for _, operands in lines], "         END"])
    codes = [st.code.hex().upper() for st in done.statements[1:-1]]
    assert list(zip(codes, [operands for _, operands in lines], strict=True)) == lines
    assert not done.messages


def test_each_instruction_has_encodings_and_none_is_of_one_that_is_gone() -> None:
    assert {op for _, op, _ in ENCODINGS + BY_THE_MANUAL} == set(instructions())


@pytest.mark.parametrize("op", sorted({row.mnemonic for row in table().values()}))
def test_every_field_goes_where_the_table_says(op: str) -> None:
    instruction = instructions()[op]
    row = instruction.row
    value = {"l": 5, "l1": 5, "l2": 3, "x2": 2, "b1": 9, "b2": 11, "d1": 257, "d2": 514, "r1": 4, "r2": 0, "r3": 6,
             "m1": 7, "m3": 9, "i1": 77, "i2": 99, "i3": 5}  # fmt: skip
    operands = []
    for _, field, length in instruction.order:
        if not field.startswith("a"):
            operands.append(str(value[field]))
            continue
        number = field[1]
        inside = f"{value['b' + number]}"
        if instruction.is_rx:
            inside = f"{value['x2']},{inside}"
        elif length.startswith("l"):
            inside = f"{value[length] + 1},{inside}"
        elif length:
            inside = f"{value[length]},{inside}"
        operands.append(f"{value['d' + number]}({inside})")
    expected = row.encode(**{name: value[name] for name in row.fields})
    assert assembled(op, ",".join(operands)) == (expected.hex().upper(), [])


def test_registers_that_cannot_be_right_are_warned_of() -> None:
    assert assembled("MR", "3,4") == ("1C34", ["IFO323 REGISTER 3 IS NOT EVEN"])
    assert assembled("ADR", "1,2") == ("2A12", ["IFO323 REGISTER 1 IS NO FLOATING-POINT REGISTER"])


@pytest.mark.parametrize(
    ("op", "operands", "message"),
    [
        ("LR", "16,0", "IFO320 REGISTER OR MASK 16 IS NOT BETWEEN 0 AND 15"),
        ("LR", "1", "IFO210 TOO FEW OPERANDS, 2 ARE NEEDED"),
        ("LR", "1,2,3", "IFO211 TOO MANY OPERANDS, 2 ARE NEEDED"),
        ("L", "1,4096(2)", "IFO209 ADDRESSABILITY ERROR - BASE AND DISPLACEMENT CANNOT BE RESOLVED: 4096"),
        ("L", "1,4096(,2)", "IFO321 DISPLACEMENT 4096 IS NOT BETWEEN 0 AND 4095"),
        ("L", "1,T(,2)", "IFO228 RELOCATABLE DISPLACEMENT IN MACHINE INSTRUCTION"),
        (
            "L",
            "1,T",
            f"IFO209 {CANNOT}: T+X'0', NO USING COVERS IT",
        ),
        ("MVC", "0(257,1),0(2)", "IFO224 LENGTH ERROR - 257 IS NOT BETWEEN 0 AND 256"),
        ("AP", "0(17,1),0(1,2)", "IFO224 LENGTH ERROR - 17 IS NOT BETWEEN 0 AND 16"),
        ("MVI", "0(1),256", "IFO320 IMMEDIATE VALUE 256 IS NOT BETWEEN 0 AND 255"),
        ("STM", "1,2,0(3,4)", "IFO216 ILLEGAL OPERAND FORMAT - ONLY A BASE REGISTER MAY STAND IN PARENTHESES"),
        ("XYZZY", "1", "IFO078 UNDEFINED OP CODE XYZZY"),
        ("DC", "F'X'", "IFO236 ILLEGAL CHARACTER IN EXPRESSION - X"),
        ("SVC", "NOWHERE", "IFO188 NOWHERE IS AN UNDEFINED SYMBOL"),
        ("LR", "(1,2", "IFO178 SYNTAX ERROR AT ,"),
        ("LA", "1,2+", "IFO234 PREMATURE END OF EXPRESSION"),
    ],
)
def test_refused(op: str, operands: str, message: str) -> None:
    assert assembled(op, operands)[1] == [message]
