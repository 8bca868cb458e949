"""Random channel programs on random disks: no exception of the host, an end in bounded time, tracks that stay whole."""

from __future__ import annotations

import random

import pytest
from dasdvectors import Blocks

from cpvm.machine.channel import Channels
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.devices.fba import FixedBlockDisk
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import GEOMETRY, Geometry, Record, Track
from cpvm.s370.fba import FIXED_BLOCK

ADDRESS, PROGRAM, ARGUMENTS, CYLINDERS = 0x190, 0x800, 0x1000, 3


class Store:
    """Tracks in storage; what was written is told."""

    def __init__(self) -> None:
        self.images: dict[tuple[int, int], bytes] = {}
        self.written: set[tuple[int, int]] = set()

    def read(self, cyl: int, head: int) -> bytes:
        return self.images.setdefault((cyl, head), Track.empty(cyl, head).to_bytes())

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.images[cyl, head] = image
        self.written.add((cyl, head))

    def commit(self) -> None:
        return


def random_track(chance: random.Random, cyl: int, head: int, heads: int) -> bytes:
    """A track, perhaps a defective or an alternate one, with overflow records, odd numbers, or damage."""
    track = Track.empty(cyl, head)
    track.flag = chance.choice((0, 0, 0, 0, 1, 2, 3, 0x80))
    if chance.random() < 0.3:
        track.r0.cyl, track.r0.head = chance.randrange(5), chance.randrange(heads + 2)
    for n in range(1, chance.randrange(1, 6)):
        key, data = chance.randbytes(chance.choice((0, 0, 4))), chance.randbytes(chance.choice((0, 9, 300)))
        number = cyl | chance.choice((0, 0, 0, 0x8000, 0xFF00))
        track.records.append(Record(number, head, chance.choice((n, n, n, 0, 9)), key, data))
    image = track.to_bytes()
    return chance.choice((image,) * 20 + (image[: chance.randrange(len(image))], chance.randbytes(60)))


def argument(chance: random.Random, heads: int) -> bytes:
    """What may be a seek address, an identifier, a count field, an extent, a locate."""
    place = (0, 0, 0, chance.randrange(4), 0, chance.randrange(heads + 1), chance.randrange(6), chance.randrange(5))
    numbers = b"".join(chance.choice((0, 5, 30, 100, 119, 200)).to_bytes(4, "big") for _ in range(3))
    located = bytes((chance.choice((1, 2, 5, 6, 6)), chance.choice((0, 1, 2)), 0, chance.choice((1, 2, 9, 200))))
    shapes = (bytes((*place, 0, chance.randrange(20), 0, 0, 0, 0, 0, 0)), b"\xc0\0\0\0" + numbers, located + numbers)
    return chance.choice((*shapes, chance.randbytes(16)))[:16]


def programs(chance: random.Random, storage: Storage, known: list[int], heads: int) -> None:
    """A random program, and what it takes."""
    for at in range(ARGUMENTS, ARGUMENTS + 0x400, 0x10):
        storage.write(at, argument(chance, heads))
    ccws = []
    number = chance.randrange(1, 14)
    for _ in range(number):
        code = chance.choice((chance.randrange(256), 0x08, 0x08, *chance.choices(known, k=12)))
        address = chance.choice((ARGUMENTS + 0x10 * chance.randrange(40) + chance.choice((0, 2, 2)),) * 6 + (0xFFF0,))
        if code & 0x0F == 0x08:
            address = PROGRAM + 8 * chance.randrange(number + 1)
        flags = chance.choice((0x40, 0x60, 0x60, 0x60, 0x60, 0x20, 0x80, 0x70, 0x00))
        ccws.append(CCW(code, address, flags, chance.choice((1, 4, 5, 6, 6, 8, 8, 16, 16, 200, 512, 65535))).to_bytes())
    storage.write(PROGRAM, b"".join(ccws) + bytes(8))
    storage.write(0x48, PROGRAM.to_bytes(4, "big"))


def run(chance: random.Random, io: Channels) -> None:
    device = io.device(ADDRESS)
    assert device is not None
    io.sio(ADDRESS)
    io.advance()
    if not io.immediate:
        io.elapse(200_000)
    if chance.random() < 0.2:
        device.load(device.save())
    io.tio(ADDRESS)
    io.hio(ADDRESS)
    io.clrio(ADDRESS)
    io.tio(ADDRESS)


def is_right(geometry: Geometry, image: bytes, cyl: int, head: int) -> bool:
    track = Track.from_bytes(image)
    return (track.cyl, track.head) == (cyl, head) and geometry.fits(track.records, track.r0)


@pytest.mark.parametrize("seed", range(30))
def test_count_key_data(seed: int) -> None:
    chance = random.Random(seed)
    kind = chance.choice(sorted(GEOMETRY))
    geometry, store = GEOMETRY[kind], Store()
    for cyl in range(CYLINDERS):
        for head in (0, 1, 2, geometry.heads - 1):
            store.images[cyl, head] = random_track(chance, cyl, head, geometry.heads)
    storage = Storage(0x10000)
    io = Channels(storage, immediate=chance.random() < 0.7)
    io.attach(ADDRESS, Dasd(kind, store, CYLINDERS))
    for _ in range(8):
        programs(chance, storage, sorted(Dasd._commands), geometry.heads)
        run(chance, io)
    for cyl, head in store.written:
        assert is_right(geometry, store.images[cyl, head], cyl, head)


@pytest.mark.parametrize("seed", range(15))
def test_fixed_block(seed: int) -> None:
    chance = random.Random(seed)
    blocks = Blocks()
    storage = Storage(0x10000)
    io = Channels(storage, immediate=chance.random() < 0.7)
    io.attach(ADDRESS, FixedBlockDisk(chance.choice(sorted(FIXED_BLOCK)), blocks))
    known = [0x63, 0x43, 0x41, 0x42] * 3 + sorted(FixedBlockDisk._commands)
    for _ in range(8):
        programs(chance, storage, known, 4)
        run(chance, io)
    assert all(len(data) == 512 for data in blocks.data.values())
