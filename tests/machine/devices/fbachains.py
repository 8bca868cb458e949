"""The channel programs of `vectors/fba.jsonl`: what they try. See `make_dasd_vectors`."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dasdsteps import Maker, Step, one, step
from dasdvectors import BLOCKS, Vector

TYPES = ("3310", "3370")


def extent(mask: int = 0xC0, start: int = 10, first: int = 0, last: int = 49) -> Step:
    return step("63", bytes((mask, 0, 0, 0)) + b"".join(n.to_bytes(4, "big") for n in (start, first, last)))


def locate(operation: int = 0x06, number: int = 1, block: int = 0, copies: int = 0) -> Step:
    return step("43", bytes((operation, copies)) + number.to_bytes(2, "big") + block.to_bytes(4, "big"))


def vectors() -> Iterator[Vector]:
    """All vectors, without outcomes."""
    for kind in TYPES:
        yield from extents(kind)
        yield from places(kind)
        yield from data(kind)
        yield from others(kind)
        yield from mixed(kind)


def extents(kind: str) -> Iterator[Vector]:
    """Define Extent: all masks, edges of the disk, lengths."""
    for mask in range(256):
        if mask & 0x3B and mask.bit_count() > 1:
            continue
        for operation in (0x01, 0x06):
            last = step("42", 16) if operation == 0x06 else step("41", b"DATA")
            yield one(f"mask {mask:02X} operation {operation:02X}", kind, extent(mask), locate(operation), last)
    edges = (
        (0, 0, BLOCKS - 1),
        (0, 0, BLOCKS),
        (BLOCKS - 1, 0, 0),
        (BLOCKS, 0, 0),
        (5, 7, 6),
        (0, 100, 219),
        (0, 100, 220),
    )
    for start, first, last in (*edges, (0xFFFFFFFF, 0, 0), (0, 0, 0xFFFFFFFF), (0, 0xFFFFFFFF, 0xFFFFFFFF)):
        ccws = extent(0xC0, start, first, last), locate(0x06, 1, first), step("42", 32)
        yield one(f"extent {start:X} {first:X} {last:X}", kind, *ccws)
    yield one("extent twice", kind, extent(), extent(), locate(), step("42", 32))
    for count in (1, 15, 16):
        yield one(f"extent of {count} bytes", kind, step("63", bytes(16), True, count), locate(), step("42", 32))
    yield one("extent with a block size", kind, step("63", bytes.fromhex("C000020000000000000000000000000A")), locate())


def places(kind: str) -> Iterator[Vector]:
    """Locate: all operations, edges of the extent, lengths."""
    for operation in range(0x20):
        yield one(f"locate {operation:02X}", kind, extent(), locate(operation, 1, 1), step("42", 16))
        yield one(f"locate {operation:02X}, write", kind, extent(), locate(operation, 1, 1, 1), step("41", b"DATA"))
    for operation in (0x20, 0x40, 0x80, 0x46, 0xE1):
        yield one(f"locate {operation:02X}", kind, extent(), locate(operation), step("42", 16))
    for first in (0, 20):
        for number, block in (
            (0, 0),
            (1, 0),
            (50, 0),
            (51, 0),
            (1, 49),
            (2, 49),
            (1, 50),
            (2, 68),
            (3, 68),
            (1, 0xFFFFFFFF),
        ):
            ccws = extent(0xC0, 10, first, first + 49), locate(0x06, number, block), step("42", 24)
            yield one(f"locate {number} at {block:X}, first {first}", kind, *ccws)
    for copies, number in ((0, 1), (1, 1), (6, 2), (6, 4), (2, 3), (200, 1)):
        yield one(f"replicated {copies}/{number}", kind, extent(), locate(0x02, number, 3, copies), step("42", 24))
    yield one("locate without extent", kind, locate(), step("42", 24))
    for count in (1, 7, 8):
        yield one(
            f"locate of {count} bytes", kind, extent(), step("43", bytes.fromhex("0600000100000001"), True, count)
        )


def data(kind: str) -> Iterator[Vector]:
    """Read and Write with counts of all kinds."""
    text = bytes(range(1, 129))
    for sli in (True, False):
        for number in (1, 2, 3):
            for count in (1, 511, 512, 513, 1024, 1100):
                ccws = extent(), locate(0x06, number, 4), step("42", count, sli)
                yield one(f"read {count} of {number} blocks, {sli}", kind, *ccws)
            for count in (1, 100, 128):
                ccws = extent(), locate(0x01, number, 4), step("41", text[:count], sli)
                yield one(f"write {count} to {number} blocks, {sli}", kind, *ccws)
            for count in (512, 600, 1024, 1100):
                ccws = extent(), locate(0x05, number, 4), step("41", text, sli, count)
                yield one(f"write and verify {count} to {number} blocks, {sli}", kind, *ccws)
    yield one("read after write located", kind, extent(), locate(0x01), step("42", 16))
    yield one("write after read located", kind, extent(), locate(0x06), step("41", b"DATA"))
    yield one("read twice", kind, extent(), locate(0x06, 2), step("42", 512), step("42", 512))
    yield one("write twice", kind, extent(), locate(0x01, 2), step("41", b"DATA"), step("41", b"DATA"))
    yield one("NOP between", kind, extent(), locate(), step("03"), step("42", 16))
    yield one("sense between", kind, extent(), locate(), step("04", 24), step("42", 16))
    again = extent(), locate(0x06, 1, 2), step("42", 32), locate(0x01, 1, 3), step("41", b"DATA"), locate(0x06, 1, 3)
    yield one("locate again and again", kind, *again, step("42", 32))
    yield one("read without locate", kind, extent(), step("42", 16))
    yield one("write without locate", kind, extent(), step("41", b"DATA"))


def others(kind: str) -> Iterator[Vector]:
    """Read IPL, sense, identity, characteristics, reservation, commands that are none."""
    for count in (24, 512, 600):
        yield one(f"read IPL {count}", kind, step("02", count))
        yield one(f"read IPL {count}, no SLI", kind, step("02", count, False))
    yield one("read IPL twice", kind, step("02", 24), step("02", 512))
    yield one("read IPL chained", kind, step("03"), step("02", 24))
    yield one("read IPL, locate", kind, step("02", 24), locate(0x06, 1, 100), step("42", 64))
    yield one("read IPL, locate the last", kind, step("02", 24), locate(0x06, 1, BLOCKS - 1), step("42", 64))
    yield one("read IPL, locate behind", kind, step("02", 24), locate(0x06, 1, BLOCKS), step("42", 64))
    yield one("read IPL, write", kind, step("02", 24), locate(0x01, 1, 5), step("41", b"DATA"))
    yield one("read IPL, extent", kind, step("02", 24), extent(), locate(), step("42", 64))
    for code in ("04", "E4", "64", "A4", "94", "B4", "14"):
        yield one(f"{code} alone", kind, step(code, 40))
        yield one(f"{code} exact", kind, step(code, 24, False))
        yield one(f"{code} in an extent", kind, extent(), step(code, 40))
        yield one(f"{code} chained", kind, step("03"), step(code, 40))
    for value in range(256):
        if value & 0x0F and value & 0x0F not in (0x08, 0x0C):
            steps = (step(f"{value:02X}", bytes(16)) if value & 1 else step(f"{value:02X}", 16),)
            yield one(f"command {value:02X}", kind, *steps, step("E4", 7))
    after = Maker().add(extent(0x40), locate(0x01)).add(step("03"), step("E4", 7))
    yield after.vector(f"{kind} a check, then another program", kind)


def mixed(kind: str) -> Iterator[Vector]:
    """Chains put together by chance; always the same ones."""
    chance = random.Random(f"mixed {kind}")
    for n in range(60):
        maker = Maker()
        for _ in range(chance.randint(1, 2)):
            start, last = chance.choice(((0, 119), (10, 50), (60, 59), (100, 30)))
            steps = [extent(chance.choice((0x00, 0xC0, 0xC0, 0x40)), start, 0, last)]
            for _ in range(chance.randint(1, 3)):
                block, number = chance.choice((0, 3, 29, 49, 59, 80)), chance.choice((1, 1, 1, 2))
                operation = chance.choice((0x01, 0x05, 0x06, 0x06, 0x02))
                steps.append(locate(operation, number, block, chance.choice((1, 2, 4))))
                text = bytes(chance.randrange(1, 256) for _ in range(40))
                size = chance.choice((16, 100, 512))
                steps.append(step("41", text) if operation in (0x01, 0x05) else step("42", size))
            maker.add(*steps)
        yield maker.vector(f"{kind} mixed {n}", kind)
