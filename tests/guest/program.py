"""Assembles the programs of this folder into decks that can be IPLed."""

import re
from functools import cache
from pathlib import Path

from assembler import assemble
from cpvm.front.loader import ipl_deck

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in HERE.glob("*.assemble"))


def source(name: str) -> str:
    """The program as it is written."""
    return (HERE / f"{name}.assemble").read_text(encoding="ascii")


def as_hercules_does(text: str) -> str:
    """The program with the statements that are right on Hercules: each comment `*DIFFERS ` replaces the line above."""
    return re.sub(r"(?m)^.*\n\*DIFFERS (.*)$", r"         \1", text)


@cache
def deck(name: str, hercules: bool = False) -> tuple[bytes, ...]:
    """The program's cards, loader in front. What its comments marked `*CARD ` say follows as cards for it to read."""
    text = source(name)
    done = assemble(as_hercules_does(text) if hercules else text, library=HERE / "maclib")
    assert done.return_code == 0, "\n".join(map(str, done.messages[:9]))
    data = [line[6:].ljust(80).encode("cp037") for line in text.splitlines() if line.startswith("*CARD ")]
    return (*ipl_deck([done.deck]), *data)


def typed(name: str) -> list[str]:
    """The lines that the operator types: what the program's comments marked `*TYPE ` say."""
    return [line[6:] for line in source(name).splitlines() if line.startswith("*TYPE ")]


def storage(name: str) -> int:
    """The bytes of storage that the program is for: what its comment marked `*STORAGE ` says, else 1M."""
    return next((int(line.split()[1]) for line in source(name).splitlines() if line.startswith("*STORAGE ")), 1 << 20)


def disks(name: str) -> list[tuple[int, str]]:
    """The disk drives that the program is for: address and type, as its comments marked `*DISK ` say."""
    words = [line.split()[1:] for line in source(name).splitlines() if line.startswith("*DISK ")]
    return [(int(address, 16), kind) for address, kind in words]
