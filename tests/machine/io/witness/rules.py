"""From what Hercules presents to what the manuals say: where they differ, and why the manual is followed.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations". Each rule is named, and the vectors tell which
were applied.

- at once: Hercules begins a program after the end of SIO. What the channel finds in CAW and first CCW, and what the
  device shows when it is selected (channel end of an immediate command, a command that it does not accept), belongs to
  SIO: condition code 1, and only the status bytes of the CSW are stored.
- not accepted: a command that the device rejects, or for which it is not ready, has unit check without channel end and
  device end; Hercules shows them always.
- no data: an immediate command moves no byte, so the residual count is the count. Hercules shows zero.
- count: the count is unpredictable after a program or protection check.
- begun: a check of a data address, or of a CCW that data chaining brings, comes when the byte is due. The device has
  begun then, and ends with channel end and device end; the bytes before are transferred. Hercules gathers what is
  written before the device begins, and stores nothing of a block that is not allowed as a whole.
- list: an indirect address list that is not on a word is an error of the CCW.
- first transfer: the first CCW may not be a transfer in channel.
- spaced: a tape unit that finds a tape mark as it spaces over a block has unit exception and control unit end with
  device end (GA32-0020).
- together: a program-controlled interruption that was not taken shows with the end of the program.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from witness.chains import CC, CCW, CCWS, CD, IDA, TIC, Program
from witness.hercules import WINDOW, Result

COMMAND_REJECT, INTERVENTION_REQUIRED = 0x80, 0x40
UNIT_CHECK, ENDED, CHANNEL_END = 0x02, 0x0C, 0x08
CONTROL_UNIT_END, UNIT_EXCEPTION, SPACE_BLOCK = 0x20, 0x01, 0x37
PCI, INCORRECT_LENGTH, PROGRAM_CHECK, CHECKS = 0x80, 0x40, 0x20, 0x30
REFUSED = f"eeeeeeee00{PROGRAM_CHECK:02x}eeee"


def _wrong(ccw: CCW, data_chaining: bool) -> bool:
    """Whether a CCW is wrong by itself."""
    code, address, flags, count = ccw
    return bool(flags & 3 or not count or (not code & 15 and not data_chaining) or (flags & IDA and address % 4))


class Reading:
    """What a result says, one CSW after the other, turned into what it ought to say."""

    def __init__(self, program: Program, result: Result, immediate: Collection[int]) -> None:
        self.program = program
        self.result = result
        self.immediate = immediate
        self.rules: set[str] = set()
        self.cc = result.cc
        self.csws: list[str] = []
        self.carried = 0

    def _apply(self, rule: str) -> None:
        self.rules.add(rule)

    def read(self, csw: bytes) -> None:
        """Take the next CSW."""
        address = int.from_bytes(csw[1:4], "big")
        unit, channel, left = csw[4], csw[5] | self.carried, int.from_bytes(csw[6:8], "big")
        if channel & PCI and not unit and not channel & CHECKS:
            self._apply("together")
            self.carried = PCI
            return
        self.carried = 0
        index = (address - 8 - CCWS) // 8
        known = 0 <= index < len(self.program.ccws)
        ccw: CCW = self.program.ccws[index] if known else (0, 0, 0, 0)
        data_chaining = known and index > 0 and bool(self.program.ccws[index - 1][2] & CD)
        sense = self.result.sense[0] if self.result.sense else 0
        if unit & UNIT_CHECK and sense & (COMMAND_REJECT | INTERVENTION_REQUIRED) and known and left == ccw[3]:
            self._apply("not accepted")
            unit &= ~ENDED
        count = f"{left:04x}"
        instantly = ccw[0] in self.immediate and not data_chaining
        if instantly and unit & CHANNEL_END:
            if left != ccw[3]:
                self._apply("no data")
            count = f"{ccw[3]:04x}"
        if ccw[0] == SPACE_BLOCK and unit & UNIT_EXCEPTION and instantly:
            self._apply("spaced")
            unit |= CONTROL_UNIT_END
        if channel & CHECKS:
            self._apply("count")
            count = "...."
            channel &= ~INCORRECT_LENGTH
            unit = self._checked(ccw, known, data_chaining, unit)
        chaining = ccw[2] & (CC | CD) == CC and unit & ~0x40 == ENDED and not channel & ~PCI
        selected = unit & ENDED == 0 or (instantly and not chaining)
        if not self.csws and self.cc == 0 and address == CCWS + 8 and selected:
            self._apply("at once")
            self.cc = 1
            self.csws.append(f"eeeeeeee{unit:02x}{channel:02x}eeee")
        else:
            self.csws.append(f"{csw[:4].hex()}{unit:02x}{channel:02x}{count}")

    def _checked(self, ccw: CCW, known: bool, data_chaining: bool, unit: int) -> int:
        """Unit status with a program or protection check."""
        if known and ccw[2] & IDA and ccw[1] % 4 and not data_chaining:
            self._apply("list")
            return 0
        in_data = known and ccw[0] & 15 != TIC and not _wrong(ccw, data_chaining)
        if in_data and self.program.key and self.program.keys[0] & 8 and self.program.keys[0] >> 4 != self.program.key:
            return unit  # the CCWs themselves may not be fetched
        if in_data or data_chaining:
            self._apply("begun")
            return unit | ENDED
        return unit


def expected(program: Program, result: Result, immediate: Collection[int]) -> dict[str, Any]:
    """Condition code, CSWs as hexadecimal digits (`.` for those that do not matter), and the rules applied."""
    if program.ccws[0][0] & 15 == TIC:
        return {"cc": 1, "csws": [REFUSED], "rules": ["first transfer"]}
    reading = Reading(program, result, immediate)
    for csw in result.csws:
        reading.read(csw)
    return {"cc": reading.cc, "csws": reading.csws, "rules": sorted(reading.rules)}


def stored(before: bytes, after: bytes) -> dict[str, str]:
    """What a program has changed in the window: address -> bytes."""
    changed = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    runs: list[list[int]] = []
    for n in changed:
        if runs and n - runs[-1][1] <= 4:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return {f"{WINDOW + first:04X}": after[first : last + 1].hex() for first, last in runs}
