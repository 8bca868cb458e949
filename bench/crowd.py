"""A system with a crowd of CMS users, in a process of its own that tells what it costs; for benches.

    python bench/crowd.py DIRECTORY

starts the system, prints one line of JSON with the address where it listens, and answers each line `measure` that it
reads with another one: what it has used so far (see `Crowd.measure`). The end of its input ends it.
"""

from __future__ import annotations

import gc
import json
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).parents[1]))

from cms.build import empty_disk
from cpvm import api, sysgen
from cpvm.cp import directory_store
from cpvm.cp.database import Database
from cpvm.cp.directory_source import read_directory
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.system import DATABASE, System
from cpvm.front import users
from cpvm.machine.media.volume import Volume

VOLUME, DEVICE, CYLINDERS = "CROWD", "3350", 550
"""Each user's 191 is a cylinder of a volume of this type; a volume's name has a digit behind."""

FILES = {
    ("PROFILE", "EXEC"): "&CONTROL OFF\nSET BLIP OFF\n",
    ("NOTES", "SCRIPT"): "".join(f"Line {n} of some notes that somebody has written.\n" for n in range(1, 13)),
    ("SUM", "ASSEMBLE"): "SUM      CSECT\n         SR    15,15\n         BR    14\n         END\n",
    ("LETTER", "MEMO"): "Dear reader,\nthis file is short.\n",
}


def userid(number: int) -> str:
    """The userid, which is the password as well, of the user NUMBER, from 1."""
    return f"U{number:04}"


def _source(count: int) -> str:
    volumes = [f"VOLUME {VOLUME}{n} {DEVICE} {CYLINDERS + 1}" for n in range((count - 1) // CYLINDERS + 1)]
    lines = [*volumes, users.directory_source().rstrip()]
    for number in range(count):
        volume, cylinder = divmod(number, CYLINDERS)
        name = userid(number + 1)
        lines += [
            f"USER {name} {name} 1M 16M G",
            " CONSOLE 009 3215",
            " SPOOL 00C 2540 READER *",
            " SPOOL 00D 2540 PUNCH A",
            " SPOOL 00E 1403 A",
            " LINK MAINT 190 190 RR",
            f" MDISK 191 {DEVICE} {cylinder + 1:03} 001 {VOLUME}{volume} MR",
        ]
    return "\n".join(lines) + "\n"


def make(folder: Path, count: int) -> None:
    """Make the system, unless there is one with as many users already."""
    mark = folder / "crowd"
    if mark.exists() and int(mark.read_text()) >= count:
        return
    sysgen.prepare(folder)
    database = Database(folder / DATABASE, (directory_store.SCHEMA,))
    DirectoryStore(database).replace(read_directory(_source(count)))
    database.close()
    tracks = list(empty_disk(1, "CRD191", FILES).tracks())
    for number in range((count - 1) // CYLINDERS + 1):
        path = System.volume_path(folder, f"{VOLUME}{number}")
        path.unlink(missing_ok=True)
        Volume.create(path, DEVICE, f"{VOLUME}{number}", CYLINDERS + 1).close()
        volume = Volume.open(path)
        try:
            with volume.deferred():
                for disk in range(min(CYLINDERS, count - number * CYLINDERS)):
                    extent = volume.minidisk(disk + 1, 1)
                    for cylinder, head, image in tracks:
                        extent.write(cylinder, head, image)
            volume.commit()
        finally:
            volume.close()
    mark.write_text(str(count))


@dataclass(frozen=True)
class Cost:
    """What the system has used."""

    processor: float
    """Seconds of processor time so far."""
    threads: dict[str, float]
    """The same, by thread."""
    rss: int
    """Kilobytes resident."""
    pss: int
    """The same, with a share only of what others have, too."""


class Crowd:
    """The process, seen from outside."""

    def __init__(self, folder: Path, errors: IO[str] | None = None, program: Path = Path(__file__)) -> None:
        """ERRORS gets what it says on its standard error; PROGRAM starts it, and ends in `tell`."""
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        self.pid = self._process.pid
        host, port = self._answer()
        self.address = (str(host), int(port))

    def _answer(self) -> list[object]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the system has ended")
        found: list[object] = json.loads(line)
        return found

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def measure(self) -> Cost:
        """What it has used so far; it collects its garbage first."""
        self._tell("measure")
        processor, threads, rss, pss = self._answer()
        assert isinstance(processor, float) and isinstance(threads, dict)
        assert isinstance(rss, int) and isinstance(pss, int)
        return Cost(processor, threads, rss, pss)

    def end(self) -> None:
        """Shut it down."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def running(folder: Path, errors: IO[str] | None = None) -> Iterator[Crowd]:
    """The system in FOLDER, running; ERRORS gets its standard error."""
    crowd = Crowd(folder, errors)
    try:
        yield crowd
    finally:
        crowd.end()


def open_files(count: int) -> None:
    """Allow this process to have so many files and connections. Raises SystemExit if that may not be."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise SystemExit(f"{count} open files are needed, {most} allowed (ulimit -H -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


def _threads() -> dict[str, float]:
    found: dict[str, float] = {}
    for thread in threading.enumerate():
        if thread.ident is not None:
            name = re.sub(r"_\d+$", "", thread.name)
            spent = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            found[name] = found.get(name, 0.0) + spent
    return found


def _memory() -> tuple[int, int]:
    text = Path("/proc/self/smaps_rollup").read_text()
    found = {what: re.search(rf"(?m)^{what}:\s+(\d+)", text) for what in ("Rss", "Pss")}
    rss, pss = (int(match[1]) if match else 0 for match in found.values())
    return rss, pss


def tell(address: tuple[str, int]) -> None:
    """The end of the program: say where the system listens, and answer until the end of the input."""
    print(json.dumps(address), flush=True)
    collecting = 0.0  # seconds that measuring has cost
    for line in sys.stdin:
        if line.strip() == "measure":
            used, threads = time.process_time(), _threads()
            gc.collect()
            print(json.dumps([used - collecting, threads, *_memory()]), flush=True)
            collecting += time.process_time() - used


def _serve(folder: Path) -> None:
    with api.start(folder) as system:
        tell(system.listen())


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
