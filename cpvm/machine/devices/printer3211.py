"""3211 printer. Source: GA24-3543, *3211 Printer and 3811 Control Unit Component Description*."""

from __future__ import annotations

from cpvm.machine.bufferprinter import ALL, INDEX_LEFT, INDEX_VALUE, BufferPrinter
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, command, device


@device("3211", kind="printer")
class Printer3211(BufferPrinter):
    """A 3211: 2,000 lines a minute, 132 print positions, or 150 with the feature.

    Raise cover makes it not ready until the operator lowers the cover (the key `cover`, which also raises it).
    """

    STATE = (*BufferPrinter.STATE, "raised")
    CYCLE = 30_000
    WIDTHS = (132, 150)
    CHARACTERS = 512
    TRAIN = 432

    raised = False

    @property
    def not_ready(self) -> bool:
        """Not ready as any printer, or with its cover raised."""
        return self.raised or super().not_ready

    def press(self, key: str) -> None:
        """START, STOP, or `cover`: raise it, or lower it."""
        if key != "cover":
            super().press(key)
            return
        self.raised = not self.raised
        if not self.not_ready:
            self.becomes_ready()

    @command(0x6B, immediate=True)
    def raise_cover(self, path: DataPath) -> int:
        """Raise the cover: the operator is wanted."""
        self.raised = True
        return ENDED

    @command(0x83, immediate=True)
    def skip_to_zero(self, path: DataPath) -> int:
        """Skip to channel 0: the carriage stays."""
        self.held = False
        return ENDED

    @command(0x05)
    def diagnostic_write(self, path: DataPath) -> int:
        """Fill the print line buffer; nothing is printed, and the carriage stays."""
        self.printed = path.take(self.width)
        return ENDED

    def end_load(self, path: DataPath) -> None:
        """The control unit takes all bytes of a forms control image, so that no wrong length shows."""
        path.take(ALL)

    def placed(self, data: bytes) -> bytes:
        """Move the line to the right or to the left by one position less than the index says."""
        by = max(0, (self.index & INDEX_VALUE) - 1)
        if self.index & INDEX_LEFT:
            return data[by:]
        return (b"\x40" * by + data)[: self.width]
