"""Every instruction that can be in a region, in a loop of its own."""

from dataclasses import replace
from random import Random

import pytest

from compiled.regional import SIZE, Regional
from compiled.test_regions_random import ROWS, instruction, registers
from cpvm.machine.compiled.regions.plan import Untranslatable
from cpvm.s370.insn import Insn, by_mnemonic, table

LEFT_OUT = frozenset(("BAL", "BALR", "BAS", "BASR", "BCR", "BC", "BCT", "BCTR", "BXH", "BXLE"))
"""Those that leave the loop, which other tests have."""
HARD = frozenset(("STCK",))
"""Those that are done in Python."""


@pytest.fixture(scope="module")
def machines() -> Regional:
    return Regional()


def _loop(r: Random, row: Insn) -> bytes:
    text = instruction(r, row) + instruction(r, by_mnemonic("ALR"))  # type: ignore[arg-type]
    return text + bytes.fromhex("4690F000" + "0700" * 4)


@pytest.mark.parametrize("row", [row for row in ROWS if row.mnemonic not in LEFT_OUT], ids=lambda row: row.mnemonic)
def test_an_instruction_in_a_loop(machines: Regional, row: Insn) -> None:
    r = Random(row.mnemonic)
    content = r.randbytes(SIZE - 0x1800)
    native = 0
    for _ in range(4):
        text = _loop(r, row)
        machines.translation = None
        machines.set_up(text, registers(r), cc=r.randrange(4))
        machines.write(0x1800, content)
        plan = replace(machines.record(12), entries=(0x1000,))
        try:
            translation = machines.translate(plan)
        except Untranslatable:
            continue
        native += 0x1000 in translation.text
        for case in range(4):
            mask = r.choice((0, 15))
            machines.set_up(text, registers(r), cc=r.randrange(4), program_mask=mask)
            machines.write(0x1800, content)
            for _ in range(6):
                machines.approach(5)
                machines.run(r.choice((1, 2, 3, 4, 7, 20)), f"{text.hex()}, case {case}")
                if machines.reference.psw.mode & 2:
                    break
    assert native > 0 or row.mnemonic in HARD


def test_almost_all_instructions_can_be_in_a_region() -> None:
    assert {row.mnemonic for row in table().values() if not row.privileged} - {r.mnemonic for r in ROWS} == {
        "EX",
        "MC",
        "STCK",
        "SVC",
    }
