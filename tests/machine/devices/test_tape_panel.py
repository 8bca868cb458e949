"""Keys of a tape unit, and what other units on its control unit notice of its motion."""

from __future__ import annotations

from pathlib import Path

import pytest
from tapebench import ADDRESS, BSF, DATA, FSB, FSF, MARK, NOP, READ, REWIND, WRITE, Room, TapeBench, ccw, reel

from cpvm.machine.configure import ConfigurationError, device_from_words
from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.oma import OMATape
from cpvm.machine.media.tape.open import open_tape
from cpvm.machine.media.tape.store import MediaError

A, B = b"A" * 80, b"B" * 100
OTHER = ADDRESS + 1
LONG = 10_000_000  # microseconds: longer than anything here takes but a rewind


@pytest.fixture
def bench(tmp_path: Path) -> TapeBench:
    reel(tmp_path / "a.aws", A, B).close()
    _, unit = device_from_words(["180", "3420", str(tmp_path / "a.aws")], Room())
    assert isinstance(unit, Tape)
    return TapeBench(unit)


# ---- keys


def test_reset_makes_it_not_ready_and_start_ready_again(bench: TapeBench) -> None:
    assert bench.read() == A
    bench.unit.press("reset")
    assert bench.io.take() is None
    assert bench.run(ccw(READ)) == 0x02
    assert bench.sense()[:2] == b"\x40\x22"
    bench.unit.press("start")
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x40, 8).hex() == "0000000004000000"
    assert bench.read() == B, "the tape stood still"


def test_rewind_brings_back_the_load_point(bench: TapeBench) -> None:
    assert bench.read() == A
    bench.unit.press("rewind")
    assert bench.io.take() is None, "it was ready"
    assert bench.sense()[:2] == b"\x00\x48", "ready, at load point"
    assert bench.read() == A
    bench.unit.press("reset")
    bench.unit.press("rewind")
    assert bench.io.take() == ADDRESS
    assert bench.read() == A
    bench.unit.press("unload")
    bench.unit.press("rewind")
    assert bench.io.take() == ADDRESS
    assert bench.read() == A


def test_a_tape_can_be_loaded_from_again(bench: TapeBench) -> None:
    for _ in range(2):
        status = bench.io.ipl(ADDRESS)
        assert (status.cc, status.csw.channel) == (1, 0x20), "the block has no CCWs that make sense"
        assert bench.storage.read(0, 24) == A[:24]
        bench.unit.press("rewind")


def test_keys_of_a_unit_without_reel() -> None:
    unit = Tape("3420")
    for key in ("start", "rewind"):
        with pytest.raises(ConfigurationError, match="no reel is mounted"):
            unit.press(key)
    unit.press("reset")
    unit.press("unload")


def test_system_reset_brings_back_the_usual_density(bench: TapeBench) -> None:
    assert bench.run(ccw(0xCB)) == 0x0C
    bench.io.reset()
    assert bench.write(B) == 0x0C
    assert (bench.unit.density, bench.unit.travel) == (6250, 100 * 1000 // 6250 + 300)
    bench.unit.press("rewind")
    assert bench.run(ccw(0xCB)) == 0x0C
    assert bench.write(B) == 0x0C
    assert (bench.unit.density, bench.unit.travel) == (800, 100 * 1000 // 800 + 600)


# ---- one control unit for several units


def two(tmp_path: Path, *blocks: bytes) -> TapeBench:
    bench = TapeBench(Tape("3420", reel(tmp_path / "a.aws", *blocks)), immediate=False)
    bench.io.attach(OTHER, Tape("3420", reel(tmp_path / "b.aws", A)))
    return bench


def other(bench: TapeBench) -> str:
    """Condition code and status with which the other unit answers a no-operation."""
    bench.storage.write(0x900, ccw(NOP).to_bytes())
    bench.storage.write(0x48, (0x900).to_bytes(4, "big"))
    bench.storage.write(0x40, bytes(8))
    cc = bench.io.sio(OTHER)
    return f"{cc} {bench.storage.read(0x44, 2).hex()}"


@pytest.mark.parametrize("command", [FSB, FSF, MARK])
def test_motion_keeps_the_control_unit_busy(command: int, tmp_path: Path) -> None:
    bench = two(tmp_path, A, b"")
    assert bench.start(ccw(command)) == 1
    assert other(bench) == "1 5000", "status modifier and busy"
    bench.io.elapse(LONG)
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x40, 8).hex() == "0000000024000000", "control unit end, device end"
    assert other(bench) == "1 0c00"


def test_a_rewind_leaves_the_control_unit_free(tmp_path: Path) -> None:
    bench = two(tmp_path, A, b"")
    bench.start(ccw(FSF))
    bench.io.elapse(LONG)
    assert bench.io.take() == ADDRESS
    assert bench.start(ccw(REWIND)) == 1
    assert other(bench) == "1 0c00"


def test_a_check_at_the_end_of_motion_has_no_second_channel_end(tmp_path: Path) -> None:
    """Backspace File that comes to the load point; Forward Space File that comes to where nothing is recorded."""
    bench = two(tmp_path, A, A)
    bench.start(ccw(FSF))
    bench.io.elapse(LONG)
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x40, 8).hex() == "0000000026000000"
    assert bench.sense()[0] == 0x10
    bench.start(ccw(BSF))
    assert bench.storage.read(0x44, 1)[0] == 0x08
    bench.io.elapse(LONG)
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x40, 8).hex() == "0000000026000000"
    assert bench.sense()[:2] == b"\x00\x48", "at load point"


def test_a_transfer_keeps_the_whole_channel(tmp_path: Path) -> None:
    bench = two(tmp_path, A)
    bench.storage.write(DATA, A)
    for command in (READ, WRITE):
        assert bench.start(ccw(command, 80)) == 0
        assert other(bench)[0] == "2"
        bench.io.elapse(LONG)
        assert bench.io.take() == ADDRESS
        assert bench.storage.read(0x44, 2).hex() == "0c00"


# ---- lists of OMA tapes


def test_a_list_that_became_shorter(tmp_path: Path) -> None:
    """A saved unit comes back to a place that is no more."""
    (tmp_path / "a.txt").write_text("ONE\nTWO\n")
    (tmp_path / "a.tdf").write_text("@TDF\na.txt TEXT\na.txt TEXT\n")
    store = open_tape(tmp_path / "a.tdf")
    at = store.forward(0).end  # type: ignore[union-attr]
    second = store.forward(1 << 40).end  # type: ignore[union-attr]
    assert at < 1 << 40 < second
    (tmp_path / "a.tdf").write_text("@TDF\na.txt TEXT\n")
    shorter = open_tape(tmp_path / "a.tdf")
    assert isinstance(shorter, OMATape)
    assert shorter.forward(second) is None
    for place in (second, 3 << 40):
        block = shorter.backward(place)
        assert block is not None
        assert block.fault == "no block ends here"


def test_a_list_with_a_name_that_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "a.tdf").write_text(f"@TDF\n{'x' * 300} TEXT\n")
    with pytest.raises(MediaError, match=r"a\.tdf, line 2: File name too long"):
        open_tape(tmp_path / "a.tdf")
