"""2540 card reader. Source: GA21-9033, *2540 Component Description and Operating Procedures*; GA24-3312 (2821)."""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, CardSource, Device, command, device
from cpvm.s370.ccw import Sense, UnitStatus

CARD = 80


@device("2540R", "2501", "3505", kind="reader")
class Reader2540(Device):
    """A card reader. Behind the last card of a file comes unit exception; without a file it is not ready."""

    STATE = ("in_file", "station")

    def __init__(self, source: CardSource) -> None:
        super().__init__()
        self.source = source
        self.in_file = False  # a card of the current file was read
        self.station: bytes | None = None  # a card that was read but not fed on

    def ready(self) -> None:
        """A file has come into the hopper: device end for the guest, unless it is reading one."""
        if self.channel is not None and not self.in_file:
            self.channel.unsolicited(self.address, UnitStatus.DEVICE_END)

    def _next(self) -> bytes | None:
        """The card at the station, or the next one; None sets `in_file` false."""
        card = self.station if self.station is not None else self.source.next()
        self.station = None
        self.in_file, was = card is not None, self.in_file
        if card is None and not was:
            self.check(Sense.INTERVENTION_REQUIRED)
        return None if card is None else card[:CARD].ljust(CARD, b"\x40")

    def _read(self, path: DataPath, feed: bool) -> int:
        was = self.in_file
        card = self._next()
        if card is None:
            return ENDED | UnitStatus.UNIT_EXCEPTION if was else UnitStatus.UNIT_CHECK
        if not feed:
            self.station = card
        path.send(card)
        return ENDED

    @command(0x02, 0x42, 0x82)
    def read_feed_select(self, path: DataPath) -> int:
        """Read a card, feed, and select a stacker (of which there is only one)."""
        return self._read(path, feed=True)

    @command(0xC2)
    def read(self, path: DataPath) -> int:
        """Read a card that stays at the station."""
        return self._read(path, feed=False)

    @command(0x23, 0x63, 0xA3, immediate=True)
    def feed_select(self, path: DataPath) -> int:
        """Feed without reading."""
        was = self.in_file
        if self._next() is None:
            return ENDED | UnitStatus.UNIT_EXCEPTION if was else UnitStatus.UNIT_CHECK
        return ENDED

    def halt(self) -> None:
        self.station = None
