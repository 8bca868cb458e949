"""Loops as regions: budgets, ways out, faults in the middle, base registers, EXECUTE, text that is stored into."""

from dataclasses import replace
from typing import Any

import pytest

from compiled.regional import CODE, WAITS, Regional
from cpvm.machine.compiled import state
from cpvm.machine.compiled.regions.function import LARGEST, SMALL
from cpvm.machine.compiled.regions.plan import Plan, Untranslatable

DATA = 0x2000
GENERAL = [0, 0, 0, 0, 50, 5, 6, 7, -(2**31), 2**31 - 1, -1, 0x3000, DATA, 0x4000, 0, CODE]


def looping(*instructions: str) -> bytes:
    """These, and BCT 4 back to the first."""
    return bytes.fromhex("".join(instructions)) + bytes.fromhex("4640F000" + "0700" * 4)


@pytest.fixture(scope="module")
def machines() -> Regional:
    return Regional()


def begin(machines: Regional, program: bytes, general: list[int] | None = None, **psw: Any) -> None:
    machines.set_up(program, general or GENERAL, **psw)
    machines.write(DATA, bytes(range(256)) * 4)


def recorded(machines: Regional, program: bytes, instructions: int = 40, **psw: Any) -> Plan:
    machines.translation = None
    begin(machines, program, **psw)
    return machines.record(instructions)


def each_way(machines: Regional, program: bytes, pieces: list[int], **psw: Any) -> int:
    """Run so many instructions, then so many more ...; gives how often the region was entered."""
    begin(machines, program, **psw)
    before = machines.entered
    for piece in pieces:
        machines.approach(60)
        machines.run(piece, f"{pieces}")
    return machines.entered - before


SUM = looping("5A20C100", "1A25", "5020C104", "5820C104")


def test_every_budget_is_exact(machines: Regional) -> None:
    machines.translate(recorded(machines, SUM))
    for budget in range(1, 26):
        assert each_way(machines, SUM, [20, *[budget] * 4]) >= 4


