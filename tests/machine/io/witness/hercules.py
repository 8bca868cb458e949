"""Runs channel programs in Hercules, as System/370: `driver.assemble` starts them and notes what comes of each.

Only for making the vectors anew; the tests do not need it. Hercules 3.13.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assembler import assemble

WINDOW, WINDOW_SIZE = 0x4000, 8192
TABLE, IMAGES, RESULTS, END = 0x10000, 0x20000, 0x600000, 0xBF0000
RESULT_SIZE = 128 + WINDOW_SIZE
PATIENCE = (4, 15, 60)
"""Seconds that a run gets, and its repetitions."""
BATCH = 600
"""Programs that fit into one run."""

CONFIGURATION = """\
ARCHMODE S/370
CPUSERIAL 002623
CPUMODEL 3033
MAINSIZE 12
NUMCPU 1
OSTAILOR QUIET
"""


@dataclass(frozen=True)
class Start:
    """One program: device address, key of the CAW and its other bits, storage keys, and the window before."""

    device: int
    caw: int
    keys: bytes
    window: bytes


@dataclass(frozen=True)
class Result:
    """Condition code of SIO, all CSWs, sense bytes (empty without unit check), storage keys and window after."""

    cc: int
    csws: tuple[bytes, ...]
    sense: bytes
    keys: bytes
    window: bytes


def _driver() -> list[tuple[int, bytes]]:
    done = assemble((Path(__file__).parent / "driver.assemble").read_text())
    assert done.return_code == 0, "\n".join(map(str, done.messages[:9]))
    pieces = []
    for card in done.deck:
        if card[1:4] == "TXT".encode("cp037"):
            pieces.append((int.from_bytes(card[5:8], "big"), card[16 : 16 + int.from_bytes(card[10:12], "big")]))
    return pieces


def _result(data: bytes) -> Result:
    cc, count = data[0], data[1]
    csws = tuple(data[8 + 8 * n : 16 + 8 * n] for n in range(1 if cc == 1 else count))
    sense = b""
    if any(csw[4] & 0x02 for csw in csws):
        left = int.from_bytes(data[102:104], "big")
        sense = data[64 : 96 - left]
    return Result(cc, csws, sense, data[104:108], data[128:RESULT_SIZE])


def run(
    devices: Sequence[str], starts: Sequence[Start], prepare: Callable[[Path], None], finish: Callable[[Path], None]
) -> list[Result]:
    """Run the programs one after the other.

    `devices` are lines of the configuration, with files in a folder that `prepare` fills and `finish` looks at.
    """
    assert len(starts) <= BATCH
    core = bytearray(RESULTS)
    core[0:8] = bytes.fromhex("0000000000000400")
    core[0x68:0x70] = bytes.fromhex("0002000000BADBAD")
    for at, text in _driver():
        core[at : at + len(text)] = text
    for n, start in enumerate(starts):
        image, result = IMAGES + n * WINDOW_SIZE, RESULTS + n * RESULT_SIZE
        entry = start.device.to_bytes(2, "big") + bytes(2) + start.keys
        entry += b"".join(word.to_bytes(4, "big") for word in (start.caw, image, result))
        core[TABLE + 64 * n : TABLE + 64 * n + len(entry)] = entry
        core[image : image + WINDOW_SIZE] = start.window
    core[TABLE + 64 * len(starts) : TABLE + 64 * len(starts) + 2] = b"\xff\xff"
    for seconds in PATIENCE:
        with tempfile.TemporaryDirectory() as folder:
            where = Path(folder)
            prepare(where)
            (where / "core").write_bytes(bytes(core))
            (where / "cfg").write_text(CONFIGURATION + "".join(f"{line}\n" for line in devices))
            log = _hercules(where, seconds, RESULTS + len(starts) * RESULT_SIZE - 1)
            if "AAAAAA" not in log:
                continue
            after = (where / "after").read_bytes()
            finish(where)
            return [_result(after[at : at + RESULT_SIZE]) for at in range(0, len(after), RESULT_SIZE)]
    raise RuntimeError("the programs did not come to their end:\n" + log[-3000:])


def _hercules(where: Path, seconds: int, end: int) -> str:
    """Run Hercules in a folder; its log. The results are saved up to location `end`."""
    commands = f"pause {seconds}\nstop\npause 1\npsw\nsavecore after {RESULTS:X} {end:X}"
    (where / "commands").write_text(f"loadcore core 0\nrestart\n{commands}\nquit\n")
    return subprocess.run(
        ["hercules", "-d", "-f", "cfg"],
        cwd=where,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "HERCULES_RC": "commands", "TERM": "dumb"},
        timeout=120,
        check=False,
    ).stdout.decode("latin-1")
