"""3203 printer. Source: GA33-1529, *3203 Printer Model 5 Component Description*."""

from __future__ import annotations

from cpvm.machine.bufferprinter import BufferPrinter
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, command, device
from cpvm.s370.ccw import Command


@device("3203", kind="printer")
class Printer3203(BufferPrinter):
    """A 3203 model 5: 1,200 lines a minute, 132 print positions, a forms control buffer of 256 positions.

    Its control commands are not immediate (except for no-operation): a count that is not theirs shows as wrong length
    if the flag does not suppress that. It accepts an index byte and does not index.
    """

    CYCLE = 50_000
    CHARACTERS = 304
    TRAIN = 240
    LINES = 256

    def is_immediate(self, code: int) -> bool:
        """Only no-operation is."""
        return code == Command.NOP

    @command(0x6B, immediate=True)
    def raise_cover(self, path: DataPath) -> int:
        """Accepted: its cover is raised by hand."""
        return ENDED
