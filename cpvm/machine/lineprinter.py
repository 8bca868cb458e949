"""Line printers: the print line, the carriage with its form, and the character set. The types are in `devices`.

Sources: *1403 Printer Component Description*, GA24-3073; *2821 Control Unit*, GA24-3312; *3211 Printer and 3811
Control Unit*, GA24-3543. A write command is SSSSS001, a carriage command SSSSS011: S is 0 to 3 lines to space, or 16
and a channel to skip to.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, Self

from cpvm.machine.configure import Room, accept, choice, flag, number
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ConfigurationError, LineSink, MediaError, command
from cpvm.machine.media.forms import LONGEST, STANDARD, Form, Motion, parse_tape
from cpvm.machine.media.pages import PagePaper, require
from cpvm.machine.media.paper import Paper, TextPaper
from cpvm.machine.unitrecord import UnitRecord
from cpvm.s370.ccw import Sense, UnitStatus

SPACES = (0x01, 0x09, 0x11, 0x19)  # print, then space 0-3 lines
SKIPS = tuple(0x81 | channel << 3 for channel in range(1, 13))  # print, then skip to channel 1-12
CARRIAGE = tuple(code | 2 for code in (*SPACES[1:], *SKIPS))
CHANNEL_9 = 0x01  # sense byte 0, bit 7
BYTE_TIME = 10  # microseconds to fetch a byte of the print line
FIRST_LINE, NEAR_LINE, FAR_LINE, NEAR = 20_000, 5_000, 2_200, 8
"""Carriage: microseconds for the first line, for each one at low speed and at high speed, and how many are slow."""
_LINE_OPTIONS = ("pdf", "text", "greenbar", "append", "crlf", "form", "lines", "lpi", "forms", "width")
_BLANKS = b"\x00\x40"  # never checked against the character set


class LinePrinter(UnitRecord):
    """A line printer with a carriage.

    Args:
        sink: told each line with its command; then the printer meets a channel only if `minds_forms` is set, and never
            runs out of forms. For who has a carriage of its own.
        paper: what the carriage moves, instead of `sink`; without either the printer has no paper and is not ready.
        form: where the channels are.
        sheets: forms in the box, None: never ending.
        width: print positions.
    """

    STATE = (
        *(*UnitRecord.STATE, "line", "image", "sheets", "held"),
        *("blocked", "folding", "characters", "printed"),
    )
    CYCLE: ClassVar[int] = 54_545
    """Microseconds for a line with a space: 1,100 lines a minute."""
    WIDTHS: ClassVar[tuple[int, ...]] = (132,)
    """Numbers of print positions that it is made with, the standard one first."""

    def __init__(
        self,
        sink: LineSink | None = None,
        *,
        paper: Paper | None = None,
        form: Form = STANDARD,
        sheets: int | None = None,
        width: int = 0,
    ) -> None:
        super().__init__()
        self.sink = sink
        self.paper = paper
        self.form = form
        self.width = width or self.WIDTHS[0]
        self.line = 1  # of the form, where the paper is
        self.sheets = sheets
        self.held = False  # the last command was a write without spacing
        self.minds_forms = False  # with a sink: channels 9 and 12 of the form show, and channels that it lacks
        self.blocked = False  # data checks are not told
        self.folding = False  # codes print as the ones of the quadrants with capitals
        self.characters = b""  # the character set buffer as it was loaded; empty: the train has every character
        self.printed = b""  # the print line buffer
        if paper is not None:
            paper.form(form.length, form.lpi, self.line)

    @property
    def image(self) -> bytes:
        """The form as plain data."""
        return self.form.to_bytes()

    @image.setter
    def image(self, data: bytes) -> None:
        self.form = Form.from_bytes(data)
        if self.paper is not None:
            self.paper.form(self.form.length, self.form.lpi, self.line)

    # ---- the operator's side

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Self:
        """`type,file`, then `pdf` (as if the name ended so) or `text`; `greenbar`: pages with green bars; `append`,
        `crlf`: for text; `form=std2`, `form=none` (channel 1 alone) or `form=1:1+12:61+9:63`: channels at lines;
        `lines=n` of a form, 1 to 180 (11 inches); `lpi=6` or `lpi=8`; `forms=n` in the box (no end); `width=n` (144:
        1443, 150: 3211). No file: not ready.

        See `cpvm.machine.media.forms.parse_tape`. Raises ConfigurationError.
        """
        accept(options, *_LINE_OPTIONS)
        lpi = int(choice(options, "lpi", "6", "8"))
        form = parse_tape(options.get("form", ""), number(options, "lines", 11 * lpi, 1, LONGEST), lpi)
        sheets = number(options, "forms", 0, 1, 1_000_000) or None
        width = int(choice(options, "width", *map(str, cls.WIDTHS)))
        paper = _paper(path, options, room, width) if path else None
        return cls(paper=paper, form=form, sheets=sheets, width=width)

    def mount(self, path: str, options: Mapping[str, str], room: Room) -> None:
        """Put other paper in: a file, and a box of `forms` if that option is given, the first form at line 1."""
        accept(options, "pdf", "text", "greenbar", "append", "crlf", "forms")
        if self.sink is not None:
            raise ConfigurationError("its paper cannot be changed")
        paper = _paper(path, options, room, self.width)
        if self.paper is not None:
            self.close()
        was, self.stopped = self.not_ready, False
        self.paper, self.line = paper, 1
        self.sheets = number(options, "forms", 0, 1, 1_000_000) or None
        paper.form(self.form.length, self.form.lpi, self.line)
        if was:
            self.becomes_ready()

    def dismount(self) -> None:
        """Take the paper out."""
        if self.paper is None:
            raise ConfigurationError("it has no paper that can be taken out")
        self.close()
        self.paper = None

    def close(self) -> None:
        """No more will be printed on this paper. That the host could not write it, its file has told."""
        if self.paper is not None:
            with suppress(MediaError):
                self.paper.close()

    @property
    def not_ready(self) -> bool:
        """Stopped, without paper, or at the end of the forms."""
        return self.stopped or (self.sink is None and self.paper is None) or self.sheets == 0

    # ---- the carriage

    def missing(self) -> int:
        """Skip to a channel that the form does not have: the carriage runs until the operator stops it. Unit check."""
        forms = 2
        self.move(Motion(forms * self.form.length, self.line, forms, skip=True))
        self.stopped = True
        self.intervention()
        return CHECK

    def motion(self, code: int, immediate: bool) -> tuple[int, int]:
        """Move the carriage as a command says; the lines that it moved, and the unit status that comes of it."""
        held, self.held = self.held, False
        if code < 0x80:
            moved = self.form.space(self.line, code >> 3)
        else:
            channel = code >> 3 & 0x0F
            if immediate and not held and self.form.at(self.line, channel):
                return 0, 0
            found = self.form.skip(self.line, channel)
            if found is None:
                return 2 * self.form.length, self.missing()
            moved = found
        self.move(moved)
        status = UnitStatus.UNIT_EXCEPTION if moved.twelve else 0
        if moved.nine:
            status |= CHECK
            self.sense = bytes((self.sense[0] | CHANNEL_9, *self.sense[1:]))
        return moved.lines, status

    def move(self, motion: Motion) -> None:
        """Move the paper. Raises MediaError."""
        if self.paper is not None:
            self.paper.move(motion)
        self.line = motion.line
        if self.sheets is not None:
            self.sheets = max(0, self.sheets - motion.forms)

    # ---- commands

    @command(*SPACES, *SKIPS)
    def write(self, path: DataPath) -> int:
        """Print a line, then space or skip."""
        code = path.command
        data = path.take(self.width)
        self.takes(len(data) * BYTE_TIME)
        if self.sink is not None:
            self.sink.line(code, data)
            self.printed = data
            return self.later(self.CYCLE, self.sensed(code, immediate=False))
        self.printed, status = self.compare(self.placed(data))
        try:
            if self.paper is not None:
                self.paper.print(self.printed)
            lines, more = self.motion(code, immediate=False)
        except MediaError:
            return self.failed()
        self.held = code == SPACES[0]
        return self.later(self.CYCLE + _feed_time(lines) - _feed_time(1), status | more)

    @command(*CARRIAGE, immediate=True)
    def carriage(self, path: DataPath) -> int:
        """Space or skip at once."""
        code = path.command
        if self.sink is not None:
            self.sink.line(code, b"")
            return self.later(FIRST_LINE, self.sensed(code, immediate=True))
        try:
            lines, status = self.motion(code, immediate=True)
        except MediaError:
            return self.failed()
        return self.later(_feed_time(lines), status)

    def sensed(self, code: int, immediate: bool) -> int:
        """The unit status that comes of a motion whose paper is the sink's."""
        if not self.minds_forms:
            return 0
        status = self.motion(code, immediate)[1]
        self.held = code == SPACES[0]
        return status

    def placed(self, data: bytes) -> bytes:
        """The print line with its characters where they are to be."""
        return data

    def compare(self, data: bytes) -> tuple[bytes, int]:
        """The characters that are on the train, others blank; and unit check with data check, or 0."""
        if self.folding:
            data = bytes(code | 0x40 for code in data)
        if not self.characters:
            return data, 0
        known = self.characters + _BLANKS
        strange = set(data) - set(known)
        if not strange:
            return data, 0
        status = 0
        if not self.blocked:
            self.sense = bytes((self.sense[0] | Sense.DATA_CHECK, *self.sense[1:]))
            status = CHECK
        return bytes(0x40 if code in strange else code for code in data), status

    def load_characters(self, path: DataPath, size: int) -> bool:
        """Load the character set buffer, which wants `size` bytes; False if there were fewer: load check."""
        data = path.take(size)
        self.takes(len(data) * BYTE_TIME)
        if len(data) < size:
            return False
        self.characters = data
        return True

    def reset(self) -> None:
        """System reset."""
        super().reset()
        self.held = False


def _feed_time(lines: int) -> int:
    """Microseconds that the carriage takes for so many lines."""
    if not lines:
        return 0
    near = min(lines - 1, NEAR)
    return FIRST_LINE + near * NEAR_LINE + (lines - 1 - near) * FAR_LINE


def _paper(path: str, options: Mapping[str, str], room: Room, width: int) -> Paper:
    pdf, text, greenbar, append, crlf = (flag(options, name) for name in ("pdf", "text", "greenbar", "append", "crlf"))
    if text and (pdf or greenbar):
        raise ConfigurationError("text excludes pdf and greenbar")
    if pdf or greenbar or (path.lower().endswith(".pdf") and not text):
        if append or crlf:
            raise ConfigurationError("append and crlf go with text")
        require()
        return PagePaper(room.output(path, binary=True), greenbar, width)
    return TextPaper(room.output(path, binary=False, append=append), crlf)


__all__ = ["CARRIAGE", "SKIPS", "SPACES", "LinePrinter"]
