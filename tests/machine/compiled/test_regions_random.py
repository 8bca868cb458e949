"""Random regions: short loops of any instructions, entered with registers other than those they were recorded with."""

from dataclasses import replace
from random import Random

import pytest

from compiled.regional import CODE, SIZE, WAITS, Regional
from cpvm.machine.compiled.regions.plan import Untranslatable
from cpvm.s370.insn import Insn, table
from cpvm.s370.psw import PSW

BLOCKS = 0x2000, 0x8000
ROWS = [row for row in table().values() if not row.privileged and row.mnemonic not in ("SVC", "EX", "MC", "STCK")]
BRANCHES = frozenset(("BC", "BCR", "BCT", "BCTR", "BAL", "BALR", "BAS", "BASR", "BXH", "BXLE"))
TABLES = 0xE000
BASES = (10, 11, 12, 13)


def registers(r: Random) -> list[int]:
    """Contents of the general registers: base registers point into storage, often to where blocks meet."""

    def any_number() -> int:
        kind = r.random()
        if kind < 0.3:
            return r.choice((0, 1, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x01000000))
        return r.getrandbits(32) if kind < 0.6 else r.randrange(64)

    def base() -> int:
        if r.random() < 0.2:  # beside the program, or in it
            return CODE + (r.randrange(0x40) if r.random() < 0.2 else r.randrange(0x40, 0x700))
        where = r.randrange(*BLOCKS, 2048) + (r.randrange(-9, 9) if r.random() < 0.6 else r.randrange(2048))
        return where | r.choice((0, 0, 0x5A000000))

    found = [base() if i in BASES else any_number() for i in range(16)]
    found[9], found[15] = r.randrange(2, 60), CODE
    return [(v + 0x80000000 & 0xFFFFFFFF) - 0x80000000 for v in found]


def instruction(r: Random, row: Insn) -> bytes:
    """One that leaves 9, the base registers and 15 alone, as a rule."""
    fields = {}
    for name in row.fields:
        if name[0] == "d":
            v = r.choice((0, 0, 1, 4, 8, r.randrange(64), r.randrange(2048)))
        elif name[0] == "b":
            v = r.choice(BASES)
        elif name == "x2":
            v = r.choice((0, 0, 0, 3, 5))
        elif name == "l":
            v = r.choice((0, 1, 3, 7, 15, 16, 30, 31, 100, 255))
        elif name in ("l1", "l2"):
            v = r.randrange(16)
        elif name.startswith("i"):
            v = r.getrandbits(4 if name == "i3" else 8)
        elif name in row.floating or name in row.extended:
            v = r.choice((0, 4)) if name in row.extended else r.choice((0, 2, 4, 6))
        else:
            v = r.randrange(9) if name[0] == "r" else r.randrange(16)
            v &= 14 if name in row.even else 15
        fields[name] = v
    if row.mnemonic == "LM":
        fields["r1"], fields["r3"] = sorted((fields["r1"], fields["r3"]))
    return row.encode(**fields)


def program(r: Random) -> bytes:
    """A loop: instructions, branches forward over some of them, BCT 9 at the end."""
    parts: list[bytes] = []
    for _ in range(r.randrange(4, 14)):
        row = r.choice(ROWS)
        if row.mnemonic in BRANCHES:
            row = r.choice(ROWS)
        if row.mnemonic not in BRANCHES:
            parts.append(instruction(r, row))
        if r.random() < 0.2:
            parts.append(b"?")
    text = b""
    for part in parts:
        if part == b"?":
            starts = [0]
            for p in parts:
                starts.append(starts[-1] + (4 if p == b"?" else len(p)))
            there = r.choice([s for s in starts if s >= len(text) + 4])
            text += bytes((0x47, r.randrange(16) << 4, 0xF0 | there >> 8, there & 255))
        else:
            text += part
    return text + bytes.fromhex("4690F0000700070007000A00")


def surroundings(machines: Regional, r: Random) -> None:
    """Keys, a prefix or translation."""
    key, kind = r.choice((0, 0, 2)), r.randrange(5)
    if kind == 0:
        machines.write(TABLES, (0xF0000000 | TABLES + 64).to_bytes(4, "big") + b"\0\0\0\1" * 15)
        frames = list(range(SIZE >> 11))
        for _ in range(8):
            i, j = (r.randrange(CODE >> 11, TABLES >> 11) for _ in range(2))
            frames[i] = frames[j]
        frames[CODE >> 11] = CODE >> 11
        machines.write(TABLES + 64, b"".join((frame << 3).to_bytes(2, "big") for frame in frames))
    for m in machines.both:
        if kind == 0:
            m.set_cr(0, 0x00400000)
            m.set_cr(1, TABLES)
            m.psw = replace(m.psw, mode=8, system_mask=4)
        elif kind == 1:
            m.storage.write(0x2068, WAITS.to_bytes())
            m.cpu.set_prefix(0x2000)
        m.psw = replace(m.psw, key=key)
        for block in range(0, SIZE, 2048):
            m.storage.set_key(block, 0x20)
    for _ in range(4):
        block, v = r.randrange(*BLOCKS, 2048), r.choice((0x10, 0x18))
        for m in machines.both:
            m.storage.set_key(block, v)
    if r.random() < 0.8:
        machines.touch()


def again(machines: Regional, r: Random, start: PSW) -> None:
    """The program from the beginning, with other registers; all else stays as it is."""
    general, cc = registers(r), r.randrange(4)
    for m in machines.both:
        for i, v in enumerate(general):
            m.gr[i] = v
        m.psw = replace(start, address=CODE, cc=cc)


def storm(machines: Regional, seed: str, programs: int) -> tuple[int, int]:
    """Run random programs; gives how many were translated, and how often regions were entered. Raises Difference."""
    r = Random(seed)
    translated, before = 0, machines.entered
    for number in range(programs):
        text, content = program(r), r.randbytes(SIZE - 0x1800)
        machines.translation = None
        mode, mask = r.choice((0, 1, 8)), r.choice((0, 15))

        def begin(general: list[int]) -> None:
            machines.set_up(text, general, mode=mode, program_mask=mask, cc=r.randrange(4))  # noqa: B023
            machines.write(0x1800, content)  # noqa: B023

        for _ in range(20):
            begin(registers(r))
            plan = machines.record(60)
            plan = replace(plan, entries=(*plan.entries, *r.sample(sorted(plan.text), min(3, len(plan.text)))))
            if len(plan.after) >= len(plan.text) and plan.after.get(max(plan.text)):
                break
        try:
            machines.translate(plan)
            translated += 1
        except Untranslatable:
            continue
        for case in range(3):
            begin(registers(r))
            surroundings(machines, r)
            start = machines.reference.psw
            for _ in range(6):
                again(machines, r, start)
                for _ in range(3):
                    machines.approach(20)
                    machines.run(r.choice((1, 2, 3, 5, 8, 13, 40, 100)), f"{seed}, program {number}, case {case}")
                    if machines.reference.psw.mode & 2:
                        break
    return translated, machines.entered - before


@pytest.mark.parametrize("seed", ["one", "two", "three"])
def test_random_regions_do_what_the_reference_engine_does(seed: str) -> None:
    translated, entered = storm(Regional(), seed, 15)
    assert translated > 11
    assert entered > 300
