"""The chains that Hercules ran, on our disks. Where Hercules does not do what the manuals say, they win: see the rules.

Sources for the rules: A26-5988 (2841), GA26-3599 (2314), GA26-1617 (3830), GA26-1661 (3880), GA26-1657 (3370).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dasdvectors import PROGRAMS_AT, Ending, Outcome, Vector, run

from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.devices.fba import FixedBlockDisk
from cpvm.machine.media.model import OPTIONAL, model_of
from cpvm.s370.ckd import GEOMETRY

FILES = Path(__file__).parent / "vectors"
WRITES = {0x05, 0x0D, 0x1D, 0x01, 0x11, 0x15}
OLD = {"2311", "2314"}
SCANS = {code | multi for code in (0x2D, 0x4D, 0x6D, 0x25, 0x45, 0x65, 0x35, 0x75, 0x55) for multi in (0, 0x80)}
CHECKED, REFUSED = 0x0E, 0x02


def vectors(name: str) -> Iterator[Vector]:
    with (FILES / f"{name}.jsonl").open(encoding="ascii") as file:
        yield from (Vector.from_json(json.loads(line)) for line in file)


def last_ccw(vector: Vector, number: int, ending: Ending) -> tuple[int, int]:
    """Command and count of the CCW in control at the end (the CSW has the address behind it)."""
    at = min((ending.at - PROGRAMS_AT) % 0x180 // 8, len(vector.programs[number])) - 1
    command, _, _, count = vector.programs[number][at].split()
    return int(command, 16), int(count, 16)


def known(vector: Vector) -> set[int]:
    """The commands of the type."""
    if not vector.ckd:
        return set(FixedBlockDisk._commands)
    return set(Dasd._commands) - (OPTIONAL - model_of(GEOMETRY[vector.type]).commands)


class Rules:
    """What Hercules did, made into what is right."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()
        self.useless = 0  # vectors that Hercules tells nothing of

    def _use(self, rule: str) -> bool:
        self.used[rule] += 1
        return True

    def expected(self, vector: Vector, number: int, ours: Ending) -> Ending | None:
        """How a program should end; None if Hercules cannot know. `ours` tells which CCW is refused."""
        ending = vector.hercules.endings[number]
        command, count = last_ccw(vector, number, ours if ours.cc == 0 else ending)
        if command not in known(vector) and self._use("a command that the type does not have is refused at selection"):
            sense = bytes.fromhex(ours.sense)
            assert sense[0] == 0x80
            assert vector.type in OLD or sense[7] == 1
            csw = f"{ours.csw[:8]}{REFUSED:02x}00{count:04x}" if ours.cc == 0 else "00000000020000" + "00"
            return Ending(ours.cc, csw, ours.sense)
        if not vector.ckd:
            return self._fixed_block(vector, ending, ours, command)
        codes = {int(text.split()[0], 16) for text in vector.programs[number]}
        if codes & (SCANS | {0x0F}) and self._use("Hercules has no file scan and no Space Count"):
            return None
        if 0xA4 in codes and self._use("the buffered log is as long as the sense bytes, and may be read in a chain"):
            return None
        if vector.type == "2305-2" and codes & {0x04, 0x94, 0xB4, 0x14} and self._use("a 2305 has 24 sense bytes"):
            return None
        if 0x5E in codes and "command 5E" in vector.name and self._use("behind Read Multiple the track begins again"):
            return None
        if "1D with 3 bytes" in vector.name and self._use("a count field that is not whole is a command reject"):
            return None
        if vector.type in OLD and " mask 0" in vector.name and self._use("the 2841 and 2314 know no other mask bits"):
            return None
        return self._sense(vector, ending, ours, command, count)

    def _sense(self, vector: Vector, ending: Ending, ours: Ending, command: int, count: int) -> Ending:
        sense = bytearray.fromhex(ending.sense).ljust(24, b"\0")
        csw = ending.csw
        reject = ending.unit == CHECKED and sense[0] == 0x80
        if command == 0x19 and sense[1] == 0x04 and self._use("writes that the mask forbids are command rejects"):
            sense[0], sense[1], reject = 0x80, 0, True
            sense[7] = 2 if vector.type not in OLD else 0
        if vector.type in OLD:
            if reject and command in (0x07, 0x0B, 0x1B) and self._use("seek check on the 2311 and 2314"):
                sense[0] |= 0x01
            elif reject and "mixed" in vector.name:  # for the sequence or for the mask, who knows
                sense[1] |= bytes.fromhex(ours.sense)[1] & 0x10
            elif reject and self._sequence(vector, command) and self._use("invalid sequence on the 2311 and 2314"):
                sense[1] |= 0x10
            if sense[1] & 1 and self._use("sense byte 5 goes on with an overflow record on the 2311 and 2314"):
                sense[5] = 0x05 if command in WRITES else 0x06
        if vector.type == "2305-2" and self._use("a 2305 has no status in sense byte 3"):
            sense[3] = 0
        if reject and command in WRITES and self._use("a command that is rejected takes no bytes"):
            csw = csw[:12] + f"{count:04x}"
        if sense[1] == 0x40 and "too long" in vector.name and self._use("what does not fit is taken all the same"):
            csw = csw[:12] + "0000"
        return replace(ending, csw=csw, sense=bytes(sense).hex())

    @staticmethod
    def _sequence(vector: Vector, command: int) -> bool:
        """Whether a command was rejected for what was before it, not for the file mask."""
        masks = [text for program in vector.programs for text in program if text.startswith("1F")]
        if command == 0x19:
            return False
        if command not in WRITES:
            return command != 0x1F or len(masks) > 1
        return " mask " not in vector.name

    def _fixed_block(self, vector: Vector, ending: Ending, ours: Ending, command: int) -> Ending | None:
        sense = bytes.fromhex(ours.sense).ljust(24, b"\0")
        if command == 0x02 and ours.unit == REFUSED and self._use("Read IPL in a chain is refused at selection"):
            return Ending(ours.cc, ours.csw, ours.sense)
        if "FFFFFFFF FFFFFFFF" in vector.name and self._use("numbers of blocks are not signed"):
            return None
        if sense[1] == 0x04 and not ending.sense and self._use("all copies must be in the extent"):
            return None
        if (
            " locate 1" in vector.name
            and " at " not in vector.name
            and self._use("locate: the operation has five bits")
        ):
            assert sense[0] == 0x80
            return None
        if " locate 04" in vector.name and ours.unit == 0x0E:
            return replace(ending, sense=ours.sense) if ending.sense[:2] == "80" else None
        if sense[1] == 0x04 and self._use("blocks beyond the extent are protected"):
            assert (ending.sense, command) == ("80", 0x43)
            return replace(ending, sense=ours.sense)
        assert ending.sense[:2] == ours.sense[:2], vector.name
        self._use("Hercules has one sense byte")
        return replace(ending, sense=ours.sense)

    def keeps(self, vector: Vector) -> bool:
        """Whether what Hercules read and wrote is as good as how it ended."""
        codes = {text.split()[0] for program in vector.programs for text in program}
        overflows = " segments " in vector.name or "00010001" in vector.data or "00010002" in vector.data
        if overflows and codes & {"0E", "8E", "1E", "9E", "0D"}:
            return not self._use("Hercules puts segments behind count or key one over the other")
        if "E4" in codes and vector.type == "2305-2":
            return not self._use("of two models with so few cylinders, Hercules takes the first")
        if "22" in codes:
            return not self._use("Hercules' sector is always 0")
        if "64" in codes:
            return not self._use("Hercules' characteristics are those of a newer unit")
        return True


