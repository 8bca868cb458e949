"""The chains that Hercules ran, on our tape units. Where Hercules does not do what the manuals say, they win.

Sources for that: GA32-0020 (3803/3420), GA22-6866 (2400 series), and the principles of operation.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from tapevectors import Ending, Vector, run

LINES = (Path(__file__).parent / "vectors" / "tape.jsonl").read_text(encoding="ascii").splitlines()
SPACE = {0x27, 0x2F, 0x37, 0x3F, 0x17, 0x1F, 0x0F}
WRITES = {0x01, 0x17, 0x1F}
UNKNOWN_TO_HERCULES = {"3420": {0x0B, 0x1B, 0xE4}, "3410": {0x0B, 0x1B, 0xEB}}
CONTROL_UNIT_END, CHECK, EXCEPTION, ENDED = 0x20, 0x02, 0x01, 0x0C
FILE_PROTECT_REJECT = 0x0E
PRESENT_STATE = {1: 0x04, 3: 0x06, 4: 0x01, 6: 0xFF, 19: 0xFF, 20: 0xFF}
"""Bits of sense bytes that Hercules does not maintain: write status, density, direction; model, primed for device end.
It sets the one in byte 4 for a command reject, where the manual has it reserved."""


def last_command(vector: Vector, number: int, ending: Ending) -> int:
    """The command of the CCW in control at the end (the CSW has the address behind it)."""
    at = (int(ending.csw[2:8], 16) - 0x400) // 8 - 16 * number - 1
    return int(vector.programs[number][at].split()[0], 16)


def erases_gap_before(vector: Vector, number: int) -> bool:
    commands = [text.split()[0] for program in vector.programs[: number + 1] for text in program]
    return "17" in commands and vector.tape is not None and vector.ring


def reads_mark_backward(vector: Vector, number: int) -> bool:
    return any(
        last_command(vector, n, ending) == 0x0C and ending.unit & EXCEPTION
        for n, ending in enumerate(vector.hercules.endings[: number + 1])
    )


def expected(vector: Vector, number: int, rules: Counter[str]) -> Ending | None:
    """What Hercules' ending becomes by the manuals; None where what it did before makes it useless."""
    ending = vector.hercules.endings[number]
    unit, count, sense, channel = ending.unit, ending.csw[12:], ending.sense, ending.channel
    command = last_command(vector, number, ending)
    if erases_gap_before(vector, number) and (number or len(vector.programs[number]) > 1):
        rules["erase gap: Hercules erases nothing"] += 1
        return None
    if any(int(t.split()[0], 16) in UNKNOWN_TO_HERCULES[vector.type] for p in vector.programs[: number + 1] for t in p):
        rules["commands that Hercules does not have"] += 1
        return None
    if command in WRITES and not vector.ring and unit == FILE_PROTECT_REJECT:
        rules["a write without ring is refused when it is selected: unit check alone"] += 1
        unit = CHECK
    elif command in SPACE and unit & ENDED and unit & (CHECK | EXCEPTION):
        if not unit & CONTROL_UNIT_END:
            rules["control unit end with the device end of a control command that ends unusually"] += 1
        unit |= CONTROL_UNIT_END
    if command == 0x0C and unit & EXCEPTION:
        rules["a mark read backward brings no byte: the count stays, and shows wrong length"] += 1
        flags, wanted = (int(field, 16) for field in vector.programs[number][-1].split()[2:4])
        for text in vector.programs[number]:
            code, _, flag, words = text.split()
            if (
                code == "0C"
                and ending.csw[2:8] == f"{0x400 + 128 * number + 8 * vector.programs[number].index(text) + 8:06x}"
            ):
                flags, wanted = int(flag, 16), int(words, 16)
        count = f"{wanted:04x}"
        channel |= 0 if flags & 0x20 else 0x40
    csw = f"{ending.csw[:8]}{unit:02x}{channel:02x}{count}"
    return Ending(ending.cc, csw, sense)


def masked(sense: str) -> str:
    data = bytearray.fromhex(sense)
    for index, bits in PRESENT_STATE.items():
        if index < len(data):
            data[index] &= ~bits
    return data.hex()


def compare(vector: Vector, folder: Path, rules: Counter[str]) -> None:
    """Run a vector and compare it with what the witness did."""
    outcome = run(vector, folder)
    known = True
    for number, got in enumerate(outcome.endings):
        wanted = expected(vector, number, rules)
        if wanted is None:
            known = False
            continue
        where = f"{vector.name}, program {number}: {vector.programs[number]}"
        assert (got.csw[8:12], masked(got.sense)) == (wanted.csw[8:12], masked(wanted.sense)), where
        if got.cc == 0:  # START I/O with condition code 1 stores the status alone
            assert got.csw == wanted.csw, where
        assert got.cc in (0, 1), where
    if not known or reads_mark_backward(vector, len(vector.programs) - 1):  # Hercules stores what its buffer held
        return
    assert outcome.tape == vector.hercules.tape, vector.name
    if not any(text.startswith("04") for program in vector.programs for text in program):  # sense: with present state
        assert outcome.data == vector.hercules.data, vector.name


def test_all_vectors(tmp_path: Path) -> None:
    rules: Counter[str] = Counter()
    vectors = [Vector.from_json(json.loads(line)) for line in LINES]
    assert len(vectors) >= 590
    for vector in vectors:
        compare(vector, tmp_path, rules)
    assert len(rules) == 5, rules
    assert rules["erase gap: Hercules erases nothing"] + rules["commands that Hercules does not have"] < 80


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    vector = next(v for v in map(Vector.from_json, map(json.loads, LINES)) if v.name == "3420 read at the load point")
    for change in ("csw", "sense"):
        ending = vector.hercules.endings[0]
        text = getattr(ending, change)
        vector.hercules.endings[0] = Ending(**{**ending.__dict__, change: text[:10] + "7" + text[11:]})
        with pytest.raises(AssertionError):
            compare(vector, tmp_path, Counter())
        vector.hercules.endings[0] = ending
    compare(vector, tmp_path, Counter())
