"""The facilities of a System/370, and which of them our machine has: the one place where that is said.

A row of the instruction table names the facility that its instruction belongs to. An instruction of a facility that is
not installed is an operation exception, as on a real machine without it.
Source: *IBM System/370 Principles of Operation*, GA22-7000, "Facilities"; *IBM System/370 Extended Architecture
Principles of Operation*, SA22-7085, for what came later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Facility(StrEnum):
    """A group of instructions that a machine has or has not; the value is what documents call it."""

    COMMERCIAL = "commercial instruction set"
    FLOATING_POINT = "floating point"
    EXTENDED_PRECISION = "extended-precision floating point"
    EXTENDED_DIVIDE = "extended-precision divide"
    TRANSLATION = "translation"
    TIMERS = "CPU timer and clock comparator"
    CONDITIONAL_SWAPPING = "conditional swapping"
    KEY_HANDLING = "PSW-key handling"
    BRANCH_AND_SAVE = "branch and save"
    MULTIPROCESSING = "multiprocessing"
    MOVE_INVERSE = "move inverse"
    EXTENDED = "System/370 extended facility"
    KEY_EXTENSIONS = "storage-key-instruction extensions"
    CHANNEL = "block-multiplexing and fast-release channels"


@dataclass(frozen=True)
class Absent:
    """A facility that is not installed: its instructions are operation exceptions."""

    name: str
    instructions: Mapping[str, int]
    """Mnemonic -> operation code (one byte, or two where it takes two); neither may be in the instruction table."""
    reason: str


NOTES: dict[Facility, str] = {
    Facility.EXTENDED_DIVIDE: "DXR is of the 370-XA; before that, programs had it simulated after the operation "
    "exception. Such programs find it done already.",
    Facility.MULTIPROCESSING: "One processor, with address 0: SIGP answers for it alone.",
    Facility.EXTENDED: "IPTE, TPROT and common segments.",
    Facility.KEY_EXTENSIONS: "Keys belong to blocks of 2K bytes: the extended forms act on both halves of a 4K block.",
    Facility.CHANNEL: "SIOF does what SIO does: the device is selected at once.",
}
"""What is particular about a facility here."""

NOT_INSTALLED: tuple[Absent, ...] = (
    Absent("direct control", {"RDD": 0x85, "WRD": 0x84}, "there is nothing at the other end of the lines"),
    Absent(
        "dual-address space",
        {
            **{"EPAR": 0xB226, "ESAR": 0xB227, "IAC": 0xB224, "IVSK": 0xB223, "LASP": 0xE500, "PC": 0xB218},
            **{"MVCK": 0xD9, "MVCP": 0xDA, "MVCS": 0xDB, "PT": 0xB228, "SAC": 0xB219, "SSAR": 0xB225},
        },
        "of 1981; only MVS/SP 1.3 and later ask for it",
    ),
    Absent("channel-set switching", {"CONCS": 0xB200, "DISCS": 0xB201}, "one processor has one channel set"),
    Absent("suspend and resume", {}, "channel programs run to their end; X'9C02' is SIO, as bits 8-14 are ignored"),
    Absent("test block", {"TB": 0xB22C}, "every block of storage is usable"),
    Absent("low-address protection", {}, "control register 0, bit 3, has no effect; of 1981"),
    Absent("segment protection", {}, "the bit in segment-table entries is a translation-specification exception"),
    Absent("clear channel", {"CLRCH": 0x9F01}, "of the 308x processors"),
    Absent(
        "VM, MVS and VS1 assists",
        {"FREEX": 0xE600, "FRETX": 0xE601, "VLKPG": 0xE602, "VULKP": 0xE603},
        "microcode that repeats what the operating system's own instructions do",
    ),
    Absent("vector", {"VA": 0xA420, "VS": 0xA421, "VM": 0xA422}, "of the 3090"),
    Absent("square root", {"SQDR": 0xB244, "SQER": 0xB245}, "of the 4361 and later"),
)
