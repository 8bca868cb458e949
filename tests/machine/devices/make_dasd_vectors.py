"""Makes `vectors/dasd.jsonl` and `fba.jsonl`: channel programs for disks, with what Hercules 3.13 did with them.

    PYTHONPATH=tests:tests/machine/devices python tests/machine/devices/make_dasd_vectors.py

All vectors of a batch are in one core image, each with a drive and a disk image of its own (ARCHMODE S/370). The driver
is the one for tapes: it starts their channel programs, waits with TEST I/O, senses, and keeps CSW and sense bytes.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import dasdchains
import fbachains
from dasdvectors import BLOCKS, CYLINDERS, RECORD, Vector, changes, ckd_disk, fba_disk, place_name
from make_tape_vectors import CONSTANTS, DRIVER, FIRST, driver

from cpvm.s370.ckd import END_OF_TRACK, GEOMETRY, Geometry, Track
from cpvm.s370.psw import PSW

FILES = Path(__file__).parent / "vectors"
BATCH = 200
FIRST_DRIVE, STEP = 0x100, 0x10  # all drives are number 0 of their strings


def write_ckd(path: Path, geometry: Geometry) -> None:
    """Write the disk as an image in Hercules' format."""
    size = geometry.image_size
    header = struct.pack("<8sIIBBH", b"CKD_P370", geometry.heads, size, geometry.type & 0xFF, 0, 0)
    tracks = b"".join(track.to_bytes().ljust(size, b"\0") for track in ckd_disk(geometry.heads).values())
    path.write_bytes(header.ljust(512, b"\0") + tracks)


def read_ckd(path: Path, geometry: Geometry) -> dict[str, str]:
    """The tracks that are others than before."""
    data, size = path.read_bytes(), geometry.image_size
    before = {place: track.to_bytes() for place, track in ckd_disk(geometry.heads).items()}
    after = {}
    for n, place in enumerate(before):
        image = data[512 + n * size : 512 + (n + 1) * size]
        after[place] = Track.from_bytes(image).to_bytes()
        assert after[place].endswith(END_OF_TRACK)
    return changes(before, after, place_name)


def read_fba(path: Path) -> dict[str, str]:
    """The blocks that are others than before."""
    data = path.read_bytes()
    return changes(fba_disk(), {block: data[512 * block : 512 * (block + 1)] for block in range(BLOCKS)}, str)


class Endless(RuntimeError):
    """Hercules does not come to the end of a vector; its number."""


def witness(batch: list[Vector], seconds: int = 6) -> None:
    """Put into the vectors what Hercules does with them. Raises Endless, RuntimeError."""
    core = bytearray(FIRST + RECORD * len(batch))
    core[0:8] = PSW(address=DRIVER).to_bytes()
    text = driver()
    core[DRIVER : DRIVER + len(text)] = text
    for new in (0x58, 0x60, 0x68, 0x70, 0x78):
        core[new : new + 8] = PSW(mode=2, address=0xBAD).to_bytes()
    for n, word in enumerate((FIRST, len(core), RECORD)):
        core[CONSTANTS + 4 * n : CONSTANTS + 4 * n + 4] = word.to_bytes(4, "big")
    core[CONSTANTS + 16 : CONSTANTS + 24] = PSW(mode=2, address=0xE0D).to_bytes()
    configuration = ["ARCHMODE S/370", "CPUMODEL 3033", "MAINSIZE 4", "NUMCPU 1", "OSTAILOR QUIET", "0009 3215-C /"]
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        for n, vector in enumerate(batch):
            base, drive = FIRST + RECORD * n, FIRST_DRIVE + STEP * n
            core[base : base + RECORD] = vector.record(base, drive)
            file = where / f"d{n}"
            if vector.ckd:
                write_ckd(file, GEOMETRY[vector.type])
            else:
                file.write_bytes(b"".join(fba_disk().values()))
            configuration.append(f"{drive:04X} {vector.type[:4]} {file.name}")
        (where / "core").write_bytes(bytes(core))
        (where / "cfg").write_text("\n".join([*configuration, ""]))
        (where / "commands").write_text(
            f"loadcore core 0\nrestart\npause {seconds}\nstop\npause 1\nsavecore result 0 {len(core) - 1:X}\nquit\n"
        )
        log = subprocess.run(
            ["hercules", "-d", "-f", "cfg"],
            cwd=where,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HERCULES_RC": "commands", "TERM": "dumb"},
            timeout=120,
            check=False,
        ).stdout
        if not (where / "result").exists():
            raise RuntimeError(f"Hercules gave no result: {log[-3500:]!r}")
        result = (where / "result").read_bytes()
        reached = int.from_bytes(result[CONSTANTS : CONSTANTS + 4], "big")
        if reached != len(core):
            raise Endless((reached - FIRST) // RECORD)
        for n, vector in enumerate(batch):
            base, file = FIRST + RECORD * n, where / f"d{n}"
            disk = read_ckd(file, GEOMETRY[vector.type]) if vector.ckd else read_fba(file)
            vector.hercules = vector.outcome(base, result[base : base + RECORD], disk)


def make(path: Path, vectors: Iterable[Vector]) -> None:
    """Ask the witness, and write a file."""
    todo = list(vectors)
    assert len({v.name for v in todo}) == len(todo)
    made: list[Vector] = []
    while todo:
        batch = todo[:BATCH]
        try:
            witness(batch)
        except Endless as error:
            print("left out, Hercules never ends it:", todo.pop(error.args[0]).name)
            continue
        made += batch
        del todo[:BATCH]
    with path.open("w", encoding="ascii") as file:
        for vector in made:
            print(json.dumps(vector.to_json(), separators=(",", ":")), file=file)
    print(f"{path.name}: {len(made)} vectors")


if __name__ == "__main__":
    assert CYLINDERS == 2
    make(FILES / "dasd.jsonl", dasdchains.vectors())
    make(FILES / "fba.jsonl", fbachains.vectors())
