"""Printers whose carriage goes by a forms control buffer that programs load. The types are in `devices`.

Sources: *3211 Printer and 3811 Control Unit Component Description*, GA24-3543; *3203 Printer Model 5 Component
Description*, GA33-1529.
"""

from __future__ import annotations

from typing import ClassVar

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, command
from cpvm.machine.lineprinter import LinePrinter
from cpvm.machine.media.forms import END_OF_SHEET, Form, Motion
from cpvm.s370.ccw import Sense

LOAD_FORMS = 0x63
LOAD_CHECK = 0x02  # sense byte 0
LINE_POSITION_CHECK, FORMS_CHECK = 0x10, 0x08  # sense byte 1
COMPARED = 0x04  # check read: the position was compared, or is blank
INDEX, INDEX_LEFT, INDEX_VALUE, NO_CHANNEL = 0x80, 0x40, 0x1F, 0x20  # in the first byte of a forms control image
CODES = 30  # channel codes that the buffer takes, not counting one in the last byte
ALL = 0xFFFF


class BufferPrinter(LinePrinter):
    """A printer with a forms control buffer and a character set buffer."""

    STATE = (*LinePrinter.STATE, "gate", "index")
    SENSE_LENGTH = 6
    CHARACTERS: ClassVar[int]
    """Bytes of the character set buffer: the train image, then which codes have which dual."""
    TRAIN: ClassVar[int]
    """Bytes of the train image."""
    LINES: ClassVar[int] = 180
    """Positions of the forms control buffer."""

    gate = False  # the channel program has given a diagnostic gate
    index = 0  # the index byte of the forms control image, 0 if it had none

    def begin(self) -> None:
        """A channel program begins."""
        self.gate = False

    def intervention(self) -> int:
        """Refuse a command because the operator is needed; at the end of forms, forms check."""
        return self.check(Sense.INTERVENTION_REQUIRED, FORMS_CHECK if self.sheets == 0 else 0)

    def missing(self) -> int:
        """Skip to a channel that is not in the buffer: ends at the second line 1, with line position check."""
        self.move(Motion(2 * self.form.length - self.line + 1, 1, 2, skip=True))
        return self.check(Sense.EQUIPMENT_CHECK | Sense.DATA_CHECK, LINE_POSITION_CHECK)

    # ---- forms control buffer

    @command(LOAD_FORMS)
    def load_forms(self, path: DataPath) -> int:
        """Load the forms control buffer; load check, at the byte that is wrong, if the image is no form.

        An image: at choice an index byte, then a byte for each line with its channel, or 0; bit 3 of the first one
        means eight lines an inch, and bit 3 of another one the last line. The old form stays if the new one is wrong.
        """
        first = path.take(1)
        index = 0
        if first and first[0] & INDEX and not first[0] & NO_CHANNEL:
            index, first = first[0], path.take(1)
        lines = bytearray()
        byte, codes = first, 0
        while byte and len(lines) < self.LINES:
            code = byte[0] & ~END_OF_SHEET
            lines += byte
            last = bool(byte[0] & END_OF_SHEET) and len(lines) > 1
            codes += code != 0 and not last
            if code > 12 or codes > CODES:
                break
            if last:
                self.end_load(path)
                return self.new_form(Form.from_buffer(bytes(lines[:-1]) + bytes((code,))), index)
            byte = path.take(1) if len(lines) < self.LINES else b""
        self.check(LOAD_CHECK)
        return ENDED | CHECK

    def end_load(self, path: DataPath) -> None:
        """What becomes of the bytes behind the last line of a forms control image: by default, they are not taken."""

    def new_form(self, form: Form, index: int) -> int:
        """Take up a form; the paper is at its line 1 now."""
        self.form, self.index, self.line = form, index, 1
        if self.paper is not None:
            self.paper.form(form.length, form.lpi, 1)
        if self.sink is not None:
            self.sink.line(LOAD_FORMS, form.buffer())
            self.minds_forms = True
        return ENDED

    @command(0x12)
    def read_forms(self, path: DataPath) -> int:
        """Read the forms control buffer; refused without diagnostic gate."""
        if not self.gate:
            return self.check(Sense.COMMAND_REJECT)
        index = bytes((self.index,)) if self.index else b""
        path.send((index + self.form.buffer()).ljust(self.LINES, b"\0")[: self.LINES])
        return ENDED

    # ---- character set buffer

    @command(0xFB)
    def load_ucs(self, path: DataPath) -> int:
        """Load the character set buffer; load check if there are too few bytes."""
        if not self.load_characters(path, self.CHARACTERS):
            self.check(LOAD_CHECK)
            return ENDED | CHECK
        self.folding = False
        return ENDED

    @command(0x0A)
    def read_ucs(self, path: DataPath) -> int:
        """Read the character set buffer; refused without diagnostic gate."""
        if not self.gate:
            return self.check(Sense.COMMAND_REJECT)
        path.send(self.characters.ljust(self.CHARACTERS, b"\0"))
        return ENDED

    def compare(self, data: bytes) -> tuple[bytes, int]:
        """Compare with the train image in the character set buffer."""
        whole, self.characters = self.characters, self.characters[: self.TRAIN]
        try:
            return super().compare(data)
        finally:
            self.characters = whole

    @command(0x43, 0x23, immediate=True)
    def fold(self, path: DataPath) -> int:
        """Fold (X'43'), or unfold."""
        self.folding = path.command == 0x43
        return ENDED

    @command(0x73, 0x7B, immediate=True)
    def block_data_check(self, path: DataPath) -> int:
        """Block (X'73') or allow (X'7B') data checks."""
        self.blocked = path.command == 0x73
        return ENDED

    # ---- print line buffer

    @command(0x02)
    def read_line(self, path: DataPath) -> int:
        """Read back the print line buffer."""
        path.send(self.printed.ljust(self.width, b"\x40"))
        return ENDED

    @command(0x07, immediate=True)
    def diagnostic_gate(self, path: DataPath) -> int:
        """Allow the reads of buffers later in this channel program."""
        self.gate = True
        return ENDED

    @command(0x06)
    def check_read(self, path: DataPath) -> int:
        """Read the check bits of the print line buffer, or, behind a diagnostic gate, the pointer to the line in the
        forms control buffer: its number from 0, plus 2, with its bits reversed."""
        if self.gate:
            path.send(bytes((int(f"{self.line + 1 & 0xFF:08b}"[::-1], 2),)))
        else:
            path.send(bytes((COMPARED,)) * self.width)
        return ENDED


__all__ = ["ALL", "BufferPrinter"]
