"""Write commands: the write control character, orders and characters of a 3270 data stream, into a screen.

Source: GA23-0059, "Commands" and "Orders"; GA27-2749 for the 3277, which has neither extended attributes nor addresses
of 14 bits.
"""

from __future__ import annotations

from collections.abc import Callable

from cpvm.machine.media.screen.buffer import CHARACTER, FIELD, GRAPHIC, Screen, StreamError
from cpvm.s370.datastream import (
    FORMAT_CONTROLS,
    GRAPHICS,
    Attribute,
    Control,
    Extended,
    Order,
    Write,
    decode_address,
    encode_address,
)

_NO_EFFECT = (Extended.TRANSPARENCY, Extended.VALIDATION, Extended.OUTLINING, Extended.INPUT_CONTROL)


def write(screen: Screen, command: int, data: bytes, chained: bool = False) -> None:
    """Carry out a write command (not Write Structured Field) with the data behind it.

    Args:
        command: as a channel gives it, see `cpvm.s370.datastream.Write`.
        data: write control character, orders, characters; may be empty.
        chained: Write goes on at the buffer address where the command before it stopped, not at the cursor.

    Raises:
        StreamError: an order is incomplete, or wrong for this screen, or an address is behind its end.
    """
    if command == Write.ERASE_ALL_UNPROTECTED:
        screen.erase_all_unprotected()
        return
    if command in (Write.ERASE_WRITE, Write.ERASE_WRITE_ALTERNATE):
        screen.erase(command == Write.ERASE_WRITE_ALTERNATE)
    elif not chained:
        screen.address = screen.cursor
    if not data:
        return
    control = data[0]
    if control & Control.RESET and command != Write.WRITE:
        screen.reply_mode, screen.reply_types = 0, b""
    if control & Control.RESET_MODIFIED:
        for field in screen.fields():
            screen.text[field] &= ~Attribute.MODIFIED
    _Stream(screen, data).run()
    if control & Control.RESTORE:
        screen.restore()
    if control & Control.ALARM:
        screen.alarms += 1


class _Stream:
    """A data stream being interpreted; `at` is the next byte's offset."""

    def __init__(self, screen: Screen, data: bytes) -> None:
        self.screen = screen
        self.data = data
        self.at = 1
        self.pen = dict.fromkeys(screen.planes, 0)  # what Set Attribute has set
        self.text_before = False  # a character came last: Program Tab clears the rest of its field
        self.tab_at_end = False  # Program Tab has cleared up to the end of the buffer: the next one goes on

    def run(self) -> None:
        orders = _ORDERS if self.screen.extended else _BASIC_ORDERS
        while self.at < len(self.data):
            code = self.data[self.at]
            self.at += 1
            order = orders.get(code)
            if order is not None:
                tab = code == Order.PT
                order(self)
                if not tab:
                    self.tab_at_end = False
                self.text_before = code == Order.GE
            else:
                self._put(code)
                self.text_before = code not in FORMAT_CONTROLS and code != 0xFF
                self.tab_at_end = False

    def _byte(self) -> int:
        if self.at >= len(self.data):
            raise StreamError("an order is incomplete")
        self.at += 1
        return self.data[self.at - 1]

    def _target(self) -> int:
        address = decode_address(self._byte(), self._byte(), self.screen.wide)
        if address >= self.screen.size:
            raise StreamError(f"address {address} is not on a screen of {self.screen.size} positions")
        return address

    def _put(self, code: int, kind: int = CHARACTER) -> None:
        screen = self.screen
        if not screen.shows(code, kind):
            raise StreamError(f"X'{code:02X}' is neither an order nor a character")
        at = screen.address
        screen.text[at] = code
        screen.kind[at] = kind
        for type, plane in screen.planes.items():
            plane[at] = self.pen[type]
        screen.address = (at + 1) % screen.size

    def _start(self, attribute: int, extended: dict[int, int]) -> None:
        """Put a field attribute at the buffer address."""
        screen = self.screen
        at = screen.address
        screen.put(at, attribute & Attribute.VALUE, FIELD)
        for type, value in extended.items():
            screen.planes[type][at] = value
        screen.address = (at + 1) % screen.size

    def _pairs(self) -> list[tuple[int, int]]:
        """The attribute types and values of SFE or MF."""
        pairs = [(self._byte(), self._byte()) for _ in range(self._byte())]
        for type, _ in pairs:
            if type not in self.screen.planes and type not in (Extended.ALL, Extended.FIELD, *_NO_EFFECT):
                raise StreamError(f"X'{type:02X}' is no attribute type")
        return pairs

    # ---- orders

    def start_field(self) -> None:
        self._start(self._byte(), {})

    def start_field_extended(self) -> None:
        attribute = 0
        extended = {}
        for type, value in self._pairs():
            if type == Extended.FIELD:
                attribute = value
            elif type in self.screen.planes:
                extended[type] = value
        self._start(attribute, extended)

    def modify_field(self) -> None:
        screen = self.screen
        at = screen.address
        if screen.kind[at] != FIELD:
            raise StreamError("Modify Field at a position that has no field attribute")
        for type, value in self._pairs():
            if type == Extended.FIELD:
                screen.text[at] = value & Attribute.VALUE
            elif type in screen.planes:
                screen.planes[type][at] = value
            elif type == Extended.ALL:
                screen.put(at, screen.text[at], FIELD)
        screen.address = (at + 1) % screen.size

    def set_attribute(self) -> None:
        type, value = self._byte(), self._byte()
        if type == Extended.ALL:
            self.pen = dict.fromkeys(self.pen, 0)
        elif type in self.pen:
            self.pen[type] = value
        elif type not in _NO_EFFECT:
            raise StreamError(f"X'{type:02X}' is no attribute type of a character")

    def set_buffer_address(self) -> None:
        self.screen.address = self._target()

    def insert_cursor(self) -> None:
        self.screen.cursor = self.screen.address

    def graphic_escape(self) -> None:
        self._put(self._byte(), GRAPHIC)

    def program_tab(self) -> None:
        screen = self.screen
        at = screen.address
        if screen.kind[at] == FIELD and not screen.text[at] & Attribute.PROTECTED:
            screen.address = (at + 1) % screen.size
            self.tab_at_end = False
            return
        to = screen.next_unprotected(at)
        if to <= at:
            to = 0
        if self.text_before or self.tab_at_end:
            while at != to and screen.kind[at] != FIELD:
                screen.put(at, 0)
                at = (at + 1) % screen.size
                if at == 0:
                    break
            self.tab_at_end = to == 0
        else:
            self.tab_at_end = False
        screen.address = to

    def repeat(self) -> None:
        screen = self.screen
        to = self._target()
        code, kind = self._byte(), CHARACTER
        if code == Order.GE:
            code, kind = self._byte(), GRAPHIC
        for _ in range((to - screen.address) % screen.size or screen.size):
            self._put(code, kind)

    def erase_unprotected(self) -> None:
        screen = self.screen
        to = self._target()
        at = screen.address
        attribute = screen.attribute(at)
        for _ in range((to - at) % screen.size or screen.size):
            if screen.kind[at] == FIELD:
                attribute = screen.text[at]
            elif not attribute & Attribute.PROTECTED:
                screen.put(at, 0)
            at = (at + 1) % screen.size
        screen.address = to


