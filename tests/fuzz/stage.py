"""The stage of a scene: a program whose interruptions are taken, noted and returned from.

The first 4K bytes of real storage hold handlers, one for each class of interruption but restart and machine check. A
handler writes an entry of the log (old PSW, codes, CSW, general registers), clears what it wrote down, takes away what
would interrupt again, and goes back. A scene ends with SVC 255, or when the log is full. The same handlers run in the
machine and in Hercules; what is done before and after a scene is here for the machine, in `witness.py` for Hercules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from vectors.vector import RESET_CONTROL

from cpvm.machine import Machine, StopReason
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, command
from cpvm.s370 import psa
from cpvm.s370.insn import by_mnemonic
from cpvm.s370.psw import EC, PSW

SIZE = 8 << 20
CODE, CODE_SIZE = 0x1F7C0, 512
DATA = CODE_SIZE - 160
"""Where in the code constants lie that instructions refer to; programs end before."""
STAGE, STAGE_SIZE, BLOCKS = 0x20000, 0x2000, 4
"""What is cleared before a scene; the first blocks of it have keys of their own."""
SECOND_HOMES = (STAGE + 0x10000, STAGE + 0x100000)
"""Where a program goes that means the stage but has no translation; cleared too."""
WINDOWS, WINDOW_SIZE = (0x20700, 0x20E60, 0x216A0), 512
"""Operands: over the end of a block of 2K bytes, in the words; over that of a page of 4K, in the packed numbers; over
that of a block, in the floating-point numbers."""
LOG, ENTRY, ENTRIES = 0x24000, 128, 16
TABLES, TABLES_END, VARIANTS = 0x28000, 0x30000, 9
OUTSIDE = 0xF8
"""Key of all that does not belong to a scene: programs that have any other key but zero cannot touch it."""
PRINTER, ABSENT, NO_CHANNEL = 0x00E, 0x0AA, 0x5FF

GR_SAVE, LOG_AT, LOG_END, SPIN, DELAY, LATE, LONG, WORK = 0x200, 0x240, 0x244, 0x248, 0x24C, 0x250, 0x258, 0x260
HANDLERS, FINISH = 0x400, 0x800
CLASSES = (
    ("E", psa.EXTERNAL_OLD, psa.EXTERNAL_NEW),
    ("S", psa.SVC_OLD, psa.SVC_NEW),
    ("P", psa.PROGRAM_OLD, psa.PROGRAM_NEW),
    ("I", psa.IO_OLD, psa.IO_NEW),
)
CODES_IN, CSW_IN, IO_IN, GR_IN = 12, 40, 48, 64
"""Where things are in an entry of the log: storage 84-9F, the CSW, the I/O address, general registers."""
NEVER, FULL_TIMER = 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF
INTERVAL = 0x7FFFFFFF


class Code:
    """Instructions one after the other, with labels."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.text = bytearray()
        self._labels: dict[str, int] = {}
        self._wanted: list[tuple[int, str]] = []

    @property
    def here(self) -> int:
        """Address of the next instruction."""
        return self.start + len(self.text)

    def add(self, mnemonic: str, **fields: int) -> None:
        """An instruction."""
        row = by_mnemonic(mnemonic)
        assert row is not None
        self.text += row.encode(**fields)

    def go(self, mask: int, label: str) -> None:
        """A branch on condition to a label."""
        self._wanted.append((len(self.text) + 2, label))
        self.add("BC", m1=mask, d2=0)

    def label(self, name: str) -> None:
        """What comes next has this name."""
        self._labels[name] = self.here

    def done(self) -> bytes:
        """The text, with branches settled."""
        for at, label in self._wanted:
            self.text[at : at + 2] = self._labels.get(label, FINISH).to_bytes(2, "big")
        return bytes(self.text)


