"""2501 card reader. Source: GA21-9026, *2501 Models B1 and B2 Component Description*."""

from __future__ import annotations

from cpvm.machine.cardreader import CardReader
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import command, device


@device("2501", kind="reader")
class Reader2501(CardReader):
    """A 2501 model B2, 1,000 cards a minute; it has one stacker and always feeds."""

    CYCLE = 60_000
    STACKERS = {"s1": 0}

    @command(0x02, 0x22)
    def read(self, path: DataPath) -> int:
        """Read a card in data mode 1 or 2, and feed."""
        return self.read_and_feed(path)
