"""Commands of count-key-data drives on tracks that lie in memory: what `cpvm.machine.media` and the drives of
`cpvm.machine.devices.dasd` say of them.

A command that would end with a unit check or unit exception, that needs a track which is not in memory, or an area of
storage whose blocks do not have their reference and change bits yet, is left to Python before it has changed anything.

Sources: GA26-1617 (3830 Storage Control), GA26-1638 (3350), GA26-3599 (2314).
"""

from __future__ import annotations

from typing import Final

from cpvm.machine.media.drive import (
    COUNT,
    DATA,
    ID_EQUAL,
    KEY,
    KEY_EQUAL,
    MASK_HEAD_ONLY,
    MASK_NO_SEEK,
    MASK_SEEKS,
    MULTI_TRACK,
    NOTHING,
    NOWHERE,
)
from cpvm.machine.quick import layout as where
from cpvm.machine.quick.host import HostOps
from cpvm.machine.quick.searching import search_home_address, search_identifier, search_key
from cpvm.machine.quick.track import (
    ENDED,
    LEAVE,
    WRAPPED,
    accepted,
    frame_of,
    image_of,
    next_frame,
    next_record,
    orient,
    place_of,
)
from cpvm.machine.quick.transfer import can_send, can_take, send, take
from cpvm.machine.quick.writes import write
from cpvm.s370.ccw import Command
from cpvm.s370.ckd import COUNT_LENGTH, HOME_ADDRESS_LENGTH

NO_SECTOR: Final = 0xFF
SWITCHED: Final = WRAPPED << 1
"""Added to a record's number: it is on the next track."""
RECALIBRATE: Final = 0x13


def immediate(code: int) -> int:
    """1 if a command is one of those here that move no data and give channel end at once."""
    return 1 if code in (Command.NOP, RECALIBRATE) else 0


def begin(m: HostOps, slot: int) -> None:
    """A channel program begins: see `Drive.begin`."""
    m.put_word(slot + where.MASK, 0)
    m.put_word(slot + where.MASKED, 0)
    m.put_word(slot + where.PRIOR, NOTHING)
    orient(m, slot, 0)


def perform(m: HostOps, slot: int) -> int:
    """Execute the command that was fetched: its unit status, or LEAVE."""
    code = m.word(slot + where.COMMAND)
    kind = code & ~MULTI_TRACK
    if kind in (0x31, 0x51, 0x71):
        return search_identifier(m, slot, code)
    if kind in (0x29, 0x49, 0x69):
        return search_key(m, slot, code)
    if kind in (0x06, 0x0E, 0x1E, 0x12):
        return read(m, slot, code)
    if code in (0x05, 0x0D):
        return write_over(m, slot, code)
    if code in (0x07, 0x0B, 0x1B):
        return seek(m, slot, code)
    if code == 0x23:
        return set_sector(m, slot)
    if code == 0x1F:
        return set_file_mask(m, slot)
    if code in (0x1A, 0x16):
        return read_beginning(m, slot, code)
    if code == 0x39:
        return search_home_address(m, slot)
    if code == Command.NOP:
        m.put_word(slot + where.PRIOR, NOTHING)
        m.put_word(slot + where.INDEX, 0)
        m.put_word(slot + where.LEFT, NOWHERE)
        return ENDED
    if code == RECALIBRATE and m.word(slot + where.MASK) & MASK_SEEKS == 0:
        accepted(m, slot)
        move_arm(m, slot, 0, 0)
        return ENDED
    return LEAVE


# ---- arm and rotation
def seek(m: HostOps, slot: int, code: int) -> int:
    """Seek, Seek Cylinder, Seek Head."""
    seeks = m.word(slot + where.MASK) & MASK_SEEKS
    if seeks != 0 and (seeks != MASK_NO_SEEK or code == 0x07) and (seeks != MASK_HEAD_ONLY or code != 0x1B):
        return LEAVE
    if m.word(slot + where.LEFT_OVER) < 6 or can_take(m, slot, 6) == 0:
        return LEAVE
    a = m.storage() + m.word(slot + where.DATA)
    cyl = m.word(slot + where.CYL) if code == 0x1B else m.big2(a + 2)
    head = m.big2(a + 4)
    if m.big2(a) != 0 or cyl >= m.word(slot + where.CYLINDERS) or head >= m.word(slot + where.HEADS):
        return LEAVE
    take(m, slot, 6)
    accepted(m, slot)
    move_arm(m, slot, cyl, head)
    return ENDED


def move_arm(m: HostOps, slot: int, cyl: int, head: int) -> None:
    """Bring the heads to a track; the next thing under them is index."""
    m.put_word(slot + where.CYL, cyl)
    m.put_word(slot + where.HEAD, head)
    orient(m, slot, 0)


def set_file_mask(m: HostOps, slot: int) -> int:
    """Set File Mask."""
    if m.word(slot + where.MASKED) != 0 or can_take(m, slot, 1) == 0:
        return LEAVE
    mask = m.byte(m.storage() + m.word(slot + where.DATA))
    if mask & m.word(slot + where.MASK_ZEROS) != 0:
        return LEAVE
    take(m, slot, 1)
    accepted(m, slot)
    m.put_word(slot + where.LEFT, NOWHERE)
    m.put_word(slot + where.MASK, mask)
    m.put_word(slot + where.MASKED, 1)
    return ENDED


