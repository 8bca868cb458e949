"""The track under the heads, as far as it is in memory, and how commands leave the drive."""

from __future__ import annotations

from typing import Final

from cpvm.machine.media.drive import MASK_NO_SWITCH, MASK_SEEKS, NOTHING, NOWHERE
from cpvm.machine.quick import layout as where
from cpvm.machine.quick.host import HostOps
from cpvm.s370.ccw import UnitStatus

LEAVE: Final = -1
"""In place of a unit status: the command is left to Python."""
ENDED: Final = UnitStatus.ENDED
FOUND: Final = UnitStatus.ENDED | UnitStatus.STATUS_MODIFIER
WRAPPED: Final = 1 << 16
"""Added to a record's number: index was passed on the way."""


def orient(m: HostOps, slot: int, at: int) -> None:
    """The record `at` comes next, and the search for it begins anew."""
    m.put_word(slot + where.AT, at)
    m.put_word(slot + where.INDEX, 0)
    m.put_word(slot + where.LEFT, NOWHERE)


def accepted(m: HostOps, slot: int) -> None:
    """A command is executed: sense, index and what was possible before it are over."""
    m.put_word(slot + where.SENSE_GONE, 1)
    m.put_word(slot + where.PRIOR, NOTHING)
    m.put_word(slot + where.INDEX, 0)


def frame_at(m: HostOps, slot: int, head: int) -> int:
    """The frame with a track of the cylinder; 0, which is noted, if it is not in memory."""
    if m.word(slot + where.CYL) >= m.word(slot + where.CYLINDERS):
        return 0  # the arm stands where another pack had cylinders
    track = m.word(slot + where.CYL) * m.word(slot + where.HEADS) + head
    frame = m.word(m.word(m.word(slot + where.PACK) + where.INDEX_OF) + 8 * track)
    if frame == 0:
        m.put_word(m.block() + where.WANTED, track + 1)
        m.put_word(m.block() + where.WANTED_FROM, slot)
    return frame


def frame_of(m: HostOps, slot: int) -> int:
    """The frame with the track under the heads, else as `frame_at`."""
    return frame_at(m, slot, m.word(slot + where.HEAD))


def next_frame(m: HostOps, slot: int) -> int:
    """The frame with the track of the next head, if the program may go on there, else as `frame_at`."""
    head = m.word(slot + where.HEAD) + 1
    if m.word(slot + where.MASK) & MASK_SEEKS == MASK_NO_SWITCH or head >= m.word(slot + where.HEADS):
        return 0
    return frame_at(m, slot, head)


def image_of(frame: int) -> int:
    """Host address of a track's image."""
    return frame + where.FRAME_IMAGE


def place_of(m: HostOps, frame: int, number: int) -> int:
    """Host address of a record's count field. Record 0 has the number 0, others are counted as they come."""
    return image_of(frame) + m.part(frame + where.FRAME_PLACES + 4 * number)


def next_record(m: HostOps, slot: int, frame: int, first: int, end: int) -> int:
    """The number of the record whose count field comes next, plus 65536 if index is passed on the way.

    Less than zero if there is none; `end`: not zero if the search is not to go beyond index, which was passed before or
    is where the next head would be taken; `first`: 1 if record 0 is passed over.
    """
    records = m.word(frame + where.FRAME_RECORDS)
    number = max(m.word(slot + where.AT), first)
    if number < records:
        return number
    if end != 0 or first >= records:
        return -1
    return first + WRAPPED
