"""Initial program loading from every registered type that can be loaded from, in the operator's words, by a machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from unitbench import Room

from cpvm.machine import Machine, StopReason
from cpvm.machine.configure import device_from_words
from cpvm.machine.device import Device, device_types
from cpvm.machine.media.images.writing import write_ckd, write_fba
from cpvm.machine.media.tape.open import open_tape
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import GEOMETRY, Record, encode_track

sys.path.insert(0, str(Path(__file__).parents[1] / "media"))

from sampledisk import SampleBlocks, SampleDisk

ADDRESS = 0x1A0
ENTRY = 0x300
PROGRAM = bytes.fromhex("41F00ABC 82000308 0002000000000BAD".replace(" ", ""))  # LA 15,X'ABC'; LPSW: wait
LOADERS = ("reader", "tape", "dasd", "fba")


def psw(ec_mode: bool) -> bytes:
    return bytes.fromhex(f"{'0008' if ec_mode else '0000'}0000 {ENTRY:08X}".replace(" ", ""))


def record(second: CCW, ec_mode: bool) -> bytes:
    """The first record: a PSW, and the CCW that reads the program."""
    return psw(ec_mode) + second.to_bytes() + bytes(8)


class LoadDisk(SampleDisk):
    """A disk of any type; records 1 and 2 of its first track are the loader's."""

    def __init__(self, type: str, ec_mode: bool) -> None:
        self.geometry = GEOMETRY[type]
        self.device_type = self.geometry.name
        self.cylinders = 1
        first = record(CCW(0x06, ENTRY, 0x20, 80), ec_mode)
        self.track = encode_track(0, 0, [Record(0, 0, 1, b"", first), Record(0, 0, 2, b"", PROGRAM)])

    def read(self, cyl: int, head: int) -> bytes:
        return self.track if not cyl | head else encode_track(cyl, head, [])


class LoadBlocks(SampleBlocks):
    """A fixed-block disk whose first block has all of it."""

    blocks = 10

    def __init__(self, type: str, ec_mode: bool) -> None:
        self.device_type = type
        self.first = record(CCW(0x02, ENTRY - 24, 0x20, 512), ec_mode) + PROGRAM

    def read(self, block_number: int) -> bytes:
        return self.first.ljust(512, b"\0") if not block_number else bytes(512)


def made(type: str, folder: Path, ec_mode: bool) -> Device:
    """A device of the type with something to load."""
    kind = device_types()[type].kind
    path = folder / "medium"
    again = record(CCW(0x02, ENTRY, 0x20, 80), ec_mode)
    room = Room()
    if kind == "reader":
        room.files[str(path)] = again.ljust(80, b"\0") + PROGRAM.ljust(80, b"\0")
    elif kind == "tape":
        path = folder / "medium.aws"
        reel = open_tape(path)
        reel.write(reel.write(0, again).end, PROGRAM)
        reel.close()
    elif kind == "dasd":
        write_ckd(path, LoadDisk(type, ec_mode))
    else:
        write_fba(path, LoadBlocks(type, ec_mode))
    return device_from_words([f"{ADDRESS:03X}", type, str(path)], room)[1]


def loads(machine: Machine, ec_mode: bool) -> None:
    machine.ipl(ADDRESS)
    assert machine.ec_mode is ec_mode
    assert machine.storage.read(0xBA if ec_mode else 2, 2) == ADDRESS.to_bytes(2, "big")
    stop = machine.run(100)
    assert (stop.reason, machine.gr[15]) == (StopReason.DISABLED_WAIT, 0xABC)


@pytest.mark.parametrize("type", sorted(name for name, cls in device_types().items() if cls.kind in LOADERS))
@pytest.mark.parametrize("ec_mode", [True, False])
def test_load(type: str, ec_mode: bool, tmp_path: Path) -> None:
    device = made(type, tmp_path, ec_mode)
    machine = Machine(1 << 16, immediate_io=ec_mode)
    machine.attach(ADDRESS, device)
    loads(machine, ec_mode)
    device.close()


def test_every_kind_of_device_is_known_to_load_or_not() -> None:
    others = {"console", "display", "printer", "punch", "ctca"}
    assert {cls.kind for cls in device_types().values()} <= {*LOADERS, *others}
