"""Channel programs whose outcome Hercules has shown: condition code, CSWs, sense, storage and medium. See `witness`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rig import Rig
from witness.hercules import WINDOW, WINDOW_SIZE
from witness.rules import stored

from cpvm.s370.ccw import Command

FILES = sorted((Path(__file__).parent / "vectors").glob("*.jsonl"))
BLOCK = 2048
SENSE_AREA = 0x8000
TOGETHER = 25
"""Vectors in one test."""

GROUPS = [
    pytest.param(lines[at : at + TOGETHER], id=f"{file.stem} {at}")
    for file in FILES
    for lines in [file.read_text(encoding="ascii").splitlines()]
    for at in range(0, len(lines), TOGETHER)
]


def like(pattern: str, csw: str) -> bool:
    """Whether a CSW is as it should be; a `.` stands for any digit."""
    return len(pattern) == len(csw) and all(p in (".", c) for p, c in zip(pattern, csw, strict=True))


def prepare(rig: Rig, program: dict[str, Any]) -> bytes:
    """Put a program into storage; the window as it is then."""
    storage = rig.storage
    storage.write(WINDOW, bytes(WINDOW_SIZE))
    for at, data in program.get("data", {}).items():
        storage.write(int(at, 16), bytes.fromhex(data))
    storage.write(WINDOW, b"".join(map(bytes.fromhex, program["ccws"])))
    for block, key in enumerate(bytes.fromhex(program.get("keys", "00000000"))):
        storage.set_key(WINDOW + block * BLOCK, key)
    return storage.read(WINDOW, WINDOW_SIZE)


def sense(rig: Rig) -> str:
    """The sense bytes, as a program gets them."""
    rig.storage.write(SENSE_AREA, bytes([Command.SENSE, 0, SENSE_AREA >> 8, 16, 0x20, 0, 0, 32]) + bytes(40))
    _, csws = rig.start(SENSE_AREA)
    left = int(csws[0][-4:], 16)
    return rig.storage.read(SENSE_AREA + 16, 32 - left).hex()


def check(vector: dict[str, Any], folder: Path) -> list[str]:
    """What is not as the vector says."""
    rig = Rig(vector["type"], vector.get("medium", {}), folder)
    wrong = []
    for number, program in enumerate(vector["programs"]):
        before = prepare(rig, program)
        everything = rig.storage.read(0, rig.storage.size)
        cc, csws = rig.start(program.get("key", 0) << 28 | WINDOW)
        expected = program.get("csws", [])
        if cc != program["cc"] or len(csws) != len(expected) or not all(map(like, expected, csws)):
            wrong.append(f"program {number}: cc {program['cc']} {expected}, found {cc} {csws}")
        changes = stored(before, rig.storage.read(WINDOW, WINDOW_SIZE))
        if program.get("stored", {}) not in (changes, None):
            wrong.append(f"program {number}: stored {program.get('stored', {})}, found {changes}")
        after = rig.storage.read(0, rig.storage.size)
        if (after[0x50:WINDOW], after[WINDOW + WINDOW_SIZE :]) != (
            everything[0x50:WINDOW],
            everything[WINDOW + WINDOW_SIZE :],
        ):
            wrong.append(f"program {number}: something outside of the window has changed")
        if "sense" in program:
            found = sense(rig)
            length = (
                4 if rig.device.kind in ("dasd", "fba", "tape") else 2
            )  # digits: what comes behind is the model's own
            if found[:length] != program["sense"][:length]:
                wrong.append(f"program {number}: sense {program['sense']}, found {found}")
    after_all = rig.after()
    if after_all != vector.get("after", after_all):
        wrong.append(f"medium {vector.get('after')}, found {after_all}")
    return wrong


@pytest.mark.parametrize("lines", GROUPS)
def test_vectors(lines: list[str], tmp_path: Path) -> None:
    wrong = {}
    for line in lines:
        vector = json.loads(line)
        found = check(vector, tmp_path)
        if found:
            wrong[vector["name"]] = found
    assert not wrong, "\n".join(f"{name}: {'; '.join(what)}" for name, what in wrong.items())


def test_there_are_a_thousand_programs() -> None:
    programs = sum(len(json.loads(line)["programs"]) for file in FILES for line in file.read_text().splitlines())
    assert programs >= 1000
