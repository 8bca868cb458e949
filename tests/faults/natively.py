"""Channel programs that are executed natively, on a disk whose log and file the host fails at random moments.

    python -m faults.natively FOLDER [PROGRAMS [SEED]]

Each program writes records on three tracks, as in `killdisk.py`. One that ends without unit check is acknowledged: its
records are on the disk then, all three, also when the disk is opened anew. A line of JSON tells how it went.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "machine" / "media"))

import killdisk

from cpvm.machine import Machine
from cpvm.machine.compiled.native import library
from cpvm.machine.device import MediaError
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.images import TrackImage, open_image
from cpvm.s370.psw import PSW

from .injector import FAULTS, FOREVER, Faults

USED = [fault for fault in FAULTS if fault.name not in ("rename error", "too many open files", "read error")]
CYLINDERS = range(0, 40, 5)
ENDED, CHECKED = b"\x0c\0", b"\x0e\0"


def machine_on(path: Path) -> Machine:
    """A machine whose channels are native from the first program on."""
    machine = Machine(0x10000, engine="compiled")
    machine._interpreter.few = 1  # type: ignore[attr-defined]
    machine.attach(killdisk.ADDRESS, Dasd.configure("2311", str(path), {}, room=None))  # type: ignore[arg-type]
    storage = machine.storage
    for at in range(0, storage.size, 2048):
        storage.set_key(at, 6)
    storage.write(0x48, killdisk.PROGRAM.to_bytes(4, "big"))
    storage.write(0x78, PSW(mode=2, address=0x600D).to_bytes())
    storage.write(0x300, bytes.fromhex("9C000190 82000310"))
    storage.write(0x310, PSW(system_mask=0xFE, mode=2).to_bytes())
    return machine


def taken_off(machine: Machine) -> Dasd:
    """The drive, which nobody else closes."""
    drive = machine.device(killdisk.ADDRESS)
    assert isinstance(drive, Dasd)
    machine.detach(killdisk.ADDRESS)
    return drive


def wrong_on(path: Path, allowed: dict[int, set[int]]) -> list[str]:
    """Cylinders that have other records than they may, or a torn program's."""
    found = []
    with open_image(path, device="2311") as disk:
        assert isinstance(disk, TrackImage)
        for cyl in CYLINDERS:
            try:
                says = killdisk.tracks_say(disk, cyl)
            except AssertionError as error:
                found.append(f"cylinder {cyl} is torn: {error}")
                continue
            if says not in allowed[cyl]:
                found.append(f"cylinder {cyl}: {says}, not one of {sorted(allowed[cyl])}")
            allowed[cyl] = {says}
    return found


def main() -> None:
    """Run programs, now and then on a host that fails; open the disk anew every fifty."""
    folder, *given = sys.argv[1:]
    programs, seed = (int(word) for word in (*given, "300", "1")[:2]) if given else (300, 1)
    path = Path(folder) / killdisk.NATIVE
    killdisk.make(path)
    library().wait()
    faults, dice = Faults(), random.Random(seed)
    allowed = {cyl: {0} for cyl in CYLINDERS}
    wrong: list[str] = []
    hits = checks = 0
    machine = machine_on(path)
    for number in range(1, programs + 1):
        cyl = dice.choice(CYLINDERS)
        killdisk.prepare(machine.storage, number, cyl)
        machine.psw = PSW(address=0x300)
        if dice.random() < 0.3:
            place = dice.choice(("-redo", ".overlay", "native.ckd"))
            faults.begin(
                dice.choice(USED), place, skip=dice.choice((0, 0, 1, 2, 5)), count=dice.choice((1, 2, FOREVER))
            )
        stop = machine.run(100)
        hits += faults.hits
        faults.end()
        status = machine.storage.read(0x44, 2)
        if stop.detail != 0x600D or status not in (ENDED, CHECKED):
            wrong.append(f"program {number}: {stop}, {status.hex()}")
        checks += status == CHECKED
        allowed[cyl] = {number} if status == ENDED else allowed[cyl] | {number}
        if number % 50 == 0:
            if dice.random() < 0.5:
                faults.begin(dice.choice(USED), dice.choice(("-redo", ".overlay")))
            try:
                taken_off(machine).close()
            except MediaError:
                checks += 1
            faults.end()
            wrong += wrong_on(path, allowed)
            machine = machine_on(path)
    taken_off(machine).close()
    wrong += wrong_on(path, allowed)
    print(json.dumps({"programs": programs, "hits": hits, "checks": checks, "wrong": wrong}))


if __name__ == "__main__":
    main()
