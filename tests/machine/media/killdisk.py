"""Kills a process that writes a disk over a base, and looks whether all that was acknowledged is there, and whole.

    python tests/machine/media/killdisk.py 100

The writer is this file. Each of its channel programs writes records on three tracks of a count-key-data disk, executed
by Python's channels or, for `native.ckd`, natively; or it writes six blocks of a fixed-block disk, of two groups, and
commits. It says what it begins and what is done. The next writer goes on with the disk that the killed one left.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sampledisk import SampleBlocks, SampleDisk, block

from cpvm.machine import Machine
from cpvm.machine.channel import Channels
from cpvm.machine.compiled.native import library
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media import redo
from cpvm.machine.media.images import BlockImage, TrackImage, open_image
from cpvm.machine.media.images.writing import write_ckd, write_compressed, write_fba
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, decode_track, encode_track
from cpvm.s370.psw import PSW

ADDRESS, PROGRAM, SEEKS, DATA = 0x190, 0x800, 0x1000, 0x2000
HEADS = (0, 4, 9)
LENGTH = 1000
BLOCKS = (28, 29, 30, 31, 32, 33)
NATIVE = "native.ckd"
NAMES = ("kill.cckd", "kill.ckd", "kill.fba", "kill.cfba", NATIVE)


class Base(SampleDisk):
    """Tracks of three records each; number 0 wrote them."""

    cylinders = 40

    def read(self, cyl: int, head: int) -> bytes:
        return encode_track(cyl, head, [Record(cyl, head, n, b"", content(0, head)) for n in (1, 2, 3)])


def content(number: int, head: int) -> bytes:
    """What the program with a number writes."""
    return (number << 8 | head).to_bytes(4, "big") * (LENGTH // 4)


def make(path: Path) -> None:
    """The base."""
    if path.suffix in (".fba", ".cfba"):
        (write_fba if path.suffix == ".fba" else write_compressed)(path, SampleBlocks())
    else:
        (write_ckd if path.suffix == ".ckd" else write_compressed)(path, Base())


# ---- the writer


def write(path: Path, first: int) -> None:
    """Write until killed."""
    if path.name == NATIVE:
        write_natively(path, first)
    disk = open_image(path, read_only=False, device="3310" if path.suffix in (".fba", ".cfba") else "2311")
    if isinstance(disk, TrackImage):
        write_tracks(disk, first)
    else:
        write_blocks(disk, first)


def write_tracks(disk: TrackImage, number: int) -> None:
    storage = Storage(0x10000)
    io = Channels(storage)
    io.attach(ADDRESS, Dasd("2311", disk))
    chance = random.Random(number)
    while True:
        cyl = chance.randrange(disk.cylinders)
        prepare(storage, number, cyl)
        print(f"begin {number} {cyl}", flush=True)
        status = io.execute(ADDRESS, PROGRAM)
        assert (status.cc, status.csw.unit & 0x0F) == (0, 0x0C), (status.cc, status.csw)
        print(f"done {number} {cyl}", flush=True)
        number += 1


def prepare(storage: Storage, number: int, cyl: int) -> None:
    """Put the channel program with a number into storage."""
    ccws = []
    for n, head in enumerate(HEADS):
        seek = SEEKS + 16 * n
        storage.write(seek, bytes((0, 0, 0, cyl, 0, head, 0, cyl, 0, head, 2)))
        storage.write(DATA + LENGTH * n, content(number, head))
        at = PROGRAM + 8 * (4 * n + 1)
        ccws += [CCW(7, seek, 0x40, 6), CCW(0x31, seek + 6, 0x40, 5), CCW(8, at, 0, 0)]
        ccws.append(CCW(5, DATA + LENGTH * n, 0x40 if n < 2 else 0, LENGTH))
    storage.write(PROGRAM, b"".join(ccw.to_bytes() for ccw in ccws))


def write_natively(path: Path, number: int) -> None:
    """The same by a program: Start I/O, and the end awaited in the wait state."""
    library().wait()
    machine = Machine(0x10000, engine="compiled")
    machine._interpreter.few = 1  # type: ignore[attr-defined]
    disk = Dasd.configure("2311", str(path), {}, room=None)  # type: ignore[arg-type]
    machine.attach(ADDRESS, disk)
    storage = machine.storage
    for at in range(0, storage.size, 2048):
        storage.set_key(at, 6)
    storage.write(0x48, PROGRAM.to_bytes(4, "big"))
    storage.write(0x78, PSW(mode=2, address=0x600D).to_bytes())
    storage.write(0x300, bytes.fromhex("9C000190 82000310"))
    storage.write(0x310, PSW(system_mask=0xFE, mode=2).to_bytes())
    chance = random.Random(number)
    programs, natively = 0, 0
    while True:
        cyl = chance.randrange(0, 40, 5)  # so few that a killed writer leaves most of them in the log
        prepare(storage, number, cyl)
        machine.psw = PSW(address=0x300)
        print(f"begin {number} {cyl}", flush=True)
        stop = machine.run(100)
        assert (stop.detail, storage.read(0x44, 2)) == (0x600D, b"\x0c\0"), (stop, storage.read(0x40, 8))
        print(f"done {number} {cyl}", flush=True)
        number += 1
        programs += 1
        log = redo.log_of(path.with_name(path.name + ".overlay"))
        natively += log.exists() and log.stat().st_size > 0
        assert programs < 10 or natively


def write_blocks(disk: BlockImage, number: int) -> None:
    while True:
        print(f"begin {number} 0", flush=True)
        for place in BLOCKS:
            disk.write(place, (number << 8 | place).to_bytes(4, "big") * 128)
        disk.commit()
        print(f"done {number} 0", flush=True)
        number += 1


# ---- the witness


@dataclass
class Log:
    """What writers said: the last number written to each cylinder, and what was under way when one was killed."""

    written: dict[int, int] = field(default_factory=dict)
    begun: tuple[int, int] | None = None
    said: int = 0
    number: int = 0

    def line(self, text: str) -> None:
        what, number, cyl = text.split()
        self.said += 1
        self.number = int(number)
        if what == "begin":
            self.begun = int(cyl), int(number)
        else:
            self.written[int(cyl)] = int(number)
            self.begun = None


def kill(path: Path, log: Log, seed: int) -> None:
    """Let a writer write until it has said some number of lines, and kill it. The log has all that it said."""
    lines = random.Random(seed).choice((0, 1, 2, 3, random.Random(seed).randint(1, 300)))
    command = [sys.executable, __file__, str(path), str(log.number + 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            log.line(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        for text in writer.stdout.read().splitlines(keepends=True):
            if text.endswith("\n"):
                log.line(text)
    assert writer.returncode == -signal.SIGKILL


def check(path: Path, log: Log) -> None:
    """Look whether the disk holds what the log tells. Raises AssertionError."""
    device = "3310" if path.suffix in (".fba", ".cfba") else "2311"
    with open_image(path, device=device) as disk:
        places = range(disk.cylinders) if isinstance(disk, TrackImage) else [0]
        for place in places:
            found = tracks_say(disk, place) if isinstance(disk, TrackImage) else blocks_say(disk)
            allowed = {log.written.get(place, 0)}
            if log.begun is not None and log.begun[0] == place:
                allowed.add(log.begun[1])
            assert found in allowed, f"{path}, {place}: {found}, not {allowed}"
            log.written[place] = found
    log.begun = None


def tracks_say(disk: TrackImage, cyl: int) -> int:
    """The number of the program that wrote a cylinder last: all of its three records, or it was torn."""
    numbers = set()
    for head in HEADS:
        records = decode_track(disk.read(cyl, head))
        data = records[1].data
        assert len(records) == 3 and data == content(int.from_bytes(data[:4], "big") >> 8, head)
        assert records[0].data == records[2].data == content(0, head)
        numbers.add(int.from_bytes(data[:4], "big") >> 8)
    assert len(numbers) == 1, f"cylinder {cyl} is torn: {numbers}"
    return numbers.pop()


def blocks_say(disk: BlockImage) -> int:
    if all(disk.read(place) == block(place) for place in BLOCKS):
        return 0
    numbers = {int.from_bytes(disk.read(place)[:4], "big") >> 8 for place in BLOCKS}
    assert len(numbers) == 1, f"the blocks are torn: {numbers}"
    (number,) = numbers
    assert all(disk.read(place) == (number << 8 | place).to_bytes(4, "big") * 128 for place in BLOCKS)
    assert disk.read(27) == block(27) and disk.read(34) == block(34)
    return number


def campaign(folder: Path, kills: int, names: tuple[str, ...] = NAMES) -> tuple[int, int]:
    """Kill that many writers; returns how many were within a program, and how many programs were acknowledged."""
    within = 0
    logs = {name: Log() for name in names}
    for name in names:
        make(folder / name)
    bases = {name: (folder / name).read_bytes() for name in names}
    for seed in range(kills):
        name = names[seed % len(names)]
        kill(folder / name, logs[name], seed)
        within += logs[name].begun is not None
        check(folder / name, logs[name])
        assert (folder / name).read_bytes() == bases[name]
    return within, sum(log.said for log in logs.values()) // 2


def main(arguments: list[str]) -> None:
    if not arguments[0].isdecimal():
        write(Path(arguments[0]), int(arguments[1]))
    with tempfile.TemporaryDirectory() as folder:
        within, done = campaign(Path(folder), int(arguments[0]))
    print(f"{arguments[0]} kills, {within} within a program; {done} programs acknowledged: nothing lost, nothing torn")


if __name__ == "__main__":
    main(sys.argv[1:])