def handlers() -> tuple[bytes, dict[int, int]]:
    """Text at HANDLERS, and the entries by location of the new PSW."""
    c = Code(HANDLERS)
    entries = {}
    for letter, old, new in CLASSES:
        entries[new] = c.here
        c.add("STM", r1=0, r3=15, d2=GR_SAVE)
        c.add("L", r1=13, d2=LOG_AT)
        c.add("MVC", l=7, b1=13, d1=0, d2=old)
        c.add("MVI", b1=13, d1=8, i2=ord(letter))
        c.add("MVC", l=27, b1=13, d1=CODES_IN, d2=psa.EXTERNAL_CODE)
        c.add("MVC", l=7, b1=13, d1=CSW_IN, d2=psa.CSW)
        c.add("MVC", l=3, b1=13, d1=IO_IN, d2=psa.IO_ADDRESS)
        c.add("MVC", l=63, b1=13, d1=GR_IN, d2=GR_SAVE)
        for at, n in ((psa.EXTERNAL_CODE, 28), (psa.CSW, 8), (psa.IO_ADDRESS, 4)):
            c.add("XC", l=n - 1, d1=at, d2=at)
        c.add("NI", d1=old + 1, i2=0xFF ^ 2)  # a wait ends
        if letter == "E":
            c.add("SCKC", d2=LATE)
            c.add("SPT", d2=LONG)
        if letter == "S":
            c.add("TM", d1=old + 1, i2=EC)
            c.go(1, "svc ec")
            c.add("CLI", d1=old + 3, i2=0xFF)
            c.go(15, "svc")
            c.label("svc ec")
            c.add("CLI", b1=13, d1=CODES_IN + 7, i2=0xFF)
            c.label("svc")
            c.go(8, "finish")
        if letter == "P":
            c.add("TM", d1=old + 1, i2=EC)
            c.go(8, "no retry")
            c.add("MVC", l=0, d1=WORK, b2=13, d2=CODES_IN + 11)
            c.add("NI", d1=WORK, i2=0x7E)
            c.add("CLI", d1=WORK, i2=0x10)
            c.go(7, "no retry")
            c.add("SR", r1=2, r2=2)
            c.add("IC", r1=2, b2=13, d2=CODES_IN + 9)
            c.add("A", r1=2, d2=old + 4)
            c.add("ST", r1=2, d2=old + 4)
            c.label("no retry")
        c.add("LA", r1=13, b2=13, d2=ENTRY)
        c.add("ST", r1=13, d2=LOG_AT)
        c.add("C", r1=13, d2=LOG_END)
        c.go(10, "finish")
        c.add("LM", r1=0, r3=15, d2=GR_SAVE)
        c.add("LPSW", d2=old)
    text = c.done()
    assert HANDLERS + len(text) <= FINISH
    return text, entries


def tables() -> bytes:
    """Tables for translation, VARIANTS of them; `control` gives control registers 0 and 1 for each."""
    data = bytearray(TABLES_END - TABLES)
    free = 64 * VARIANTS
    for variant in range(VARIANTS):
        random = Random(variant)
        page_bits, segment_bits = _sizes(variant)
        pages = 1 << segment_bits - page_bits
        segments = [1] * 16  # invalid
        stage = STAGE >> page_bits
        for segment in range(4 if segment_bits == 16 else 2):
            home = segment if segment_bits == 20 else min(segment, 2)
            frames = [home * pages + page for page in range(pages)]
            invalid = 0x8 if page_bits == 12 else 0x4
            bad = set()
            if segment == (3 if segment_bits == 16 else 1):
                frames = [frame - (home << segment_bits - page_bits if segment_bits == 20 else 0) for frame in frames]
                at = frames.index(stage)
                n = STAGE_SIZE // 2 >> page_bits
                frames[at : at + n] = random.choices(range(stage, stage + n), k=n)
                bad = {at + random.randrange(n + 2)} if random.random() < 0.8 else set()
            free = free + 7 & -8
            segments[segment] = 0xF0000000 | TABLES + free
            for page, frame in enumerate(frames):
                entry = frame << page_bits - 8 | (invalid if page in bad else 0)
                data[free : free + 2] = entry.to_bytes(2, "big")
                free += 2
        table = b"".join(word.to_bytes(4, "big") for word in segments)
        data[64 * variant : 64 * variant + 64] = table
    assert free <= len(data)
    return bytes(data)


def _sizes(variant: int) -> tuple[int, int]:
    """Bits of an address in a page and in a segment."""
    return (12, 16) if variant % 3 == 0 else (11, 16) if variant % 3 == 1 else (12, 20)


def control(variant: int) -> tuple[int, int]:
    """Control registers 0 (without the masks) and 1."""
    page_bits, segment_bits = _sizes(variant)
    return (0x00800000 if page_bits == 12 else 0x00400000) | (segment_bits == 20) << 20, TABLES + 64 * variant


def second_home(variant: int) -> int:
    """What to add to an address of the stage to reach it through the second table."""
    return 0x100000 if _sizes(variant)[1] == 20 else 0x10000


