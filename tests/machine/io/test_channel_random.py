"""Random channel programs: no exception of the host, no byte outside what the key allows, an end in bounded time."""

from __future__ import annotations

import random

import pytest
from iobench import CONSOLE, DISK, OLD_DISK, PRINTER, PUNCH, READ_ONLY, READER, Bench

from cpvm.machine.device import Device
from cpvm.machine.devices.dasd import Dasd
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, Track, encode_track

KEY = 3
DEVICES = (CONSOLE, READER, PUNCH, PRINTER, DISK, DISK, DISK, READ_ONLY, OLD_DISK)


def commands(device: Device | None) -> list[int]:
    assert device is not None
    return sorted(type(device)._commands)


def random_program(rng: random.Random, known: list[int], n: int) -> list[CCW]:
    ccws = []
    for _ in range(n):
        command = rng.choice((rng.randrange(256), 0x08, *(rng.choice(known) for _ in range(8))))
        if command & 0x0F == 0x08:
            ccws.append(CCW(command, 0x800 + 8 * rng.randrange(n + 1) + rng.choice((0, 0, 0, 0, 4)), 0, 0))
            continue
        address = rng.choice((0x1000, 0x1000, 0x1010, 0x17F0, 0x2000, 0x2FF0, 0xFFF0, 0xFFFFF0, rng.randrange(1 << 24)))
        flags = rng.choice((0x40, 0x40, 0x60, 0x60, 0x60, 0x80, 0x20, 0x64, 0x70, 0x68, rng.randrange(256)))
        ccws.append(CCW(command, address, flags, rng.choice((0, 1, 4, 5, 6, 8, 8, 16, 200, 800, 65535))))
    return ccws


def random_record(rng: random.Random, cyl: int, head: int, number: int) -> Record:
    return Record(cyl, head, number, rng.randbytes(rng.choice((0, 0, 4))), rng.randbytes(rng.choice((0, 9, 800))))


def random_argument(rng: random.Random) -> bytes:
    """Something that may be a seek address, a record's identifier, a count field."""
    return bytes((0, 0, 0, rng.randrange(5), 0, rng.randrange(4), rng.randrange(7), rng.randrange(9)))


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    rng = random.Random(seed)
    bench = Bench()
    storage = bench.storage
    for cyl in range(4):
        for head in range(3):
            rows = [random_record(rng, cyl, head, number) for number in range(1, 6)]
            bench.tracks.images[cyl, head] = encode_track(cyl, head, rows)
    for block in range(0, 65536, 2048):
        storage.set_key(block, rng.choice((KEY << 4, KEY << 4, 0x40, 0x48)))
    for low in (0x000, 0x800, 0x1000):
        storage.set_key(low, KEY << 4)
    started = 0
    for _ in range(25):
        address = rng.choice(DEVICES)
        bench.paper.files = [[rng.randbytes(80) for _ in range(3)]]
        for at in (0x1000, 0x1010, 0x17F0, 0x2000):
            storage.write(at, random_argument(rng))
        bench.program(*random_program(rng, commands(bench.io.device(address)), 12), key=KEY)
        before = storage.read(0, storage.size)
        if bench.io.sio(address) == 0:
            started += 1
            for _ in range(3):
                bench.io.advance()
            bench.console.enter(rng.randbytes(rng.randrange(200)))
            bench.io.tio(address)
        bench.io.hio(address)
        bench.io.clrio(address)
        assert not bench.io.active
        after = storage.read(0, storage.size)
        for block in range(0, storage.size, 2048):
            if storage.key(block) >> 4 != KEY:
                assert before[block : block + 2048] == after[block : block + 2048]
        bench.io.execute(address, 0x800, KEY)
        bench.io.clrio(address)
    assert started > 5
    for drive, tracks in ((DISK, bench.tracks), (OLD_DISK, bench.old_tracks)):
        device = bench.io.device(drive)
        assert isinstance(device, Dasd)
        for (cyl, head), image in tracks.images.items():
            track = Track.from_bytes(image)
            assert (track.cyl, track.head) == (cyl, head)
            assert device.geometry.fits(track.records)
