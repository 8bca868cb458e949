"""An independent reader of CMS disks, for tests: written from the format alone, sharing no code with the writer.

It reads a 3350 disk from its track images, walks every structure and reports each inconsistency it finds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


def half(data: bytes, at: int) -> int:
    return data[at] * 256 + data[at + 1]


def full(data: bytes, at: int) -> int:
    return half(data, at) * 65536 + half(data, at + 2)


def records_of(image: bytes) -> dict[int, bytes]:
    """Data of the records of one track image, by record number."""
    out = {}
    at = 5
    while image[at : at + 8] != b"\xff" * 8:
        number, key, length = image[at + 4], image[at + 5], half(image, at + 6)
        out[number] = image[at + 8 + key : at + 8 + key + length]
        at += 8 + key + length
    del out[0]
    return out


@dataclass
class Found:
    """One file as found."""

    mode: str
    recfm: str
    lrecl: int
    records: list[bytes]
    fst: bytes


@dataclass
class Disk:
    """What was found on a disk; `problems` is empty on a sound one."""

    label: str = ""
    total: int = 0
    used: int = 0
    cylinders: int = 0
    files: dict[tuple[str, str], Found] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_disk(track: Callable[[int, int], bytes], *, leaks_allowed: bool = False) -> Disk:
    """Read a 3350 CMS disk and check it. `leaks_allowed`: blocks marked used that nothing refers to are no problem."""
    disk = Disk()
    tracks: dict[int, dict[int, bytes]] = {}
    references: Counter[int] = Counter()

    def block(number: int) -> bytes:
        index, record = (number - 1) // 19, (number - 1) % 19 + 1
        if index not in tracks:
            tracks[index] = records_of(track(index // 30, index % 30))
        data = tracks[index].get(record, b"")
        if len(data) != 800:
            disk.problems.append(f"block {number} has {len(data)} bytes")
        return data.ljust(800, b"\0")

    def use(number: int, what: str) -> bytes:
        if not 1 <= number <= disk.total:
            disk.problems.append(f"{what} is block {number}")
            return bytes(800)
        references[number] += 1
        if references[number] > 1:
            disk.problems.append(f"{what}: block {number} is used twice")
        return block(number)

    label = block(3).decode("cp037")
    if label[:4] != "CMS=":
        disk.problems.append("no label")
    disk.label = label[4:10].rstrip()
    mfd = block(4)
    disk.total, disk.used, left, last, disk.cylinders = (full(mfd, at) for at in range(0x16C, 0x180, 4))
    references.update((1, 2, 3, 4))
    if mfd[0x257] != 0x0B:
        disk.problems.append(f"device code {mfd[0x257]:02X}")
    if disk.total != min(disk.cylinders * 570, 65531):
        disk.problems.append(f"{disk.total} blocks on {disk.cylinders} cylinders")
    if disk.used + left != disk.total:
        disk.problems.append(f"{disk.used} used and {left} left of {disk.total}")

    numbers = [half(mfd, at) for at in range(0, 364, 2)]
    directory = []
    bitmap = mfd[0x180:0x257]
    while numbers and numbers[0] not in (0xFFFF, 0xFFFD):
        directory.append(use(numbers.pop(0), "FST block"))
    if numbers and numbers.pop(0) == 0xFFFD:
        while numbers and numbers[0] not in (0xFFFF, 0):
            bitmap += use(numbers.pop(0), "bitmap block")

    for fsts in directory:
        for at in range(0, 800, 40):
            if any(fsts[at : at + 8]):
                read_file(disk, fsts[at : at + 40], use)

    bits = {index * 8 + bit + 1 for index, byte in enumerate(bitmap) for bit in range(8) if byte & (0x80 >> bit)}
    if len(bits) != disk.used:
        disk.problems.append(f"bitmap has {len(bits)} bits, MFD says {disk.used} used")
    if max((number for number, byte in enumerate(bitmap) if byte), default=0) != last:
        disk.problems.append(f"last nonzero byte of the bitmap is not {last}")
    if missing := set(references) - bits:
        disk.problems.append(f"blocks in use but free in the bitmap: {sorted(missing)[:10]}")
    if (lost := bits - set(references)) and not leaks_allowed:
        disk.problems.append(f"blocks marked used that nothing refers to: {sorted(lost)[:10]} ({len(lost)})")
    return disk


def read_file(disk: Disk, fst: bytes, use: Callable[[int, str], bytes]) -> None:
    """Follow one FST; the file goes into `disk.files`."""
    name = fst[0:8].decode("cp037").rstrip(), fst[8:16].decode("cp037").rstrip()
    what = " ".join(name)
    if name in disk.files:
        disk.problems.append(f"{what} is there twice")
    count, recfm, lrecl, blocks = half(fst, 0x1A), fst[0x1E:0x1F].decode("cp037"), full(fst, 0x20), half(fst, 0x24)
    first = use(half(fst, 0x1C), f"{what}: first chain link")
    chain = [half(first, at) for at in range(80, 200, 2)]
    links = [half(first, at) for at in range(0, 80, 2)]
    for link in links:
        if link:
            data = use(link, f"{what}: chain link")
            chain += [half(data, at) for at in range(0, 800, 2)]
        else:
            chain += [0] * 400
    if sum(1 for number in chain if number) != blocks:
        disk.problems.append(f"{what}: {blocks} data blocks in the FST, {sum(map(bool, chain))} in the chain")
    content = b""
    end = max((index for index, number in enumerate(chain) if number), default=-1)
    content = b"".join(use(number, f"{what}: data") if number else bytes(800) for number in chain[: end + 1])
    records: list[bytes] = []
    at = 0
    for _ in range(count):
        if recfm == "V":
            length, at = half(content, at) if at + 2 <= len(content) else 0, at + 2
        else:
            length = lrecl
        if not int(recfm == "F") <= length <= lrecl or at + length > len(content):
            disk.problems.append(f"{what}: record {len(records) + 1} of {length} bytes runs out")
            break
        records.append(content[at : at + length])
        at += length
    if recfm == "V" and records and max(map(len, records)) > lrecl:
        disk.problems.append(f"{what}: longest record is not {lrecl}")
    if recfm not in "FV":
        disk.problems.append(f"{what}: record format {recfm}")
    if half(fst, 0x14) != (count + 1) % 65536:
        disk.problems.append(f"{what}: write pointer {half(fst, 0x14)} with {count} records")
    disk.files[name] = Found(fst[0x18:0x1A].decode("cp037"), recfm, lrecl, records, fst)
