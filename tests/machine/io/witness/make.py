"""Makes the vectors anew: `python -m witness.make` in `tests/machine/io`, with Hercules 3.13 at hand.

Each line of a file is a case: the device and its medium, and channel programs with condition code, CSWs, sense bytes
and what they stored; and what is on the medium in the end.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cpvm.machine.device import device_types
from witness.cards import consoles, printers, punches, readers
from witness.chains import CD, Case, Program, ccw_bytes
from witness.chance import chance
from witness.disks import disks
from witness.hercules import BATCH, WINDOW, WINDOW_SIZE, Result, Start, run
from witness.rules import expected, stored
from witness.tapes import tapes

VECTORS = Path(__file__).parent.parent / "vectors"
FILES = {
    "readers": readers,
    "punches": punches,
    "printers": printers,
    "consoles": consoles,
    "tapes": tapes,
    "disks": disks,
    "chance": chance,
}
DISKS = ("2314", "3330", "3350", "3370")
DEVICES = 250
"""Devices in one run."""
CONSOLE = 0x009


def window(program: Program) -> bytes:
    """The window before a program."""
    area = bytearray(WINDOW_SIZE)
    pieces = {program.caw + 8 * n: ccw_bytes(ccw) for n, ccw in enumerate(program.ccws)}
    for at, data in {**program.data, **pieces}.items():
        area[at - WINDOW : at - WINDOW + len(data)] = data
    return bytes(area)


def aws(blocks: Sequence[str]) -> bytes:
    """An AWSTAPE file of these blocks; "" is a tape mark."""
    out, before = b"", 0
    for block in map(bytes.fromhex, blocks):
        flags = 0xA0 if block else 0x40
        out += len(block).to_bytes(2, "little") + before.to_bytes(2, "little") + bytes((flags, 0)) + block
        before = len(block)
    return out


def blocks_of(data: bytes) -> list[str]:
    """The blocks of an AWSTAPE file."""
    blocks, at = [], 0
    while at + 6 <= len(data):
        length = data[at] | data[at + 1] << 8
        blocks.append(data[at + 6 : at + 6 + length].hex())
        at += 6 + length
    return blocks


def _line(address: int, name: str, case: Case) -> str:
    if case.type == "3215":
        return f"{CONSOLE:04X} 3215-C /"
    if case.type in ("3505", "2501"):
        return f"{address:04X} {case.type} {name + ' ebcdic eof' if case.medium['cards'] else '*'}"
    if case.type == "3525":
        return f"{address:04X} 3525 {name} ebcdic"
    if case.type == "3420":
        return f"{address:04X} 3420 {name}.aws"
    return f"{address:04X} {case.type} {name}"


def _prepare(where: Path, cases: Sequence[Case], bases: Path) -> None:
    for n, case in enumerate(cases):
        if case.medium.get("cards"):
            (where / f"d{n}").write_bytes(b"".join(bytes.fromhex(card) for card in case.medium["cards"]))  # type: ignore[attr-defined]
        if case.type == "3420":
            (where / f"d{n}.aws").write_bytes(aws(case.medium["blocks"]))  # type: ignore[arg-type]
        size = case.medium.get("cylinders", case.medium.get("blocks"))
        if case.type in DISKS:
            base = bases / case.type
            if not base.exists():
                subprocess.run(["dasdinit", "-z", "-r", base, case.type, str(size)], check=True, capture_output=True)
            shutil.copy(base, where / f"d{n}")


def _medium_after(where: Path, name: str, case: Case) -> dict[str, Any]:
    if case.type == "3525":
        data = (where / name).read_bytes() if (where / name).exists() else b""
        return {"cards": [data[at : at + 80].hex() for at in range(0, len(data), 80)]}
    if case.type in ("1403", "3211"):
        text = (where / name).read_text("latin-1") if (where / name).exists() else ""
        return {
            "lines": [line.strip() for line in text.replace("\f", "\n").replace("\r", "\n").split("\n") if line.strip()]
        }
    if case.type == "3420":
        return {"blocks": blocks_of((where / f"{name}.aws").read_bytes())}
    return {}


def _vector(case: Case, results: Sequence[Result], after: dict[str, Any]) -> dict[str, Any]:
    immediate = device_types()[case.type]._immediate
    programs = []
    known = True  # what is on the medium in the end
    for program, result in zip(case.programs, results, strict=True):
        entry: dict[str, Any] = {"ccws": [ccw_bytes(ccw).hex() for ccw in program.ccws]}
        if program.data:
            entry["data"] = {f"{at:04X}": data.hex() for at, data in program.data.items()}
        if program.key:
            entry["key"] = program.key
        if any(program.keys):
            entry["keys"] = program.keys.hex()
        entry.update({name: value for name, value in expected(program, result, immediate).items() if value != []})
        rules = entry.get("rules", [])
        if result.sense and "first transfer" not in rules:
            entry["sense"] = result.sense.hex()
        changes = {} if "first transfer" in rules else stored(window(program), result.window)
        if "begun" in rules:
            entry["stored"] = None  # a part of it
        elif changes:
            entry["stored"] = changes
        lengths = any(int(csw[10:12], 16) & 0x40 for csw in entry.get("csws", []))
        if {"begun", "first transfer"} & set(rules) or (lengths and any(ccw[2] & CD for ccw in program.ccws)):
            known = False
        programs.append(entry)
    vector: dict[str, Any] = {"name": case.name, "type": case.type}
    if case.medium:
        vector["medium"] = case.medium
    vector["programs"] = programs
    if after and known:
        vector["after"] = after
    return vector


def batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """Cases that one run of Hercules can take."""
    batch: list[Case] = []
    for case in cases:
        if len(batch) == DEVICES or sum(len(c.programs) for c in [*batch, case]) > BATCH:
            yield batch
            batch = []
        batch.append(case)
    yield batch


def vectors(cases: Iterable[Case], bases: Path) -> Iterator[dict[str, Any]]:
    """Cases with what Hercules says, and the manuals."""
    for batch in batches(cases):
        afters: list[dict[str, Any]] = []
        lines, starts = [], []
        for n, case in enumerate(batch):
            address = CONSOLE if case.type == "3215" else 0x100 + n
            lines.append(_line(address, f"d{n}", case))
            for program in case.programs:
                starts.append(Start(address, program.key << 28 | program.caw, program.keys, window(program)))
        results = iter(
            run(
                list(dict.fromkeys(lines)),
                starts,
                lambda where, batch=batch: _prepare(where, batch, bases),  # type: ignore[misc]
                lambda where, batch=batch, afters=afters: afters.extend(  # type: ignore[misc]
                    _medium_after(where, f"d{n}", case) for n, case in enumerate(batch)
                ),
            )
        )
        for case, after in zip(batch, afters, strict=True):
            yield _vector(case, [next(results) for _ in case.programs], after)


def main(names: Sequence[str]) -> None:
    """Make these files, or all."""
    bases = Path("/tmp/vector-disks")
    bases.mkdir(exist_ok=True)
    for name in names or FILES:
        with (VECTORS / f"{name}.jsonl").open("w", encoding="ascii") as file:
            count = 0
            for vector in vectors(FILES[name](), bases):
                file.write(json.dumps(vector, separators=(",", ":")) + "\n")
                count += 1
        print(name, count)


if __name__ == "__main__":
    main(sys.argv[1:])
