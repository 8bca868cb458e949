"""What a vector is, and the machine it runs on.

Every vector runs in the same surroundings:

* 2 MB of storage; the code stands at `CODE`, filled up with SVC 255, so that every path ends in an interruption;
* operands stand in `WINDOW`, 512 bytes, the middle of which is a boundary of 2K bytes (and of storage keys);
* what lies around them, `CLEARED_SIZE` bytes from `CLEARED` on, is zero;
* storage keys as in `KEYS`, zero elsewhere; control registers as after a reset, but CR 0 is zero;
* the run ends with the first interruption; `Outcome` is what can be seen then.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cpvm.machine import Machine, StopReason
from cpvm.s370.insn import Insn, identify
from cpvm.s370.psw import PSW

HERE = Path(__file__).parent
SIZE = 2 << 20
CODE, CODE_SIZE = 0x1F7E0, 64
WINDOW, WINDOW_SIZE = 0x20700, 512
CLEARED, CLEARED_SIZE = 0x1F000, 0x3000
KEYS = {0x20000: 0x30, 0x20800: 0x40, 0x21000: 0x18, 0x21800: 0x20}
"""Block -> key: the two halves of the window have keys 3 and 4; key 1 with fetch protection, key 2 without."""
END = b"\x0a\xff"
TABLES = 0x28000
"""Where tables for translation lie, for programs that have room for no others."""
SVC_CASE, PROGRAM_CASE = 0, 1


@dataclass
class Vector:
    """Before and after. Numbers are in hexadecimal; registers and pieces of storage not named are zero."""

    code: str
    """Bytes at CODE + ia."""
    size: int = 0
    """Length of the code area; CODE_SIZE if zero."""
    ia: int = 0
    """Where the code stands, and where execution starts, as an offset from CODE."""
    mask: int = 0
    """System mask."""
    key: int = 0
    mode: int = 0
    """PSW bits 12-15."""
    cc: int = 0
    pm: int = 0
    gr: dict[str, str] = field(default_factory=dict)
    fr: dict[str, str] = field(default_factory=dict)
    window: dict[str, str] = field(default_factory=dict)
    """Offset -> bytes."""
    out: dict[str, Any] = field(default_factory=dict)
    """`kind`, `psw` (old PSW), `codes` (storage 84-9F, without zeros at the end), what changed of `gr`, `fr`, `cr`,
    `window`."""

    def psw(self) -> PSW:
        """The PSW before."""
        return PSW(self.mask, self.key, self.mode, self.cc, self.pm, CODE + self.ia)

    def code_area(self) -> bytes:
        """The whole of the code area."""
        size = self.size or CODE_SIZE
        code = bytearray(END * (size // 2))
        text = bytes.fromhex(self.code)
        code[self.ia : self.ia + len(text)] = text
        return bytes(code[:size])

    def window_area(self) -> bytes:
        """The whole of the window."""
        data = bytearray(WINDOW_SIZE)
        for offset, text in self.window.items():
            piece = bytes.fromhex(text)
            data[int(offset) : int(offset) + len(piece)] = piece
        return bytes(data)

    def registers(self, which: str) -> list[int]:
        """All 16 general (`gr`) or four floating-point registers (`fr`)."""
        given: dict[str, str] = getattr(self, which)
        numbers = range(16) if which == "gr" else (0, 2, 4, 6)
        return [int(given.get(str(r), "0"), 16) for r in numbers]

    def to_json(self) -> str:
        """One line."""
        return json.dumps({k: v for k, v in asdict(self).items() if v}, separators=(",", ":"))


@dataclass
class Outcome:
    """What is there after a vector."""

    kind: int
    psw: bytes
    codes: bytes
    gr: list[int]
    fr: list[int]
    cr: list[int]
    window: bytes

    def against(self, vector: Vector) -> dict[str, Any]:
        """As the `out` of the vector: only what changed."""
        changed: dict[str, Any] = {"kind": self.kind, "psw": self.psw.hex()}
        if any(self.codes):
            changed["codes"] = self.codes.rstrip(b"\0").hex()
        gr = {str(r): f"{v:X}" for r, v in enumerate(self.gr) if v != vector.registers("gr")[r]}
        fr = {str(2 * i): f"{v:X}" for i, v in enumerate(self.fr) if v != vector.registers("fr")[i]}
        cr = {str(r): f"{v:X}" for r, v in enumerate(self.cr) if v != RESET_CONTROL.get(r, 0)}
        window = dict(_pieces(vector.window_area(), self.window))
        for name, value in (("gr", gr), ("fr", fr), ("cr", cr), ("window", window)):
            if value:
                changed[name] = value
        return changed


RESET_CONTROL = {2: 0xFFFFFFFF, 14: 0xC2000000}


def _pieces(before: bytes, after: bytes) -> Iterator[tuple[str, str]]:
    """Runs of bytes that differ."""
    start = -1
    for i in range(len(before) + 1):
        differs = i < len(before) and before[i] != after[i]
        if differs and start < 0:
            start = i
        elif not differs and start >= 0:
            yield str(start), after[start:i].hex()
            start = -1


def load(path: Path) -> list[Vector]:
    """The vectors of a file."""
    return [Vector(**json.loads(line)) for line in path.read_text().splitlines()]


def files() -> list[Path]:
    """All files of vectors."""
    return sorted(HERE.glob("*.jsonl"))


def instructions_in(vector: Vector) -> set[Insn]:
    """The instructions in the code of a vector, from its beginning up to the first SVC or what is none."""
    found = set()
    text = bytes.fromhex(vector.code)
    at = 0
    while at + 2 <= len(text):
        row = identify(text[at:])
        if row is None or at + row.length > len(text):
            break
        found.add(row)
        if row.mnemonic == "SVC":
            break
        at += row.length
    return found


def translation_tables() -> bytes:
    """Segment tables of 64K segments, for 4K and for 2K pages, and their page tables.

    Segments 0 to 2 are at home. Segment 3 is segment 2 once more, in which some pages are invalid, and the second page
    is the first. Segment 4 is invalid. The tables end there.
    """
    data = bytearray(0x800)
    for number, page_bits in enumerate((12, 11)):
        pages = 1 << 16 - page_bits
        base = 0x400 * number
        for segment in range(4):
            table = base + 0x100 + 0x40 * segment
            word = 0xF0000000 | TABLES + table
            data[base + 4 * segment : base + 4 * segment + 4] = word.to_bytes(4, "big")
            for page in range(pages):
                frame = page & ~1 if segment == 3 and page in (2, 3) else page
                entry = (min(segment, 2) << 16 | frame << page_bits) >> 8
                if segment == 3 and page % 5 == 4:
                    entry |= 8 if page_bits == 12 else 4
                data[table + 2 * page : table + 2 * page + 2] = entry.to_bytes(2, "big")
        for segment in range(4, 16):
            data[base + 4 * segment + 3] = 1
    return bytes(data)


def prepare(machine: Machine) -> None:
    """Give a machine of SIZE bytes the surroundings, once."""
    machine.storage.write(TABLES, translation_tables())
    for new, address in ((0x60, 0xAAA), (0x68, 0xBBB)):
        machine.storage.write(new, PSW(mode=2, address=address).to_bytes())


def run(machine: Machine, vector: Vector) -> Outcome:
    """Run a vector on a prepared machine."""
    storage = machine.storage
    machine.reset()
    for r in range(16):
        machine.set_cr(r, RESET_CONTROL.get(r, 0))
    for address in range(0x20000, 0x22000, 2048):
        storage.set_key(address, KEYS.get(address, 0))
    storage.write(0x84, bytes(28))
    storage.write(CLEARED, bytes(CLEARED_SIZE))
    storage.write(CODE, vector.code_area())
    storage.write(WINDOW, vector.window_area())
    for r, v in enumerate(vector.registers("gr")):
        machine.gr[r] = v
    for i, v in enumerate(vector.registers("fr")):
        machine.fr[2 * i] = v
    machine.psw = vector.psw()
    stop = machine.run(1000)
    assert stop.reason is StopReason.DISABLED_WAIT, stop
    kind = SVC_CASE if stop.detail == 0xAAA else PROGRAM_CASE
    return Outcome(
        kind,
        storage.read(0x28 if kind else 0x20, 8),
        storage.read(0x84, 28),
        list(machine.gr),
        [machine.fr[r] for r in (0, 2, 4, 6)],
        list(machine.cr),
        storage.read(WINDOW, WINDOW_SIZE),
    )