def test_a_region_of_many_instructions_has_exact_budgets_too(machines: Regional) -> None:
    program = looping(*["5A20C100", "1A25", "5020C104"] * (SMALL // 3 + 1))
    translation = machines.translate(recorded(machines, program, 100))
    assert len(translation.text) > SMALL
    for budget in (*range(1, 10), 40, 41, 42, 43, 44, 45, 46, 90):
        assert each_way(machines, program, [90, *[budget] * 4]) >= 4


def test_a_region_has_its_limit(machines: Regional) -> None:
    program = looping(*["1A25"] * (LARGEST + 100))
    translation = machines.translate(recorded(machines, program, 2 * LARGEST))
    assert len(translation.text) == LARGEST
    begin(machines, program)
    machines.touch()
    for budget in (LARGEST - 1, 2, 98, 1, LARGEST, LARGEST + 1):
        before = machines.entered
        machines.approach(LARGEST + 200)
        machines.run(budget, f"{budget}")
        assert machines.entered > before


# a subroutine, called from two places: BAL 14, BR 14
CALLS = bytes.fromhex("45E0F014 1A23 45E0F014 4640F000 0700 0700 0700 5A20C100 1225 47B0F022 07FE 1B22 07FE 0700 0700")


def test_calls_and_returns_stay_in_the_region(machines: Regional) -> None:
    translation = machines.translate(recorded(machines, CALLS, 60))
    assert len(translation.text) >= 8
    for budget in (1, 2, 3, 5, 8, 13, 21):
        assert each_way(machines, CALLS, [20, *[budget] * 6]) >= 4


@pytest.mark.parametrize("mask", [0, 8])
def test_overflow_in_the_middle(machines: Regional, mask: int) -> None:
    program = looping("41300001", "1A93", "41500002", "1A25")
    machines.translate(recorded(machines, program))
    begin(machines, program, program_mask=mask)
    machines.run(4)
    machines.approach(9)
    machines.run(9, "overflow")
    assert (machines.reference.psw.address == WAITS.address) == (mask == 8)


FAULTS = {
    "protected": "5020D000",
    "not there": "58206000",
    "protected, several": "9057D000",
    "protected, moved": "D207D000C000",
    "division": "1D68",
    "digits": "4F20C000",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_middle_finds_everything_as_it_was(machines: Regional, name: str) -> None:
    program = looping("1A25", "8A200003", FAULTS[name], "1A25", "1E35")
    general = [*GENERAL]
    good = {"digits": (DATA, bytes.fromhex("000000000000123C"))}.get(name)

    def start(at_fault: bool) -> None:
        general[6], general[7], general[8] = 0, 1000, 7
        if at_fault:
            general[6] = 0xFFF000 if name == "not there" else 0
            general[8] = 0 if name == "division" else 7
        begin(machines, program, general, mode=0, key=0 if name == "not there" else 1)
        if good and not at_fault:
            machines.write(*good)
        for m in machines.both:
            for block in (CODE, DATA, 0):
                m.storage.set_key(block, 0x10)
            m.storage.set_key(0x4000, 0x20 if at_fault and "protected" in name else 0x10)

    machines.translation = None
    start(False)
    machines.translate(machines.record(40))
    start(False)
    machines.run(30)
    for ahead in range(8):
        start(True)
        machines.run(1)
        for m in machines.both:
            m.psw = replace(m.psw, address=CODE)
        before = machines.entered
        machines.run(1 + ahead)
        machines.run(20, f"{name}, {ahead}")
        assert machines.entered > before
        assert machines.reference.psw.address == WAITS.address


def test_another_base_address_is_noticed(machines: Regional) -> None:
    machines.translate(recorded(machines, SUM))
    for base in (CODE + 4, CODE | 0x5A000000, CODE + (1 << 24), 0x3000):
        begin(machines, SUM)
        machines.write(0x3000, SUM)
        machines.touch()
        for m in machines.both:
            m.gr[15] = base
        for _ in range(6):
            machines.run(7, f"{base:X}")


def test_a_base_register_that_is_loaded_is_looked_at(machines: Regional) -> None:
    program = looping("98FFC200", "1A25")
    begin(machines, program)
    for base in (CODE, CODE + 4, CODE | 0x7F000000):
        machines.translation = None
        begin(machines, program)
        machines.write(DATA + 0x200, CODE.to_bytes(4, "big"))
        machines.translate(machines.record(30))
        begin(machines, program)
        machines.write(DATA + 0x200, CODE.to_bytes(4, "big"))
        machines.run(8)
        machines.write(DATA + 0x200, base.to_bytes(4, "big"))
        machines.approach(4)
        before = machines.entered
        machines.run(11, f"{base:X}")
        assert machines.entered > before


# L 1,DATA+0x80; EX 1,MVC; EX 0,CLC ...; BCT
EXECUTES = bytes.fromhex("5810C080 4410F020 4400F026 0530 4410F02C 4640F000 0700 0700 0700 0700")
TARGETS = bytes.fromhex("D200D000C010 D507D000C010 DD00C010D200")


def executing() -> bytes:
    return EXECUTES + bytes.fromhex("0700") + TARGETS


def executed(machines: Regional) -> Plan:
    plan = recorded(machines, executing(), 40)
    text = machines.reference.storage.read
    targets = {CODE + 4: CODE + 32, CODE + 8: CODE + 38, CODE + 14: CODE + 44}
    return replace(plan, executed={ia: (a, bytes(text(a, 6))) for ia, a in targets.items()})


def test_execute_is_done_in_line(machines: Regional) -> None:
    translation = machines.translate(executed(machines))
    assert {CODE + 4, CODE + 8, CODE + 14, CODE + 32, CODE + 38, CODE + 44} <= set(translation.text)
    for length in (0, 1, 7, 15, 100, 255):
        for budget in (1, 2, 3, 4, 5, 6, 7, 13):
            begin(machines, executing())
            machines.write(DATA + 0x80, length.to_bytes(4, "big"))
            before = machines.entered
            for _ in range(4):
                machines.approach(9)
                machines.run(budget, f"length {length}, budget {budget}")
            assert machines.entered > before


def test_execute_without_a_known_target_is_left_to_the_interpreter(machines: Regional) -> None:
    translation = machines.translate(recorded(machines, executing(), 40))
    assert CODE + 4 not in translation.text
    assert each_way(machines, executing(), [20, 7, 7, 7]) > 0


def test_execute_of_something_else_is_noticed(machines: Regional) -> None:
    program = bytes.fromhex("4410B000 1A25 4640F000 0700 0700")  # B is no base register that branches tell of
    machines.translation = None
    begin(machines, program)
    machines.write(0x3000, TARGETS)
    plan = replace(machines.record(20), executed={CODE: (0x3000, TARGETS[:6])})
    assert 0x3000 in machines.translate(plan).text
    for target in (0x3000, 0x3006, 0x3001):
        begin(machines, program)
        machines.write(0x3000, TARGETS)
        machines.write(0x4000, b"before")
        machines.touch()
        for m in machines.both:
            m.gr[11] = target
        before = machines.entered
        machines.run(8, f"{target:X}")
        assert machines.entered > before


INTO = {
    "STC": ("42207000", 0),
    "MVI": ("92017000", 0),
    "STH": ("40207000", 1),
    "ST": ("50207000", 3),
    "STD": ("60007000", 7),
    "STM": ("90507000", 47),
    "MVC": ("D20C7000C005", 12),
    "MVC, long": ("D2287000C005", 40),
    "XC": ("D70F7000C005", 15),
}


@pytest.mark.parametrize("name", INTO)
def test_a_store_into_the_text_comes_before_what_follows(machines: Regional, name: str) -> None:
    """Beside the text there is room to store into; nothing is stored there into the text."""
    store, behind = INTO[name]
    program = looping(store, "4110F0F0", "41200000", "41220001", "9500C004")
    machines.translation = None
    general = [*GENERAL]
    general[7] = CODE + 0x100
    begin(machines, program, general)
    translation = machines.translate(machines.record(8))
    end = max(ia + len(text) for ia, text in translation.text.items())
    for place in (CODE - 1 - behind, CODE - behind, CODE + 2 - behind, end - 1, end, end + 1, CODE + 8, CODE + 9):
        begin(machines, program, general)
        machines.touch()
        before = machines.entered
        machines.run(8)
        for m in machines.both:
            m.gr[7] = place
        machines.approach(9)
        beside = end <= place or place + behind < CODE
        exits = machines.engine.exits[state.RESTART]
        machines.run(7, f"{name} at {place:X}")
        assert (machines.engine.exits[state.RESTART] == exits) == beside
        machines.run(20, f"{name} at {place:X}, then")
        assert machines.entered > before


@pytest.mark.parametrize("apart", [0, 1, 2, 7, 15, 16, 39, 40, -1, -15])
@pytest.mark.parametrize("move", ["D20F7000C020", "D2277000C020", "D7277000C020", "D5277000C020", "D2007000C020"])
def test_areas_that_overlap(machines: Regional, move: str, apart: int) -> None:
    program = looping(move, "1A25")
    machines.translation = None
    general = [*GENERAL]
    general[7] = DATA + 0x20 + apart
    begin(machines, program, general)
    machines.translate(machines.record(9))
    begin(machines, program, general)
    machines.touch()
    before = machines.entered
    machines.run(9, f"{move}, {apart}")
    assert machines.entered > before


def test_a_branch_that_was_never_taken_leaves(machines: Regional) -> None:
    program = looping("5920C000", "4770F010", "1A25", "0700") + bytes.fromhex("1B22 47F0F00C")
    plan = recorded(machines, program)
    machines.translate(replace(plan, after={ia: dict(list(t.items())[:1]) for ia, t in plan.after.items()}))
    for budget in (1, 3, 5, 9):
        assert each_way(machines, program, [7, *[budget] * 5]) > 0


def test_addresses_wrap_at_16m(machines: Regional) -> None:
    program = looping("43320FFE", "D2032FFCC000", "1A35", "41732001")
    general = [*GENERAL]
    general[2] = 0x3000
    machines.translation = None
    begin(machines, program, general)
    machines.translate(machines.record(20))
    for address in (0xFFFFFF, 0xFFF004, -0x1000 + 8, 0xFFF000, 0x1FFFFFE):
        begin(machines, program)
        for m in machines.both:
            m.gr[2] = address
        before = machines.entered
        for _ in range(4):
            machines.approach(5)
            machines.run(6, f"{address:X}")
        assert machines.entered > before or machines.reference.psw.address == WAITS.address


@pytest.mark.parametrize("at", [0x7FC, 0x7FD, 0x7FF])
@pytest.mark.parametrize("access", ["5820F", "5020F", "4020F", "9023F", "4320F"])
def test_what_is_known_to_go_over_a_boundary_is_looked_at(machines: Regional, access: str, at: int) -> None:
    program = looping("1A25", f"{access}{at:03X}")
    machines.translate(recorded(machines, program, 9))
    begin(machines, program, key=1)
    for m in machines.both:
        for block in (CODE, DATA):
            m.storage.set_key(block, 0x10)
        m.storage.set_key(CODE + 2048, 0x28)
    machines.touch()
    before = machines.entered
    for _ in range(4):
        machines.approach(3)
        machines.run(4, f"{access}{at:03X}")
    assert machines.entered > before


def test_a_stop_that_is_wished_comes_at_the_next_way_back(machines: Regional) -> None:
    machines.translate(recorded(machines, SUM))
    begin(machines, SUM)
    machines.touch()
    machines.run(5)
    run = machines.engine._run

    entered = machines.entered

    def stopping(address: int) -> int:
        machines.engine._words[state.STOP >> 3] = 1
        return int(run(address))

    machines.engine._run = stopping
    machines.native.cpu.attention = False
    try:
        done = machines.engine._native(1000)
    finally:
        machines.engine._run = run
    assert machines.entered == entered + 1
    assert done == 5


def test_what_is_left_out_is_left_out(machines: Regional) -> None:
    plan = recorded(machines, SUM)
    translation = machines.translate(replace(plan, without=frozenset((CODE + 4,))))
    assert CODE + 4 not in translation.text
    assert each_way(machines, SUM, [20, 7, 7, 7]) > 0
    with pytest.raises(Untranslatable):
        machines.translate(replace(plan, without=frozenset(plan.text)))
    machines.translation = None


def test_nonsense_is_untranslatable(machines: Regional) -> None:
    for text in (b"\0\0", b"\xff\xff\xff\xff\xff\xff", b"\x58", b"\x0a\x01"):
        with pytest.raises(Untranslatable):
            machines.translate(Plan({CODE: text}, {CODE: {CODE: 5}}, (CODE,)))
    with pytest.raises(Untranslatable):
        machines.translate(Plan({}, {}, ()))
