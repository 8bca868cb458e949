"""Searches on tracks that lie in memory: what `cpvm.machine.media.searching` says of them.

Sources: GA26-1617 (3830 Storage Control), GA26-3599 (2314), A26-5988 (2841).
"""

from __future__ import annotations

from typing import Final

from cpvm.machine.media.drive import COUNT, HOME, ID_EQUAL, KEY, KEY_EQUAL, MULTI_TRACK, NOTHING
from cpvm.machine.media.searching import EQUAL, HIGH
from cpvm.machine.quick import layout as where
from cpvm.machine.quick.host import HostOps
from cpvm.machine.quick.track import (
    ENDED,
    FOUND,
    LEAVE,
    WRAPPED,
    frame_of,
    image_of,
    next_frame,
    next_record,
    orient,
    place_of,
)
from cpvm.machine.quick.transfer import can_take, returns, take
from cpvm.s370.ckd import COUNT_LENGTH

IDENTIFIER: Final = 5
"""Bytes of a record's identifier."""
HOME_LENGTH: Final = 4


def identifier(m: HostOps, a: int) -> int:
    """The five bytes of an identifier as a number."""
    return m.big4(a) << 8 | m.byte(a + 4)


def search_home_address(m: HostOps, slot: int) -> int:
    """Search Home Address Equal."""
    frame = frame_of(m, slot)
    if frame == 0 or m.word(slot + where.LEFT_OVER) < HOME_LENGTH or can_take(m, slot, HOME_LENGTH) == 0:
        return LEAVE
    if m.word(slot + where.INDEX) != 0 and m.word(slot + where.AT) == 0:
        return LEAVE  # it came to the home address before
    equal = 1 if m.big4(m.storage() + m.word(slot + where.DATA)) == m.big4(image_of(frame) + 1) else 0
    take(m, slot, HOME_LENGTH)
    m.put_word(slot + where.SENSE_GONE, 1)
    orient(m, slot, 0)
    m.put_word(slot + where.INDEX, 1)
    m.put_word(slot + where.PRIOR, HOME if equal != 0 else NOTHING)
    return FOUND if equal != 0 else ENDED


def search_identifier(m: HostOps, slot: int, code: int) -> int:
    """Search ID Equal, High, Equal or High."""
    frame = frame_of(m, slot)
    if frame == 0 or m.word(slot + where.LEFT_OVER) < IDENTIFIER or can_take(m, slot, IDENTIFIER) == 0:
        return LEAVE
    number = next_record(m, slot, frame, 0, m.word(slot + where.INDEX) | code & MULTI_TRACK)
    head = m.word(slot + where.HEAD)
    if number < 0 and code & MULTI_TRACK != 0:
        frame = next_frame(m, slot)
        number = 0 if frame != 0 else -1
        head = head + 1
        if number == 0:
            m.put_word(slot + where.INDEX, 0)
    if number < 0:
        return LEAVE
    wanted = identifier(m, m.storage() + m.word(slot + where.DATA))
    take(m, slot, IDENTIFIER)
    m.put_word(slot + where.SENSE_GONE, 1)
    m.put_word(slot + where.HEAD, head)
    if number & WRAPPED != 0:
        m.put_word(slot + where.INDEX, 1)
        number = number - WRAPPED
    m.put_word(slot + where.AT, number + 1)
    m.put_word(slot + where.LEFT, COUNT)
    found = identifier(m, place_of(m, frame, number))
    m.put_word(slot + where.PRIOR, ID_EQUAL if found == wanted and code & ~MULTI_TRACK == 0x31 else NOTHING)
    if (found == wanted and code & EQUAL != 0) or (found > wanted and code & HIGH != 0):
        return FOUND
    if code & ~MULTI_TRACK == 0x31 and returns(m, slot, IDENTIFIER) != 0:
        return search_on(m, slot, frame, wanted)
    return ENDED


def search_on(m: HostOps, slot: int, frame: int, wanted: int) -> int:
    """Search to the end of the track, as the program would."""
    records = m.word(frame + where.FRAME_RECORDS)
    number = m.word(slot + where.AT)
    while number < records:
        if identifier(m, place_of(m, frame, number)) == wanted:
            m.put_word(slot + where.AT, number + 1)
            m.put_word(slot + where.PRIOR, ID_EQUAL)
            return FOUND
        number = number + 1
    m.put_word(slot + where.AT, records)
    return ENDED


def next_keyed(m: HostOps, slot: int, frame: int, end: int) -> int:
    """As `next_record`, of the next record that has a key."""
    records = m.word(frame + where.FRAME_RECORDS)
    number = max(m.word(slot + where.AT), 1)
    wrapped = 0
    while number < records or (end == 0 and wrapped == 0):
        if number >= records:
            number = 1
            wrapped = WRAPPED
        elif m.byte(place_of(m, frame, number) + 5) != 0:
            return number + wrapped
        else:
            number = number + 1
    return -1


def search_key(m: HostOps, slot: int, code: int) -> int:
    """Search Key Equal, High, Equal or High."""
    frame = frame_of(m, slot)
    if frame == 0:
        return LEAVE
    if m.word(slot + where.LEFT) == COUNT:
        number = max(m.word(slot + where.AT) - 1, 0)
    else:
        number = next_keyed(m, slot, frame, m.word(slot + where.INDEX) | code & MULTI_TRACK)
        if number < 0:
            return LEAVE
    place = place_of(m, frame, number & WRAPPED - 1)
    key = m.byte(place + 5)
    if can_take(m, slot, key) == 0:
        return LEAVE
    argument = m.storage() + m.word(slot + where.DATA)
    n = take(m, slot, key)
    m.put_word(slot + where.SENSE_GONE, 1)
    m.put_word(slot + where.PRIOR, NOTHING)
    if m.word(slot + where.LEFT) != COUNT:
        m.put_word(slot + where.AT, (number & WRAPPED - 1) + 1)
        if number & WRAPPED != 0:
            m.put_word(slot + where.INDEX, 1)
    m.put_word(slot + where.LEFT, KEY)
    if key == 0:
        return ENDED
    i = 0
    place = place + COUNT_LENGTH
    while i < n and m.byte(argument + i) == m.byte(place + i):
        i = i + 1
    if i == n:
        m.put_word(slot + where.PRIOR, KEY_EQUAL if n == key and code & ~MULTI_TRACK == 0x29 else NOTHING)
        return FOUND if code & EQUAL != 0 else ENDED
    return FOUND if code & HIGH != 0 and m.byte(place + i) > m.byte(argument + i) else ENDED
