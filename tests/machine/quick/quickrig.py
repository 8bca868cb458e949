"""Two machines with the same drives, one of which executes channel programs natively, and a program that does I/O.

    python tests/machine/quick/quickrig.py 200 [FIRST]

compares them on so many random runs.
"""

from __future__ import annotations

import random
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cpvm.machine import Machine, StopReason
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.media.volume import Volume
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, Track
from cpvm.s370.psw import PSW

SIZE = 0x20000
CODE, HANDLER, LOG, PROGRAMS, ARGUMENTS, BUFFERS = 0x1000, 0x800, 0x2000, 0x4000, 0x6000, 0x8000
LOADED = 0x700
DRIVES = {0x130: ("3330", 3), 0x131: ("2314", 2), 0x250: ("3350", 2), 0x251: ("3380", 2)}
CONSOLE, PRINTER = 0x009, 0x00E
CYLINDERS = 3
ENDLESS = 10_000
"""Lines of print, of which programs that end have fewer."""
SIO, SIOF, TIO, TCH, HIO = 0x9C00, 0x9C01, 0x9D00, 0x9F00, 0x9E00


def contents(cyl: int, head: int, r: random.Random) -> bytes:
    """A random track: none or some records with and without keys, an end of file, a defect, an overflow record."""
    made = Track.empty(cyl, head)
    kind = r.random()
    if kind < 0.06:
        made.flag = 2
    count = r.choice((0, 1, 3, 5, 5, 8))
    for n in range(1, count + 1):
        key = r.randbytes(r.choice((0, 0, 0, 4, 8)))
        made.records.append(Record(cyl, head, n, key, r.randbytes(r.choice((0, 1, 20, 80, 200, 80, 80)))))
    if kind > 0.97 and count:
        made.records[0].cyl |= 0x8000
    return made.to_bytes()


