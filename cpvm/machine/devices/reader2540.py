"""2540 card reader. Source: GA21-9033, *2540 Component Description and Operating Procedures*; GA24-3312 (2821)."""

from __future__ import annotations

from cpvm.machine.cardreader import CardReader
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import command, device


@device("2540R", kind="reader")
class Reader2540(CardReader):
    """The reader of a 2540, 1,000 cards a minute, with stackers R1, R2 and RP3.

    Reads in data modes 1 and 2 with feed and stacker selection (type AA), or without feed (type AB, which a feed
    command, type BA, follows).
    """

    CYCLE = 60_000
    STACKERS = {"r1": 0, "r2": 1, "rp3": 2}

    @command(0x02, 0x42, 0x82, 0x22, 0x62, 0xA2)
    def read_feed_select(self, path: DataPath) -> int:
        """Read a card, feed, and select a stacker."""
        return self.read_and_feed(path)

    @command(0xC2, 0xE2)
    def read(self, path: DataPath) -> int:
        """Read a card that stays at the station."""
        return self.read_only(path)

    @command(0x23, 0x63, 0xA3, immediate=True)
    def feed_select(self, path: DataPath) -> int:
        """Feed without reading, and select a stacker."""
        return self.feed(path)
