"""Card punches: the buffer of a card, and stackers. The types are in `devices`.

Sources: *2540 Component Description*, GA21-9033; *2821 Control Unit*, GA24-3312; *3505 Card Reader and 3525 Card
Punch*, GA21-9124. The code of a write command is SSD0 F001: stacker, data mode, format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from cpvm.machine.configure import Room, accept
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CardSink, ConfigurationError, MediaError
from cpvm.machine.media.cards import COLUMNS, IMAGE
from cpvm.machine.media.deck import BLANK
from cpvm.machine.unitrecord import SINK_OPTIONS, UnitRecord, card_file, stackers
from cpvm.s370.ccw import Sense

DATA_MODE_2 = 0x20
_ROWS = bytes(byte & 0x3F for byte in range(256))  # bits 0 and 1 of an image's bytes are no rows
BYTE_TIME = 10  # microseconds to fetch a byte for the control unit's buffer


class CardPunch(UnitRecord):
    """A card punch; a card is filled up with blanks.

    Args:
        sink: where punched cards go; None if there are no cards to punch: not ready.
        stackers: other places for some of the stackers, by their number in bits 0 and 1 of a command.
        columns: with column binary (data mode 2); without it such a command is refused.
    """

    CYCLE: ClassVar[int] = 200_000
    """Microseconds from card to card."""
    STACKERS: ClassVar[Mapping[str, int]] = {}
    """Names of the stackers other than the first, and their numbers in bits 0 and 1 of a command."""

    def __init__(
        self, sink: CardSink | None = None, stackers: Mapping[int, CardSink] | None = None, columns: bool = False
    ) -> None:
        super().__init__()
        self.sink = sink
        self.stackers = dict(stackers or {})
        self.columns = columns

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Self:
        """`type,file`, then `ascii`: lines of text, `binary`: column binary, or `ebcdic` (the default) card images;
        `crlf`: lines end so; `append`: behind what the file holds; `s2=FILE`: cards of that stacker. No file: not
        ready.

        Raises ConfigurationError.
        """
        accept(options, *SINK_OPTIONS, *cls.STACKERS)
        sink = card_file(path, options, room) if path else None
        return cls(sink, stackers(cls.STACKERS, options, room), columns=True)

    def mount(self, path: str, options: Mapping[str, str], room: Room) -> None:
        """Have the cards go to another file from now on."""
        accept(options, *SINK_OPTIONS)
        was = self.not_ready
        self.sink = card_file(path, options, room)
        if was and not self.not_ready:
            self.becomes_ready()

    def dismount(self) -> None:
        """Take the blank cards away."""
        if self.sink is None:
            raise ConfigurationError("there are no cards in its hopper")
        self.sink = None

    @property
    def not_ready(self) -> bool:
        """Stopped, or without cards."""
        return self.stopped or self.sink is None

    # ---- for the types

    def fetch(self, path: DataPath) -> bytes:
        """The data of a card: 80 bytes of EBCDIC, or a column binary image if the command says data mode 2."""
        if path.command & DATA_MODE_2:
            data = path.take(IMAGE)
            card = data.translate(_ROWS).ljust(IMAGE, b"\0")
        else:
            data = path.take(COLUMNS)
            card = data.ljust(COLUMNS, BLANK)
        self.takes(len(data) * BYTE_TIME)
        return card

    def stack(self, card: bytes, stacker: int) -> int:
        """Punch a card and feed it into a stacker; unit status."""
        sink = self.stackers.get(stacker, self.sink)
        try:
            if sink is not None:
                sink.card(card)
        except MediaError:
            return self.failed()
        return self.later(self.CYCLE)

    def write_and_feed(self, path: DataPath) -> int:
        """Punch a card, feed, and select the stacker that the command names."""
        if path.command & DATA_MODE_2 and not self.columns:
            return self.check(Sense.COMMAND_REJECT)
        return self.stack(self.fetch(path), path.command >> 6)