class Paper:
    """What a console and a printer put out."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, data: bytes, newline: bool) -> None:
        self.lines.append(data)

    def line(self, opcode: int, data: bytes) -> None:
        self.lines.append(data)

    def read(self, limit: int) -> None: ...

    def alarm(self) -> None: ...


@dataclass
class Rig:
    """A machine with its volumes."""

    folder: Path
    engine: str
    seed: int
    read_only: frozenset[int] = frozenset()
    machine: Machine = field(init=False)
    volumes: dict[int, Volume] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        from everyengine import at_once

        self.machine = m = Machine(SIZE, engine=self.engine)
        at_once(m._interpreter)
        for address, (type, heads) in DRIVES.items():
            r = random.Random(self.seed * 4096 + address)
            path = self.folder / f"{self.engine}-{address:03X}.volume"
            with Volume.create(path, type, "QUICK", CYLINDERS) as made, made.deferred():
                for cyl in range(CYLINDERS):
                    for head in range(heads):
                        made.write(cyl, head, contents(cyl, head, r))
            read_only = address in self.read_only
            drive = Dasd.configure(type, str(path), {"ro": ""} if read_only else {}, room=None)  # type: ignore[arg-type]
            assert isinstance(drive, Dasd) and isinstance(drive._pack, Volume)
            self.volumes[address] = drive._pack
            m.attach(address, drive)
        self.paper = Paper()
        m.attach(CONSOLE, Console3215(self.paper))
        m.attach(PRINTER, Printer1403(self.paper))
        r = random.Random(self.seed)
        m.storage.write(0, r.randbytes(0x1000))
        for at in range(0x58, 0x80, 8):
            m.storage.write(at, PSW(0, 0, 2, address=at).to_bytes())
        for at in range(0, SIZE, 2048):
            keys = (6, 6, 6) if self.seed % 3 else (6, 0x16, 0x1E) if at >= BUFFERS else (0x16,)
            m.storage.set_key(at, r.choice(keys))
        m.gr[12] = 0
        handler = bytes.fromhex("D207A0000040 D207A0080038 41AA0010 82000038")
        m.storage.write(HANDLER, handler)

    def close(self) -> None:
        for device in self.machine.devices.values():
            device.close()

    def tracks(self) -> dict[tuple[int, int, int], bytes]:
        """All tracks of all volumes."""
        return {
            (address, cyl, head): volume.read(cyl, head)
            for address, volume in self.volumes.items()
            for cyl in range(CYLINDERS)
            for head in range(DRIVES[address][1])
        }


# ---- random programs


def ccws(r: random.Random, address: int, at: int) -> tuple[list[CCW], bytes]:
    """A random channel program that lies at an address, with its arguments."""
    if address not in DRIVES:
        code = r.choice((1, 9, 9, 3, 0x0A, 4)) if address == CONSOLE else r.choice((9, 9, 3, 0x0B, 4))
        return [CCW(code, BUFFERS + r.randrange(0x4000), 0x20, r.choice((1, 20, 80)))], b""
    heads = DRIVES[address][1]
    arguments = bytearray()
    base = ARGUMENTS + (at - PROGRAMS) * 2
    done: list[CCW] = []

    def argument(data: bytes) -> int:
        arguments.extend(bytes(-len(arguments) % 2))
        place = base + len(arguments)
        arguments.extend(data)
        return place

    def flags(more: int = 0x40) -> int:
        return more | (0x20 if r.random() < 0.25 else 0)

    def place() -> tuple[int, int, int]:
        wild = r.random() < 0.04
        return r.randrange(CYLINDERS + wild), r.randrange(heads + 3 * wild), r.randrange(r.choice((4, 4, 9)))

    cyl, head, number = place()
    where = cyl.to_bytes(2, "big") + head.to_bytes(2, "big")
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        kind = r.random()
        if kind < 0.85:
            code = r.choice((7, 7, 7, 0x0B, 0x1B, 0x13)) if r.random() < 0.3 else 7
            done.append(CCW(code, argument(bytes(2) + where), flags(), r.choice((6, 6, 6, 6, 8, 5))))
        if r.random() < 0.15:
            done.append(CCW(0x1F, argument(bytes((r.choice((0, 0xC0, 0x18, 0x40, 0x80, 0x08, 0x10)),))), flags(), 1))
        if r.random() < 0.25:
            done.append(CCW(0x23, argument(bytes((r.choice((0, 3, 20, 60, 127, 255)),))), flags(), 1))
        if r.random() < 0.1:
            done.append(CCW(3, 0, flags(), 1))
        if r.random() < 0.9:
            search = r.choice(
                (0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0xB1, 0xB1, 0x51, 0x71, 0xD1, 0x29, 0x29, 0xA9, 0x49, 0x69, 0x39)
            )
            count = 5 if r.random() < 0.9 else r.choice((4, 4, 6, 8))
            start = at + 8 * len(done)
            done.append(CCW(search, argument(where + bytes((number,)) + bytes(4)), flags(), count))
            if r.random() < 0.96:
                done.append(CCW(8, start, 0, 0))
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            code = r.choice(
                (6, 6, 6, 5, 5, 5, 5, 0x0D, 0x0E, 0x1E, 0x12, 0x86, 0x92, 0x9E, 0x1D, 0x1A, 0x16, 4, 0x86, 0x9E, 0x0D)
            )
            count = r.choice((80, 80, 80, 20, 200, 1, 216, 300))
            more = 0x40 | (0x20 if r.random() < 0.8 else 0)
            if r.random() < 0.05:
                more |= r.choice((0x10, 0x10, 0x08, 0x80, 0x04))
            target = r.choice((BUFFERS + r.randrange(0x4000), BUFFERS + 0x7F0, base + r.randrange(64), at + 8))
            if r.random() < 0.02:
                target = SIZE - r.randrange(200)
            done.append(CCW(code, target, more, count))
        if r.random() < 0.5:
            cyl, head, number = place()
            where = cyl.to_bytes(2, "big") + head.to_bytes(2, "big")
    last = done[-1]
    done[-1] = CCW(last.command, last.address, last.flags & ~0xC0, last.count)
    return done, bytes(arguments)


def round_of(r: random.Random) -> dict[int, bytes]:
    """What is to be stored for a run: programs, arguments, and a supervisor program that starts them."""
    stored: dict[int, bytes] = {}
    code = bytearray()
    log = LOG + 0x800
    ec = r.random() < 0.3

    def instruction(op: int, address: int) -> None:
        nonlocal log
        code.extend(bytes.fromhex("4110") + address.to_bytes(2, "big"))  # LA 1,address
        code.extend(op.to_bytes(2, "big") + bytes.fromhex("1000"))
        code.extend(bytes.fromhex("0520"))  # BALR 2,0: the condition code
        code.extend(bytes.fromhex("5020B000"))  # ST 2,0(11)
        code.extend(bytes.fromhex("41BB0004"))  # LA 11,4(11)

    for n in range(r.choice((1, 2, 3, 4))):
        address = r.choice([*DRIVES, *DRIVES, CONSOLE, PRINTER])
        at = PROGRAMS + n * 0x200
        program, arguments = ccws(r, address, at)
        stored[at] = b"".join(ccw.to_bytes() for ccw in program)
        stored[ARGUMENTS + (at - PROGRAMS) * 2] = arguments
        key = r.choice((0, 0, 0, 1, 1, 1, 1, 3))
        stored[0x600 + 4 * n] = (key << 28 | at).to_bytes(4, "big")
        code.extend(bytes.fromhex("D2030048") + (0x600 + 4 * n).to_bytes(2, "big"))  # MVC X'48'(4),...
        if r.random() < 0.1:
            instruction(r.choice((TIO, TCH)), address)
        instruction(r.choice((SIO, SIO, SIOF)), address)
        if r.random() < 0.2:
            instruction(r.choice((TIO, TCH, HIO, SIO)), r.choice([*DRIVES, CONSOLE, PRINTER]))
        if r.random() < 0.2:
            mask = r.choice((0xFE, 0x60, 0x40, 0x20, 0, 2)) if not ec else r.choice((2, 0))
            stored[0x640 + n] = bytes((mask,))
            code.extend(bytes.fromhex("8000") + (0x640 + n).to_bytes(2, "big"))  # SSM
    stored[LOADED] = PSW(0xFE if not ec else 2, 0, 8 * ec | 2, address=0x123456).to_bytes()
    code.extend(bytes.fromhex("8200") + LOADED.to_bytes(2, "big"))
    stored[CODE] = bytes(code)
    stored[0x78] = PSW(0, 0, 8 * ec, address=HANDLER).to_bytes()
    stored[-1] = PSW(r.choice((0, 0, 0xFE)) if not ec else r.choice((0, 2)), 0, 8 * ec, address=CODE).to_bytes()
    if r.random() < 0.1:
        block = r.randrange(SIZE // 2048 - 16) + 16
        stored[-2] = bytes((block, r.choice((0x00, 0x02, 0x04, 0x16, 0x1E, 0x36, 0x06))))
    if r.random() < 0.15:
        stored[-3] = b"attention"
    return stored


def perform(rig: Rig, stored: dict[int, bytes]) -> StopReason:
    """Execute a run."""
    m = rig.machine
    for at, data in stored.items():
        if at >= 0:
            m.storage.write(at, data)
    if -2 in stored:
        block, key = stored[-2]
        m.storage.set_key(block * 2048, key)
    if -3 in stored:
        console = m.device(CONSOLE)
        assert isinstance(console, Console3215)
        console.enter(b"typed")
        console.attention()
    m.gr[10], m.gr[11] = LOG, LOG + 0x800
    m.psw = PSW.from_bytes(stored[-1])
    reason = StopReason.BUDGET
    for _ in range(20):
        reason = m.run(2000).reason
        if reason is not StopReason.BUDGET:
            break
    return reason


def seen(rig: Rig) -> tuple[object, ...]:
    """All that is to be the same, but tracks and storage."""
    m = rig.machine
    # A program that never ends goes on by so many commands whenever the machine looks around, which differs.
    return m.psw, list(m.gr), m.io.save(), m.io.waiting, m.io.started, rig.paper.lines[:ENDLESS]


def differences(one: object, two: object, path: str = "") -> list[str]:
    """Where two things differ that are made of dictionaries, lists and tuples."""
    if isinstance(one, dict) and isinstance(two, dict) and one.keys() == two.keys():
        return [text for name in one for text in differences(one[name], two[name], f"{path}.{name}")]
    if isinstance(one, list | tuple) and isinstance(two, list | tuple) and len(one) == len(two):
        return [
            text for n, pair in enumerate(zip(one, two, strict=True)) for text in differences(*pair, f"{path}[{n}]")
        ]
    return [] if one == two else [f"{path}: {one!r} and {two!r}"]


def compare(folder: Path, seed: int, rounds: int = 25, engine: str = "compiled") -> int:
    """Compare on random runs; gives how many programs were executed natively from their first to their last command."""
    r = random.Random(seed)
    read_only = frozenset(address for address in DRIVES if r.random() < 0.15)
    ours, theirs = Rig(folder, engine, seed, read_only), Rig(folder, "reference", seed, read_only)
    started = []
    for number, rig in enumerate((ours, theirs)):
        count = [0]
        started.append(count)
        original = rig.machine.io._start_io

        def counted(address: int, fast: bool, original=original, count=count) -> int:  # type: ignore[no-untyped-def]
            count[0] += 1
            return original(address, fast)

        rig.machine.io._start_io = counted  # type: ignore[method-assign]
        del number
    for number in range(rounds):
        stored = round_of(r)
        one, two = perform(ours, stored), perform(theirs, stored)
        assert one is two, (seed, number, one, two)
        assert seen(ours) == seen(theirs), (seed, number, differences(seen(ours), seen(theirs)))
        a, b = ours.machine.storage.read(0, SIZE), theirs.machine.storage.read(0, SIZE)
        assert a == b, (seed, number, [hex(i) for i in range(SIZE) if a[i] != b[i]][:8])
        assert ours.machine.storage.keys == theirs.machine.storage.keys, (seed, number)
        if number % 5 == 4:
            assert ours.tracks() == theirs.tracks(), (seed, number)
        if one is StopReason.BUDGET or r.random() < 0.05:
            for rig in (ours, theirs):
                rig.machine.io.reset()
    assert ours.tracks() == theirs.tracks()
    for rig in (ours, theirs):
        rig.close()
    for address in DRIVES:
        with (
            Volume.open(folder / f"{engine}-{address:03X}.volume", read_only=True) as first,
            Volume.open(folder / f"reference-{address:03X}.volume", read_only=True) as second,
        ):
            for cyl in range(CYLINDERS):
                for head in range(DRIVES[address][1]):
                    assert first.read(cyl, head) == second.read(cyl, head)
    return started[1][0] - started[0][0]


def main(arguments: list[str]) -> None:
    count, first = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0
    native = 0
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            native += compare(Path(folder), seed)
    print(f"{count} runs of 25 rounds alike; {native} channel programs were begun natively")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from cpvm.machine.compiled.native import library

    library().wait()
    main(sys.argv[1:])
