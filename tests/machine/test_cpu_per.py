"""Program-event recording: which instructions make an event, and what the interruption says."""

import pytest

from cpvm.machine import Machine, StopReason
from cpvm.s370.psw import PSW

CODE, HANDLER, DATA = 0x1000, 0x2000, 0x3000
BRANCH, FETCH, STORE, REGISTER = 0x80, 0x40, 0x20, 0x10
PER_ON = 0x40


def machine(code: str, events: int, start: int = 0, end: int = 0xFFFFFF, registers: int = 0xFFFF) -> Machine:
    """A machine that runs code with PER on; a program interruption ends in a disabled wait."""
    m = Machine(1 << 16)
    m.storage.write(CODE, bytes.fromhex(code))
    m.storage.write(0x68, PSW(mode=10, address=HANDLER).to_bytes())
    m.storage.write(0x60, PSW(mode=8, address=0x4000).to_bytes())
    m.storage.write(0x94, b"\xee\xee\xee\xee\xff\xff\xff\xff")
    m.set_cr(9, events << 24 | registers)
    m.set_cr(10, start)
    m.set_cr(11, end)
    m.gr[12] = CODE
    m.gr[13] = DATA
    m.psw = PSW(system_mask=PER_ON, mode=8, address=CODE)
    return m


def happened(m: Machine, limit: int = 1) -> tuple[int, int, int]:
    """Interruption code, PER code and PER address after running; zeros if there was no interruption."""
    m.run(limit)
    if m.psw.address != HANDLER:
        return 0, 0, 0
    assert m.storage.read(0x94, 2) == b"\xee\xee"
    code = int.from_bytes(m.storage.read(0x8E, 2), "big")
    assert m.storage.read(0x97, 2) == (b"\0\0" if code & 0x80 else b"\xee\xff")
    return code, m.storage.read(0x96, 1)[0], int.from_bytes(m.storage.read(0x98, 4), "big")


@pytest.mark.parametrize(
    ("code", "events"),
    [
        ("1812", FETCH | REGISTER),
        ("5010D000", FETCH | STORE),
        ("5810D000", FETCH | REGISTER),
        ("47F0C010", FETCH | BRANCH),
        ("4700C010", FETCH),
        ("07FC", FETCH | BRANCH),
        ("0700", FETCH),
        ("45E0C010", FETCH | BRANCH | REGISTER),
        ("05E0", FETCH | REGISTER),
        ("46E0C010", FETCH | BRANCH | REGISTER),
        ("4DE0C010", FETCH | BRANCH | REGISTER),
        ("D203D000C000", FETCH | STORE),
        ("92FFD000", FETCH | STORE),
        ("D703D000D000", FETCH | STORE),
        ("D503D000D000", FETCH),
        ("9812D000", FETCH | REGISTER),
        ("9012D000", FETCH | STORE),
        ("4010D000", FETCH | STORE),
        ("6000D000", FETCH | STORE),
        ("B205D000", FETCH | STORE),
        ("BE13D000", FETCH | STORE),
        ("BF13D000", FETCH | REGISTER),
        ("5A10D000", FETCH | REGISTER),
        ("1E12", FETCH | REGISTER),
        ("4F10D010", FETCH | REGISTER),
        ("4E10D010", FETCH | STORE),
        ("FA00D017D017", FETCH | STORE),
        ("DC03D000D000", FETCH | STORE),
        ("2800", FETCH),
    ],
)
def test_events_of_instructions(code: str, events: int) -> None:
    m = machine(code, 0xF0)
    m.storage.write(DATA + 0x10, bytes.fromhex("000000000000001C"))
    assert happened(m) == (0x80, events, CODE)
    for event in (BRANCH, FETCH, STORE, REGISTER):
        m = machine(code, event)
        m.storage.write(DATA + 0x10, bytes.fromhex("000000000000001C"))
        assert happened(m) == ((0x80, event, CODE) if events & event else (0, 0, 0))


def test_the_old_psw_points_behind_the_instruction() -> None:
    m = machine("47F0C010", BRANCH)
    happened(m)
    assert PSW.from_bytes(m.storage.read(0x28, 8)) == PSW(system_mask=PER_ON, mode=8, address=CODE + 0x10)
    assert m.storage.read(0x8C, 2) == b"\0\4"


def test_nothing_happens_with_per_off() -> None:
    m = machine("1812", 0xF0)
    m.psw = PSW(mode=8, address=CODE)
    assert happened(m) == (0, 0, 0)
    m = machine("1812", 0xF0)
    m.psw = PSW(system_mask=PER_ON, address=CODE)  # in the BC mode that bit is channel 1
    assert happened(m) == (0, 0, 0)
    assert happened(machine("1812", 0)) == (0, 0, 0)


