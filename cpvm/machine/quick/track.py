"""Records on the track under the heads, as far as it is in memory."""

from __future__ import annotations

from cpvm.machine.quick import layout as where
from cpvm.machine.quick.host import HostOps


def frame_of(m: HostOps, slot: int) -> int:
    """The frame with the track under the heads; 0, which is noted, if it is not in memory."""
    if m.word(slot + where.CYL) >= m.word(slot + where.CYLINDERS):
        return 0  # the arm stands where another pack had cylinders
    track = m.word(slot + where.CYL) * m.word(slot + where.HEADS) + m.word(slot + where.HEAD)
    frame = m.word(m.word(m.word(slot + where.PACK) + where.INDEX_OF) + 8 * track)
    if frame == 0:
        m.put_word(m.block() + where.WANTED, track + 1)
        m.put_word(m.block() + where.WANTED_FROM, slot)
    return frame


def image_of(frame: int) -> int:
    """Host address of a track's image."""
    return frame + where.FRAME_IMAGE


def place_of(m: HostOps, frame: int, number: int) -> int:
    """Host address of a record's count field. Record 0 has the number 0, others are counted as they come."""
    return image_of(frame) + m.part(frame + where.FRAME_PLACES + 4 * number)


def identifier(m: HostOps, a: int) -> int:
    """The five bytes of an identifier as a number."""
    return m.big4(a) << 8 | m.byte(a + 4)


def next_record(m: HostOps, slot: int, frame: int, first: int, end: int) -> int:
    """The number of the record whose count field comes next, plus 65536 if index is passed on the way.

    Less than zero if there is none; `end`: not zero if the search is not to go beyond index, which was passed before or
    is where the next head would be taken; `first`: 1 if record 0 is passed over.
    """
    records = m.word(frame + where.FRAME_RECORDS)
    number = m.word(slot + where.AT)
    number = max(number, first)
    if number < records:
        return number
    if end != 0 or first >= records:
        return -1
    return first + 65536
