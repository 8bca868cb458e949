"""FORMAT and files on minidisks of every device type, with the real nucleus and commands, read by the host too."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS, Host

from cms.cmsdisk import CMSDisk
from cpvm.machine import Machine
from cpvm.machine.devices.dasd import Dasd
from cpvm.s370.ckd import GEOMETRY, encode_track

DEVICES = {
    "2314": (0x40, {800: 150, 512: 220, 1024: 120, 2048: 60, 4096: 20}),
    "3330": (0x10, {800: 266, 512: 380, 1024: 209, 2048: 114, 4096: 57}),
    "3340": (0x01, {800: 96, 512: 144, 1024: 84, 2048: 36, 4096: 24}),
    "3350": (0x08, {800: 570, 512: 810, 1024: 450, 2048: 240, 4096: 120}),
    "3375": (0x04, {800: 360, 512: 480, 1024: 300, 2048: 168, 4096: 96}),
    "3380": (0x20, {800: 540, 512: 690, 1024: 465, 2048: 270, 4096: 150}),
    "3390": (0x82, {800: 585, 512: 735, 1024: 495, 2048: 315, 4096: 180}),
}
"""DIAGNOSE X'24' type code, and blocks of a cylinder by block size, as VM/SP's manuals have them."""
CYLINDERS = 3


class Tracks:
    """A minidisk in memory, not formatted."""

    def __init__(self, device: str) -> None:
        self.heads = GEOMETRY[device].heads
        places = ((cyl, head) for cyl in range(CYLINDERS) for head in range(self.heads))
        self.tracks = {place: encode_track(*place, []) for place in places}

    def read(self, cyl: int, head: int) -> bytes:
        return self.tracks[cyl, head]

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.tracks[cyl, head] = image

    def commit(self) -> None:
        pass


class TypedHost(Host):
    """It knows the type of 192."""

    type_code = 0x08

    def d024(self, machine: Machine, r1: int, r3: int) -> None:
        second = machine.gr[r1] == 0x192
        super().d024(machine, r1, r3)
        if second:
            machine.gr[r3] = 0x04000000 | self.type_code << 16

    def d020(self, machine: Machine, r1: int, r3: int) -> None:
        status = machine.io.execute(machine.gr[r1] & 0xFFF, machine.gr[r3] & 0xFFFFFF, machine.psw.key)
        machine.cc = 3 if status.cc else 0


def machine(device: str) -> tuple[BareCMS, Tracks]:
    text = "".join(f"LINE {number} OF A FILE THAT IS COPIED\n" for number in range(300))
    cms = BareCMS({("TEXT", "DATA"): text})
    host = TypedHost(**{name: getattr(cms.host, name) for name in cms.host.__dataclass_fields__})
    host.type_code = DEVICES[device][0]
    cms.host.__class__, cms.host.__dict__ = TypedHost, host.__dict__
    tracks = Tracks(device)
    cms.machine.attach(0x192, Dasd(device, tracks, cylinders=CYLINDERS))
    cms.ipl("SET RDYMSG SMSG")
    return cms, tracks


def total(lines: list[str]) -> int:
    (line,) = (line for line in lines if line.startswith("B (192)"))
    return int(line.split("(of ")[1].split(")")[0])


@pytest.mark.parametrize("device", DEVICES)
def test_formats_of_a_device(device: str) -> None:
    cms, tracks = machine(device)
    for size, blocks in DEVICES[device][1].items():
        cms.type(f"FORMAT 192 B (BLKSIZE {size}", "YES")
        out = cms.type("DISKB")
        assert f"DMSFOR732I '{CYLINDERS}' CYLINDERS FORMATTED ON DISK 'B(192)'." in out, (size, out)
        assert total(cms.type("QUERY DISK B")) == CYLINDERS * blocks
        for number in range(4):
            assert cms.type(f"COPYFILE TEXT DATA A T{number} DATA B") == ["Ready;"]
        assert cms.type("COPYFILE TEXT DATA A T2 DATA B (APPEND") == ["Ready;"]
        assert cms.type("ERASE T1 DATA B") == ["Ready;"]
        assert cms.type("ACCESS 192 B")[-1] == "Ready;"
        assert cms.type("COMPARE TEXT DATA A T3 DATA B")[-1] == "Ready;"
        out = cms.type(f"FORMAT 192 B {CYLINDERS - 1} (RECOMP")
        assert total(out) == (CYLINDERS - 1) * blocks
        assert total(cms.type("FORMAT 192 B (RECOMP")) == CYLINDERS * blocks
        assert cms.type("COMPARE TEXT DATA A T0 DATA B")[-1] == "Ready;"
        if size == 800:
            disk = CMSDisk.load(tracks.read, CYLINDERS, device)
            assert [len(disk.read(f"T{n}", "DATA").records) for n in (0, 2, 3)] == [300, 600, 300]


@pytest.mark.parametrize("device", DEVICES)
def test_a_disk_of_the_host_is_read(device: str) -> None:
    disk = CMSDisk(CYLINDERS, "HOST", device)
    for number in range(12):
        disk.write(f"T{number}", "DATA", "A1", [b"%-80d" % item for item in range(number, 200)])
    cms, tracks = machine(device)
    tracks.tracks = {(cyl, head): image for cyl, head, image in disk.tracks()}
    assert cms.type("ACCESS 192 B") == ["Ready;"]
    assert cms.type("COPYFILE T7 DATA B = = A", "COMPARE T7 DATA B T7 DATA A")[-1] == "Ready;"
    assert cms.type("ERASE T8 DATA B", "COPYFILE TEXT DATA A = = B")[-1] == "Ready;"
    after = CMSDisk.load(tracks.read, CYLINDERS, device)
    assert len(after.files) == 12 and after.read("T11", "DATA").records == disk.read("T11", "DATA").records
