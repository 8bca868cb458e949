"""Loops as regions: budgets, ways out, faults in the middle."""

import pytest

from compiled.regional import CODE, Regional

DATA = 0x2000
GENERAL = [0, CODE, 0, 0, 50, 5, 6, 7, 0x80000000, 0x7FFFFFFF, 0xFFFFFFFF, 0x3000, DATA, 0x4000, 0, CODE]


def looping(*instructions: str) -> bytes:
    """These, and BCT 4 back to the first."""
    return bytes.fromhex("".join(instructions)) + bytes.fromhex("4640F000" + "0700" * 4)


@pytest.fixture(scope="module")
def machines() -> Regional:
    return Regional()


SUM = looping("5A20C100", "1A25", "5020C104", "5820C104")


def test_every_budget_is_exact(machines: Regional) -> None:
    machines.set_up(SUM, GENERAL)
    plan = machines.record(30)
    machines.translate(plan)
    for budget in range(1, 26):
        machines.set_up(SUM, GENERAL)
        machines.write(DATA + 0x100, (3).to_bytes(4, "big"))
        machines.run(25)  # which fills the tables
        before = machines.entered
        machines.native.psw = machines.reference.psw
        for _ in range(4):
            machines.run(budget, f"budget {budget}")
        assert machines.entered > before
