"""1442 card read punch, model N1. Source: GA21-9025, *1442-N1 and 1442-N2 Component Description*; GX20-1703.

One path for all cards: hopper, read station, punch station, stackers. A read takes a card past the read station to the
punch station, and the one that was there into a stacker. The code of a command is FSD0 0001 or 0SD0 0010 or FS00 0011:
feed, stacker 2, card image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from cpvm.machine.cardreader import CardReader
from cpvm.machine.configure import Room, accept, flag
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, CardSink, CardSource, ConfigurationError, command, device
from cpvm.machine.media.cards import COLUMNS, HOLES, IMAGE, to_codes, to_image
from cpvm.machine.media.deck import DECK_OPTIONS, Blanks, Hopper, is_further_file, read_decks
from cpvm.machine.unitrecord import SINK_OPTIONS, card_file
from cpvm.s370.ccw import UnitStatus

FEED, STACKER_2, CARD_IMAGE = 0x80, 0x40, 0x20
READ_TIME, FEED_TIME = 100_000, 50_000  # microseconds: 400 cards a minute
COLUMN_TIME = 6_250  # to punch one: 160 columns a second


@device("1442", kind="reader")
class CardReadPunch1442(CardReader):
    """A 1442 model N1: 400 cards a minute read, 160 columns a second punched.

    Args:
        source: the hopper.
        stackers: 0: stacker 1, 1: stacker 2; cards for one that is not named are thrown away.
        end_of_file: unit exception behind the last card.
    """

    STATE = (*CardReader.STATE, "punching", "column", "select")
    STACKERS = {"s1": 0, "s2": 1}

    def __init__(
        self, source: CardSource, stackers: Mapping[int, CardSink] | None = None, end_of_file: bool = True
    ) -> None:
        super().__init__(source, stackers, end_of_file)
        self.punching: bytes | None = None  # the card at the punch station, as an image
        self.column = 0  # the next one that is punched
        self.select = 0  # where that card will go

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Self:
        """`type[,deck]`, then the options of a 3505 for the deck; `s1=FILE`, `s2=FILE`: the cards in the stackers, read
        and punched; `out=ascii`, `binary` or `ebcdic` (the default): how they are written. No deck: blank cards.

        Raises ConfigurationError.
        """
        known = {name: value for name, value in options.items() if not is_further_file(name)}
        accept(known, *DECK_OPTIONS, "eof", "intrq", *cls.STACKERS, "out")
        if flag(options, "eof") and flag(options, "intrq"):
            raise ConfigurationError("eof and intrq exclude each other")
        form = options.get("out", "ebcdic")
        if form not in SINK_OPTIONS[:3]:
            raise ConfigurationError(f"out={form} is not one of {', '.join(SINK_OPTIONS[:3])}")
        found: dict[int, CardSink] = {
            number: card_file(options[name], {form: ""}, room)
            for name, number in cls.STACKERS.items()
            if options.get(name)
        }
        source: CardSource = Hopper(*read_decks(path, options, room)) if path else Blanks()
        return cls(source, found, not flag(options, "intrq"))

    # ---- the path of the cards

    def _advance(self, select: int) -> bytes | int:
        """Move all cards on; the one that passed the read station, or unit status if there was none.

        The card that leaves the punch station goes to stacker 2 if this command or an earlier one for it says so.
        """
        card = self.next_card()
        if isinstance(card, int) and not card & UnitStatus.UNIT_EXCEPTION:
            return card  # the hopper is to be filled: nothing moves
        if not self._eject(select):
            return self.failed()
        if isinstance(card, bytes):
            self.punching = to_image(card)
        return card

    def _eject(self, select: int) -> bool:
        image, self.punching = self.punching, None
        stacker, self.select, self.column = self.select | select, 0, 0
        if image is None:
            return True
        codes, valid = to_codes(image)
        return self.stack(codes if valid else image, stacker)

    @command(0x02, 0x42, 0x22, 0x62)
    def read(self, path: DataPath) -> int:
        """Read a card, which goes on to the punch station."""
        card = self._advance(bool(path.command & STACKER_2))
        if isinstance(card, int):
            return card
        self.takes(READ_TIME)
        return self.later(FEED_TIME, self.send(path, card, bool(path.command & CARD_IMAGE)))

    @command(0x83, 0xC3, immediate=True)
    def control_feed(self, path: DataPath) -> int:
        """Feed without reading."""
        card = self._advance(bool(path.command & STACKER_2))
        return card if isinstance(card, int) else self.later(READ_TIME + FEED_TIME)

    @command(0x43, immediate=True)
    def select_stacker(self, path: DataPath) -> int:
        """Send the card at the punch station to stacker 2 when it leaves."""
        self.select = 1
        return ENDED

    @command(0x01, 0x41, 0x81, 0xC1, 0x21, 0x61, 0xA1, 0xE1)
    def write(self, path: DataPath) -> int:
        """Punch the card at the punch station, from the column behind the last one punched; then feed, if F is one."""
        if self.punching is None:
            card = self._advance(0)
            if isinstance(card, int):
                return card
        width = 2 if path.command & CARD_IMAGE else 1
        data = path.take((COLUMNS - self.column) * width)
        count = len(data) // width
        columns = data[: count * 2] if width == 2 else b"".join(bytes((HOLES[b] >> 6, HOLES[b] & 63)) for b in data)
        image = bytearray(self.punching or bytes(IMAGE))
        for at, holes in enumerate(columns, 2 * self.column):
            image[at] |= holes & 0x3F
        self.punching = bytes(image)
        self.column += count
        self.select |= bool(path.command & STACKER_2)
        self.takes(count * COLUMN_TIME)
        if not path.command & FEED:
            return ENDED
        return self._feed_on()

    def _feed_on(self) -> int:
        """Feed the punched card out. If no other follows, it is the next command that hears of it."""
        card = self.next_card()
        if isinstance(card, int):
            self.in_file = bool(card & UnitStatus.UNIT_EXCEPTION)
            if self.in_file and isinstance(self.source, Hopper):
                self.source.position -= 1
            self.sense = bytes(self.sense_length)
        if not self._eject(0):
            return self.failed()
        if isinstance(card, bytes):
            self.punching = to_image(card)
        return self.later(READ_TIME + FEED_TIME)

    def close(self) -> None:
        """The operator runs the last card out."""
        self._eject(0)
