"""What instructions do with their operands, as read from their semantics."""

from __future__ import annotations

import pytest

from assembler.effects import changed_registers, effects, used_registers
from assembler.instruction import instructions
from assembler.uninstalled import uninstalled


@pytest.mark.parametrize(
    ("names", "stored", "branched", "executed", "changed"),
    [
        ("L LH LA IC ICM A AH S SH M MH D N O X CVB LRA", "", "", "", "r1"),
        ("ST STH STC STCM STM CVD STD STE STCTL TS STCK STIDP STPX", "a2", "", "", ""),
        ("MVC MVI NI OI XI MVN MVZ MVO NC OC XC PACK UNPK TR ED AP SP ZAP MP DP SRP MVCIN STNSM", "a1", "", "", ""),
        ("C CH CL CLI CLC CLM TM TRT CP LCTL SVC LPSW SPM", "", "", "", ""),
        ("BC", "", "a2", "", ""),
        ("BAL BAS BCT BXH BXLE", "", "a2", "", "r1"),
        ("BALR BASR BCTR", "", "r2", "", "r1"),
        ("BCR", "", "r2", "", ""),
        ("EX", "", "", "a2", ""),
        ("CS CDS", "a2", "", "", "r1"),
        ("MVCL CLCL", "", "", "", "r1 r2"),
        ("AD LE MDR LTDR", "", "", "", ""),
    ],
)
def test_effects(names: str, stored: str, branched: str, executed: str, changed: str) -> None:
    for name in names.split():
        found = effects(instructions()[name].row)
        told = tuple(" ".join(sorted(one)) for one in (found.stored, found.branched, found.executed))
        assert told == (stored, branched, executed), name
        if name != "MVCL":
            assert " ".join(sorted(found.changed)) == changed, name


@pytest.mark.parametrize(
    ("name", "code", "used", "changed"),
    [
        ("LM", "98ECD00C", {14, 15, *range(13)}, {14, 15, *range(13)}),
        ("STM", "9023D00C", {2, 3}, set()),
        ("DR", "1D24", {2, 3, 4}, {2, 3}),
        ("LR", "1812", {1, 2}, {1}),
        ("SLDL", "8D400008", {4, 5}, {4, 5}),
        ("BALR", "05EF", {14, 15}, {14}),
        ("LCTL", "B7000100", set(), set()),
        ("CS", "BA120000", {1, 2}, {1}),
        ("AE", "7A001000", set(), set()),
    ],
)
def test_registers(name: str, code: str, used: set[int], changed: set[int]) -> None:
    one = instructions()[name]
    assert set(used_registers(one, bytes.fromhex(code))) == used
    assert set(changed_registers(one, bytes.fromhex(code))) == changed


def test_all_semantics_can_be_read() -> None:
    nothing = [
        name
        for name, one in instructions().items()
        if one.mask is None and "r1" in one.row.operands and not one.row.floating and not effects(one.row).used
    ]
    assert set(nothing) - uninstalled().keys() <= {"LCTL", "STCTL", "DIAG"} | {
        name for name in nothing if instructions()[name].row.extended or name in FLOATING
    }


FLOATING = frozenset(name for name, one in instructions().items() if "hexfloat" in one.row.body.__module__)
