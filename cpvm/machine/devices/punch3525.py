"""3525 card punch. Source: GA21-9124, *3505 Card Reader and 3525 Card Punch Subsystem*.

Without the card read and card print features: their commands are refused.
"""

from __future__ import annotations

from cpvm.machine.cardpunch import CardPunch
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import command, device


@device("3525", kind="punch")
class Punch3525(CardPunch):
    """A 3525 model P3, 300 cards a minute, with two stackers, of which the codes 01 and 10 both select the second."""

    SENSE_LENGTH = 4
    CYCLE = 200_000
    STACKERS = {"s2": 1}

    def stack(self, card: bytes, stacker: int) -> int:
        """Punch a card and feed it into stacker 1 or 2."""
        return super().stack(card, min(stacker, 1))

    @command(0x01, 0x41, 0x81, 0x21, 0x61, 0xA1)
    def write_feed_select(self, path: DataPath) -> int:
        """Punch a card, feed, and select a stacker."""
        return self.write_and_feed(path)