_BASIC_ORDERS: dict[int, Callable[[_Stream], None]] = {
    Order.SF: _Stream.start_field,
    Order.SBA: _Stream.set_buffer_address,
    Order.IC: _Stream.insert_cursor,
    Order.PT: _Stream.program_tab,
    Order.RA: _Stream.repeat,
    Order.EUA: _Stream.erase_unprotected,
    Order.GE: _Stream.graphic_escape,
}
_ORDERS = {
    **_BASIC_ORDERS,
    Order.SFE: _Stream.start_field_extended,
    Order.SA: _Stream.set_attribute,
    Order.MF: _Stream.modify_field,
}


def repaint(screen: Screen) -> tuple[int, bytes]:
    """A write command, and its data, that make another screen of the same kind look the same.

    The keyboard is restored there if it is not locked here.
    """
    command = Write.ERASE_WRITE if (screen.rows, screen.columns) == screen.default else Write.ERASE_WRITE_ALTERNATE
    out = bytearray((GRAPHICS[0 if screen.locked else Control.RESTORE],))
    pen = dict.fromkeys(screen.planes, 0)
    at = 0
    while at < screen.size:
        if screen.kind[at] == FIELD:
            extended = [(type, plane[at]) for type, plane in screen.planes.items() if plane[at]]
            graphic = GRAPHICS[screen.text[at]]
            if extended:
                out += bytes((Order.SFE, 1 + len(extended), Extended.FIELD, graphic))
                out += bytes(byte for pair in extended for byte in pair)
            else:
                out += bytes((Order.SF, graphic))
            at += 1
            continue
        for type, plane in screen.planes.items():
            if plane[at] != pen[type]:
                pen[type] = plane[at]
                out += bytes((Order.SA, type, plane[at]))
        code = screen.text[at]
        if 0 < code < 0x40 and code not in FORMAT_CONTROLS:  # on a 3277; another terminal might take it for an order
            code = 0x40
        out += bytes((Order.GE, code)) if screen.kind[at] == GRAPHIC else bytes((code,))
        at += 1
    out += bytes((Order.SBA, *encode_address(screen.cursor, screen.size), Order.IC))
    return command, bytes(out)
