"""Hercules as a witness: runs vectors in its System/370 mode and gives what is there after each.

A batch is one core image: a driver in the low 4K, the vectors from `FIRST` on, each in `RECORD` bytes which the driver
replaces by the outcome. The driver sets the surroundings of `vector.py` up again for every vector.
"""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cpvm.s370.insn import by_mnemonic
from cpvm.s370.psw import PSW
from vectors.vector import (
    CLEARED,
    CLEARED_SIZE,
    CODE,
    CODE_SIZE,
    KEYS,
    RESET_CONTROL,
    SIZE,
    TABLES,
    WINDOW,
    WINDOW_SIZE,
    Outcome,
    Vector,
    translation_tables,
)

FIRST = 0x30000
PSW_AT, GR_AT, FR_AT, KIND_AT, CR_AT, WINDOW_AT, CODE_AT = 0, 8, 72, 104, 136, 200, 712
RECORD = CODE_AT + CODE_SIZE
CAPACITY = (SIZE - FIRST) // RECORD
"""Vectors that a batch may have, if their code areas have CODE_SIZE bytes."""
DRIVER, SAVE, CONSTANTS, CASE_PSW, TO_CLEAR, CONTROLS = 0x400, 0x200, 0x300, 0x318, 0x320, 0x380
CONFIGURATION = "ARCHMODE S/370\nCPUSERIAL 002623\nCPUMODEL 3033\nMAINSIZE 2\nNUMCPU 1\nOSTAILOR QUIET\n0009 3215-C /\n"
PATIENCE = 60.0


class WitnessStopped(RuntimeError):
    """Hercules did not come to the end; `record` is the number of the vector at which it stopped."""

    def __init__(self, record: int) -> None:
        super().__init__(f"Hercules stopped in record {record}")
        self.record = record


