"""Card readers: hopper, read station, stackers, end of file. The types are in `devices`.

Sources: *2540 Component Description*, GA21-9033; *2821 Control Unit*, GA24-3312; *3505 Card Reader and 3525 Card
Punch*, GA21-9124. The code of a read or feed command is SSD0 FM1X: stacker, data mode, format, read or control.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from cpvm.machine.configure import Room, accept, flag
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, CardSink, CardSource, ConfigurationError, MediaError
from cpvm.machine.media.cards import COLUMNS, to_codes, to_image
from cpvm.machine.media.deck import BLANK, DECK_OPTIONS, Hopper, is_further_file, read_decks
from cpvm.machine.unitrecord import UnitRecord, data_check, stackers
from cpvm.s370.ccw import UnitStatus

DATA_MODE_2 = 0x20
_SELECTION_END = UnitStatus.CHANNEL_END | UnitStatus.UNIT_EXCEPTION
BYTE_TIME = 10  # microseconds to send a byte of the control unit's buffer


class CardReader(UnitRecord):
    """A card reader.

    Behind the last card of a file comes unit exception, if the END OF FILE key is pressed (as it is from the
    beginning, if the operator does not say otherwise). Else cards that are put in later belong to the same file, and
    without cards the reader is not ready.

    A reader whose `ends_at_selection` is true, as VM/370's virtual ones, tells of the end of a file when it is selected
    (START I/O, condition code 1: channel end and unit exception); CMS looks for it nowhere else.
    """

    ends_at_selection = False
    _turned_away = False

    STATE = (*UnitRecord.STATE, "in_file", "station", "end_of_file", "position")
    CYCLE: ClassVar[int] = 60_000
    """Microseconds from card to card."""
    STACKERS: ClassVar[Mapping[str, int]] = {}
    """Names of the stackers, and their numbers in bits 0 and 1 of a command."""

    def __init__(
        self, source: CardSource, stackers: Mapping[int, CardSink] | None = None, end_of_file: bool = True
    ) -> None:
        super().__init__()
        self.source = source
        self.stackers = dict(stackers or {})
        self.end_of_file = end_of_file
        self.in_file = False  # a card of the current file was read
        self.station: bytes | None = None  # a card that was read but not fed on

    # ---- the operator's side

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Self:
        """`type[,deck]`, then `file2=FILE`, `file3=FILE`...: more decks behind it; `multifile`: they are one file;
        `ascii`, `ebcdic`, `binary`: what decks are, if not as they look; `trunc`: cut long lines; `autopad`: fill up
        the last card; `intrq`: at the end not ready, instead of end of file (`eof`); `r1=FILE`, `r2=`, `rp3=` (2540),
        `s1=`, `s2=` (3505), `s1=` (2501): the cards in that stacker.

        See `cpvm.machine.media.deck.read_decks`. With `eof` unit exception comes behind the last card of each file.
        Stackers are written in EBCDIC. Raises ConfigurationError.
        """
        accept(
            {name: value for name, value in options.items() if not is_further_file(name)},
            *DECK_OPTIONS,
            "eof",
            "intrq",
            *cls.STACKERS,
        )
        if flag(options, "eof") and flag(options, "intrq"):
            raise ConfigurationError("eof and intrq exclude each other")
        hopper = Hopper(*read_decks(path, options, room))
        return cls(hopper, stackers(cls.STACKERS, options, room, {}), not flag(options, "intrq"))

    def mount(self, path: str, options: Mapping[str, str], room: Room) -> None:
        """Put decks into the hopper, behind what is there. The options are those of `configure`, without stackers."""
        further = {name: value for name, value in options.items() if not is_further_file(name)}
        accept(further, *DECK_OPTIONS, "eof", "intrq")
        if not isinstance(self.source, Hopper):
            raise ConfigurationError("cards cannot be put into its hopper")
        was = self.not_ready
        for deck in read_decks(path, options, room):
            self.source.add(deck)
        if flag(options, "eof") or flag(options, "intrq"):
            self.end_of_file = flag(options, "eof")
        if was and not self.not_ready:
            self.becomes_ready()

    def dismount(self) -> None:
        """Take the cards out of the hopper."""
        if not isinstance(self.source, Hopper) or self.source.empty:
            raise ConfigurationError("there are no cards in its hopper")
        self.source.clear()
        self.in_file = False

    def press(self, key: str) -> None:
        """START, STOP, or EOF: END OF FILE."""
        if key != "eof":
            super().press(key)
            return
        was = self.not_ready
        self.end_of_file = True
        if was and not self.not_ready:
            self.becomes_ready()

    def ready(self) -> None:
        """A file has come into the hopper: device end for the guest, unless it is reading one."""
        if not self.in_file:
            self.becomes_ready()

    @property
    def not_ready(self) -> bool:
        """Stopped, or at the end of the cards in its hopper, with no end of file to be told."""
        if self.stopped:
            return True
        if not isinstance(self.source, Hopper) or self.station is not None:
            return False
        return self.source.empty and not (self.in_file and self.end_of_file)

    @property
    def position(self) -> int:
        """How far it is in its hopper, if that can tell."""
        return self.source.position if isinstance(self.source, Hopper) else -1

    @position.setter
    def position(self, position: int) -> None:
        if isinstance(self.source, Hopper) and position >= 0:
            self.source.position = position

    def perform(self, path: DataPath) -> int:
        self._turned_away = False
        return super().perform(path)

    def is_immediate(self, code: int) -> bool:
        return self._turned_away or super().is_immediate(code)

    # ---- for the types

    def next_card(self) -> bytes | int:
        """The card at the read station, or the next one; or else unit status: end of file, intervention required."""
        try:
            card = self.station if self.station is not None else self.source.next()
            if card is None and not self.end_of_file and isinstance(self.source, Hopper):
                card = self.source.next()  # the next deck was put on this one before its last card went in
        except MediaError:
            self.in_file = False
            return self.failed()
        self.station = None
        if card is not None:
            self.in_file = True
            return card
        was, self.in_file = self.in_file, False
        if was and self.end_of_file:
            self._turned_away = self.ends_at_selection
            return _SELECTION_END if self.ends_at_selection else ENDED | UnitStatus.UNIT_EXCEPTION
        return self.intervention()

    def stack(self, card: bytes, stacker: int) -> bool:
        """Feed a card into a stacker; False if the host fails."""
        sink = self.stackers.get(stacker)
        try:
            if sink is not None:
                sink.card(card)
        except MediaError:
            return False
        return True

    def send(self, path: DataPath, card: bytes, image: bool) -> int:
        """Send a card in data mode 1 (EBCDIC) or 2 (`image`); status beside channel end: data check, or none."""
        status = 0
        if image:
            data = to_image(card[: 2 * COLUMNS])
        else:
            data, valid = to_codes(card)
            data = data[:COLUMNS].ljust(COLUMNS, BLANK)
            if not valid:
                status = data_check(self)
        path.send(data)
        self.takes(len(data) * BYTE_TIME)
        return status

    def read_and_feed(self, path: DataPath) -> int:
        """Read a card, feed, and select the stacker that the command names."""
        card = self.next_card()
        if isinstance(card, int):
            return card
        if not self.stack(card, path.command >> 6):
            return self.failed()
        return self.later(self.CYCLE, self.send(path, card, bool(path.command & DATA_MODE_2)))

    def read_only(self, path: DataPath) -> int:
        """Read a card that stays at the station."""
        card = self.next_card()
        if isinstance(card, int):
            return card
        self.station = card
        return ENDED | self.send(path, card, bool(path.command & DATA_MODE_2))

    def feed(self, path: DataPath) -> int:
        """Feed without reading, into the stacker that the command names."""
        card = self.next_card()
        if isinstance(card, int):
            return card
        return self.later(self.CYCLE) if self.stack(card, path.command >> 6) else self.failed()

    def reset(self) -> None:
        """System reset: a card that was read and not fed on is not read again. (Halting leaves it at the station.)"""
        super().reset()
        self.station = None
