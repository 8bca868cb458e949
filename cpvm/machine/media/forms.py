"""The forms in a printer: where the channels are, on a carriage tape or in a forms control buffer, and how paper moves.

Sources: *1403 Printer Component Description*, GA24-3073, "Tape-Controlled Carriage"; *3211 Printer and 3811 Control
Unit*, GA24-3543, "Forms Control Buffer".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cpvm.machine.device import ConfigurationError

LONGEST: Final = 180  # lines: positions of a 3211's buffer; a carriage tape has no more than 132
CHANNELS: Final = range(1, 13)
END_OF_SHEET: Final = 0x10  # in a byte of the buffer; in its first one: eight lines an inch


def _mask(channel: int) -> int:
    return 0x8000 >> channel - 1


@dataclass(frozen=True, slots=True)
class Motion:
    """How the carriage moved: by how many lines, to which line of the form (1 is the first), over how many tops of
    forms; `nine` and `twelve`: it met these channels; `skip`: it went to a channel, not by lines."""

    lines: int
    line: int
    forms: int = 0
    nine: bool = False
    twelve: bool = False
    skip: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form: lines per inch (6 or 8), and for each line its channels as bits, channel 1 leftmost of 16."""

    lpi: int
    channels: tuple[int, ...]

    @property
    def length(self) -> int:
        """Lines."""
        return len(self.channels)

    def space(self, line: int, count: int) -> Motion:
        """Move by `count` lines from this one."""
        passed = 0
        for step in range(1, count + 1):
            passed |= self.channels[(line - 1 + step) % self.length]
        to = line - 1 + count
        twelve, nine = bool(passed & _mask(12)), bool(passed & _mask(9))
        return Motion(count, to % self.length + 1, to // self.length, nine, twelve)

    def skip(self, line: int, channel: int) -> Motion | None:
        """Move to the next line, below this one, that has the channel; None if no line has it."""
        mask = _mask(channel)
        for step in range(1, self.length + 1):
            to = line - 1 + step
            if self.channels[to % self.length] & mask:
                return Motion(step, to % self.length + 1, to // self.length, skip=True)
        return None

    def at(self, line: int, channel: int) -> bool:
        """Whether a line has a channel."""
        return bool(self.channels[line - 1] & _mask(channel))

    def to_bytes(self) -> bytes:
        """As plain data: lines per inch, then two bytes a line."""
        return bytes((self.lpi,)) + b"".join(mask.to_bytes(2, "big") for mask in self.channels)

    @classmethod
    def from_bytes(cls, data: bytes) -> Form:
        """Take up what `to_bytes` gave."""
        return cls(data[0], tuple(int.from_bytes(data[at : at + 2], "big") for at in range(1, len(data), 2)))

    def buffer(self) -> bytes:
        """The form as an image for a forms control buffer; of several channels of a line the lowest."""
        image = bytearray(16 - mask.bit_length() + 1 if mask else 0 for mask in self.channels)
        if self.lpi == 8:
            image[0] |= END_OF_SHEET
        image[-1] |= END_OF_SHEET
        return bytes(image)

    @classmethod
    def from_buffer(cls, image: bytes) -> Form:
        """The form in an image without index byte: bit 3 of the first byte means eight lines an inch.

        Raises ValueError if a channel is above 12.
        """
        codes = [byte & ~END_OF_SHEET for byte in image]
        if max(codes) > 12:
            raise ValueError("a channel is above 12")
        lpi = 8 if image[0] & END_OF_SHEET else 6
        return cls(lpi, tuple(_mask(code) if code else 0 for code in codes))

    @classmethod
    def of(cls, holes: Mapping[int, int | tuple[int, ...]], length: int = 66, lpi: int = 6) -> Form:
        """A form with channels at lines: `{1: 1, 12: 61}`; a channel may be at several."""
        channels = [0] * length
        for channel, lines in holes.items():
            for line in (lines,) if isinstance(lines, int) else lines:
                channels[line - 1] |= _mask(channel)
        return cls(lpi, tuple(channels))


STANDARD: Final = Form.of({1: 1, 2: 7, 3: 13, 4: 19, 5: 25, 6: 31, 7: 37, 8: 43, 9: 63, 10: 49, 11: 55, 12: 61})
"""IBM's standard image STD2, for a form of 11 inches at six lines an inch whose first line is the first printed one:
channels 1 to 8, 10 and 11 every six lines, 12 at line 61, 9 at line 63."""


def parse_tape(text: str, length: int, lpi: int) -> Form:
    """A carriage tape from the operator's words: `std2`; `none` (channel 1 at line 1 only); or channels and lines as
    `1:1+12:61+9:63`, a channel as often as it is punched.

    Raises:
        ConfigurationError: it is none of these.
    """
    if text in ("", "std2"):
        inside = [mask if line < length else 0 for line, mask in enumerate(STANDARD.channels)]
        return Form(lpi, tuple(inside[:length]) + (0,) * (length - len(inside)))
    if text == "none":
        return Form.of({1: 1}, length, lpi)
    channels = [0] * length
    for part in text.split("+"):
        match = re.fullmatch(r"([0-9]{1,2}):([0-9]{1,3})", part)
        channel, line = (int(number) for number in match.groups()) if match else (0, 0)
        if channel not in CHANNELS:
            raise ConfigurationError(f"{part or 'nothing'} is no channel and line, such as 12:61 (or std2, or none)")
        if not 1 <= line <= length:
            raise ConfigurationError(f"channel {channel} at line {line}: the form has {length} lines")
        channels[line - 1] |= _mask(channel)
    return Form(lpi, tuple(channels))
