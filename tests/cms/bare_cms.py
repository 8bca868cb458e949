"""CMS on a bare machine: a host that answers the DIAGNOSEs CMS needs, and a terminal that types lines."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import cache

from assembler.assembly import assemble
from cms.build import SystemDisk, build_system_disk, empty_disk
from cms.source import ERROR, Library
from cpvm.machine import Machine, ProgramCheck, StopReason
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.devices.punch2540 import Punch2540
from cpvm.machine.devices.reader2540 import Reader2540
from cpvm.machine.host import CPU_ID, tod_from_unix
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic
from cpvm.s370.interruption import ProgramCode

WHEN = 1_700_000_000_000_000_000
SLICE = 200_000
DEVICE_CLASSES = {0x009: 0x80000000, 0x00C: 0x20800000, 0x00D: 0x10800000, 0x00E: 0x10410000}
DASD_CLASS = 0x04080000
READ_ONLY = 0x00000080
NEW_LINE = b"\x15"


@cache
def system_disk() -> SystemDisk:
    """The system disk, built once a test run."""
    return build_system_disk()


class Tracks:
    """Tracks of a minidisk in memory."""

    def __init__(self, tracks: object, read_only: bool = False) -> None:
        self.tracks: dict[tuple[int, int], bytes] = {(cyl, head): image for cyl, head, image in tracks}  # type: ignore[attr-defined]
        self.read_only = read_only

    def read(self, cyl: int, head: int) -> bytes:
        return self.tracks[cyl, head]

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.tracks[cyl, head] = image

    def commit(self) -> None:
        pass


@dataclass
class Host:
    """The host half: DIAGNOSE X'08' 0C 18 24 5C 60 64, and the back ends of console, reader, punch and printer."""

    out: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    """CP's return code for a command by its first word; a word that is not here is unknown (1)."""
    cards: deque[bytes | None] = field(default_factory=deque)
    punched: list[str] = field(default_factory=list)
    printed: list[tuple[int, str]] = field(default_factory=list)
    emsg: str = "ON"
    partial: str = ""
    raw: deque[bytes] = field(default_factory=lambda: deque(maxlen=100))
    """The last writes as they came; a new-line character at the end of one is not shown in `out`."""
    instructions: int = 0
    released: list[tuple[int, int]] = field(default_factory=list)
    """Pages given back, first and last."""

    # console, reader, punch, printer
    def write(self, data: bytes, newline: bool) -> None:
        self.raw.append(data)
        text = self.partial + from_ebcdic(data.removesuffix(NEW_LINE) if newline else data)
        if newline:
            self.out.append(text)
        self.partial = "" if newline else text

    def read(self, limit: int) -> None:
        pass

    def alarm(self) -> None:
        pass

    def next(self) -> bytes | None:
        return self.cards.popleft() if self.cards else None

    def card(self, data: bytes) -> None:
        self.punched.append(from_ebcdic(data))

    def line(self, opcode: int, data: bytes) -> None:
        self.printed.append((opcode, from_ebcdic(data)))

    # machine
    def tod(self) -> int:
        return tod_from_unix(WHEN)

    def cpu_id(self) -> bytes:
        return CPU_ID

    def elapsed(self, instructions: int) -> int:
        self.instructions += instructions
        return instructions

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        handler = getattr(self, f"d{code:03x}", None)
        if handler is None:
            raise ProgramCheck(ProgramCode.SPECIFICATION)
        handler(machine, r1, r3)

    def d008(self, machine: Machine, r1: int, r3: int) -> None:
        length = machine.gr[r3] & 0xFFFFFF
        command = from_ebcdic(machine.storage.read(machine.gr[r1] & 0xFFFFFF, length)).strip()
        self.commands.append(command)
        word = command.split(" ")[0].upper()
        if command.upper().startswith("SET EMSG"):
            self.emsg = command.split()[-1].upper()
            code = 0
        else:
            code = self.answers.get(word, 0 if word in {"CLOSE", ""} else 1)
        machine.gr[r3] = code

    def d00c(self, machine: Machine, r1: int, r3: int) -> None:
        text = to_ebcdic("11/23/2608:30:00")
        used = self.instructions.to_bytes(8, "big")
        machine.storage.write(machine.gr[r1] & 0xFFFFFF, text + used + used)

    def d010(self, machine: Machine, r1: int, r3: int) -> None:
        first, last = machine.gr[r1], machine.gr[r3]
        self.released.append((first, last))
        machine.storage.write(first, bytes(last + 4096 - first))

    def d018(self, machine: Machine, r1: int, r3: int) -> None:
        addr = machine.gr[r1] & 0xFFF
        if not isinstance(machine.device(addr), Dasd):
            machine.gr[15], machine.cc = 1, 1
            return
        status = machine.io.execute(addr, machine.gr[r3] & 0xFFFFFF, machine.psw.key)
        machine.cc = 0 if status.cc == 0 else 3
        if status.cc:
            machine.gr[15] = 13

    def d020(self, machine: Machine, r1: int, r3: int) -> None:
        status = machine.io.execute(machine.gr[r1] & 0xFFF, machine.gr[r3] & 0xFFFFFF, machine.gr[r3] >> 28)
        machine.cc = 0 if status.cc == 0 else 3

    def d024(self, machine: Machine, r1: int, r3: int) -> None:
        addr = machine.gr[r1]
        if addr == 0xFFFFFFFF:
            addr = machine.gr[r1] = 0x009
        device = machine.device(addr & 0xFFF)
        if device is None:
            machine.cc = 3
            return
        kind = DEVICE_CLASSES.get(addr, DASD_CLASS)
        if isinstance(device, Dasd) and getattr(device, "read_only", False):
            kind |= READ_ONLY
        machine.gr[r3] = kind
        machine.gr[r3 + 1 & 15] = kind & 0xFFFF0000
        machine.cc = 0

    def d05c(self, machine: Machine, r1: int, r3: int) -> None:
        if self.emsg == "OFF":
            machine.gr[r3] = 0
        elif self.emsg == "CODE":
            machine.gr[r3] = 10
        elif self.emsg == "TEXT":
            machine.gr[r1] += 11
            machine.gr[r3] -= 11

    def d060(self, machine: Machine, r1: int, r3: int) -> None:
        machine.gr[r1] = machine.storage.size

    def d064(self, machine: Machine, r1: int, r3: int) -> None:
        machine.gr[r3], machine.cc = 44, 2


