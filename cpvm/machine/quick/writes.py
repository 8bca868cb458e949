"""Writing on tracks in memory, and the log that makes it lasting before a channel program is at its end.

A program's writes go into the log as one group, with one write to the file: a killed process leaves all of them, or
none. `cpvm.machine.media.redo` reads it.
"""

from __future__ import annotations

from typing import Final

from cpvm.machine.quick import layout as where
from cpvm.machine.quick.host import HostOps
from cpvm.machine.quick.track import image_of
from cpvm.machine.quick.transfer import take

WRITE_TIME: Final = 600
"""Nanoseconds that a write to the log takes, about; a byte of it takes half of one."""


def write(m: HostOps, slot: int, frame: int, offset: int, size: int) -> int:
    """Write what the program gives, and zeros behind it, over bytes of a track. 0 if the log does not take it."""
    pack = m.word(slot + where.PACK)
    used = m.word(pack + where.ENTRIES_BYTES)
    if used == 0:
        used = where.GROUP_HEAD
    whole = where.ENTRY_HEAD + (size + 7 & ~7)
    if m.word(pack + where.LOG) < 0 or m.word(pack + where.LOG_AT) + used + whole > m.word(pack + where.LOG_BYTES):
        m.put_word(m.block() + where.FULL, slot)
        return 0
    if used + whole > where.ENTRIES_ROOM:
        return 0
    entry = m.word(pack + where.ENTRIES) + used
    m.put_word(entry, m.word(frame + where.FRAME_TRACK))
    m.put_word(entry + 8, offset)
    m.put_word(entry + 16, size)
    m.put_word(entry + whole - 8, 0)  # what fills up
    data = m.storage() + m.word(slot + where.DATA)
    n = take(m, slot, size)
    m.copy(entry + where.ENTRY_HEAD, data, n)
    m.zero(entry + where.ENTRY_HEAD + n, size - n)
    m.copy(image_of(frame) + offset, entry + where.ENTRY_HEAD, size)
    m.put_word(frame + where.FRAME_CHANGED, 1)
    m.put_word(frame + where.FRAME_DIRTY, 1)
    m.put_word(pack + where.DIRTY, 1)
    m.put_word(pack + where.ENTRIES_BYTES, used + whole)
    return 1


def checksum(m: HostOps, a: int, n: int) -> int:
    """Of n bytes, a multiple of 8."""
    value = where.SEED ^ n
    for i in range(n >> 3):
        value = (value ^ m.word(a + 8 * i)) * where.MULTIPLIER
        value = value ^ value >> 32
    return value


def save_writes(m: HostOps, slot: int) -> int:
    """Put the program's writes into the log; 0 if that fails, in which case they are not in it."""
    pack = m.word(slot + where.PACK)
    used = m.word(pack + where.ENTRIES_BYTES)
    if used != 0:
        group = m.word(pack + where.ENTRIES)
        m.put_word(group, m.word(pack + where.GENERATION))
        m.put_word(group + 8, used - where.GROUP_HEAD)
        m.put_word(group + 16, checksum(m, group + where.GROUP_HEAD, used - where.GROUP_HEAD))
        at = m.word(pack + where.LOG_AT)
        m.spend(WRITE_TIME + (used >> 1))
        if m.write_file(m.word(pack + where.LOG), group, used, at) != used:
            return 0
        m.put_word(pack + where.LOG_AT, at + used)
        m.put_word(pack + where.ENTRIES_BYTES, 0)
    return 1