@dataclass
class Scene:
    """A program with its surroundings. A list of pieces, each of which can be left out."""

    pieces: list[bytes]
    constants: bytes
    psw: PSW
    gr: list[int]
    fr: list[int]
    windows: list[bytes]
    keys: list[int]
    """Of the blocks of the stage."""
    modes: list[int]
    """Of the new PSWs, in the order of CLASSES: zero or EC."""

    def code(self) -> bytes:
        """The code area."""
        text = b"".join(self.pieces)
        text += b"\x0a\xff" * ((DATA - len(text)) // 2) + self.constants
        assert len(text) <= CODE_SIZE
        return text.ljust(CODE_SIZE, b"\0")

    def without(self, left_out: Sequence[int]) -> "Scene":
        """The same with some pieces replaced by instructions that do nothing."""
        pieces = list(self.pieces)
        for n in left_out:
            pieces[n] = b"\x07\x00" * (len(pieces[n]) // 2)
        return replace(self, pieces=pieces)

    def new_psws(self) -> dict[int, bytes]:
        """New PSWs by location."""
        _, entries = handlers()
        return {
            new: PSW(mode=mode, address=entries[new]).to_bytes()
            for mode, (_, _, new) in zip(self.modes, CLASSES, strict=True)
        }


@dataclass
class Ending:
    """What is there after a scene."""

    log: list[bytes] = field(default_factory=list)
    fr: list[int] = field(default_factory=list)
    cr: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    windows: list[bytes] = field(default_factory=list)

    def differences(self, other: "Ending") -> dict[str, tuple[Any, Any]]:
        """Name -> values of both, where they differ."""
        found: dict[str, tuple[Any, Any]] = {}
        for n in range(max(len(self.log), len(other.log))):
            one, two = (end.log[n].hex() if n < len(end.log) else "" for end in (self, other))
            if one != two:
                found[f"log {n}"] = one, two
                break
        for name in ("fr", "cr", "keys", "windows"):
            for n, (a, b) in enumerate(zip(getattr(self, name), getattr(other, name), strict=True)):
                if a != b:
                    found[f"{name} {n}"] = (a.hex(), b.hex()) if isinstance(a, bytes) else (f"{a:X}", f"{b:X}")
        return found


def split_log(log: bytes) -> list[bytes]:
    """The entries written."""
    entries = [log[at : at + ENTRY] for at in range(0, len(log), ENTRY)]
    return [entry for entry in entries if entry[8]]


class Printer(Device):
    """As much of a 1403 as scenes ask for."""

    TYPE = "1403"

    @command(0x09)
    def write(self, path: DataPath) -> int:
        """Print a line on nothing."""
        path.take(132)
        return ENDED

    @command(0x0B, immediate=True)
    def space(self, path: DataPath) -> int:
        """Space a line."""
        return ENDED


def low_storage() -> dict[int, bytes]:
    """What stands in the first 4K bytes for both."""
    text, _ = handlers()
    stop = PSW(mode=2, address=0xE0D).to_bytes()
    words = (LOG, LOG + ENTRY * ENTRIES)
    return {
        HANDLERS: text,
        LOG_AT: b"".join(word.to_bytes(4, "big") for word in words),
        LATE: NEVER.to_bytes(8, "big") + FULL_TIMER.to_bytes(8, "big"),
        psa.MACHINE_CHECK_NEW: stop,
    }


def prepared() -> Machine:
    """A machine with the stage."""
    machine = Machine(SIZE)
    for at, data in low_storage().items():
        machine.storage.write(at, data)
    for at in (SPIN, DELAY):
        machine.storage.write(at, (1).to_bytes(4, "big"))
    finish = Code(FINISH)
    finish.add("LPSW", d2=psa.MACHINE_CHECK_NEW)
    machine.storage.write(FINISH, finish.done())
    machine.storage.write(TABLES, tables())
    for block in range(0, SIZE, 2048):
        machine.storage.set_key(block, OUTSIDE)
    for block in range(CODE & -2048, STAGE, 2048):
        machine.storage.set_key(block, 0)
    machine.attach(PRINTER, Printer())
    return machine


def perform(machine: Machine, scene: Scene) -> Ending:
    """Run a scene on a prepared machine."""
    storage = machine.storage
    machine.reset()
    for r in range(16):
        machine.set_cr(r, RESET_CONTROL.get(r, 0))
    for area in (STAGE, *SECOND_HOMES):
        storage.write(area, bytes(STAGE_SIZE))
    storage.write(LOG, bytes(ENTRY * ENTRIES))
    storage.write(LOG_AT, LOG.to_bytes(4, "big"))
    storage.write(CODE, scene.code())
    for at, data in zip(WINDOWS, scene.windows, strict=True):
        storage.write(at, data)
    for n, key in enumerate(scene.keys):
        storage.set_key(STAGE + 2048 * n, key)
    for at, data in scene.new_psws().items():
        storage.write(at, data)
    for at, size in ((psa.EXTERNAL_CODE, 28), (psa.CSW, 12), (psa.IO_ADDRESS, 4)):
        storage.write(at, bytes(size))
    storage.write(psa.INTERVAL_TIMER, INTERVAL.to_bytes(4, "big"))
    machine.cpu.set_clock_comparator(NEVER)
    machine.cpu.set_cpu_timer(FULL_TIMER)
    for r, v in enumerate(scene.gr):
        machine.gr[r] = v
    for i, v in enumerate(scene.fr):
        machine.fr[2 * i] = v
    machine.psw = scene.psw
    for _ in range(100):
        stop = machine.run(10_000)
        if stop.reason is not StopReason.WAIT:
            break
        machine.wait_for(1000)
    assert stop.reason is StopReason.DISABLED_WAIT and stop.detail == 0xE0D, stop
    return Ending(
        split_log(storage.read(LOG, ENTRY * ENTRIES)),
        [machine.fr[r] for r in (0, 2, 4, 6)],
        list(machine.cr),
        [storage.keys[(STAGE >> 11) + n] for n in range(BLOCKS)],
        [storage.read(at, WINDOW_SIZE) for at in WINDOWS],
    )
