"""Scenes in Hercules: one core image with a driver, the handlers of `stage.py`, and a record for each scene."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vectors.hercules import PATIENCE, WitnessStopped
from vectors.vector import RESET_CONTROL

from cpvm.s370 import psa
from cpvm.s370.psw import PSW
from fuzz import stage
from fuzz.stage import BLOCKS, CLASSES, CODE, ENTRIES, ENTRY, FINISH, WINDOW_SIZE, WINDOWS, Code, Ending, Scene

FIRST = 0x140000
NEW_AT, PSW_AT, GR_AT, FR_AT, KEYS_AT, CODE_AT = 0, 32, 40, 104, 136, 168
WINDOWS_AT = CODE_AT + stage.CODE_SIZE
LOG_IN = WINDOWS_AT + WINDOW_SIZE * len(WINDOWS)
CR_IN = LOG_IN + ENTRY * ENTRIES
RECORD = CR_IN + 64
CAPACITY = min((stage.SIZE - FIRST) // RECORD, 1500)
TRIES = 2_000_000
"""How often a scene looks whether the printer has ended."""
LOITERING = 20_000
"""Instructions between TCH's telling that an interruption is pending and the CPU's noticing."""
POOL, POOL_END = 0x280, 0x400
CONFIGURATION = (
    "ARCHMODE S/370\nCPUSERIAL 002623\nCPUMODEL 3033\nMAINSIZE 8\nNUMCPU 1\nOSTAILOR QUIET\n"
    f"0009 3215-C /\n{stage.PRINTER:04X} 1403 /dev/null\n"
)


class Pool:
    """Constants in low storage."""

    def __init__(self) -> None:
        self.text = bytearray()
        self._known: dict[bytes, int] = {}

    def bytes(self, data: bytes) -> int:
        """Where these bytes are."""
        if data not in self._known:
            self.text += bytes(-len(self.text) % 8)
            self._known[data] = POOL + len(self.text)
            self.text += data
            assert POOL + len(self.text) <= POOL_END
        return self._known[data]

    def words(self, *values: int) -> int:
        """Where these words are."""
        return self.bytes(b"".join(value.to_bytes(4, "big") for value in values))


def _driver(scenes: int) -> tuple[bytes, Pool, int, int]:
    """Text at FINISH, its constants, where the address of the record is, and where the driver begins.

    What comes after a scene stands first, then what comes before the next. All but the first instruction run in the
    EC mode, for the sake of reference and change bits.
    """
    c, pool = Code(FINISH), Pool()
    at = pool.bytes(stage.CODE.to_bytes(5, "big") + b"record")  # never the same as a constant
    pool.text[at - POOL : at - POOL + 4] = FIRST.to_bytes(4, "big")
    case = pool.bytes(b"case psw")
    end = pool.words(FIRST + RECORD * scenes)
    extended = PSW(mode=8, address=FINISH + 4).to_bytes()
    c.add("LPSW", d2=pool.bytes(extended))
    # after a scene: keys first, since all else refers to storage
    c.add("L", r1=13, d2=at)
    for n in range(BLOCKS):
        c.add("L", r1=2, d2=pool.words(stage.STAGE + 2048 * n))
        c.add("SR", r1=1, r2=1)
        c.add("ISK", r1=1, r2=2)
        c.add("ST", r1=1, b2=13, d2=KEYS_AT + 4 * n)
    for i in range(4):
        c.add("STD", r1=2 * i, b2=13, d2=FR_AT + 8 * i)
    c.add("LR", r1=12, r2=13)
    c.add("A", r1=12, d2=pool.words(LOG_IN))
    c.add("STCTL", r1=0, r3=15, b2=12, d2=ENTRY * ENTRIES)
    log = pool.words(stage.LOG, ENTRY * ENTRIES)
    c.add("LM", r1=4, r3=5, d2=log)
    c.add("LR", r1=2, r2=12)
    c.add("LR", r1=3, r2=5)
    c.add("MVCL", r1=2, r2=4)
    for n, window in enumerate(WINDOWS):
        c.add("L", r1=12, d2=pool.words(window))
        for half in (0, 256):
            c.add("MVC", l=255, b1=13, d1=WINDOWS_AT + WINDOW_SIZE * n + half, b2=12, d2=half)
    c.add("A", r1=13, d2=pool.words(RECORD))
    c.add("ST", r1=13, d2=at)
    # before a scene
    before = c.here
    zero = pool.words(0)
    resets = pool.words(*(RESET_CONTROL.get(r, 0) for r in range(16)))
    c.add("LCTL", r1=0, r3=15, d2=resets)
    c.add("MVC", l=3, d1=psa.INTERVAL_TIMER, d2=pool.words(stage.INTERVAL))
    c.add("SCKC", d2=stage.LATE)
    c.add("SPT", d2=stage.LONG)
    c.add("MVC", l=7, d1=psa.EXTERNAL_NEW, d2=pool.bytes(PSW(mode=8, address=c.here + 6).to_bytes()))
    c.add("LCTL", r1=0, r3=0, d2=pool.words(0x000060E0))  # what is pending comes here, until there is nothing
    c.add("SSM", d2=pool.words(0x01000000))
    c.add("SSM", d2=zero)
    c.add("LCTL", r1=0, r3=0, d2=zero)
    c.label("busy")
    c.add("TIO", d2=stage.PRINTER)
    c.go(7, "busy")
    c.add("L", r1=13, d2=at)
    c.add("C", r1=13, d2=end)
    c.go(10, "end")
    for area in (*(pool.words(home, stage.STAGE_SIZE) for home in (stage.STAGE, *stage.SECOND_HOMES)), log):
        c.add("LM", r1=2, r3=3, d2=area)
        c.add("SR", r1=5, r2=5)
        c.add("MVCL", r1=2, r2=4)
    for n, window in enumerate(WINDOWS):
        c.add("L", r1=12, d2=pool.words(window))
        for half in (0, 256):
            c.add("MVC", l=255, b1=12, d1=half, b2=13, d2=WINDOWS_AT + WINDOW_SIZE * n + half)
    c.add("L", r1=12, d2=pool.words(CODE))
    for half in range(0, stage.CODE_SIZE, 256):
        c.add("MVC", l=255, b1=12, d1=half, b2=13, d2=CODE_AT + half)
    for n, (_, _, new) in enumerate(CLASSES):
        c.add("MVC", l=7, d1=new, b2=13, d2=NEW_AT + 8 * n)
    for place, size in ((psa.EXTERNAL_CODE, 28), (psa.CSW, 12), (psa.IO_ADDRESS, 4)):
        c.add("XC", l=size - 1, d1=place, d2=place)
    for n in range(BLOCKS):
        c.add("L", r1=2, d2=pool.words(stage.STAGE + 2048 * n))
        c.add("L", r1=1, b2=13, d2=KEYS_AT + 4 * n)
        c.add("SSK", r1=1, r2=2)
    for i in range(4):
        c.add("LD", r1=2 * i, b2=13, d2=FR_AT + 8 * i)
    c.add("MVC", l=3, d1=stage.LOG_AT, d2=log)
    c.add("MVC", l=7, d1=case, b2=13, d2=PSW_AT)
    c.add("LM", r1=0, r3=15, b2=13, d2=GR_AT)
    c.add("LPSW", d2=case)
    c.label("end")
    c.add("LPSW", d2=psa.MACHINE_CHECK_NEW)
    # the beginning: all keys
    start = c.here
    c.add("LM", r1=1, r3=5, d2=pool.words(stage.OUTSIDE, 0, 0, 2048, stage.SIZE - 1))
    loop = c.here
    c.add("SSK", r1=1, r2=2)
    c.add("BXLE", r1=2, r3=4, d2=loop)
    for block in range(CODE & -2048, stage.STAGE, 2048):
        c.add("L", r1=2, d2=pool.words(block))
        c.add("SSK", r1=3, r2=2)
    c.add("BC", m1=15, d2=before)
    text = c.done()
    assert FINISH + len(text) <= 0x1000
    return text, pool, at, start


def core_image(scenes: Sequence[Scene]) -> tuple[bytes, int]:
    """The core image of a batch, and where the driver has the address of the record."""
    core = bytearray(FIRST + RECORD * len(scenes))

    def put(address: int, data: bytes) -> None:
        core[address : address + len(data)] = data

    driver, pool, at, start = _driver(len(scenes))
    for place, data in stage.low_storage().items():
        put(place, data)
    put(FINISH, driver)
    put(POOL, bytes(pool.text))
    put(psa.RESTART_NEW, PSW(mode=8, address=start).to_bytes())
    put(stage.SPIN, TRIES.to_bytes(4, "big"))
    put(stage.DELAY, LOITERING.to_bytes(4, "big"))
    put(stage.TABLES, stage.tables())
    for n, scene in enumerate(scenes):
        base = FIRST + RECORD * n
        put(base + NEW_AT, b"".join(scene.new_psws().values()))
        put(base + PSW_AT, scene.psw.to_bytes())
        put(base + GR_AT, b"".join((v & 0xFFFFFFFF).to_bytes(4, "big") for v in scene.gr))
        put(base + FR_AT, b"".join(v.to_bytes(8, "big") for v in scene.fr))
        put(base + KEYS_AT, b"".join(v.to_bytes(4, "big") for v in scene.keys))
        put(base + CODE_AT, scene.code())
        put(base + WINDOWS_AT, b"".join(scene.windows))
    return bytes(core), at


def perform_batch(scenes: Sequence[Scene], seconds: int = 2) -> list[Ending]:
    """Run at most CAPACITY scenes in one Hercules. Raises WitnessStopped if it does not come to the end."""
    core, at = core_image(scenes)
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        (where / "core").write_bytes(core)
        (where / "cfg").write_text(CONFIGURATION)
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
            timeout=PATIENCE,
            check=False,
        ).stdout
        if not (where / "result").exists():
            raise RuntimeError(f"Hercules gave no result: {log[-3500:]!r}")
        core = (where / "result").read_bytes()
    end = int.from_bytes(core[at : at + 4], "big")
    if end != FIRST + RECORD * len(scenes):
        raise WitnessStopped((end - FIRST) // RECORD)
    return [_ending(core[FIRST + RECORD * n : FIRST + RECORD * (n + 1)]) for n in range(len(scenes))]


def _ending(record: bytes) -> Ending:
    def numbers(at: int, size: int, count: int) -> list[int]:
        return [int.from_bytes(record[at + size * i : at + size * (i + 1)], "big") for i in range(count)]

    return Ending(
        stage.split_log(record[LOG_IN:CR_IN]),
        numbers(FR_AT, 8, 4),
        numbers(CR_IN, 4, 16),
        numbers(KEYS_AT, 4, BLOCKS),
        [record[WINDOWS_AT + WINDOW_SIZE * n :][:WINDOW_SIZE] for n in range(len(WINDOWS))],
    )
