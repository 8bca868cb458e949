"""2540 card punch. Source: GA21-9033, *2540 Component Description and Operating Procedures*; GA24-3312 (2821)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from cpvm.machine.cardpunch import CardPunch
from cpvm.machine.configure import Room, accept
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, CardSink, command, device
from cpvm.machine.media.cards import IMAGE, to_codes, to_image
from cpvm.machine.media.deck import Hopper, read_decks
from cpvm.machine.unitrecord import SINK_OPTIONS, card_file, data_check, stackers
from cpvm.s370.ccw import Sense, UnitStatus

BYTE_TIME = 10


@device("2540P", kind="punch")
class Punch2540(CardPunch):
    """The punch of a 2540, 300 cards a minute, with stackers P1, P2 and RP3.

    With punch feed read (`prepunched` is its hopper): cards that have holes are read before the punch station, and
    punched in addition. Without it those commands are refused.
    """

    STATE = (*CardPunch.STATE, "waiting", "in_file", "position")
    CYCLE = 200_000
    STACKERS = {"p2": 1, "rp3": 2}

    def __init__(
        self,
        sink: CardSink | None = None,
        stackers: Mapping[int, CardSink] | None = None,
        columns: bool = False,
        prepunched: Hopper | None = None,
    ) -> None:
        super().__init__(sink, stackers, columns)
        self.prepunched = prepunched
        self.waiting: bytes | None = None  # the card before the punch station, after it was read
        self.in_file = False  # a card of the hopper was read, and its end was not told yet

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Self:
        """`type,file`, then `ascii`: lines of text, `binary`: column binary, or `ebcdic` (the default) card images;
        `crlf`: lines end so; `append`: behind what the file holds; `p2=FILE`, `rp3=FILE`: cards of that stacker;
        `pfr=FILE`: punch feed read, with this deck in the hopper. No file: not ready.

        Raises ConfigurationError.
        """
        accept(options, *SINK_OPTIONS, *cls.STACKERS, "pfr")
        sink = card_file(path, options, room) if path else None
        hopper = Hopper(*read_decks(options["pfr"], {}, room)) if "pfr" in options else None
        return cls(sink, stackers(cls.STACKERS, options, room), True, hopper)

    @property
    def position(self) -> int:
        """How far it is in its hopper of prepunched cards, if it has one."""
        return self.prepunched.position if self.prepunched else -1

    @position.setter
    def position(self, position: int) -> None:
        if self.prepunched is not None and position >= 0:
            self.prepunched.position = position

    @command(0x01, 0x41, 0x81, 0x21, 0x61, 0xA1)
    def write_feed_select(self, path: DataPath) -> int:
        """Punch a card, feed, and select a stacker."""
        return self.write_and_feed(path)

    @command(0xC2, 0xE2)
    def read(self, path: DataPath) -> int:
        """Punch feed read: read the card before the punch station."""
        if self.prepunched is None:
            return self.check(Sense.COMMAND_REJECT)
        card = self._next()
        if isinstance(card, int):
            return card
        self.waiting = card
        status = ENDED
        if path.command & 0x20:
            data = to_image(card)
        else:
            data, valid = to_codes(card)
            status |= 0 if valid else data_check(self)
        path.send(data)
        self.takes(len(data) * BYTE_TIME)
        return status

    @command(0x09, 0x49, 0x89, 0x29, 0x69, 0xA9)
    def punch_over(self, path: DataPath) -> int:
        """Punch feed read: punch into the card that was read, feed, and select a stacker."""
        if self.prepunched is None:
            return self.check(Sense.COMMAND_REJECT)
        card = self._next()
        if isinstance(card, int):
            return card
        new, there = to_image(self.fetch(path)), to_image(card)
        both = bytes(there[at] | new[at] for at in range(IMAGE))
        codes, valid = to_codes(both)
        return self.stack(codes if valid else both, path.command >> 6)

    def _next(self) -> bytes | int:
        """The card before the punch station; or else unit status."""
        card, self.waiting = self.waiting, None
        if card is None and self.prepunched is not None:
            card = self.prepunched.next()
        if card is not None:
            self.in_file = True
            return card
        was, self.in_file = self.in_file, False
        return ENDED | UnitStatus.UNIT_EXCEPTION if was else self.intervention()

    def reset(self) -> None:
        """System reset: a card that was read and not punched is not read again."""
        super().reset()
        self.waiting = None