@pytest.mark.parametrize("r", range(16))
def test_registers_are_chosen(r: int) -> None:
    load = f"58{r:X}0D000"
    assert happened(machine(load, REGISTER, registers=0x8000 >> r))[1] == REGISTER
    assert happened(machine(load, REGISTER, registers=0xFFFF ^ 0x8000 >> r))[1] == 0


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (DATA, DATA, True),
        (DATA + 3, DATA + 3, True),
        (DATA + 4, DATA + 100, False),
        (0, DATA - 1, False),
        (0, DATA, True),
        (DATA + 1, DATA + 2, True),
        (DATA + 100, DATA, True),  # around the end of storage
        (DATA + 100, DATA - 1, False),
        (0xFFFFFF, 0, False),
        (DATA + 3, 0, True),
    ],
)
def test_area_of_storing(start: int, end: int, found: bool) -> None:
    for store in ("5010D000", "D203D000C000", "9011D000", "D703D000D000", "FA30D000C100"):
        m = machine(store, STORE, start, end)
        m.storage.write(DATA, bytes.fromhex("0000000C"))
        m.storage.write(CODE + 0x100, b"\x1c")
        assert (happened(m)[1] == STORE) is found, store


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [(CODE, CODE, True), (CODE + 1, CODE + 3, False), (0, CODE - 1, False), (CODE + 2, CODE, True), (CODE, 0, True)],
)
def test_area_of_fetching(start: int, end: int, found: bool) -> None:
    assert (happened(machine("5810D000", FETCH, start, end))[1] == FETCH) is found


def test_branches_do_not_look_at_the_area() -> None:
    assert happened(machine("07FC", BRANCH, 0x8000, 0x8001)) == (0x80, BRANCH, CODE)


def test_execute() -> None:
    """The address is that of EXECUTE; fetching the target counts too."""
    code = "4400C010" + "0700" * 6 + "1812"
    assert happened(machine(code, REGISTER)) == (0x80, REGISTER, CODE)
    assert happened(machine(code, FETCH, CODE + 0x10, CODE + 0x10)) == (0x80, FETCH, CODE)
    assert happened(machine(code, FETCH, CODE + 2, CODE + 0xF)) == (0, 0, 0)


def test_with_other_program_interruptions() -> None:
    """Completed instructions keep their events; of suppressed ones only the fetch remains; nullified ones have none."""
    m = machine("1A12", 0xF0)
    m.gr[1] = m.gr[2] = 0x7FFFFFFF
    m.psw = PSW(system_mask=PER_ON, mode=8, program_mask=8, address=CODE)
    assert happened(m) == (0x88, FETCH | REGISTER, CODE)
    m = machine("5010D000", 0xF0)
    m.gr[13] = 0xFFFFF0
    assert happened(m) == (0x85, FETCH, CODE)
    m = machine("5010D000", STORE)
    m.gr[13] = 0xFFFFF0
    assert happened(m)[0] == 5
    assert m.storage.read(0x96, 6).hex() == "eeeeffffffff"
    m = machine("5010D000", 0xF0)
    m.storage.write(0x5000, bytes.fromhex("F0005100"))
    m.storage.write(0x5100, bytes.fromhex("0000" + "0010" + "0020" + "0008"))
    m.set_cr(0, 0x00800000)
    m.set_cr(1, 0x5000)
    m.psw = PSW(system_mask=PER_ON | 4, mode=8, address=CODE)
    assert happened(m)[0] == 0x11
    assert m.storage.read(0x96, 6).hex() == "eeeeffffffff"


def test_an_instruction_that_cannot_be_fetched_makes_no_event() -> None:
    m = machine("", 0xF0)
    m.psw = PSW(system_mask=PER_ON, mode=8, address=0xFFFF00)
    assert happened(m)[0] == 5
    assert m.storage.read(0x96, 6).hex() == "eeeeffffffff"


def test_after_a_supervisor_call() -> None:
    """First the SVC interruption, at once followed by that for the event."""
    m = machine("0A07", FETCH)
    assert happened(m) == (0x80, FETCH, CODE)
    assert PSW.from_bytes(m.storage.read(0x28, 8)).address == 0x4000
    assert PSW.from_bytes(m.storage.read(0x20, 8)).address == CODE + 2
    assert m.storage.read(0x88, 4).hex() == "00020007"


def test_loading_a_psw_with_per_on() -> None:
    """PER counts from the next instruction on; the one that switches it off is still watched."""
    m = machine("8200C010" + "1812", FETCH)
    m.psw = PSW(mode=8, address=CODE)
    m.storage.write(CODE + 0x10, PSW(system_mask=PER_ON, mode=8, address=CODE + 4).to_bytes())
    assert happened(m, 5) == (0x80, FETCH, CODE + 4)
    m = machine("AC00C010" + "1812" + "0000", FETCH)
    assert happened(m, 1) == (0x80, FETCH, CODE)


def test_a_long_move_is_recorded_for_each_of_its_parts() -> None:
    m = machine("0E02", STORE)
    m.gr[0], m.gr[1], m.gr[2], m.gr[3] = DATA, 6000, 0x8000, 6000
    assert happened(m) == (0x80, STORE, CODE)


def test_handlers_with_per_on_come_to_an_end() -> None:
    """A handler that is watched itself is a loop which the budget ends."""
    m = machine("1812", FETCH)
    m.storage.write(0x68, PSW(system_mask=PER_ON, mode=8, address=HANDLER).to_bytes())
    m.storage.write(HANDLER, bytes.fromhex("0700"))
    stop = m.run(100)
    assert (stop.reason, stop.instructions) == (StopReason.BUDGET, 100)
