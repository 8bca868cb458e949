"""Access tables do not grow without a bound, and what they say stays right when they begin anew."""

from __future__ import annotations

import everyengine
import pytest

from cpvm.machine import Machine
from cpvm.machine.access import MOST_ENTRIES
from cpvm.s370.psw import PSW

BLOCK = 2048
SIZE = 16 << 20


def entries(machine: Machine) -> int:
    return sum(len(table) for pair in machine.cpu._tables.values() for table in pair)


@pytest.mark.parametrize("engine", everyengine.ALL)
def test_a_program_with_all_keys_takes_no_more_and_more(engine: str) -> None:
    machine = Machine(SIZE, engine=engine)
    most = 0
    for key in range(16):
        machine.psw = PSW.from_bytes(bytes((0, key << 4, 0, 0, 0, 0, 0, 0)))
        for at in range(0, SIZE, BLOCK):
            machine.cpu.fetch1(at)
        most = max(most, entries(machine))
    assert SIZE // BLOCK * 6 < most <= MOST_ENTRIES


@pytest.mark.parametrize("engine", everyengine.ALL)
def test_a_move_through_tables_that_begin_anew(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpvm.machine.access.MOST_ENTRIES", 5)
    machine = Machine(1 << 16, engine=engine)
    data = bytes(range(256)) * 16
    machine.storage.write(0x1000, data)
    machine.storage.write(0x8F00, data[:512])
    # MVCL of 4096 bytes, then MVC of 256 from one block into two
    machine.storage.write(0x200, bytes.fromhex("0E24 D2FFA000B000 47F00208"))
    for register, value in ((2, 0x8400), (3, 4096), (4, 0x1000), (5, 4096), (10, 0xA7C0), (11, 0x1000)):
        machine.gr[register] = value
    machine.psw = PSW.from_bytes(bytes.fromhex("0000000000000200"))
    machine.run(1000)
    assert machine.storage.read(0x8400, 4096) == data
    assert machine.storage.read(0xA7C0, 256) == data[:256]
    assert machine.gr[3] == machine.gr[5] == 0
