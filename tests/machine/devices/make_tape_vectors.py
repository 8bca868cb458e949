"""Makes `vectors/tape.jsonl`: channel programs for tape units, with what Hercules 3.13 did with them (ARCHMODE S/370).

    PYTHONPATH=tests:tests/machine/devices python tests/machine/devices/make_tape_vectors.py

All vectors of a batch are in one core image, each with a unit and an AWSTAPE file of its own. A driver starts their
channel programs, waits with TEST I/O, senses, and keeps CSW and sense bytes in the record.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tapevectors import (
    CC_AT,
    CCW_AT,
    COUNT_AT,
    CSW_AT,
    DATA_AT,
    DEVICE_AT,
    ENTRIES_AT,
    ENTRY,
    RECORD,
    SENSE_CCW_AT,
    SENSE_CSW_AT,
    TAPES,
    Vector,
    make_tape,
)
from vectors.hercules import Code

from cpvm.s370.psw import PSW

FILE = Path(__file__).parent / "vectors" / "tape.jsonl"
FIRST, DRIVER, CONSTANTS = 0x10000, 0x400, 0x300
BATCH = 220
FIRST_UNIT = 0x180
DATA2, DATA3 = DATA_AT + 0x100, DATA_AT + 0x200
READ, BACK, WRITE, NOP = "02", "0C", "01", "03"
CONTROL = {
    "07": "rewind",
    "0F": "rewind and unload",
    "17": "erase gap",
    "1F": "write tape mark",
    "27": "backspace block",
}
CONTROL |= {"2F": "backspace file", "37": "forward space block", "3F": "forward space file", "03": "no operation"}


def ccw(command: str, address: int = DATA_AT, flags: int = 0x20, count: int = 80) -> str:
    """A CCW; SLI is on unless told otherwise."""
    return f"{command} {address:06X} {flags:02X} {count:04X}"


def control(command: str, flags: int = 0x20) -> str:
    return ccw(command, DATA_AT, flags, 1)


def chain(*ccws: str) -> list[str]:
    """The CCWs with command chaining in all but the last one."""
    linked = []
    for n, text in enumerate(ccws):
        command, address, flags, count = text.split()
        flag = int(flags, 16) | (0x40 if n < len(ccws) - 1 else 0)
        linked.append(f"{command} {address} {flag:02X} {count}")
    return linked


PLACES: dict[str, tuple[str, list[str]]] = {
    "at the load point": ("files", []),
    "behind a block": ("files", ["37"]),
    "before a mark": ("files", ["37", "37"]),
    "behind a mark": ("files", ["3F"]),
    "at the end": ("files", ["3F", "3F", "37", "3F", "3F"]),
    "on a blank tape": ("blank", []),
}


def vectors() -> Iterator[Vector]:
    """All vectors, without outcomes."""
    text = "D7C1E3C8" * 16
    for kind in ("3420", "3410"):
        for place, (tape, way) in PLACES.items():
            before = [chain(*map(control, way))] if way else []
            for command, name in CONTROL.items():
                after = [chain(ccw(READ, DATA2))]
                yield Vector(f"{kind} {name} {place}", kind, tape, [*before, [control(command)], *after])
            for command, name in ((READ, "read"), (BACK, "read backward"), (WRITE, "write")):
                address = DATA_AT + 79 if command == BACK else DATA_AT
                program = [[ccw(command, address, 0)], [ccw(BACK, DATA3 + 99)]]
                yield Vector(f"{kind} {name} {place}", kind, tape, [*before, *program], data=text)
        for command in ("01", "02", "0C", "17", "1F", "07", "27", "37", "3F", "2F", "03", "0F"):
            yield Vector(f"{kind} {command} without a reel", kind, None, [[ccw(command)], [control(NOP)]])
            yield Vector(f"{kind} {command} without ring", kind, "files", [[ccw(command)], [ccw(READ)]], ring=False)
            yield Vector(f"{kind} {command} after unloading", kind, "three", [[control("0F")], [ccw(command)]])
        for command in [*range(0x03, 0x100, 8), 0x05, 0x06, 0x0D, 0x14, 0xE4, 0x47, 0x57, 0x77, 0x87, 0xC7]:
            if command in (0x4B, 0x8B, 0xF3):
                continue  # not done by Hercules at all
            yield Vector(
                f"{kind} command {command:02X}", kind, "three", [[ccw(f"{command:02X}", count=16)], [ccw(READ)]]
            )
    yield from lengths(text)
    yield from writing(text)
    yield from mixed()


def lengths(text: str) -> Iterator[Vector]:
    """Counts that are too small and too large, data chaining, skipping."""
    for flags in (0x00, 0x20):
        for count in (1, 79, 80, 81, 200):
            name = f"count {count}, flags {flags:02X}"
            yield Vector(f"read {name}", "3420", "three", [[ccw(READ, DATA_AT, flags, count)], [ccw(READ, DATA2)]])
            back = [chain(control("37"), ccw(BACK, DATA_AT + count - 1, flags, count)), [ccw(READ, DATA2)]]
            yield Vector(f"read backward {name}", "3420", "three", back)
            yield Vector(
                f"read, chained, {name}", "3420", "three", [chain(ccw(READ, DATA_AT, flags, count), ccw(READ))]
            )
            yield Vector(f"read skipping, {name}", "3420", "three", [[ccw(READ, DATA_AT, flags | 0x10, count)]])
            yield Vector(f"read a mark, {name}", "3420", "marks", [[ccw(READ, DATA_AT, flags, count)]])
            yield Vector(f"sense, {name}", "3420", "three", [[ccw("04", DATA_AT, flags, count)]])
            yield Vector(f"sense id, {name}", "3420", "three", [[ccw("E4", DATA_AT, flags, count)]])
        for command in ("37", "27", "3F", "07", "1F", "C3"):
            yield Vector(
                f"{command} flags {flags:02X}", "3420", "three", [[ccw(command, DATA_AT, flags, 5)], [ccw(READ)]]
            )
    for first in (1, 40, 79, 80, 81):
        for second in (1, 40, 100):
            for sli in (0, 0x20):
                parts = [ccw(READ, DATA_AT, 0x80 | sli, first), ccw("00", DATA2, sli, second)]
                yield Vector(f"read {first} and {second}, SLI {sli:02X}", "3420", "three", [parts, [ccw(READ, DATA3)]])
    parts = [ccw(READ, DATA_AT, 0x80, 20), ccw("00", DATA_AT, 0x90, 20), ccw("00", DATA2, 0, 40)]
    yield Vector("read, a part of it skipped", "3420", "three", [parts])
    parts = [ccw(WRITE, DATA_AT, 0x80, 20), ccw("00", DATA_AT + 40, 0x80, 20), ccw("00", DATA_AT, 0, 5)]
    yield Vector("write from three areas", "3420", "blank", [parts, [control("27")], [ccw(READ, DATA2)]], data=text)


def writing(text: str) -> Iterator[Vector]:
    """Writing over what is there, and reading it again."""
    over = {
        "write": [ccw(WRITE, count=33)],
        "mark": [control("1F")],
        "write, mark": [ccw(WRITE, count=7), control("1F")],
    }
    over |= {"two marks": [control("1F"), control("1F")], "write, write": [ccw(WRITE, count=1), ccw(WRITE, count=64)]}
    ways = {"": [], "behind 1": ["37"], "behind 2": ["37", "37"], "in file 2": ["3F", "37"], "back 1": ["3F", "27"]}
    for where, way in ways.items():
        for what, ccws in over.items():
            programs = [chain(*map(control, way), *ccws), chain(control("07"), ccw(READ, DATA2, count=200))]
            programs += [[control("3F")], [control("27")], [control("27")], [ccw(READ, DATA3, count=200)]]
            yield Vector(f"{what} over files, {where or 'load point'}", "3420", "files", programs, data=text)
    for count in (1, 2, 3, 64, 1000):
        programs = [chain(ccw(WRITE, count=count), ccw(WRITE, DATA2, count=count), control("1F")), [control("2F")]]
        programs += [[ccw(BACK, DATA3 + 99, count=100)], [ccw(BACK, DATA3 + 299, count=100)], [control("27")]]
        yield Vector(f"write {count} twice, read backward", "3410", "blank", programs, data=text)


def mixed() -> Iterator[Vector]:
    """Chains put together by chance; always the same ones."""
    chance = random.Random(3420)
    reading = [("02", 8), ("0C", 4), ("37", 4), ("27", 4), ("3F", 2), ("2F", 2), ("07", 1), ("03", 1), ("CB", 1)]
    changing = [*reading, ("01", 8), ("1F", 3)]
    for number in range(160):
        choices = changing if number % 2 else reading
        programs = []
        for _ in range(chance.randint(2, 6)):
            ccws = []
            for command in chance.choices(*zip(*choices, strict=True), k=chance.randint(1, 5)):
                count = chance.choice((1, 40, 80, 100, 120))
                at = DATA_AT + 0x80 * chance.randrange(12)
                flags = chance.choice((0x20, 0x20, 0x00))
                ccws.append(ccw(command, at + count - 1 if command == BACK else at, flags, count))
            programs.append(chain(*ccws))
        kind, tape = (
            chance.choice(("3420", "3410")),
            chance.choice(("three", "files", "marks", "long", "tiny", "blank")),
        )
        data = bytes(chance.randrange(1, 256) for _ in range(200)).hex()
        yield Vector(f"mixed {number}", kind, tape, programs, data=data)


def driver() -> bytes:
    """Runs the records from the address at CONSTANTS up to the one behind it."""
    c = Code(DRIVER)
    c.add("L", r1=13, d2=CONSTANTS)
    again = c.here
    c.add("L", r1=12, b2=13, d2=DEVICE_AT)
    c.add("L", r1=10, b2=13, d2=COUNT_AT)
    c.add("LA", r1=11, b2=13, d2=ENTRIES_AT)
    program = c.here
    c.add("L", r1=1, b2=11, d2=CCW_AT)
    c.add("ST", r1=1, d2=0x48)
    c.add("XC", l=7, d1=0x40, d2=0x40)
    c.add("SIO", b2=12, d2=0)
    c.add("BALR", r1=1, r2=0)
    c.add("SLL", r1=1, d2=2)
    c.add("SRL", r1=1, d2=30)
    c.add("ST", r1=1, b2=11, d2=CC_AT)
    c.add("LTR", r1=1, r2=1)
    c.add("BC", m1=7, d2=c.here + 12)
    c.add("TIO", b2=12, d2=0)
    c.add("BC", m1=2, d2=c.here - 4)
    c.add("MVC", l=7, b1=11, d1=CSW_AT, d2=0x40)
    c.add("LA", r1=1, b2=11, d2=SENSE_CCW_AT)
    c.add("ST", r1=1, d2=0x48)
    c.add("XC", l=7, d1=0x40, d2=0x40)
    c.add("SIO", b2=12, d2=0)
    c.add("BC", m1=7, d2=c.here + 12)
    c.add("TIO", b2=12, d2=0)
    c.add("BC", m1=2, d2=c.here - 4)
    c.add("MVC", l=7, b1=11, d1=SENSE_CSW_AT, d2=0x40)
    c.add("LA", r1=11, b2=11, d2=ENTRY)
    c.add("BCT", r1=10, d2=program)
    c.add("AL", r1=13, d2=CONSTANTS + 8)
    c.add("ST", r1=13, d2=CONSTANTS)
    c.add("CL", r1=13, d2=CONSTANTS + 4)
    c.add("BC", m1=4, d2=again)
    c.add("LPSW", d2=CONSTANTS + 16)
    return bytes(c.text)


def witness(batch: list[Vector]) -> None:
    """Put into the vectors what Hercules does with them."""
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
            base, unit = FIRST + RECORD * n, FIRST_UNIT + n
            core[base : base + RECORD] = vector.record(base, unit)
            file = where / f"t{n}.aws"
            if vector.tape is not None:
                make_tape(file, TAPES[vector.tape])
            reel = "*" if vector.tape is None else f"{file.name}{'' if vector.ring else ' readonly=1'}"
            configuration.append(f"{unit:04X} {vector.type} {reel}")
        (where / "core").write_bytes(bytes(core))
        (where / "cfg").write_text("\n".join([*configuration, ""]))
        (where / "commands").write_text(
            f"loadcore core 0\nrestart\npause 12\nstop\npause 1\nsavecore result 0 {len(core) - 1:X}\nquit\n"
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
            raise RuntimeError(f"Hercules stopped at {batch[(reached - FIRST) // RECORD].name}: {log[-3500:]!r}")
        for n, vector in enumerate(batch):
            base = FIRST + RECORD * n
            file = where / f"t{n}.aws"
            tape = file.read_bytes() if vector.tape is not None else b""
            vector.hercules = vector.outcome(base, result[base : base + RECORD], tape)


def main() -> None:
    made = list(vectors())
    assert len({v.name for v in made}) == len(made)
    for at in range(0, len(made), BATCH):
        witness(made[at : at + BATCH])
    with FILE.open("w", encoding="ascii") as file:
        for vector in made:
            print(json.dumps(vector.to_json(), separators=(",", ":")), file=file)
    print(f"{len(made)} vectors")


if __name__ == "__main__":
    main()
