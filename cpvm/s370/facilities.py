"""The facilities of a System/370, and which of them our machine has: the one place where that is said.

A row of the instruction table names the facility that its instruction belongs to. An instruction of a facility that is
not installed is an operation exception, as on a real machine without it.
Source: *IBM System/370 Principles of Operation*, GA22-7000, "Facilities"; *IBM System/370 Extended Architecture
Principles of Operation*, SA22-7085, for what came later.
"""

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
    instructions: tuple[str, ...]
    """Mnemonics; none of them may be in the instruction table."""
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
    Absent("direct control", ("RDD", "WRD"), "there is nothing at the other end of the lines"),
    Absent(
        "dual-address space",
        ("EPAR", "ESAR", "IAC", "IVSK", "LASP", "MVCK", "MVCP", "MVCS", "PC", "PT", "SAC", "SSAR"),
        "of 1981; only MVS/SP 1.3 and later ask for it",
    ),
    Absent("channel-set switching", ("CONCS", "DISCS"), "one processor has one channel set"),
    Absent("suspend and resume", ("RIO",), "channel programs run to their end"),
    Absent("test block", ("TB",), "every block of storage is usable"),
    Absent("low-address protection", (), "control register 0, bit 3, has no effect; of 1981"),
    Absent("segment protection", (), "the bit in segment-table entries is a translation-specification exception"),
    Absent("clear channel", ("CLRCH",), "of the 308x processors"),
    Absent(
        "VM, MVS and VS1 assists",
        ("FREEX", "FRETX", "VLKPG", "VULKP", "SVC assist"),
        "microcode that repeats what the operating system's own instructions do",
    ),
    Absent("vector", ("VA", "VM", "VS"), "of the 3090"),
    Absent("square root", ("SQDR", "SQER"), "of the 4361 and later"),
)
