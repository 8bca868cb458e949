"""An independent reader of CMS disks of 512 to 4096-byte blocks, for tests: it shares no code with what writes them.

Block 3 is the label `CMS1`, which names the block size and the first block of the directory. The directory and the
allocation map are fixed files described by the first two entries of the directory; trees of pointer blocks lead to the
blocks of a file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

from cdf_reader import Disk, Found, full, half, records_of


class Reader:
    """One disk: its blocks by number, and what refers to them."""

    def __init__(self, track: Callable[[int, int], bytes], heads: int) -> None:
        self.track = track
        self.heads = heads
        self.disk = Disk()
        self.tracks: dict[int, dict[int, bytes]] = {}
        self.references: Counter[int] = Counter()
        self.per_track, self.size = self.look()

    def look(self) -> tuple[int, int]:
        """Number and length of the records of the first track."""
        records = records_of(self.track(0, 0))
        assert sorted(records) == list(range(1, len(records) + 1))
        return len(records), len(records[1])

    def block(self, number: int) -> bytes:
        index, record = divmod(number - 1, self.per_track)
        if index not in self.tracks:
            self.tracks[index] = records_of(self.track(*divmod(index, self.heads)))
        data = self.tracks[index].get(record + 1, b"")
        if len(data) != self.size:
            self.disk.problems.append(f"block {number} has {len(data)} bytes")
        return data.ljust(self.size, b"\0")

    def use(self, number: int, what: str) -> bytes:
        if not 1 <= number <= self.disk.total:
            self.disk.problems.append(f"{what} is block {number}")
            return bytes(self.size)
        self.references[number] += 1
        if self.references[number] > 1:
            self.disk.problems.append(f"{what}: block {number} is used twice")
        return self.block(number)

    def tree(self, top: int, levels: int, length: int, count: int, what: str) -> list[tuple[int, int, int]]:
        """(block, highest item, displacement) of the data blocks of a tree; the last two are 0 where there are none."""
        if levels == 0:
            return [(top, 0, 0)][:count]
        each = self.size // length
        nodes = [(top, 0, 0)]
        for level in range(levels):
            below: list[tuple[int, int, int]] = []
            for number, items, first in nodes:
                if not number:
                    below += [(0, 0, 0)] * each
                    continue
                data = self.use(number, f"{what}, pointer block")
                entries = []
                for at in range(0, each * length, length):
                    entry = full(data, at), 0, 0
                    if length == 12:
                        entry = full(data, at), full(data, at + 4), full(data, at + 8)
                    entries.append(entry)
                if length == 12:
                    used = [entry for entry in entries if entry[1]]
                    if full(data, self.size - 4) != 12 * (len(used) - 1):
                        self.disk.problems.append(f"{what}: the last pointer of block {number} is elsewhere")
                    if level and (used[-1][1], used[0][2]) != (items, first):
                        self.disk.problems.append(f"{what}: items of pointer block {number}")
                below += entries
            nodes = below
        if any(any(entry) for entry in nodes[count:]):
            self.disk.problems.append(f"{what}: pointers behind the end")
        return nodes[:count]

    def file(self, fst: bytes) -> None:
        name = fst[:8].decode("cp037").rstrip(), fst[8:16].decode("cp037").rstrip()
        what = " ".join(name)
        mode, recfm = fst[0x18:0x1A].decode("cp037"), fst[0x1E:0x1F].decode("cp037")
        lrecl, top, blocks, count = (full(fst, at) for at in (0x20, 0x28, 0x2C, 0x30))
        levels, length = fst[0x34], fst[0x35]
        problems = self.disk.problems
        if length != (12 if recfm == "V" else 4):
            problems.append(f"{what}: pointers of {length} bytes")
        if half(fst, 0x1A) != min(count, 65535) or half(fst, 0x24) != min(blocks, 65535):
            problems.append(f"{what}: its counts disagree")
        if fst[0x37:0x3B] != fst[0x10:0x14]:
            problems.append(f"{what}: its dates disagree")
        total = math.ceil(lrecl * count / self.size) if recfm == "F" else blocks
        pointers = self.tree(top, levels, length, total, what)
        data = b"".join(self.use(entry[0], what) if entry[0] else bytes(self.size) for entry in pointers)
        if sum(1 for entry in pointers if entry[0]) != blocks:
            problems.append(f"{what}: it says {blocks} blocks")
        records: list[bytes] = []
        at = 0
        highest: dict[int, int] = {}
        first: dict[int, int] = {}
        for item in range(1, count + 1):
            start = at
            if recfm == "V":
                width = half(data, at)
                at += 2
            else:
                width = lrecl
            records.append(data[at : at + width])
            at += width
            first.setdefault(start // self.size, start % self.size)
            for index in range(start // self.size, (at - 1) // self.size + 1):
                highest[index] = item
        if at > len(data) or (recfm == "V" and at <= len(data) - self.size):
            problems.append(f"{what}: {at} bytes in {len(data)}")
        if recfm == "V" and levels:
            ends = at - (len(pointers) - 1) * self.size
            first.setdefault(len(pointers) - 1, ends if ends < self.size else 0xFFFFFFFF)
            for index, (_, items, begin) in enumerate(pointers):
                if (items, begin) != (highest[index], first.get(index, 0xFFFFFFFF)):
                    problems.append(f"{what}: block {index}: {items} {begin}, not {highest[index]} {first.get(index)}")
        if name in self.disk.files:
            problems.append(f"{what} is there twice")
        self.disk.files[name] = Found(mode, recfm, lrecl, records, fst)

    def read(self, leaks_allowed: bool) -> Disk:
        disk, label = self.disk, self.block(3)
        if label[:4].decode("cp037") != "CMS1":
            disk.problems.append("no label")
            return disk
        disk.label = label[4:10].decode("cp037").rstrip()
        size, directory, disk.cylinders, _, disk.total, disk.used, entry, entries = (
            full(label, at) for at in range(0x0C, 0x2C, 4)
        )
        if (size, entry, entries) != (self.size, 64, self.size // 64):
            disk.problems.append(f"blocks of {size}, {entries} entries of {entry}")
        if disk.total != disk.cylinders * self.heads * self.per_track:
            disk.problems.append(f"{disk.total} blocks on {disk.cylinders} cylinders")
        if directory not in (4, 5):
            disk.problems.append(f"the directory begins at block {directory}")
        self.references.update({1, 2, 3, 9 - directory})
        own, map_fst = (self.block(directory)[at : at + 64] for at in (0, 64))
        if own[:16] != bytes((0, 0, 0, 1, 0, 0, 0, 0)) + "DIRECTOR".encode("cp037"):
            disk.problems.append("the directory does not describe itself")
        if map_fst[:16] != bytes((0, 0, 0, 2, 0, 0, 0, 0)) + "ALLOCMAP".encode("cp037"):
            disk.problems.append("the allocation map is not described")
        blocks = self.tree(full(own, 0x28), own[0x34], 4, full(own, 0x2C), "directory")
        if not blocks or blocks[0][0] != directory:
            disk.problems.append("the directory begins elsewhere")
        fsts = b"".join(self.use(number, "directory") for number, _, _ in blocks)
        count = full(own, 0x30)
        if any(fsts[count * 64 :]) or not all(any(fsts[at * 64 : at * 64 + 4]) for at in range(count)):
            disk.problems.append(f"there are not {count} entries in front")
        for at in range(2, count):
            self.file(fsts[at * 64 : at * 64 + 64])
        maps = self.tree(full(map_fst, 0x28), map_fst[0x34], 4, full(map_fst, 0x2C), "map")
        bitmap = b"".join(self.use(number, "map") for number, _, _ in maps)
        if len(bitmap) * 8 < disk.total or (len(bitmap) - self.size) * 8 >= disk.total:
            disk.problems.append(f"a map of {len(bitmap)} bytes")
        bits = {index * 8 + bit + 1 for index, byte in enumerate(bitmap) for bit in range(8) if byte & (0x80 >> bit)}
        if len(bits) != disk.used:
            disk.problems.append(f"the map has {len(bits)} bits, the label says {disk.used} used")
        if missing := set(self.references) - bits:
            disk.problems.append(f"blocks in use but free in the map: {sorted(missing)[:10]}")
        if (lost := bits - set(self.references)) and not leaks_allowed:
            disk.problems.append(f"blocks marked used that nothing refers to: {sorted(lost)[:10]} ({len(lost)})")
        return disk


def read_edf_disk(track: Callable[[int, int], bytes], heads: int = 30, *, leaks_allowed: bool = False) -> Disk:
    """Read a disk and check it; its `problems` are empty if it is sound."""
    return Reader(track, heads).read(leaks_allowed)