class Code:
    """Instructions one after the other."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.text = bytearray()

    @property
    def here(self) -> int:
        return self.start + len(self.text)

    def add(self, mnemonic: str, **fields: int) -> None:
        row = by_mnemonic(mnemonic)
        assert row is not None
        self.text += row.encode(**fields)


def _driver(code_size: int) -> tuple[bytes, int, int]:
    """Text of the driver, and its entries for supervisor-call and program interruptions."""
    c = Code(DRIVER)
    again = c.here
    c.add("L", r1=13, d2=CONSTANTS)
    c.add("C", r1=13, d2=CONSTANTS + 4)
    to_end = len(c.text)
    c.add("BC", m1=8, d2=0)
    c.add("LM", r1=2, r3=5, d2=TO_CLEAR)
    c.add("MVCL", r1=2, r2=4)
    for i in range(len(KEYS)):
        c.add("L", r1=1, d2=CONTROLS + 64 + 8 * i)
        c.add("L", r1=2, d2=CONTROLS + 68 + 8 * i)
        c.add("SSK", r1=1, r2=2)
    c.add("L", r1=12, d2=CONSTANTS + 8)
    for half in (0, 256):
        c.add("MVC", l=255, b1=12, d1=half, b2=13, d2=WINDOW_AT + half)
    c.add("L", r1=12, d2=CONSTANTS + 12)
    c.add("MVC", l=code_size - 1, b1=12, d1=0, b2=13, d2=CODE_AT)
    for i in range(4):
        c.add("LD", r1=2 * i, b2=13, d2=FR_AT + 8 * i)
    c.add("MVC", l=7, d1=CASE_PSW, b2=13, d2=PSW_AT)
    c.add("XC", l=27, d1=0x84, d2=0x84)
    c.add("LCTL", r1=0, r3=15, d2=CONTROLS)
    c.add("LM", r1=0, r3=15, b2=13, d2=GR_AT)
    c.add("LPSW", d2=CASE_PSW)
    entries = []
    to_common = []
    for kind, old in ((0, 0x20), (1, 0x28)):
        entries.append(c.here)
        c.add("STM", r1=0, r3=15, d2=SAVE)
        c.add("L", r1=13, d2=CONSTANTS)
        c.add("MVC", l=7, b1=13, d1=PSW_AT, d2=old)
        c.add("MVC", l=31, b1=13, d1=KIND_AT, d2=0x80)
        c.add("MVI", b1=13, d1=KIND_AT, i2=kind)
        to_common.append(len(c.text))
        c.add("BC", m1=15, d2=0)
    common = c.here
    c.add("MVC", l=63, b1=13, d1=GR_AT, d2=SAVE)
    for i in range(4):
        c.add("STD", r1=2 * i, b2=13, d2=FR_AT + 8 * i)
    c.add("STCTL", r1=0, r3=15, b2=13, d2=CR_AT)
    c.add("L", r1=12, d2=CONSTANTS + 8)
    for half in (0, 256):
        c.add("MVC", l=255, b1=13, d1=WINDOW_AT + half, b2=12, d2=half)
    c.add("LA", r1=13, b2=13, d2=CODE_AT + code_size)
    c.add("ST", r1=13, d2=CONSTANTS)
    c.add("BC", m1=15, d2=again)
    end = c.here
    c.add("LPSW", d2=CONSTANTS + 16)
    for at, target in [(to_end, end), *((at, common) for at in to_common)]:
        c.text[at + 2 : at + 4] = target.to_bytes(2, "big")
    return bytes(c.text), entries[0], entries[1]


def core_image(vectors: Sequence[Vector]) -> bytes:
    """The core image of a batch, whose code areas all have one size."""
    code_size = vectors[0].size or CODE_SIZE
    record = CODE_AT + code_size
    core = bytearray(FIRST + record * len(vectors))
    assert len(core) <= SIZE

    def put(address: int, data: bytes) -> None:
        core[address : address + len(data)] = data

    text, svc, program = _driver(code_size)
    put(DRIVER, text)
    put(0, PSW(address=DRIVER).to_bytes())
    put(0x60, PSW(address=svc).to_bytes())
    put(0x68, PSW(address=program).to_bytes())
    for new in (0x58, 0x70, 0x78):
        put(new, PSW(mode=2, address=0xBAD).to_bytes())
    for i, word in enumerate((FIRST, FIRST + record * len(vectors), WINDOW, CODE)):
        put(CONSTANTS + 4 * i, word.to_bytes(4, "big"))
    put(TABLES, translation_tables())
    put(TO_CLEAR, CLEARED.to_bytes(4, "big") + CLEARED_SIZE.to_bytes(4, "big"))
    put(CONSTANTS + 16, PSW(mode=2, address=0xE0D).to_bytes())
    for r, value in RESET_CONTROL.items():
        put(CONTROLS + 4 * r, value.to_bytes(4, "big"))
    for i, (block, key) in enumerate(KEYS.items()):
        put(CONTROLS + 64 + 8 * i, key.to_bytes(4, "big") + block.to_bytes(4, "big"))
    for n, vector in enumerate(vectors):
        base = FIRST + record * n
        put(base + PSW_AT, vector.psw().to_bytes())
        put(base + GR_AT, b"".join(v.to_bytes(4, "big") for v in vector.registers("gr")))
        put(base + FR_AT, b"".join(v.to_bytes(8, "big") for v in vector.registers("fr")))
        put(base + CODE_AT, vector.code_area())
        put(base + WINDOW_AT, vector.window_area())
    return bytes(core)


def run_batch(vectors: Sequence[Vector], seconds: int = 3) -> list[Outcome]:
    """Run vectors in one Hercules, as many as fit. Raises RuntimeError if it does not come to the end."""
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        (where / "core").write_bytes(core_image(vectors))
        (where / "cfg").write_text(CONFIGURATION)
        (where / "commands").write_text(
            f"loadcore core 0\nrestart\npause {seconds}\nstop\npause 1\nsavecore result 0 {SIZE - 1:X}\nquit\n"
        )
        log = subprocess.run(
            ["hercules", "-d", "-f", "cfg"],
            cwd=where,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HERCULES_RC": "commands", "TERM": "dumb"},
            timeout=PATIENCE,
            check=False,
        ).stdout
        if not (where / "result").exists():
            raise RuntimeError(f"Hercules gave no result: {log[-3500:]!r}")
        core = (where / "result").read_bytes()
    record = CODE_AT + (vectors[0].size or CODE_SIZE)
    end = core[CONSTANTS : CONSTANTS + 4]
    if int.from_bytes(end, "big") != FIRST + record * len(vectors):
        raise WitnessStopped((int.from_bytes(end, "big") - FIRST) // record)
    return [_outcome(core[FIRST + record * n : FIRST + record * (n + 1)]) for n in range(len(vectors))]


def _outcome(record: bytes) -> Outcome:
    def numbers(at: int, size: int, count: int) -> list[int]:
        return [int.from_bytes(record[at + size * i : at + size * (i + 1)], "big") for i in range(count)]

    return Outcome(
        record[KIND_AT],
        record[PSW_AT : PSW_AT + 8],
        record[KIND_AT + 4 : KIND_AT + 32],
        numbers(GR_AT, 4, 16),
        numbers(FR_AT, 8, 4),
        numbers(CR_AT, 4, 16),
        record[WINDOW_AT : WINDOW_AT + WINDOW_SIZE],
    )
