"""The system disk's directory as all users share it (S-STAT): hyperblocks as CMS keeps them in storage.

They lie behind the code of the CMS segment that the control program has; `cms/nucleus/dmssst.assemble` compares them
with the disk before it uses them. The layout is that of the macros HBK and FSTD.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from cms.cmsblocks import BLOCK
from cms.cmsdisk import FST_SIZE, MFD_BLOCK
from cpvm.s370.ebcdic import to_ebcdic

POINTER = 16
"""Where the segment has the address of S-STAT (SEGSTAT)."""
_MODE = to_ebcdic("S")
_NUMBER = to_ebcdic("2")
_HEAD = struct.Struct(">8sIIII")
_HYPERBLOCK = struct.Struct(">IIBBHI")
_SHARED = 0x40
_SLOTS = BLOCK // FST_SIZE
_FST = 64
_SIZE = _HYPERBLOCK.size + _SLOTS * _FST
_ENDS = (0, 0xFFFD, 0xFFFF)


def _fst(disk: bytes) -> bytes:
    """An FST in storage: 64 bytes, with fullword copies of first chain link, block count and item count."""
    if not any(disk[:8]) or disk[0x19:0x1A] != _NUMBER:
        return bytes(_FST)
    link, blocks, items = disk[0x1C:0x1E], disk[0x24:0x26], disk[0x1A:0x1C]
    wide = b"".join(b"\0\0" + value for value in (link, blocks, items))
    return (disk[:0x18] + _MODE + disk[0x19:] + wide).ljust(_FST, b"\0")


def shared_directory(block: Callable[[int], bytes], origin: int) -> bytes:
    """S-STAT of a disk whose blocks `block` reads (800-byte format), to lie at address `origin`."""
    mfd = block(MFD_BLOCK)
    numbers = []
    for number in struct.unpack(">182H", mfd[:364]):
        if number in _ENDS:
            break
        numbers.append(number)
    out, files = b"", 0
    first = origin + _HEAD.size
    for index, number in enumerate(numbers):
        data = block(number)
        fsts = [_fst(data[at : at + FST_SIZE]) for at in range(0, _SLOTS * FST_SIZE, FST_SIZE)]
        files += sum(any(fst) for fst in fsts)
        following = first + (index + 1) * _SIZE if index + 1 < len(numbers) else 0
        out += _HYPERBLOCK.pack(following, number, _SHARED, 0, _SLOTS, 0) + b"".join(fsts)
    return _HEAD.pack(to_ebcdic("S-STAT".ljust(8)), files, len(numbers), first if numbers else 0, 0) + out


def with_directory(text: bytes, origin: int, block: Callable[[int], bytes]) -> bytes:
    """A segment's text, for address `origin`, with the directory of its disk behind it."""
    text += bytes(-len(text) % 8)
    at = origin + len(text)
    return text[:POINTER] + at.to_bytes(4, "big") + text[POINTER + 4 :] + shared_directory(block, at)
