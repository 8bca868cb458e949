"""The bytes of one command: reading backward, indirect addresses, data chaining, keys, the ends of storage."""

from __future__ import annotations

import random

import pytest

from cpvm.machine.datapath import BLOCK, DataPath
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW, ChannelCondition

SIZE = 1 << 14
BACKWARD, READ, WRITE = 0x0C, 0x02, 0x01
CD, SLI, SKIP, IDA = 0x80, 0x20, 0x10, 0x04
DATA = bytes(range(1, 101))


def path(storage: Storage, *ccws: CCW, key: int = 0, words: tuple[int, ...] = ()) -> DataPath:
    storage.write(0x100, b"".join(ccw.to_bytes() for ccw in ccws))
    storage.write(0x200, b"".join(word.to_bytes(4, "big") for word in words))
    done = DataPath(storage, key, 0x100)
    assert done.next_command()
    return done


@pytest.fixture
def storage() -> Storage:
    return Storage(SIZE)


def test_reading_backward_stores_downwards(storage: Storage) -> None:
    p = path(storage, CCW(BACKWARD, 0x1009, 0, 10))
    assert p.send(DATA[:10][::-1]) == 10
    assert storage.read(0x1000, 10) == DATA[:10]
    assert (p.count, p.channel) == (0, 0)


def test_reading_backward_over_chained_areas(storage: Storage) -> None:
    p = path(storage, CCW(BACKWARD, 0x1009, CD, 4), CCW(0, 0x2005, 0, 6))
    assert p.send(DATA[:10][::-1]) == 10
    assert storage.read(0x1006, 4) == DATA[6:10]
    assert storage.read(0x2000, 6) == DATA[:6]


def test_reading_backward_by_indirect_addresses(storage: Storage) -> None:
    p = path(storage, CCW(BACKWARD, 0x200, IDA, 100), words=(0x1002, 0x1FFF))
    assert p.send(DATA[::-1]) == 100
    assert storage.read(0x1000, 3) == DATA[97:]
    assert storage.read(0x2000 - 97, 97) == DATA[:97]


@pytest.mark.parametrize("second", [0x1800, 0x2000, 0x1FFE, 0x1001FFF])
def test_an_indirect_address_backward_is_the_end_of_a_block(storage: Storage, second: int) -> None:
    p = path(storage, CCW(BACKWARD, 0x200, IDA, 100), words=(0x1002, second))
    assert p.send(DATA[::-1]) == 3
    assert p.channel == ChannelCondition.PROGRAM_CHECK


def test_reading_backward_below_location_zero(storage: Storage) -> None:
    p = path(storage, CCW(BACKWARD, 4, 0, 10))
    assert p.send(DATA[:10]) == 5
    assert p.channel == ChannelCondition.PROGRAM_CHECK
    assert storage.read(0, 5) == DATA[:5][::-1]


def test_reading_backward_outside_of_storage(storage: Storage) -> None:
    p = path(storage, CCW(BACKWARD, SIZE, 0, 10))
    assert p.send(DATA[:10]) == 0
    assert p.channel == ChannelCondition.PROGRAM_CHECK


def test_reading_backward_into_a_protected_block(storage: Storage) -> None:
    for at in range(0, SIZE, BLOCK):
        storage.set_key(at, 0x30 if at >= 0x1000 or not at else 0x40)
    p = path(storage, CCW(BACKWARD, 0x1003, 0, 10), key=3)
    assert p.send(DATA[:10]) == 4
    assert p.channel == ChannelCondition.PROTECTION_CHECK
    assert (storage.key(0x1000), storage.key(0x0FFF)) == (0x36, 0x40)


def test_skipped_bytes_are_counted(storage: Storage) -> None:
    p = path(storage, CCW(BACKWARD, 0x1009, SKIP | SLI, 10))
    assert p.send(DATA[:4]) == 4
    assert p.count == 6
    assert storage.read(0x1000, 16) == bytes(16)


def test_the_last_byte_of_storage_is_there(storage: Storage) -> None:
    p = path(storage, CCW(READ, SIZE - 4, 0, 5))
    assert p.send(DATA[:5]) == 4
    assert p.channel == ChannelCondition.PROGRAM_CHECK
    assert storage.read(SIZE - 4, 4) == DATA[:4]


@pytest.mark.parametrize("seed", range(60))
def test_any_chain_scatters_and_gathers_what_it_says(storage: Storage, seed: int) -> None:
    """A plain model, byte by byte: where each byte goes."""
    rng = random.Random(seed)
    backward = seed % 2 == 1
    ccws, places, words = [], [], []
    for n in range(rng.randrange(1, 5)):
        count = rng.randrange(1, 3 * BLOCK if n % 2 else 50)
        indirect = rng.random() < 0.5
        block = rng.randrange(2, 5)
        at = block * BLOCK + rng.randrange(BLOCK)
        flags = CD | (IDA if indirect else 0)
        if indirect:
            list_at = 0x200 + 4 * len(words)
            blocks = rng.sample(range(2, 8), 5)
            left, first = count, True
            for b in blocks:
                if left <= 0:
                    break
                inside = rng.randrange(BLOCK) if first else (BLOCK - 1 if backward else 0)
                here = min(left, inside + 1 if backward else BLOCK - inside)
                places += [b * BLOCK + inside + (-k if backward else k) for k in range(here)]
                words.append(b * BLOCK + inside)
                left -= here
                first = False
            ccws.append(CCW(BACKWARD if backward else READ, list_at, flags, count))
        else:
            count = min(count, BLOCK)
            places += [at + (-k if backward else k) for k in range(count)]
            ccws.append(CCW(BACKWARD if backward else READ, at, flags, count))
    ccws[-1] = CCW(ccws[-1].command, ccws[-1].address, ccws[-1].flags & ~CD, ccws[-1].count)
    data = rng.randbytes(len(places) + rng.randrange(3))
    model = bytearray(SIZE)
    p = path(storage, *ccws, words=tuple(words))
    model[:0x1000] = storage.read(0, 0x1000)
    for place, byte in zip(places, data, strict=False):
        model[place] = byte
    assert p.send(data) == len(places)
    assert storage.read(0, SIZE) == bytes(model)
    assert p.channel == 0
    assert p.long == (len(data) > len(places))
    if not backward and len(set(places)) == len(places):
        written = path(storage, *[CCW(WRITE, c.address, c.flags, c.count) for c in ccws], words=tuple(words))
        assert written.take(len(places)) == data[: len(places)]


def test_a_saved_path_goes_on(storage: Storage) -> None:
    p = path(storage, CCW(READ, 0x200, IDA | CD, 100), CCW(0, 0x3000, 0, 50), words=(0x17F0, 0x2000))
    p.send(DATA[:20])
    other = DataPath(storage, 0, 0)
    other.load(p.save())
    assert other.save() == p.save()
    assert other.send(bytes(130)) == p.send(bytes(130)) == 130
    assert other.save() == p.save()
    old = {name: value for name, value in p.save().items() if name != "chained"}
    other.load(old)
    assert other.chained == 0
