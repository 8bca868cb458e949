"""Kills a process that writes a tape, and looks whether all that its channel programs ended before is there.

    python tests/machine/media/killtape.py 100

The writer is this file, with the name of the tape: it writes blocks and tape marks by channel programs, and goes back
now and then to write over what is there. It says where it writes what before each program, and when it is done.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cpvm.machine.channel import Channels
from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.open import open_tape
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW

NAMES = ("kill.aws", "kill.het", "kill.tap", "kill.e11")
ADDRESS, DATA, CAW, CSW = 0x180, 0x10000, 0x48, 0x40
LONGEST = 60000


def content(number: int) -> bytes:
    """The block with a number: no two are alike."""
    chance = random.Random(number)
    length = chance.choice((1, 80, 4095, 4096, 20001, LONGEST))
    return chance.randbytes(length) if number % 3 else number.to_bytes(4, "big") * (length // 4 + 1)


def write(path: Path, seed: int) -> None:
    """Write until killed."""
    chance = random.Random(seed)
    storage = Storage(0x20000)
    io = Channels(storage)
    unit = Tape("3420", open_tape(path))
    io.attach(ADDRESS, unit)

    def start(command: int, count: int = 1) -> None:
        storage.write(0x800, CCW(command, DATA, 0x20, count).to_bytes())
        storage.write(CAW, (0x800).to_bytes(4, "big"))
        if io.sio(ADDRESS) == 0:
            assert io.tio(ADDRESS) == 1
        assert storage.read(CSW + 4, 1)[0] in (0x0C, 0x2D), storage.read(CSW, 8).hex()

    number = 0
    while True:
        for _ in range(chance.choice((0,) * 12 + (1, 2, 3))):
            if unit.position:
                start(0x27)
        number += 1
        kind = "mark" if number % 9 == 0 else "block"
        print(f"{unit.position} {number} {kind}", flush=True)
        if kind == "mark":
            start(0x1F)
        else:
            data = content(number)
            storage.write(DATA, data)
            start(0x01, len(data))
        print(f"{unit.position}", flush=True)


@dataclass
class Log:
    """What the writer said: blocks by position, None for a tape mark; and where it may have been writing what, with
    what may still be there from before.
    """

    blocks: dict[int, bytes | None] = field(default_factory=dict)
    under_way: tuple[int, bytes | None] | None = None
    old: dict[int, bytes | None] = field(default_factory=dict)

    def line(self, text: str) -> None:
        words = text.split()
        if len(words) == 3:
            at = int(words[0])
            self.old = {start: data for start, data in self.blocks.items() if start >= at}
            self.blocks = {start: data for start, data in self.blocks.items() if start < at}
            self.under_way = at, None if words[2] == "mark" else content(int(words[1]))
        elif self.under_way is not None:
            at, data = self.under_way
            self.blocks[at] = data
            self.under_way = None


def kill(path: Path, seed: int) -> Log:
    """Let a writer write until it has said some number of lines, and kill it. The log has all that it said."""
    path.unlink(missing_ok=True)
    lines = random.Random(seed).randint(1, 200)
    log = Log()
    command = [sys.executable, __file__, str(path), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            log.line(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        said = writer.stdout.read()
        for text in said.splitlines(keepends=True):
            if text.endswith("\n"):
                log.line(text)
    assert writer.returncode == -signal.SIGKILL
    return log


def check(path: Path, log: Log) -> int:
    """Look whether a tape is what a log tells; how many blocks are there. Raises AssertionError."""
    if not path.exists():
        assert not log.blocks
        return 0
    store = open_tape(path)  # to be written again, as after a crash
    there: dict[int, bytes | None] = {}
    at = 0
    while (block := store.forward(at)) is not None:
        assert not block.fault, f"{path}: {block.fault} at {at}"
        there[at] = None if block.mark else block.data
        at = block.end
    allowed = [log.blocks]
    if log.under_way is not None:
        allowed += [log.blocks | {log.under_way[0]: log.under_way[1]}, log.blocks | log.old]
    assert there in allowed, f"{path}: {sorted(there)}, not {[sorted(blocks) for blocks in allowed]}"
    if store.tail(at):
        assert log.under_way is not None and log.under_way[0] == at, f"{path}: {store.tail(at)} bytes at {at}"
    end = store.write(at, b"AFTER").end  # and it can be gone on with
    after = store.forward(at)
    assert after is not None and after.data == b"AFTER" and store.tail(end) == 0
    store.close()
    return len(there)


def main(arguments: list[str]) -> None:
    if not arguments[0].isdecimal():
        write(Path(arguments[0]), int(arguments[1]))
    kills = int(arguments[0])
    blocks = torn = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(kills):
            path = Path(folder) / NAMES[seed % len(NAMES)]
            log = kill(path, seed)
            pending = log.under_way is not None
            torn += pending
            blocks += check(path, log)
    print(f"{kills} kills, {torn} of them within a channel program; {blocks} blocks there, nothing lost, nothing torn")


if __name__ == "__main__":
    main(sys.argv[1:])
