"""Kills a process in which CMS changes the files of a disk, and looks whether the directory is the old or the new one.

    python tests/cms/killdir.py 200

The process is this file: CMS on a bare machine, its A-disk an image on the host's disk. It copies, appends to, renames
and erases files, and says what it begins and what is done. When it has been killed, a reader that shares no code with
what writes disks looks at the image: every file has to be there as before or as after the command under way, the
directory and the allocation map have to be whole. The next process goes on with what the killed one left.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bare_cms import BareCMS, Host, system_disk
from cdf_reader import Disk, read_disk
from disk_guest import MemoryDisk
from edf_reader import read_edf_disk
from test_filesystem_edf import formatted

from cms.cmsdisk import CMSDisk
from cpvm.machine import Machine
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.images import TrackImage, open_image
from cpvm.machine.media.images.writing import write_ckd, write_compressed
from cpvm.s370.ckd import GEOMETRY

SYSTEM = "system.ckd"
NAMES = ("dir800.ckd", "dir1024.ckd")
CYLINDERS = 3
FILES = [f"F{number}" for number in range(8)]
SEED = [b"%-80d" % number for number in range(1500)]
TEMPORARY = ("COPYFILE", "CMSUT1")

State = dict[tuple[str, str], list[bytes]]


class Made(TrackImage):
    """A disk in memory, to be written to an image."""

    format = "made"
    read_only = True
    device_type = "3350"
    geometry = GEOMETRY["3350"]
    files: list[Path] = []
    path = Path("made")

    def __init__(self, tracks: dict[tuple[int, int], bytes], cylinders: int) -> None:
        self.tracks = tracks
        self.cylinders = cylinders

    def read(self, cyl: int, head: int) -> bytes:
        return self.tracks[cyl, head]

    def write(self, cyl: int, head: int, image: bytes) -> None:
        raise AssertionError

    def commit(self) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


def make(folder: Path) -> None:
    """The system disk, and a disk of each format with one file."""
    system = system_disk()
    write_compressed(folder / SYSTEM, Made({(c, h): image for c, h, image in system.tracks()}, system.cylinders))
    old = CMSDisk(CYLINDERS, "KILL01")
    old.write("SEED", "DATA", "A1", SEED)
    write_ckd(folder / NAMES[0], Made({(c, h): image for c, h, image in old.tracks()}, CYLINDERS))
    guest = formatted(1024, CYLINDERS)
    for at in range(0, len(SEED), 100):
        assert guest.write("SEED", "DATA", "A1", b"".join(SEED[at : at + 100]), count=100) == 0
    assert guest.finis() == 0
    new: MemoryDisk = guest.disks[0x191]
    write_ckd(folder / NAMES[1], Made({place: new.track(*place) for place in new.tracks}, CYLINDERS))


@contextlib.contextmanager
def opened(path: Path, *, read_only: bool = True) -> Iterator[TrackImage]:
    disk = open_image(path, read_only=read_only, device="3350")
    assert isinstance(disk, TrackImage)
    try:
        yield disk
    finally:
        disk.close()


def look(path: Path) -> tuple[Disk, State]:
    """What the independent reader finds."""
    with opened(path) as image:
        disk = (read_disk if path.name == NAMES[0] else read_edf_disk)(image.read)
    assert disk.problems == [], (path.name, disk.problems)
    return disk, {name: found.records for name, found in disk.files.items()}


# ---- commands, and what they do to the files


def choose(state: State, chance: random.Random) -> list[str]:
    """A command that can be carried out."""
    there = [fn for fn in FILES if (fn, "DATA") in state]
    missing = [fn for fn in FILES if fn not in there]
    if TEMPORARY in state:
        return ["ERASE", *TEMPORARY]
    extent = [str(chance.randint(1, 700)), str(chance.choice((1, 40, chance.randint(1, 700))))]
    kind = chance.random()
    if not there or kind < 0.5:
        return ["COPY", chance.choice(FILES), *extent]
    if kind < 0.7 and sum(map(len, state.values())) < 9000:
        return ["APPEND", chance.choice(there), *extent]
    if kind < 0.85 and missing:
        return ["RENAME", chance.choice(there), chance.choice(missing)]
    return ["ERASE", chance.choice(there), "DATA"]


def typed(words: Sequence[str]) -> str:
    if words[0] in ("COPY", "APPEND"):
        option = "REPLACE" if words[0] == "COPY" else "APPEND"
        return f"COPYFILE SEED DATA A {words[1]} DATA A ( {option} FROM {words[2]} FOR {words[3]}"
    if words[0] == "RENAME":
        return f"RENAME {words[1]} DATA A {words[2]} DATA A"
    return f"ERASE {words[1]} {words[2]} A"


def after(state: State, words: Sequence[str]) -> State:
    new = dict(state)
    if words[0] == "ERASE":
        del new[words[1], words[2]]
        return new
    key = words[1], "DATA"
    if words[0] == "RENAME":
        new[words[2], "DATA"] = new.pop(key)
        return new
    part = SEED[int(words[2]) - 1 : int(words[2]) - 1 + int(words[3])]
    new[key] = part if words[0] == "COPY" else state[key] + part
    return new


def allowed(state: State, words: Sequence[str]) -> list[State]:
    """What may be found when a command was cut off. COPYFILE exchanges the names of a file and of its working file."""
    done = after(state, words)
    states = [state, done]
    key = words[1], "DATA"
    if words[0] == "COPY" and key in state:
        states += [state | {TEMPORARY: done[key]}, done | {TEMPORARY: state[key]}]
    return states


# ---- the process


class ImageCMS(BareCMS):
    """CMS with its disks on the host."""

    def __init__(self, system: TrackImage, disk: TrackImage) -> None:
        self.host = Host()
        self.machine = Machine(1 << 20, self.host)
        self.console = Console3215(self.host)
        self.machine.attach(0x009, self.console)
        self.machine.attach(0x190, Dasd("3350", system))
        self.machine.attach(0x191, Dasd("3350", disk))


def work(path: Path, seed: int) -> None:
    """Change files until killed."""
    chance = random.Random(seed)
    state = look(path)[1]
    with opened(path.with_name(SYSTEM)) as system, opened(path, read_only=False) as disk:
        cms = ImageCMS(system, disk)
        cms.ipl()
        while True:
            words = choose(state, chance)
            print("begin", *words, flush=True)
            out = cms.type(typed(words))
            assert out[-1].startswith("Ready;"), (typed(words), out)
            print("done", flush=True)
            state = after(state, words)


# ---- the witness


@dataclass
class Log:
    """The files that are there, and the command under way."""

    state: State
    under_way: list[str] = field(default_factory=list)
    done: int = 0
    changed: int = 0
    """Kills within a command that left what it was to make."""

    def line(self, text: str) -> None:
        word, *rest = text.split()
        if word == "begin":
            self.under_way = rest
        else:
            self.state = after(self.state, self.under_way)
            self.under_way = []
            self.done += 1


def kill(path: Path, log: Log, seed: int) -> None:
    """Let a process work for some commands, kill it at a moment within one."""
    chance = random.Random(seed)
    lines = chance.randint(1, 60)
    with subprocess.Popen([sys.executable, __file__, str(path), str(seed)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(lines):
            text = child.stdout.readline()
            assert text, "the process ended by itself"
            log.line(text)
        time.sleep(chance.random() * chance.choice((0, 0.001, 0.01)))  # no synchronisation: any moment will do
        child.send_signal(signal.SIGKILL)
        for text in child.stdout.read().splitlines(keepends=True):
            if text.endswith("\n"):
                log.line(text)
    assert child.returncode == -signal.SIGKILL


def check(path: Path, log: Log) -> bool:
    """Look at the disk; whether a command was under way. Raises AssertionError if it is neither old nor new."""
    found = look(path)[1]
    within = bool(log.under_way)
    states = allowed(log.state, log.under_way) if within else [log.state]
    assert found in states, f"{path.name}, {log.under_way}: {sorted(found)}, not {sorted(log.state)}"
    log.changed += found != log.state
    log.state, log.under_way = found, []
    return within


def campaign(folder: Path, kills: int) -> dict[str, int]:
    """Kill that many processes; how many were within a command, how many of these left something new, commands done."""
    make(folder)
    logs = {name: Log(look(folder / name)[1]) for name in NAMES}
    within = 0
    for seed in range(kills):
        name = NAMES[seed % len(NAMES)]
        kill(folder / name, logs[name], seed)
        within += check(folder / name, logs[name])
    return {
        "kills": kills,
        "within": within,
        "new": sum(log.changed for log in logs.values()),
        "done": sum(log.done for log in logs.values()),
    }


def main(arguments: list[str]) -> None:
    if not arguments[0].isdecimal():
        work(Path(arguments[0]), int(arguments[1]))
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(Path(folder), int(arguments[0]))
    print(
        f"{found['kills']} kills, {found['within']} within a command, of which {found['new']} left the new directory "
        f"or a step towards it; {found['done']} commands done: never a mix, no block lost"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
