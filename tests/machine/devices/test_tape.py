"""Tape units: what no vector of another emulator shows. Sources: GA32-0020, GA22-6866, GA32-0022."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tapebench import (
    ADDRESS,
    BACKWARD,
    BSB,
    DATA,
    DSE,
    ERASE,
    FSB,
    FSF,
    MARK,
    READ,
    REWIND,
    SENSE_ID,
    WRITE,
    TapeBench,
    ccw,
    reel,
)

from cpvm.machine.devices.tape import Tape
from cpvm.machine.machine import Machine
from cpvm.machine.media.tape.units import UNITS
from cpvm.s370.ccw import CCW

A, B, C = b"A" * 80, b"B" * 100, b"C" * 3200


@pytest.fixture
def bench(tmp_path: Path) -> TapeBench:
    """A 3420 with three blocks, a mark, a block, two marks."""
    return TapeBench(Tape("3420", reel(tmp_path / "reel.aws", A, B, C, b"", A, b"", b"")))


# ---- sense


@pytest.mark.parametrize(
    ("kind", "length"), [("2401", 6), ("2404", 6), ("2415", 6), ("2420", 6), ("3410", 9), ("3420", 24)]
)
def test_sense_has_the_length_of_its_type(kind: str, length: int, tmp_path: Path) -> None:
    bench = TapeBench(Tape(kind, reel(tmp_path / "reel.aws", A)))
    sense = bench.sense()
    assert len(sense) == length
    assert sense[:2] == b"\x00\x48", "ready, load point"
    assert bench.run(0x05) == 0x02
    assert bench.sense()[:2] == b"\x80\x48", "command reject"
    assert bench.sense()[0] == 0, "sense is forgotten when it has been read"


def test_sense_tells_direction_density_and_write_status(bench: TapeBench) -> None:
    assert bench.read() == A
    assert (bench.sense()[1], bench.sense()[3]) == (0x40, 0)
    assert bench.run(BSB) == 0x0C
    assert (bench.sense()[1], bench.sense()[3]) == (0x48, 0x02)
    assert bench.run(0xC3, ccw(WRITE, 80)) == 0x0C
    assert (bench.sense()[1], bench.sense()[3], bench.sense()[6]) == (0x44, 0x04, 0x2B), "write status, 1600 set"
    assert bench.run(REWIND, 0xD3, ccw(WRITE, 80)) == 0x0C
    assert (bench.sense()[3], bench.sense()[6]) == (0x00, 0x3B)
    assert bench.run(0xC3, ccw(WRITE, 80)) == 0x0C
    assert bench.sense()[3] == 0, "a mode set works from the load point only"


def test_sense_id_is_known_to_the_3420_alone(bench: TapeBench, tmp_path: Path) -> None:
    assert bench.run(ccw(SENSE_ID, 7, 0)) == 0x0C
    assert bench.storage.read(DATA, 7).hex() == "ff380302342008"
    old = TapeBench(Tape("2401", reel(tmp_path / "old.aws", A)))
    assert (old.run(ccw(SENSE_ID, 7)), old.sense()[0]) == (0x02, 0x80)


def test_commands_of_new_units_are_rejected_by_old_ones(bench: TapeBench, tmp_path: Path) -> None:
    old = TapeBench(Tape("2401", reel(tmp_path / "old.aws", A)))
    for command in (0x4B, 0x8B, 0xD3, 0xD4, 0xF4):
        assert (old.run(ccw(command)), old.sense()[0]) == (0x02, 0x80), hex(command)
        assert bench.run(ccw(command)) == 0x0C, hex(command)
    assert (old.run(ERASE, DSE), old.sense()[0]) == (0x02, 0x80)


def test_every_mode_set_is_taken(bench: TapeBench) -> None:
    codes = [d << 6 | m << 3 | 3 for d in range(3) for m in (2, 4, 5, 6, 7)]
    for code in (*codes, 0xC3, 0xCB, 0xD3, 0xEB, 0x0B):
        assert bench.run(code) == 0x0C, hex(code)
    assert bench.start(ccw(0xC3)) == 1, "immediate: the status comes with START I/O"


def test_request_track_in_error_takes_a_byte(bench: TapeBench) -> None:
    assert (bench.run(ccw(0x1B, 5)), bench.count()) == (0x0C, 4)


def test_loop_write_to_read_moves_no_tape(bench: TapeBench) -> None:
    assert (bench.run(ccw(0x8B, 500)), bench.count()) == (0x0C, 0)
    assert bench.sense()[4] == 0x04
    assert bench.read() == A


# ---- the end of the reel


def test_unit_exception_behind_the_reflective_spot(tmp_path: Path) -> None:
    bench = TapeBench(Tape("3420", reel(tmp_path / "a.aws"), feet=1))
    bench.run(0xC3)
    statuses = [bench.write(bytes(8000)) for _ in range(3)]
    assert statuses == [0x0C, 0x0C, 0x0D], "5.6 inches each, of 12"
    assert bench.sense()[4] == 0x20, "tape indicate"
    assert bench.run(MARK) == 0x2D
    assert bench.run(BSB) == 0x2D, "over the mark"
    assert bench.run(BSB) == 0x0C
    assert bench.sense()[4] == 0, "before the spot again"
    assert bench.read() == bytes(8000), "reading gives no unit exception there"
    assert bench.sense()[4] == 0x20
    while (status := bench.write(bytes(60000))) == 0x0D:
        pass
    assert status == 0x0E
    assert bench.sense()[0] == 0x10, "off the reel"
    assert bench.run(MARK) == 0x2D, "a mark still fits"


def test_a_reel_has_no_end_unless_it_is_told(bench: TapeBench) -> None:
    for _ in range(60):
        assert bench.write(bytes(65535)) == 0x0C


# ---- writing


def test_no_byte_to_write(bench: TapeBench) -> None:
    bench.storage.set_key(DATA, 0x18)  # fetch-protected, key 1
    bench.storage.write(0x48, (0x20000800).to_bytes(4, "big"))
    bench.storage.write(0x800, ccw(WRITE, 10).to_bytes())
    assert bench.io.sio(ADDRESS) == 0
    bench.io.take()
    assert bench.storage.read(0x44, 4).hex() == "0e10000a"
    assert bench.sense()[0] == 0x02, "word count zero"
    assert bench.read() == A, "the tape did not move"


def test_the_longest_block(bench: TapeBench) -> None:
    half = CCW(WRITE, DATA, 0x80, 40000)
    assert bench.start(half, CCW(0, DATA, 0, 25535)) == 0
    bench.io.take()
    assert bench.storage.read(0x44, 4).hex() == "0c000000"
    assert bench.start(half, CCW(0, DATA, 0, 25536)) == 0
    bench.io.take()
    assert bench.storage.read(0x44, 1).hex() == "0e"
    assert bench.run(BSB) == 0x0C
    block = bench.read()
    assert isinstance(block, bytes)
    assert len(block) == 65535
    assert bench.read() == 0x0E, "the one that is too long was not written"


def test_an_endless_data_chain_does_not_write_for_ever(bench: TapeBench) -> None:
    bench.storage.write(0x900, CCW(0x08, 0x800, 0, 0).to_bytes())
    assert bench.start(CCW(WRITE, DATA, 0x80, 60000), CCW(8, 0x800, 0, 1)) == 0
    bench.io.take()
    assert bench.storage.read(0x44, 1)[0] & 0x02


def test_erasing(bench: TapeBench) -> None:
    assert bench.run(FSB, ERASE) == 0x0C
    assert bench.read() == 0x0E, "what was behind is gone"
    assert bench.run(DSE) == 0x02
    assert bench.sense()[0] == 0x80, "only chained from Erase Gap"
    assert bench.run(REWIND, ERASE, DSE) == 0x0C
    assert bench.read() == 0x0E


def test_a_mark_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    bench = TapeBench(Tape("3420", reel(tmp_path / "a.aws")))
    bench.write(A)
    assert not synced
    bench.run(MARK)
    assert len(synced) == 1
    bench.run(REWIND)
    assert len(synced) == 1, "nothing was written since"


# ---- virtual time


def test_a_rewind_gives_device_end_when_the_tape_is_back(tmp_path: Path) -> None:
    bench = TapeBench(Tape("3420", reel(tmp_path / "a.aws", *[C] * 50, b"")), immediate=False)
    assert bench.start(ccw(FSF)) == 1
    assert bench.storage.read(0x44, 1)[0] == 0x08, "channel end"
    bench.io.elapse(220_500)
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x44, 1)[0] == 0x04
    mils = 50 * (3200 * 1000 // 6250 + 300) + 3500
    assert bench.unit.travel == mils
    assert bench.start(ccw(REWIND)) == 1
    due = round(mils * 45_000_000 / (2400 * 12000))
    bench.io.elapse(due - 1)
    assert bench.io.take() is None
    bench.io.elapse(1)
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x44, 1)[0] == 0x04


def test_a_mark_that_is_spaced_over_brings_control_unit_end(tmp_path: Path) -> None:
    bench = TapeBench(Tape("2415", reel(tmp_path / "a.aws", b"", A)), immediate=False)
    assert bench.start(ccw(FSB)) == 1
    assert bench.storage.read(0x44, 1)[0] == 0x08
    bench.io.elapse(3500 * 1000)
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x44, 1)[0] == 0x25, "device end, control unit end, unit exception"


def test_a_block_takes_its_time(tmp_path: Path) -> None:
    bench = TapeBench(Tape("3420", reel(tmp_path / "a.aws", C)), immediate=False)
    assert bench.start(ccw(READ, 3200)) == 0
    due = round((3200 * 1000 // 6250 + 300) * 1000 / 200)
    bench.io.elapse(due - 1)
    assert bench.io.take() is None
    bench.io.elapse(1)
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x44, 1)[0] == 0x0C


# ---- machines


def test_a_saved_unit_goes_on_where_it_was(bench: TapeBench, tmp_path: Path) -> None:
    bench.run(ccw(READ, 80), FSB)
    bench.run(0x05)
    state = json.loads(json.dumps({k: v.hex() if isinstance(v, bytes) else v for k, v in bench.unit.save().items()}))
    state["sense"] = bytes.fromhex(state["sense"])
    bench.unit.close()
    other = TapeBench(Tape("3420", reel(tmp_path / "other.aws", A, B, C)))
    other.unit.load(state)
    assert other.sense()[0] == 0x80
    assert other.read() == C
    lost = TapeBench(Tape("3420"))
    lost.unit.load(state)
    assert lost.run(ccw(READ)) == 0x02, "the reel is not there"


def test_a_saved_unit_with_a_shorter_reel(bench: TapeBench, tmp_path: Path) -> None:
    bench.run(FSF)
    state = bench.unit.save()
    other = TapeBench(Tape("3420", reel(tmp_path / "other.aws", A)))
    other.unit.load(state)
    assert other.read() == 0x0E
    assert other.write(A) == 0x0E
    assert other.run(ccw(BACKWARD)) == 0x0E
    assert other.run(REWIND) == 0x0C
    assert other.read() == A


@pytest.mark.parametrize("kind", UNITS)
def test_ipl(kind: str, tmp_path: Path) -> None:
    wait = bytes.fromhex("0002000000000ABC")
    first = wait + CCW(READ, 0x1000, 0x60, 80).to_bytes() + CCW(READ, 0x2000, 0x20, 100).to_bytes()
    machine = Machine()
    machine.io.attach(0x181, Tape(kind, reel(tmp_path / "ipl.aws", first, A, B)))
    machine.ipl(0x181)
    stop = machine.run(10)
    assert stop.detail == 0xABC
    assert machine.storage.read(0x1000, 80) == A
    assert machine.storage.read(0x2000, 100) == B


def test_a_saved_machine_goes_on_in_the_middle_of_a_rewind(tmp_path: Path) -> None:
    def machine(name: str) -> Machine:
        made = Machine()
        made.io.immediate = False
        made.io.attach(ADDRESS, Tape("3420", reel(tmp_path / name, C, b"", A, B)))
        return made

    def go(one: Machine, *words: CCW) -> int:
        one.storage.write(0x800, b"".join(word.to_bytes() for word in words))
        one.storage.write(0x48, (0x800).to_bytes(4, "big"))
        cc = one.io.sio(ADDRESS)
        one.io.elapse(0)
        return cc

    first, second = machine("a.aws"), machine("b.aws")
    go(first, ccw(FSF, flags=0x60), ccw(READ, 80))
    first.io.elapse(1_000_000)
    assert first.io.take() == ADDRESS
    assert go(first, ccw(REWIND)) == 1
    first.io.elapse(100)
    first.save(tmp_path / "saved")
    second.restore(tmp_path / "saved")
    for one in (first, second):
        assert go(one, ccw(READ, 80)) == 1, "busy"
        one.io.elapse(1_000_000)
        assert one.io.take() == ADDRESS
        assert one.storage.read(0x40, 8).hex() == "0000000004000000"
        assert go(one, ccw(READ, 3200)) == 0
        one.io.elapse(1_000_000)
        assert one.io.take() == ADDRESS
        assert one.storage.read(DATA, 3200) == C
