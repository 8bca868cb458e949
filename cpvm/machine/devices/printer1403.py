"""1403 printer. Source: GA24-3073, *1403 Printer Component Description*; GA24-3312 (2821)."""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, command, device
from cpvm.machine.lineprinter import SKIPS, SPACES, LinePrinter
from cpvm.s370.ccw import Sense

CHARACTERS = 240  # positions of the train, and of the buffer
LOAD_CHECK = 0x02
COMPARED = 0x04  # check read: print line complete
DIAGNOSTIC = tuple(code | 4 for code in (*SPACES, *SKIPS))


@device("1403", kind="printer")
class Printer1403(LinePrinter):
    """A 1403 model N1 with the universal character set feature: 1,100 lines a minute, 132 positions."""

    STATE = (*LinePrinter.STATE, "gate")

    gate = False  # the channel program has given the gate command

    def begin(self) -> None:
        """A channel program begins."""
        self.gate = False

    @command(*DIAGNOSTIC)
    def diagnostic_write(self, path: DataPath) -> int:
        """Fill the print line buffer; nothing is printed, and the carriage stays."""
        self.printed = path.take(self.width)
        return ENDED

    @command(0x02)
    def read_line(self, path: DataPath) -> int:
        """Read back the print line buffer."""
        path.send(self.printed.ljust(self.width, b"\x40"))
        return ENDED

    @command(0x06)
    def check_read(self, path: DataPath) -> int:
        """Read the check bits of the print line buffer: all positions were compared, none is wrong."""
        path.send(bytes((COMPARED,)) * self.width)
        return ENDED

    @command(0x73, 0x7B, immediate=True)
    def block_data_check(self, path: DataPath) -> int:
        """Block (X'73') or allow (X'7B') data checks."""
        self.blocked = path.command == 0x73
        return ENDED

    @command(0xEB, immediate=True)
    def gate_load(self, path: DataPath) -> int:
        """Announce a load of the character set buffer later in this channel program."""
        self.gate = True
        return ENDED

    @command(0xF3, 0xFB)
    def load_ucs(self, path: DataPath) -> int:
        """Load the character set buffer, with folding (X'F3') or without; refused without the gate command."""
        if not self.gate:
            return self.check(Sense.COMMAND_REJECT)
        if not self.load_characters(path, CHARACTERS):
            self.check(LOAD_CHECK)
            return ENDED | CHECK
        self.folding = path.command == 0xF3
        return ENDED
