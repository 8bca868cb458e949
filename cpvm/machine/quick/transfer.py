"""The bytes of a channel program between storage and a drive: what `cpvm.machine.datapath` does in the usual case."""

from __future__ import annotations

from typing import Final

from cpvm.machine.datapath import KEY_CHANGE, KEY_FETCH, KEY_REFERENCE
from cpvm.machine.quick import layout as where
from cpvm.machine.quick.host import HostOps
from cpvm.s370.ccw import ADDRESS_MASK, CCW_LENGTH, Command, Flag

STORING: Final = KEY_REFERENCE | KEY_CHANGE


def readable(m: HostOps, key: int, at: int) -> int:
    """1 if a channel command word may be fetched at an address on its boundary, and the reference bit is on."""
    if at + CCW_LENGTH > m.size():
        return 0
    held = m.byte(m.keys() + (at >> 11))
    if held & KEY_REFERENCE == 0 or (key != 0 and held >> 4 != key):
        return 0
    return 1


def together(m: HostOps, slot: int, n: int, marks: int, unless: int) -> int:
    """1 if the next n bytes can be moved at once.

    They lie in storage, the blocks have these marks, and the key fits; or, if `unless` is the fetch-protection bit,
    that is off.
    """
    start = m.word(slot + where.DATA)
    key = m.word(slot + where.KEY)
    if start + n > m.size():
        return 0
    block = start >> 11
    while block << 11 < start + n:
        held = m.byte(m.keys() + block)
        if held & marks != marks:
            return 0
        if key != 0 and held >> 4 != key and (unless == 0 or held & unless != 0):
            return 0
        block = block + 1
    return 1


def can_take(m: HostOps, slot: int, n: int) -> int:
    """1 if `take` can give up to n bytes."""
    count = m.word(slot + where.LEFT_OVER)
    return together(m, slot, n if n < count else count, KEY_REFERENCE, KEY_FETCH)


def take(m: HostOps, slot: int, n: int) -> int:
    """Fetch n bytes for the drive, or as many as the count has; gives their number. They are where DATA was."""
    count = m.word(slot + where.LEFT_OVER)
    m.put_word(slot + where.MOVED, 1)
    if count < n:
        m.put_word(slot + where.LONG, 1)
        n = count
    passed(m, slot, n)
    return n


def can_send(m: HostOps, slot: int, n: int) -> int:
    """1 if `send` can store up to n bytes."""
    if m.word(slot + where.FLAGS) & Flag.SKIP != 0:
        return 1
    count = m.word(slot + where.LEFT_OVER)
    return together(m, slot, n if n < count else count, STORING, 0)


def send(m: HostOps, slot: int, a: int, n: int) -> None:
    """Store n bytes from a host address, or as many as the count has."""
    count = m.word(slot + where.LEFT_OVER)
    m.put_word(slot + where.MOVED, 1)
    if count < n:
        m.put_word(slot + where.LONG, 1)
        n = count
    if m.word(slot + where.FLAGS) & Flag.SKIP == 0:
        m.copy(m.storage() + m.word(slot + where.DATA), a, n)
        m.spend(n >> 4)
        m.text_may_change()
    passed(m, slot, n)


def passed(m: HostOps, slot: int, n: int) -> None:
    """So many bytes have been moved."""
    m.put_word(slot + where.DATA, m.word(slot + where.DATA) + n)
    m.put_word(slot + where.LEFT_OVER, m.word(slot + where.LEFT_OVER) - n)


def returns(m: HostOps, slot: int, n: int) -> int:
    """1 if the program would come back to the command, which took n bytes: see `DataPath.returns`."""
    at = m.word(slot + where.CCW)
    key = m.word(slot + where.KEY)
    flags = m.word(slot + where.FLAGS)
    if flags & ~Flag.SLI != Flag.CC or at < CCW_LENGTH:
        return 0
    if readable(m, key, at) == 0 or readable(m, key, at - CCW_LENGTH) == 0:
        return 0
    before = m.storage() + at - CCW_LENGTH
    if m.byte(before) != m.word(slot + where.COMMAND) or m.byte(before + 4) != flags or m.big2(before + 6) != n:
        return 0
    word = m.big4(before + CCW_LENGTH)
    if word >> 24 & 15 != Command.TIC or word & ADDRESS_MASK != at - CCW_LENGTH:
        return 0
    return 1
