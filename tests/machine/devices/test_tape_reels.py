"""Reels on tape units: mounted, unloaded, damaged, new; and the operator's words for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tapebench import (
    ADDRESS,
    BACKWARD,
    BSB,
    BSF,
    DATA,
    ERASE,
    FSB,
    FSF,
    MARK,
    NOP,
    READ,
    REWIND,
    SENSE_ID,
    SLI,
    UNLOAD,
    WRITE,
    Room,
    TapeBench,
    ccw,
    reel,
)

from cpvm.machine.configure import ConfigurationError, device_from_words
from cpvm.machine.device import MediaError
from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.store import Block

A, B, C = b"A" * 80, b"B" * 100, b"C" * 3200


@pytest.fixture
def bench(tmp_path: Path) -> TapeBench:
    """A 3420 with three blocks, a mark, a block, two marks."""
    return TapeBench(Tape("3420", reel(tmp_path / "reel.aws", A, B, C, b"", A, b"", b"")))


# ---- ready and not ready


def test_a_unit_without_reel_wants_intervention() -> None:
    bench = TapeBench(Tape("3420"))
    for command in (READ, WRITE, NOP, REWIND, 0xC3):
        assert bench.run(ccw(command)) == 0x02
        assert bench.sense()[:2] == b"\x40\x22"
    assert bench.run(ccw(SENSE_ID, 7)) == 0x0C


def test_a_reel_that_is_mounted_gives_device_end(tmp_path: Path) -> None:
    reel(tmp_path / "a.aws", A).close()
    bench = TapeBench(Tape("3420"))
    bench.unit.mount(str(tmp_path / "a.aws"), {}, Room())
    assert bench.io.take() == ADDRESS
    assert bench.storage.read(0x40, 8).hex() == "0000000004000000"
    assert bench.read() == A
    with pytest.raises(ConfigurationError, match="a reel is mounted already"):
        bench.unit.mount(str(tmp_path / "a.aws"), {}, Room())
    bench.unit.dismount()
    assert bench.run(ccw(READ)) == 0x02
    with pytest.raises(ConfigurationError, match="no reel is mounted"):
        bench.unit.dismount()


def test_unload_and_load_again(tmp_path: Path) -> None:
    reel(tmp_path / "a.aws", A, B).close()
    _, unit = device_from_words(["180", "3420", str(tmp_path / "a.aws")], Room())
    assert isinstance(unit, Tape)
    bench = TapeBench(unit)
    assert bench.read() == A
    assert bench.run(UNLOAD) == 0x2E
    assert bench.sense()[:2] == b"\x40\x22"
    assert bench.run(ccw(READ)) == 0x02
    unit.press("start")
    assert bench.io.take() == ADDRESS
    assert bench.read() == A, "from the load point"
    unit.press("start")
    assert bench.io.take() is None, "it was ready"
    unit.press("unload")
    assert bench.run(ccw(READ)) == 0x02
    with pytest.raises(ConfigurationError, match="no key eject"):
        unit.press("eject")


def test_a_reel_without_ring(tmp_path: Path) -> None:
    reel(tmp_path / "a.aws", A, B).close()
    before = (tmp_path / "a.aws").read_bytes()
    _, unit = device_from_words(["180", "3420", str(tmp_path / "a.aws"), "ro"], Room())
    assert isinstance(unit, Tape)
    bench = TapeBench(unit)
    for command in (WRITE, MARK, ERASE):
        assert bench.run(ccw(command)) == 0x02
        assert bench.sense()[:2] == b"\x80\x4a"
    assert bench.read() == A
    unit.close()
    assert (tmp_path / "a.aws").read_bytes() == before


# ---- reading what cannot be read


def test_nothing_recorded(tmp_path: Path) -> None:
    for kind, byte4, byte7 in (("3420", 0, 0x60), ("2401", 0x40, None)):
        bench = TapeBench(Tape(kind, reel(tmp_path / f"{kind}.aws", A)))
        assert bench.read() == A
        assert bench.read() == 0x0E
        sense = bench.sense()
        assert (sense[0], sense[4]) == (0x10, byte4)
        assert byte7 is None or sense[7] == byte7
        assert bench.run(FSB) == 0x2E
        assert bench.run(FSF) == 0x2E
        assert bench.run(ccw(BACKWARD, 80, SLI, DATA + 79)) == 0x0C


def test_a_damaged_block_is_a_data_check(tmp_path: Path) -> None:
    store = reel(tmp_path / "a.het", A * 10, B * 10, A * 10)
    second, third = store.forward(0).end, store.forward(store.forward(0).end).end  # type: ignore[union-attr]
    store.close()
    image = bytearray((tmp_path / "a.het").read_bytes())
    image[second + 10 : third] = b"\xff" * (third - second - 10)
    (tmp_path / "a.het").write_bytes(image)
    _, unit = device_from_words(["180", "3420", str(tmp_path / "a.het"), "density=800"], Room())
    assert isinstance(unit, Tape)
    bench = TapeBench(unit)
    assert bench.read() == A * 10
    assert bench.read() == 0x0E
    sense = bench.sense()
    assert (sense[0], sense[2], sense[3]) == (0x08, 0x03, 0xC0)
    assert bench.read() == A * 10, "behind it"
    assert bench.run(BSB) == 0x0C
    assert bench.run(BSB) == 0x2E
    assert bench.run(FSB) == 0x2E
    assert bench.read() == A * 10


def test_headers_that_make_no_sense(tmp_path: Path) -> None:
    store = reel(tmp_path / "a.aws", A, B)
    at = store.forward(0).end  # type: ignore[union-attr]
    store.close()
    image = bytearray((tmp_path / "a.aws").read_bytes())
    image[at + 4] = 0
    (tmp_path / "a.aws").write_bytes(image + bytes(100))
    _, unit = device_from_words(["180", "3420", str(tmp_path / "a.aws")], Room())
    assert isinstance(unit, Tape)
    bench = TapeBench(unit)
    assert bench.read() == A
    for command in (ccw(READ), FSB, FSF):
        assert bench.run(command) in (0x0E, 0x2E)
        assert bench.sense()[0] == 0x08
    assert bench.run(BSB) == 0x0C
    assert bench.read() == A
    assert bench.write(C) == 0x0C, "it can be written over"
    assert bench.run(BSB) == 0x0C
    assert bench.read() == C


class Failing:
    """A reel that the host does not let be read or written."""

    FORMAT = "AWSTAPE"
    path = Path("failing")
    read_only = False

    def fail(self, *operands: object, **named: object) -> Block:
        raise MediaError("disk full")

    forward = backward = write = mark = fail

    def cut(self, at: int) -> None:
        self.fail()

    def commit(self) -> None:
        self.fail()

    def close(self) -> None:
        self.fail()

    def tail(self, at: int) -> int:
        return 0


@pytest.mark.parametrize("command", [READ, WRITE, BACKWARD, REWIND, ERASE, MARK, BSB, BSF, FSB, FSF])
def test_what_the_host_fails_is_an_equipment_check(command: int) -> None:
    bench = TapeBench(Tape("3420", Failing()))
    assert bench.run(ccw(command)) in (0x0E, 0x2E)
    sense = bench.sense()
    assert (sense[0], sense[4]) == (0x10, 0x80)


def test_unloading_a_reel_that_fails(tmp_path: Path) -> None:
    bench = TapeBench(Tape("3420", Failing()))
    assert bench.run(UNLOAD) == 0x2E
    assert bench.sense()[0] == 0x50


def test_a_density_that_the_unit_does_not_have(tmp_path: Path) -> None:
    reel(tmp_path / "a.aws", A).close()
    _, unit = device_from_words(["180", "2420", str(tmp_path / "a.aws"), "density=6250"], Room())
    assert isinstance(unit, Tape)
    bench = TapeBench(unit)
    assert bench.read() == 0x0E
    assert bench.sense()[:2] == b"\x00\x49", "not capable, at the load point"
    assert bench.write(B) == 0x0C
    assert bench.run(BSB) == 0x0C
    assert bench.read() == B


# ---- the operator's words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "180,3420,{}/none.bin",
            "180 3420: {}/none.bin: no such file; a new reel ends in .aws, .het, .tap, .e11, or has a format=",
        ),
        ("180,3420,{}/none.aws,ro", "180 3420: {}/none.aws: no such file"),
        ("180,3420,{}/no/none.aws", "180 3420: {}/no/none.aws: no such folder"),
        ("180,3420,{}", "180 3420: {}: a folder, not a tape"),
        ("180,3420,{}/text", "180 3420: {}/text: no tape in a format known here (AWSTAPE, HET, SIMH, E11, OMA)"),
        ("180,3420,{}/a.aws,rw", "180 3420: there is no option rw; options are ro, format, feet, density, bzip2"),
        ("180,3420,{}/a.aws,feet=0", "180 3420: feet=0 is not a number from 1 to 100000"),
        ("180,3420,{}/a.aws,format=vhs", "180 3420: format=vhs is not one of aws, het, tap, e11"),
        ("180,3420,,ro", "180 3420: there is no option ro; it takes no options"),
    ],
)
def test_words_that_are_wrong(words: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is no tape, it is a text\n" * 10)
    with pytest.raises(ConfigurationError) as caught:
        device_from_words(words.format(tmp_path).split(","), Room())
    assert str(caught.value) == message.format(tmp_path)


def test_a_new_reel_is_made_with_the_first_write(tmp_path: Path) -> None:
    _, unit = device_from_words(["180", "2401", str(tmp_path / "new.tap")], Room())
    assert isinstance(unit, Tape)
    bench = TapeBench(unit)
    assert bench.read() == 0x0E
    assert not (tmp_path / "new.tap").exists()
    assert bench.write(b"ABC") == 0x0C
    assert (tmp_path / "new.tap").read_bytes().hex() == "03000000" + "414243" + "00" + "03000000"


def test_two_units_cannot_write_one_reel(tmp_path: Path) -> None:
    words = ["180", "3420", str(tmp_path / "a.aws")]
    _, first = device_from_words(words, Room())
    assert isinstance(first, Tape)
    TapeBench(first).write(A)
    for more in ([], ["ro"]):
        with pytest.raises(ConfigurationError, match="in use by another machine or program"):
            device_from_words([*words, *more], Room())
    first.close()
    _, one = device_from_words([*words, "ro"], Room())
    _, two = device_from_words([*words, "ro"], Room())
    one.close()
    two.close()
