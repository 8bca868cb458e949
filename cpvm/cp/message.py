"""Error messages: numbers, texts, and their editing by SET EMSG (DMKERM).

A message is declared where it is sent. Its number keeps its meaning in all modules; the three letters of the
module in front of it are those of the command that sends it (VM/370 System Messages, GC20-1808).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Emsg(StrEnum):
    """How error messages are shown: SET EMSG ON | CODE | TEXT | OFF."""

    ON = "ON"
    CODE = "CODE"
    TEXT = "TEXT"
    OFF = "OFF"


CODE_LENGTH = 10  # DMKmmmnnns


class CPError(Exception):
    """A command could not be done. Carries the message; its number is the command's return code."""

    def __init__(self, module: str | None, number: int, severity: str, text: str) -> None:
        super().__init__(text)
        self.module = module
        self.number = number
        self.severity = severity
        self.text = text


@dataclass(frozen=True)
class Message:
    """One message: NUMBER, SEVERITY (I W E S A R T), TEXT with {} for what is filled in, and its MODULE if fixed."""

    number: int
    severity: str
    text: str
    module: str | None = None

    def error(self, *fill: object) -> CPError:
        """The exception that ends a command with this message."""
        return CPError(self.module, self.number, self.severity, self.text.format(*fill))

    def full(self, *fill: object, module: str | None = None) -> str:
        """The whole message, as under SET EMSG ON: DMKmmmnnns text."""
        return f"{self.module or module}{self.number:03}{self.severity} {self.text.format(*fill)}"


def message(code: str, text: str) -> Message:
    """Declare a message by its code: "045E", or "DMKDSP450W" when the module is always the same."""
    digits = code[-4:-1]
    if not digits.isdigit() or code[-1] not in "IWESART" or len(code) not in (4, CODE_LENGTH):
        raise ValueError(f"not a message code: {code}")
    return Message(int(digits), code[-1], text, code[:-4] or None)


def edit(full: str, emsg: Emsg) -> str | None:
    """What SET EMSG leaves of the message FULL (code, blank, text); None if nothing is to be shown."""
    code, _, text = full.partition(" ")
    match emsg:
        case Emsg.ON:
            return full
        case Emsg.CODE:
            return code
        case Emsg.TEXT:
            return text
        case Emsg.OFF:
            return None


UNKNOWN_COMMAND = message("DMKCFM001E", "?CP: {}")
INVALID_OPERAND = message("002E", "INVALID OPERAND - {}")
INVALID_OPTION = message("003E", "INVALID OPTION - {}")
INVALID_HEXLOC = message("004E", "INVALID HEXLOC - {}")
INVALID_DEVICE_TYPE = message("006E", "INVALID DEVICE TYPE - {}")
INVALID_USERID = message("007E", "INVALID USERID - {}")
INVALID_SPOOLID = message("008E", "INVALID SPOOLID - {}")
INVALID_RANGE = message("009E", "INVALID RANGE - {}")
INVALID_REGISTER = message("010E", "INVALID REGISTER - {}")
INVALID_DATA = message("012E", "INVALID DATA - {}")
CONFLICTING_OPTION = message("013E", "CONFLICTING OPTION - {}")
USERID_MISSING = message("020E", "USERID MISSING OR INVALID")
VADDR_MISSING = message("022E", "VADDR MISSING OR INVALID")
DATA_MISSING = message("025E", "DATA MISSING OR INVALID")
OPERAND_MISSING = message("026E", "OPERAND MISSING OR INVALID")
SPOOLID_MISSING = message("027E", "SPOOLID MISSING OR INVALID")
CLASS_MISSING = message("028E", "CLASS MISSING OR INVALID")
HEXLOC_MISSING = message("033E", "HEXLOC MISSING OR INVALID")
DEVICE_MISSING = message("040E", "DEVICE {} DOES NOT EXIST")
SPOOLID_UNKNOWN = message("042E", "SPOOLID {} DOES NOT EXIST")
NOT_LOGGED_ON = message("045E", "{} NOT LOGGED ON")
NOT_IN_DIRECTORY = message("053E", "{} NOT IN CP DIRECTORY")
NOT_RECEIVING = message("057E", "{} NOT RECEIVING; {}")
CONTROL_PROGRAM_ERROR = message("DMKCFM908E", "COMMAND FAILED; CONTROL PROGRAM ERROR, TOLD TO THE OPERATOR")
PLUGIN_ERROR = message("DMKCFM908E", "COMMAND FAILED; ERROR IN PLUGIN {}, TOLD TO THE OPERATOR")