def set_sector(m: HostOps, slot: int) -> int:
    """Set Sector: the record that begins there or next, or record 0."""
    if m.word(slot + where.SECTORS) == 0 or can_take(m, slot, 1) == 0:
        return LEAVE
    sector = m.byte(m.storage() + m.word(slot + where.DATA))
    at = 0
    if sector != NO_SECTOR:
        frame = frame_of(m, slot)
        if sector >= m.word(slot + where.SECTORS) or frame == 0:
            return LEAVE
        records = m.word(frame + where.FRAME_RECORDS)
        while at < records and m.byte(frame + where.FRAME_SECTORS + at) < sector:
            at = at + 1
        if at == records:
            at = 0
    take(m, slot, 1)
    accepted(m, slot)
    orient(m, slot, at)
    return ENDED


# ---- reading
def read(m: HostOps, slot: int, code: int) -> int:
    """Read Data; Key and Data; Count, Key and Data; Count."""
    frame = frame_of(m, slot)
    if frame == 0:
        return LEAVE
    kind = code & ~MULTI_TRACK
    left = m.word(slot + where.LEFT)
    number = m.word(slot + where.AT) - 1
    prior = m.word(slot + where.PRIOR)
    if (kind != 0x06 or left not in (COUNT, KEY)) and (kind != 0x0E or left != COUNT):
        number = next_record(
            m, slot, frame, 1, (m.word(slot + where.INDEX) if kind == 0x12 else 0) | code & MULTI_TRACK
        )
        prior = NOTHING
        if number < 0 and code & MULTI_TRACK != 0:
            frame = next_frame(m, slot)
            number = 1 + SWITCHED
            if frame == 0 or m.word(frame + where.FRAME_RECORDS) <= 1:
                return LEAVE
        if number < 0:
            return LEAVE
    elif number < 0:
        number = 0
    place = place_of(m, frame, number & WRAPPED - 1)
    key = m.byte(place + 5)
    size = m.big2(place + 6)
    if kind == 0x12:
        size = COUNT_LENGTH
    else:
        if size == 0:
            return LEAVE  # the end of a file
        size = size + (0 if kind == 0x06 else key if kind == 0x0E else COUNT_LENGTH + key)
        place = place + (COUNT_LENGTH + key if kind == 0x06 else COUNT_LENGTH if kind == 0x0E else 0)
    if can_send(m, slot, size) == 0:
        return LEAVE
    index = m.word(slot + where.INDEX)
    accepted(m, slot)
    if number & SWITCHED != 0:
        m.put_word(slot + where.HEAD, m.word(slot + where.HEAD) + 1)
    m.put_word(slot + where.AT, (number & WRAPPED - 1) + 1)
    if kind == 0x12:
        if code == kind:
            m.put_word(slot + where.INDEX, 1 if number & WRAPPED != 0 else index)
        m.put_word(slot + where.LEFT, COUNT)
    else:
        m.put_word(slot + where.LEFT, DATA)
        m.put_word(slot + where.PRIOR, prior if prior in (ID_EQUAL, KEY_EQUAL) else NOTHING)
    send(m, slot, place, size)
    return ENDED


def read_beginning(m: HostOps, slot: int, code: int) -> int:
    """Read Home Address; Read R0."""
    frame = frame_of(m, slot)
    if frame == 0:
        return LEAVE
    a = image_of(frame)
    size = HOME_ADDRESS_LENGTH
    if code == 0x16:
        a = place_of(m, frame, 0)
        size = m.big2(a + 6)
        if size == 0:
            return LEAVE
        size = size + COUNT_LENGTH + m.byte(a + 5)
    if can_send(m, slot, size) == 0:
        return LEAVE
    accepted(m, slot)
    orient(m, slot, 0)
    if code == 0x16:
        m.put_word(slot + where.AT, 1)
        m.put_word(slot + where.LEFT, DATA)
    send(m, slot, a, size)
    return ENDED


# ---- writing
def write_over(m: HostOps, slot: int, code: int) -> int:
    """Write Data; Key and Data: of the record that an equal search just found."""
    prior = m.word(slot + where.PRIOR)
    left = m.word(slot + where.LEFT)
    if prior != ID_EQUAL and (prior != KEY_EQUAL or code != 0x05):
        return LEAVE
    if left != COUNT and (left != KEY or code != 0x05):
        return LEAVE
    frame = frame_of(m, slot)
    if frame == 0 or m.word(slot + where.WRITABLE) == 0 or m.word(slot + where.MASK) & 0xC0 == 0x40:
        return LEAVE
    number = m.word(slot + where.AT) - 1
    place = place_of(m, frame, number if number > 0 else 0)
    key = m.byte(place + 5)
    size = m.big2(place + 6)
    if size == 0:
        return LEAVE
    place = place + COUNT_LENGTH
    if code == 0x05:
        place = place + key
    else:
        size = size + key
    if can_take(m, slot, size) == 0 or write(m, slot, frame, place - image_of(frame), size) == 0:
        return LEAVE
    accepted(m, slot)
    m.put_word(slot + where.LEFT, DATA)
    m.put_word(slot + where.PRIOR, prior)
    return ENDED