def compare(vector: Vector, rules: Rules) -> None:
    """Run a vector and compare it with what the witness did."""
    outcome = run(vector)
    for number, got in enumerate(outcome.endings):
        wanted = rules.expected(vector, number, got)
        if wanted is None:
            rules.useless += 1
            return
        where = f"{vector.name}, program {number}: {vector.programs[number]}"
        assert got.cc == wanted.cc, where
        assert got.csw == wanted.csw, where
        length = 2 if vector.type == "2305-2" else 24
        assert (
            bytes.fromhex(got.sense).ljust(24, b"\0")[:length] == bytes.fromhex(wanted.sense).ljust(24, b"\0")[:length]
        ), where
    if any(got.unit == REFUSED for got in outcome.endings):
        return
    if rules.keeps(vector):
        assert outcome.data == vector.hercules.data, vector.name
        assert outcome.disk == vector.hercules.disk, vector.name


@pytest.mark.parametrize(("file", "number", "differences", "useless"), [("dasd", 3400, 18, 110), ("fba", 1000, 8, 80)])
def test_all_vectors(file: str, number: int, differences: int, useless: int) -> None:
    rules = Rules()
    every = list(vectors(file))
    assert len(every) > number
    for vector in every:
        compare(vector, rules)
    assert len(rules.used) == differences, rules.used
    assert rules.useless < useless


@pytest.mark.parametrize("file", ["dasd", "fba"])
def test_the_comparison_can_fail(file: str) -> None:
    name = {"dasd": "3350 write key and data", "fba": "3370 locate again and again"}[file]
    vector = next(v for v in vectors(file) if v.name == name)
    compare(vector, Rules())
    good = vector.hercules
    for change in (
        Outcome([replace(good.endings[0], csw="000004080c000001")], good.data, good.disk),
        Outcome([replace(good.endings[0], sense="80")], good.data, good.disk),
        Outcome([replace(good.endings[0], cc=1)], good.data, good.disk),
        Outcome(good.endings, "00" + good.data, good.disk),
        Outcome(good.endings, good.data, {}),
    ):
        vector.hercules = change
        with pytest.raises(AssertionError):
            compare(vector, Rules())
