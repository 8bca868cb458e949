"""Why a machine stops running, and the exceptions of the machine."""

from dataclasses import dataclass
from enum import StrEnum


class StopReason(StrEnum):
    """What ended `Machine.run`.

    A program-interruption loop is a second program interruption without an instruction in between that went well; if
    it is the new PSW itself that cannot be used (bits that must be zero, an odd address), that is an invalid PSW.
    """

    BUDGET = "instruction budget used up"
    WAIT = "enabled wait"
    DISABLED_WAIT = "disabled wait"
    PROGRAM_LOOP = "program interruption loop"
    EXTERNAL_LOOP = "external interruption loop"
    INVALID_PSW = "invalid PSW"
    HOST = "stopped by the host"
    ADDRESS_STOP = "address stop"
    CHECK_STOP = "check stop"


@dataclass(frozen=True)
class Stop:
    """The end of a run: the reason, the instructions executed in this run, and what goes with the reason.

    `detail` is the tag of `Machine.stop` for HOST, the instruction address (for a disabled wait usually a wait code)
    for all others.
    """

    reason: StopReason
    instructions: int
    detail: object = None


class ProgramCheck(Exception):
    """A program interruption of the guest; `code` is the interruption code (1 to 255).

    Raised by a host's DIAGNOSE it suppresses that instruction.
    """

    def __init__(self, code: int, completed: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.completed = completed


class IPLError(Exception):
    """Initial program loading failed: no such device, or its channel program ended with an error.

    `csw` (8 bytes) and `sense` are what the device gave, empty if there is none.
    """

    def __init__(self, message: str, csw: bytes = b"", sense: bytes = b"") -> None:
        super().__init__(message)
        self.csw = csw
        self.sense = sense
