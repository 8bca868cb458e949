"""1403 printer. Source: GA24-3073, *1403 Printer Component Description*; GA24-3312 (2821)."""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, LineSink, command, device

WIDTH = 132
SPACES = (0x01, 0x09, 0x11, 0x19)  # print, then space 0-3 lines
SKIPS = tuple(0x81 | channel << 3 for channel in range(1, 13))  # print, then skip to channel 1-12
UCS_BUFFER = 240


@device("1403", "3203", kind="printer")
class Printer1403(Device):
    """A printer. What it prints, and how the carriage moves, is told to the sink as command and data."""

    def __init__(self, sink: LineSink) -> None:
        super().__init__()
        self.sink = sink

    @command(*SPACES, *SKIPS)
    def write(self, path: DataPath) -> int:
        """Print a line of up to 132 characters, then space or skip."""
        opcode = path.command
        self.sink.line(opcode, path.take(WIDTH))
        return ENDED

    @command(*(code | 2 for code in SPACES[1:]), *(code | 2 for code in SKIPS), immediate=True)
    def carriage(self, path: DataPath) -> int:
        """Space or skip at once."""
        self.sink.line(path.command, b"")
        return ENDED

    @command(0x73, 0x7B, immediate=True)
    def block_data_check(self, path: DataPath) -> int:
        """Block, or allow, data checks: this printer prints every character."""
        return ENDED

    @command(0xEB, immediate=True)
    def gate_load(self, path: DataPath) -> int:
        """Announce a load of the universal character set buffer."""
        return ENDED

    @command(0xF3, 0xFB)
    def load_ucs(self, path: DataPath) -> int:
        """Take the contents of the universal character set buffer; this printer has every character."""
        path.take(UCS_BUFFER)
        return ENDED
