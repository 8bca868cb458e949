"""Interruption codes. Source: *Principles of Operation*, GA22-7000, "Interruptions"."""

from enum import IntEnum


class ProgramCode(IntEnum):
    """Codes of program interruptions."""

    OPERATION = 0x01
    PRIVILEGED = 0x02
    EXECUTE = 0x03
    PROTECTION = 0x04
    ADDRESSING = 0x05
    SPECIFICATION = 0x06
    DATA = 0x07
    FIXED_OVERFLOW = 0x08
    FIXED_DIVIDE = 0x09
    DECIMAL_OVERFLOW = 0x0A
    DECIMAL_DIVIDE = 0x0B
    EXPONENT_OVERFLOW = 0x0C
    EXPONENT_UNDERFLOW = 0x0D
    SIGNIFICANCE = 0x0E
    FLOATING_DIVIDE = 0x0F
    SEGMENT_TRANSLATION = 0x10
    PAGE_TRANSLATION = 0x11
    TRANSLATION_SPECIFICATION = 0x12
    SPECIAL_OPERATION = 0x13
    MONITOR = 0x40
    PER = 0x80


class ExternalCode(IntEnum):
    """Codes of external interruptions; those below X'0100' may come together, as an OR of their bits."""

    INTERVAL_TIMER = 0x0080
    INTERRUPT_KEY = 0x0040
    EMERGENCY_SIGNAL = 0x1201
    EXTERNAL_CALL = 0x1202
    CLOCK_COMPARATOR = 0x1004
    CPU_TIMER = 0x1005


NULLIFYING = frozenset((ProgramCode.SEGMENT_TRANSLATION, ProgramCode.PAGE_TRANSLATION))
"""After these the old PSW points to the instruction itself, so that it can be done again."""

# the same codes as plain numbers, for instruction bodies
OPERATION = 0x01
PRIVILEGED = 0x02
EXECUTE = 0x03
PROTECTION = 0x04
ADDRESSING = 0x05
SPECIFICATION = 0x06
DATA = 0x07
FIXED_OVERFLOW = 0x08
FIXED_DIVIDE = 0x09
DECIMAL_OVERFLOW = 0x0A
DECIMAL_DIVIDE = 0x0B
EXPONENT_OVERFLOW = 0x0C
EXPONENT_UNDERFLOW = 0x0D
SIGNIFICANCE = 0x0E
FLOATING_DIVIDE = 0x0F
SPECIAL_OPERATION = 0x13