class BareCMS:
    """A machine with the system disk at 190 and an A-disk at 191, and somebody typing.

    The A-disk has the text files given, and TEXT files made from the assembler programs given.
    """

    def __init__(
        self,
        files: dict[tuple[str, str], str] | None = None,
        programs: dict[str, str] | None = None,
        storage: int = 1 << 20,
        a_disk: bool = True,
    ) -> None:
        self.host = Host()
        self.machine = Machine(storage, self.host)
        self.console = Console3215(self.host)
        self.machine.attach(0x009, self.console)
        self.reader = Reader2540(self.host)
        self.machine.attach(0x00C, self.reader)
        self.machine.attach(0x00D, Punch2540(self.host))
        self.machine.attach(0x00E, Printer1403(self.host))
        system = system_disk()
        self.machine.attach(0x190, Dasd("3350", Tracks(system.tracks()), cylinders=system.cylinders, read_only=True))
        if a_disk:
            disk = empty_disk(5, "CMS191", files)
            for name, source in (programs or {}).items():
                result = assemble(source, library=Library())
                assert result.return_code < ERROR, [str(message) for message in result.messages]
                disk.write(name, "TEXT", "A1", result.deck, "F", 80)
            self.a_disk = Tracks(disk.tracks())
            self.machine.attach(0x191, Dasd("3350", self.a_disk, cylinders=5))

    def ipl(self, *lines: str) -> list[str]:
        """IPL from 190 and enter these first lines (default: a null line)."""
        self.machine.ipl(0x190)
        self.run()
        for line in lines or ("",):
            self.enter(line)
        return self.take()

    def run(self, limit: int = 20_000_000) -> None:
        """Run until the machine waits."""
        spent = 0
        while spent < limit:
            stop = self.machine.run(SLICE)
            spent += stop.instructions
            if stop.reason is StopReason.WAIT:
                return
            if stop.reason is not StopReason.BUDGET:
                raise AssertionError(f"the machine stopped: {stop}; output {self.host.out}")
        raise AssertionError(f"the machine does not wait after {spent} instructions; output {self.host.out}")

    def enter(self, line: str) -> None:
        if not self.console.enter(to_ebcdic(line)):
            raise AssertionError(f"no read is outstanding for {line!r}; output {self.host.out}")
        self.run()

    def take(self) -> list[str]:
        out, self.host.out = self.host.out, []
        return out

    def type(self, *lines: str) -> list[str]:
        """Type lines, each when the one before is done; all the output."""
        for line in lines:
            self.enter(line)
        return self.take()

    def start(self, line: str, instructions: int = 20_000) -> None:
        """Enter a line that does not come to an end, and let the machine run for a while."""
        assert self.console.enter(to_ebcdic(line))
        self.machine.run(instructions)

    def interrupt(self, line: str, instructions: int = 20_000) -> list[str]:
        """Press the attention key, type a line when the guest reads it, and let the machine run for a while."""
        self.console.attention()
        for _ in range(100):
            self.machine.run(1000)
            if self.console.reading:
                break
        assert self.console.enter(to_ebcdic(line))
        self.machine.run(instructions)
        return self.take()
