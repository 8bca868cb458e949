"""Runs the programs under Hercules, whose System/370 shows if they are right: `python -m guest.witness` in `tests`.

Without arguments all of them; prints what each one typed and the PSW of its wait. Hercules is not needed for the tests.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cpvm import api
from guest.program import PROGRAMS, deck, disks, storage, typed

CONFIGURATION = """\
ARCHMODE S/370
CPUSERIAL 002623
CPUMODEL 3033
MAINSIZE {size}
NUMCPU 1
OSTAILOR QUIET
0009 3215-C /
000C 3505 deck ebcdic eof
000D 3525 punched ebcdic
000E 1403 printed
"""
CYLINDERS, BLOCKS = "5", "200"


def run(name: str, seconds: int = 2) -> tuple[str, str, bytes]:
    """The wait PSW ("" if it did not come to one), the log, and what was punched."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        (where / "deck").write_bytes(b"".join(deck(name, hercules=True)))
        for _, kind in disks(name):
            size = BLOCKS if kind in ("3310", "3370") else CYLINDERS
            dasdinit = ["dasdinit", f"{kind}.disk", kind, "VOLUME", size]
            subprocess.run(dasdinit, cwd=where, check=True, capture_output=True)
        drives = [f"{address:04X} {kind} {kind}.disk\n" for address, kind in disks(name)]
        (where / "cfg").write_text(CONFIGURATION.format(size=max(2, storage(name) >> 20)) + "".join(drives))
        lines = "".join(f"/{line}\n" for line in typed(name))
        (where / "commands").write_text(f"ipl 00c\npause 1\n{lines}pause {seconds}\nstop\npsw\nquit\n")
        log = subprocess.run(
            ["hercules", "-d", "-f", "cfg"],
            cwd=where,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HERCULES_RC": "commands", "TERM": "dumb"},
            timeout=120,
            check=False,
        ).stdout.decode("latin-1")
        punched = (where / "punched").read_bytes() if (where / "punched").exists() else b""
    wait = re.search(r"Disabled wait state\s*PSW=([0-9A-F ]+)", log)
    return wait.group(1).strip() if wait else "", log, punched


if __name__ == "__main__":
    for program in sys.argv[1:] or PROGRAMS:
        psw, text, punched = run(program)
        said = [line for line in text.splitlines() if line.startswith(program.upper())]
        if punched:
            same = api.run_deck(deck(program), typed(program), storage=storage(program)).punched == punched
            said.append(f"{len(punched) // 80} cards, {'as' if same else 'OTHERS THAN'} ours")
        print(program, psw or "did not end: " + text[-1500:], *said, sep="\n   ")
