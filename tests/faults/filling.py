"""A system on a small disk that is really full: a tmpfs. Run as root, in a process of its own.

    python -m faults.filling FOLDER

FOLDER has a system that never ran, on a file system that is nobody else's. Lines of JSON go to standard output.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from .components import COMPONENTS, Component
from .rig import Rig

CHUNKS = (1 << 20, 1 << 16, 1 << 12, 1)
"""What the disk is filled with, in bytes, until nothing goes any more."""


class NoFaults:
    """In the place of the shim: here the host fails of itself."""


def fill(path: Path) -> None:
    """Leave no byte free."""
    with path.open("ab", buffering=0) as file:
        for chunk in CHUNKS:
            with suppress(OSError):
                while file.write(bytes(chunk)) == chunk:
                    pass


def main() -> None:
    """Fill it before each component's turn, and make room again."""
    folder = Path(sys.argv[1])
    rig = Rig(folder, NoFaults())  # type: ignore[arg-type]
    rig.running.system.spool.reserve = 0  # there is less than what is left free elsewhere
    parts: list[Component] = [part(rig) for part in COMPONENTS]
    number = 0
    for part in parts:
        part.begin()
    ballast = folder.with_name("ballast")
    for part in parts:
        rig.told()
        rig.wrong.clear()
        wrong: list[str] = []
        number += 1
        part.before(number)
        fill(ballast)
        act = part.act(number)
        if act.acknowledged:
            part.acknowledged.append(number)
        if rig.say(rig.other, "CP QUERY TIME").return_code != 0:
            wrong.append("others do not go on")
        ballast.unlink()
        part.recover()
        number += 1
        part.before(number)
        again = part.act(number)
        if again.acknowledged:
            part.acknowledged.append(number)
        else:
            wrong.append(f"it does not work afterwards: {again.said}")
        part.recover()
        rig.told()
        told = {"component": part.name, "acknowledged": act.acknowledged, "wrong": wrong + rig.wrong}
        print(json.dumps(told), flush=True)
    for _ in range(2):
        lost = [f"{part.name}: {found}" for part in parts if (found := part.missing())]
        print(json.dumps({"lost": lost}), flush=True)
        rig.end()
        rig.begin()
    rig.end()


if __name__ == "__main__":
    main()
