"""2540 card punch. Source: GA21-9033, *2540 Component Description and Operating Procedures*; GA24-3312 (2821)."""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, CardSink, Device, command, device

CARD = 80


@device("2540P", "3525", kind="punch")
class Punch2540(Device):
    """A card punch; a card is filled up with blanks."""

    def __init__(self, sink: CardSink) -> None:
        super().__init__()
        self.sink = sink

    @command(0x01, 0x41, 0x81)
    def write_feed_select(self, path: DataPath) -> int:
        """Punch a card, feed, and select a stacker (of which there is only one)."""
        self.sink.card(path.take(CARD).ljust(CARD, b"\x40"))
        return ENDED
