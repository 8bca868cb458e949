"""What a program reads from a screen: Read Modified, Read Modified All and Read Buffer.

Source: GA23-0059, "Read commands", "Reply modes".
"""

from __future__ import annotations

from dataclasses import dataclass

from cpvm.machine.media.screen.buffer import CHARACTER_REPLY, FIELD, FIELD_REPLY, GRAPHIC, Screen
from cpvm.s370.datastream import GRAPHICS, SHORT_READ, Aid, Attribute, Extended, Order, encode_address


@dataclass(frozen=True)
class Reply:
    """An inbound data stream, in pieces: each with the buffer address once it has been sent."""

    pieces: list[tuple[bytes, int]]

    @property
    def data(self) -> bytes:
        """The whole of it."""
        return b"".join(piece for piece, _ in self.pieces)

    def address_after(self, sent: int) -> int:
        """The buffer address if only so many bytes were sent."""
        address = 0
        for piece, behind in self.pieces:
            sent -= len(piece)
            if sent < 0:
                break
            address = behind
        return address


def read_buffer(screen: Screen, start: int = 0, aid: int | None = None) -> Reply:
    """All positions from `start` to the end: field attributes behind SF (SFE in the extended reply modes), characters
    with their nulls. `aid`: the attention identification, if not that of the last key."""
    writer = _Writer(screen, start, screen.aid if aid is None else aid)
    for at in range(start, screen.size):
        if screen.kind[at] == FIELD:
            writer.field(at)
        else:
            writer.character(at)
    return Reply(writer.pieces)


def read_modified(screen: Screen, start: int = 0, everything: bool = False, aid: int | None = None) -> Reply:
    """The modified fields whose attributes stand at `start` or behind, without nulls; all characters if there are no
    fields.

    After CLEAR and the PA keys it is the attention identification alone, after a selection with the light pen the
    addresses of the fields alone, but not if `everything` is asked for (Read Modified All). `aid` as for `read_buffer`.
    """
    aid = screen.aid if aid is None else aid
    if aid in SHORT_READ and not everything:
        return Reply([(bytes((aid,)), start)])
    writer = _Writer(screen, start, aid)
    fields = screen.fields()
    if not fields:
        for at in range(start, screen.size):
            if screen.text[at]:
                writer.character(at)
    for field in fields:
        if field < start or not screen.text[field] & Attribute.MODIFIED:
            continue
        behind = (field + 1) % screen.size
        writer.add(bytes((Order.SBA, *encode_address(behind, screen.size))), behind)
        if aid == Aid.SELECT and not everything:
            continue
        for at in screen.content(field):
            if screen.text[at]:
                writer.character(at)
    return Reply(writer.pieces)


class _Writer:
    def __init__(self, screen: Screen, start: int, aid: int) -> None:
        self.screen = screen
        self.types = screen.reply_types if screen.reply_mode == CHARACTER_REPLY else b""
        self.pen = dict.fromkeys(screen.planes, 0)
        self.pieces = [(bytes((aid, *encode_address(screen.cursor, screen.size))), start)]

    def add(self, piece: bytes, behind: int) -> None:
        self.pieces.append((piece, behind % self.screen.size))

    def field(self, at: int) -> None:
        screen = self.screen
        graphic = GRAPHICS[screen.text[at]]
        if screen.reply_mode == FIELD_REPLY:
            self.add(bytes((Order.SF, graphic)), at + 1)
            return
        pairs = [(Extended.FIELD, graphic)]
        pairs += [(type, plane[at]) for type, plane in screen.planes.items() if plane[at]]
        self.add(bytes((Order.SFE, len(pairs), *(byte for pair in pairs for byte in pair))), at + 1)

    def character(self, at: int) -> None:
        screen = self.screen
        for type in screen.planes:
            value = screen.planes[type][at]
            if type in self.types and value != self.pen[type]:
                self.pen[type] = value
                self.add(bytes((Order.SA, type, value)), at)
        code = screen.text[at]
        self.add(bytes((Order.GE, code) if screen.kind[at] == GRAPHIC else (code,)), at + 1)
