"""Write Structured Field: queries, reply modes, and commands within structured fields.

Only the implicit partition (number 0) exists. Source: GA23-0059, "Structured fields", "Query reply".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cpvm.machine.media.screen.buffer import CHARACTER_REPLY, FIELD_REPLY, Screen, StreamError
from cpvm.machine.media.screen.orders import write as write_orders
from cpvm.machine.media.screen.outcome import read_buffer, read_modified
from cpvm.s370.datastream import REMOTE, Aid, Read, Write

READ_PARTITION, ERASE_RESET, SET_REPLY_MODE, OUTBOUND, TRANSFER = 0x01, 0x03, 0x09, 0x40, 0xD0
QUERY, QUERY_LIST = 0x02, 0x03
ANY_PARTITION: Final = 0xFF
_DISTRIBUTED_DATA: Final = 0x95
COLOURS: Final = bytes((0x00, 0xF4, *(code for colour in range(0xF1, 0xF8) for code in (colour, colour))))
"""Pairs of colour and what it looks like: the default is green, then blue, red, pink, green, turquoise, yellow,
neutral."""


def write(screen: Screen, data: bytes) -> bytes:
    """Carry out Write Structured Field. Returns what a program is to read afterwards, or nothing: query replies behind
    the attention identification X'88', as what the transfer of files answers, fields or the buffer behind X'61'.

    Raises:
        StreamError: a field is too short or too long, or not known, or comes behind a Read Partition. What stood
            before was done.
    """
    answer = b""
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big") if at + 2 <= len(data) else 1
        field = data[at + 2 :] if length == 0 else data[at + 2 : at + length]
        if length not in (0, len(field) + 2) or not field:
            raise StreamError(f"a structured field of length {length}, but {len(data) - at} bytes are there")
        at = len(data) if length == 0 else at + length
        if answer:
            raise StreamError("a structured field behind a Read Partition")
        answer = _field(screen, field[0], field[1:])
    return answer


def _field(screen: Screen, identity: int, data: bytes) -> bytes:
    if identity == READ_PARTITION:
        return _read_partition(screen, data)
    if identity == TRANSFER and screen.transfer is not None:
        reply = screen.transfer.field(data)
        return bytes((Aid.STRUCTURED_FIELD,)) + _whole(bytes((TRANSFER,)) + reply) if reply else b""
    if not data or data[0]:
        raise StreamError("a partition that does not exist" if data else "an incomplete structured field")
    if identity == ERASE_RESET and len(data) == 1:
        raise StreamError("an incomplete structured field")
    if identity == ERASE_RESET:
        screen.erase(bool(data[1] & 0x80))
        screen.reply_mode, screen.reply_types = FIELD_REPLY, b""
        screen.restore()
    elif identity == SET_REPLY_MODE:
        _set_reply_mode(screen, data)
    elif identity == OUTBOUND:
        command = REMOTE.get(data[1]) if len(data) > 1 else None
        if command in (None, Write.STRUCTURED_FIELD, Read.BUFFER, Read.MODIFIED, Read.MODIFIED_ALL):
            raise StreamError("an outbound data stream without a write command")
        write_orders(screen, command, data[2:])
    else:
        raise StreamError(f"X'{identity:02X}' is no structured field that this display knows")
    return b""


def _set_reply_mode(screen: Screen, data: bytes) -> None:
    if len(data) < 2 or data[1] > CHARACTER_REPLY:
        raise StreamError("a reply mode that does not exist")
    screen.reply_mode = data[1]
    screen.reply_types = data[2:] if data[1] == CHARACTER_REPLY else b""


def _read_partition(screen: Screen, data: bytes) -> bytes:
    if len(data) < 2:
        raise StreamError("an incomplete Read Partition")
    partition, what = data[0], data[1]
    if what in (QUERY, QUERY_LIST):
        if partition != ANY_PARTITION:
            raise StreamError("a query of a single partition")
        return bytes((Aid.STRUCTURED_FIELD,)) + _query(screen, None if what == QUERY else data[2:])
    command = REMOTE.get(what)
    if partition or command not in (Read.BUFFER, Read.MODIFIED, Read.MODIFIED_ALL):
        raise StreamError("Read Partition without a read command")
    if command == Read.BUFFER:
        return read_buffer(screen, aid=Aid.READ_PARTITION).data
    return read_modified(screen, everything=command == Read.MODIFIED_ALL, aid=Aid.READ_PARTITION).data


def _whole(field: bytes) -> bytes:
    return (len(field) + 2).to_bytes(2, "big") + field


# ---- query replies


def _query(screen: Screen, wanted: bytes | None) -> bytes:
    """The query replies: all of them, or those in a list (`wanted`: request type, then codes)."""
    codes = _codes(screen)
    if wanted is not None:
        if not wanted:
            raise StreamError("an incomplete query list")
        if wanted[0] & 0xC0 != 0x80:
            listed = wanted[1:]
            codes = bytes(code for code in codes if code in listed or (wanted[0] & 0xC0 and code != 0x80))
    if not codes:
        return _whole(bytes((0x81, 0xFF)))  # Null
    return b"".join(_whole(bytes((0x81, code)) + _REPLIES[code](screen)) for code in codes)


def _codes(screen: Screen) -> bytes:
    """What this display answers: of the transfer of files only if it can."""
    can = screen.transfer is not None and screen.transfer.limit
    return bytes(code for code in _REPLIES if code != _DISTRIBUTED_DATA or can)


def _summary(screen: Screen) -> bytes:
    return _codes(screen)


def _sizes(screen: Screen) -> tuple[int, int]:
    """Rows and columns of the largest screen."""
    return max(screen.default, screen.alternate, key=lambda size: size[0] * size[1])


def _usable_area(screen: Screen) -> bytes:
    rows, columns = _sizes(screen)
    # 12- and 14-bit addresses; cells; size; millimetres; distances of points as fractions; points in a cell; buffer
    return b"".join(
        (
            bytes((0x01, 0x00)),
            columns.to_bytes(2, "big"),
            rows.to_bytes(2, "big"),
            bytes((0x01,)),
            bytes((0x00, 0x0A, 0x02, 0xE5, 0x00, 0x02, 0x00, 0x6F)),
            bytes((9, 12)),
            (rows * columns).to_bytes(2, "big"),
        )
    )


def _character_sets(screen: Screen) -> bytes:
    # graphic escape is supported; cells of 9 by 12; three bytes for each set: base, and the one behind the escape
    return bytes((0x82, 0x00, 9, 12, 0, 0, 0, 0, 3, 0x00, 0x00, 0x00, 0x01, 0x00, 0xF1))


def _colour(screen: Screen) -> bytes:
    return bytes((0x00, len(COLOURS) // 2)) + COLOURS


def _highlighting(screen: Screen) -> bytes:
    pairs = bytes((0x00, 0xF0, 0xF1, 0xF1, 0xF2, 0xF2, 0xF4, 0xF4))  # normal, blink, reverse video, underscore
    return bytes((len(pairs) // 2,)) + pairs


def _reply_modes(screen: Screen) -> bytes:
    return bytes((0, 1, 2))


def _distributed_data(screen: Screen) -> bytes:
    # the most bytes of one transmission, in and out; one subset, which is number 1
    limit = (screen.transfer.limit if screen.transfer is not None else 0).to_bytes(2, "big")
    return bytes(2) + limit + limit + bytes((1, 1))


def _implicit_partition(screen: Screen) -> bytes:
    sizes = b"".join(n.to_bytes(2, "big") for size in (screen.default, screen.alternate) for n in reversed(size))
    return bytes((0x00, 0x00, 3 + len(sizes), 0x01, 0x00)) + sizes


_REPLIES: dict[int, Callable[[Screen], bytes]] = {
    0x80: _summary,
    0x81: _usable_area,
    0x85: _character_sets,
    0x86: _colour,
    0x87: _highlighting,
    0x88: _reply_modes,
    _DISTRIBUTED_DATA: _distributed_data,
    0xA6: _implicit_partition,
}

__all__ = ["COLOURS", "write"]
