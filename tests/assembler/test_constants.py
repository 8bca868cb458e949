"""DC: every type, its modifiers, and what is refused (cases in `cases/constants.txt`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assembler import assemble
from assembler.assembly import Assembly

LINES = [
    line
    for line in (Path(__file__).parent / "cases" / "constants.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
GOOD = [line.rsplit(" = ", 1) for line in LINES if re.search(r" = ([0-9A-F]+|-)$", line)]
BAD = [line.rsplit(" ! ", 1) for line in LINES if re.search(r" ! IFO\d+$", line)]


def dc(operand: str, op: str = "DC") -> Assembly:
    return assemble(["T        CSECT", f"X        {op}    {operand}", "         END"])


def test_every_line_is_a_case() -> None:
    assert len(GOOD) + len(BAD) == len(LINES)


@pytest.mark.parametrize(("operand", "expected"), GOOD)
def test_value(operand: str, expected: str) -> None:
    done = dc(operand)
    assert (done.statements[1].code.hex().upper() or "-", done.messages) == (expected, [])


@pytest.mark.parametrize(("operand", "number"), BAD)
def test_refused(operand: str, number: str) -> None:
    done = dc(operand)
    assert [message.number for message in done.messages] == [number]
    assert done.messages[0].statement == 2
    assert done.messages[0].column >= 1
    assert done.return_code == done.messages[0].severity


@pytest.mark.parametrize(
    ("operand", "length", "kind", "size"),
    [
        ("F", 4, "F", 4),
        ("0D", 8, "D", 0),
        ("CL80", 80, "C", 80),
        ("80C", 1, "C", 80),
        ("XL3", 3, "X", 3),
        ("3XL3", 3, "X", 9),
        ("FL3", 3, "G", 3),
        ("AL3", 3, "R", 3),
        ("E", 4, "E", 4),
        ("DL5", 5, "K", 5),
        ("P'123'", 2, "P", 2),
        ("C'HELLO'", 5, "C", 5),
        ("2H,F", 2, "H", 8),
        ("X,F", 1, "X", 8),
        ("L", 16, "L", 16),
    ],
)
def test_storage(operand: str, length: int, kind: str, size: int) -> None:
    done = dc(operand, "DS")
    symbol = done.symbols["X"]
    assert (symbol.length, symbol.type, done.sections["T"].size) == (length, kind, size)


def test_alignment_skips_to_the_boundary_and_leaves_gaps_out() -> None:
    source = """T CSECT
A DC X'1'
B DC F'2'
C DC X'3',H'4',D'5'
D DC XL2'6'
 END""".splitlines()
    done = assemble(source)
    assert [done.symbols[name].value for name in "ABCD"] == [0, 4, 8, 24]
    assert done.image().data[:26].hex() == "0100000000000002030000040000000041500000000000000006"


def test_location_counter_moves_with_each_duplicate() -> None:
    done = assemble([" START 0", " DC 3A(*)", " END"])
    assert done.image().data[:12].hex() == "000000000000000400000008"
