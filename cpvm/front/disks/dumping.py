"""Tracks, records and blocks in hexadecimal and as EBCDIC text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cpvm.front.disks.place import DiskError, Part
from cpvm.machine.media.images import BlockImage
from cpvm.s370.ckd import CKDError, Track
from cpvm.s370.ebcdic import printable

_WIDTH = 32


def hexadecimal(data: bytes, indent: str = "    ") -> Iterator[str]:
    """Lines of 32 bytes: offset, eight words, text; lines that repeat the one before are left out."""
    before, skipped = b"", 0
    for at in range(0, len(data), _WIDTH):
        line = data[at : at + _WIDTH]
        if line == before and at + _WIDTH < len(data):
            skipped += 1
            continue
        if skipped:
            yield f"{indent}      {skipped} more line{'s' if skipped > 1 else ''} like that"
            skipped = 0
        words = " ".join(line[n : n + 4].hex().upper() for n in range(0, len(line), 4))
        yield f"{indent}{at:04X}  {words:<71}  *{printable(line)}*"
        before = line


def tracks(part: Part, words: list[str]) -> Iterator[str]:
    """A dump of tracks, each word being CYL, CYL/HEAD or CYL/HEAD/RECORD. Raises DiskError, MediaError."""
    for word in words or ["0/0"]:
        match = re.fullmatch(r"(\d{1,5})(?:/(\d{1,3})(?:/(\d{1,3}))?)?", word)
        if not match:
            raise DiskError(f"{word} is not a track, such as 10/3, a cylinder, such as 10, or a record, such as 10/3/1")
        cyl = int(match[1])
        heads = range(part.geometry.heads) if match[2] is None else [int(match[2])]
        if cyl >= part.cylinders or any(head >= part.geometry.heads for head in heads):
            raise DiskError(f"{part.path} has no track {word}")
        for head in heads:
            yield from _track(part, cyl, head, None if match[3] is None else int(match[3]))


def _track(part: Part, cyl: int, head: int, wanted: int | None) -> Iterator[str]:
    image = part.tracks.read(cyl, head)
    try:
        track = Track.from_bytes(image)
    except CKDError as error:
        yield f"track {cyl}/{head} is damaged: {error}"
        yield from hexadecimal(image)
        return
    yield f"track {cyl}/{head}: home address {image[:5].hex().upper()}, {len(track.records)} records"
    found = False
    for record in (track.r0, *track.records):
        if wanted is not None and record.rec != wanted:
            continue
        found = True
        text = (
            f"  record {record.rec}: count {record.count.hex().upper()}, key {len(record.key)}, data {len(record.data)}"
        )
        yield text + (", end of file" if not record.data and not record.key else "")
        if record.key:
            yield from hexadecimal(record.key, "  K ")
        yield from hexadecimal(record.data, "    ")
    if wanted is not None and not found:
        raise DiskError(f"track {cyl}/{head} has no record {wanted}")


def blocks(disk: BlockImage, words: list[str]) -> Iterator[str]:
    """A dump of blocks, each word being a number or FIRST-LAST. Raises DiskError, MediaError."""
    for word in words or ["0-2"]:
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < disk.blocks:
            raise DiskError(f"{word} is not a block from 0 to {disk.blocks - 1}, or a range of them, such as 0-15")
        for block in range(first, last + 1):
            yield f"block {block}"
            yield from hexadecimal(disk.read(block))
