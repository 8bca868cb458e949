"""3505 card reader. Source: GA21-9124, *3505 Card Reader and 3525 Card Punch Subsystem*.

Without optical mark read: the commands that write a format, and reads in formatted mode, are refused.
"""

from __future__ import annotations

from cpvm.machine.cardreader import CardReader
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import command, device
from cpvm.s370.ccw import Sense

RETRY_AFTER_INTERVENTION = 0x10  # sense byte 1: the command can be given again when it is ready


@device("3505", kind="reader")
class Reader3505(CardReader):
    """A 3505 model B2, 1,200 cards a minute, with two stackers, of which the codes 01 and 10 both select the second."""

    SENSE_LENGTH = 4
    CYCLE = 50_000
    STACKERS = {"s1": 0, "s2": 1}

    def stack(self, card: bytes, stacker: int) -> bool:
        """Feed a card into stacker 1 or 2."""
        return super().stack(card, min(stacker, 1))

    def intervention(self) -> int:
        """Refuse a command because the operator is needed; it can be retried then."""
        return self.check(Sense.INTERVENTION_REQUIRED, RETRY_AFTER_INTERVENTION)

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
