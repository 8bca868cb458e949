"""Taking over what a terminal elsewhere has read from its operator: its inbound data streams, into a screen.

The screen mirrors that terminal: both were sent the same writes. Source: GA23-0059, "Inbound data stream".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cpvm.machine.media.screen.buffer import CHARACTER, FIELD, GRAPHIC, Screen, StreamError
from cpvm.s370.datastream import SHORT_READ, Aid, Attribute, Extended, Order, decode_address


def accept(screen: Screen, record: bytes) -> None:
    """Take over what the terminal sent as the operator pressed a key: identification, cursor, modified fields.

    Afterwards the keyboard is locked. Where nulls were left out in the middle of a field, cannot be told.

    Raises:
        StreamError: the record is no such thing, for instance it names a position that the screen lacks. The screen
            has not changed then.
    """
    if not record:
        raise StreamError("an inbound data stream without attention identification")
    with _unchanged_if_wrong(screen):
        _accept(screen, record)


@contextmanager
def _unchanged_if_wrong(screen: Screen) -> Iterator[None]:
    before = screen.to_bytes()
    try:
        yield
    except StreamError:
        screen.from_bytes(before)
        raise


def _accept(screen: Screen, record: bytes) -> None:
    stream = _Inbound(screen, record)
    aid = record[0]
    screen.locked = True
    screen.aid = aid
    if aid == Aid.CLEAR:
        screen.clear()
    if len(record) == 1 and aid in SHORT_READ:
        return
    stream.heading()
    if aid == Aid.SELECT:
        stream.selected()
    elif screen.formatted:
        stream.modified()
    else:
        stream.unformatted()


def accept_buffer(screen: Screen, record: bytes) -> None:
    """Take over the whole buffer: what the terminal answered to Read Buffer. Raises StreamError, as `accept`."""
    with _unchanged_if_wrong(screen):
        stream = _Inbound(screen, record)
        stream.heading()
        screen.aid = record[0]
        stream.buffer()


class _Inbound:
    def __init__(self, screen: Screen, record: bytes) -> None:
        self.screen = screen
        self.record = record
        self.at = 0
        self.pen = dict.fromkeys(screen.planes, 0)

    def _byte(self) -> int:
        if self.at >= len(self.record):
            raise StreamError("an inbound data stream ends too early")
        self.at += 1
        return self.record[self.at - 1]

    def _address(self) -> int:
        address = decode_address(self._byte(), self._byte(), self.screen.wide)
        if address >= self.screen.size:
            raise StreamError(f"address {address} is not on a screen of {self.screen.size} positions")
        return address

    def heading(self) -> None:
        """Identification and cursor address."""
        self._byte()
        self.screen.cursor = self._address()

    def _more(self) -> bool:
        return self.at < len(self.record)

    def _character(self) -> tuple[int, int] | None:
        """The next character and its kind; None for an attribute, which is noted."""
        code = self._byte()
        if code == Order.SA:
            type, value = self._byte(), self._byte()
            if type == Extended.ALL:
                self.pen = dict.fromkeys(self.pen, 0)
            elif type in self.pen:
                self.pen[type] = value
            return None
        kind = CHARACTER
        if code == Order.GE:
            code, kind = self._byte(), GRAPHIC
        if not self.screen.shows(code, kind):
            raise StreamError(f"X'{code:02X}' is no character")
        return code, kind

    def _put(self, at: int, character: tuple[int, int]) -> None:
        self.screen.put(at, *character)
        for type, value in self.pen.items():
            self.screen.planes[type][at] = value

    def selected(self) -> None:
        """Only the addresses of modified fields."""
        while self._more():
            self._field()

    def _field(self) -> int:
        """The attribute position of the field whose first position is named next; it is marked as modified."""
        if self._byte() != Order.SBA:
            raise StreamError("a field's address is missing")
        field = (self._address() - 1) % self.screen.size
        if self.screen.kind[field] != FIELD:
            raise StreamError(f"there is no field attribute at {field}")
        self.screen.text[field] |= Attribute.MODIFIED
        return field

    def modified(self) -> None:
        """Fields, each behind the address of its first position, and each only once: no terminal repeats one, and a
        record full of repetitions would take seconds."""
        seen: set[int] = set()
        while self._more():
            field = self._field()
            if field in seen:
                raise StreamError(f"the field at {field} comes twice")
            seen.add(field)
            positions = self.screen.content(field)
            filled = 0
            while self._more() and self.record[self.at] != Order.SBA:
                character = self._character()
                if character is None:
                    continue
                if filled == len(positions):
                    raise StreamError("more characters than the field has positions")
                self._put(positions[filled], character)
                filled += 1
            for at in positions[filled:]:
                self.screen.put(at, 0)

    def unformatted(self) -> None:
        """All characters of a screen without fields."""
        screen = self.screen
        filled = 0
        while self._more():
            character = self._character()
            if character is None:
                continue
            if filled == screen.size:
                raise StreamError("more characters than the screen has positions")
            self._put(filled, character)
            filled += 1
        for at in range(filled, screen.size):
            screen.put(at, 0)

    def buffer(self) -> None:
        """Everything, from position 0 on."""
        screen = self.screen
        filled = 0
        while self._more():
            if filled == screen.size:
                raise StreamError("more characters than the screen has positions")
            order = self.record[self.at]
            if order in (Order.SF, Order.SFE):
                self._start(filled)
            else:
                character = self._character()
                if character is None:
                    continue
                self._put(filled, character)
            filled += 1
        if filled != screen.size:
            raise StreamError(f"a buffer of {filled} positions for a screen of {screen.size}")

    def _start(self, at: int) -> None:
        """A field attribute."""
        screen = self.screen
        if self._byte() == Order.SF:
            screen.put(at, self._byte() & Attribute.VALUE, FIELD)
            return
        screen.put(at, 0, FIELD)
        for _ in range(self._byte()):
            type, value = self._byte(), self._byte()
            if type == Extended.FIELD:
                screen.text[at] = value & Attribute.VALUE
            elif type in screen.planes:
                screen.planes[type][at] = value
